#include "host/connector_serving.hpp"

#include <algorithm>
#include <cstring>
#include <future>
#include <map>

#include <boost/json.hpp>
#include <spdlog/spdlog.h>

#include "host/async/on.hpp"
#include "host/async/spawn.hpp"
#include "host/base/ulid.hpp"
#include "host/inbound/absent.hpp"
#include "host/inbound/payload.hpp"
#include "host/inbound/tell_health.hpp"

namespace trunkline {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kDrain{2'000};
constexpr std::size_t kPage = 200;
constexpr milliseconds kLook{5};
constexpr int kFailuresMax = 2;         // of a connector on what is replayed to an account
constexpr std::size_t kFailingMax = 3;  // accounts; then the connector itself is at fault

/// What became of one account that was to go over.
struct Gone {
    bool over = false;
    bool taken_up = false;  ///< nothing served it before
    std::uint64_t pause_us = 0;
    std::optional<std::string> failure;
};

accounts::Health absence(const ConnectorId& connector, const std::string& reason) {
    return accounts::broken(
        accounts::kConnectorAbsent,
        "Its connector " + connector.text() + " is not there: " + reason + ". What waits stays."
    );
}

/// Waits until an account's open tasks have ended, at most for `most`.
async::Awaitable<> drained(std::shared_ptr<accounts::Account> account, milliseconds most) {
    // It may be closed meanwhile.
    for (milliseconds waited{0};
         waited < most && account->strand && account->strand->open_tasks() > 0;
         waited += kLook)
        co_await async::pause(kLook);
}

}  // namespace

tasks::Recent* ConnectorServing::recent_of(const ConnectorId& connector, std::size_t loop) {
    const std::lock_guard lock{mutex_};
    auto& of = recent_[connector.text()];
    while (of.size() < rooms_.loops.size())
        of.push_back(std::make_unique<tasks::Recent>());
    return of[loop].get();
}

void ConnectorServing::on_every_loop(const ConnectorId& connector, const Work& work) {
    std::vector<std::vector<Account>> by_loop(rooms_.loops.size());
    for (const auto& [id, account] : rooms_.directory.accounts()) {
        if (account->connector == connector)
            by_loop[rooms_.loops.index_of(account->loop)].push_back(account);
    }
    std::vector<std::future<void>> done;
    for (std::size_t loop = 0; loop < by_loop.size(); ++loop) {
        auto ended = std::make_shared<std::promise<void>>();
        done.push_back(ended->get_future());
        async::spawn(
            rooms_.loops.at(loop).get_executor(),
            "connector " + connector.text(),
            [&work, loop, ended, accounts = by_loop[loop]]() -> async::Awaitable<> {
                // Also when it throws: whoever waits must not wait for ever.
                struct Last {
                    std::shared_ptr<std::promise<void>> ended;
                    ~Last() { ended->set_value(); }
                } last{ended};
                co_await work(loop, accounts);
            }
        );
    }
    for (auto& each : done)
        each.wait();
}

std::vector<reload::ServedAccount> ConnectorServing::accounts(const ConnectorId& connector) {
    std::mutex adding;
    std::vector<reload::ServedAccount> out;
    on_every_loop(connector, [&](std::size_t, std::vector<Account> accounts) -> async::Awaitable<> {
        for (const Account& account : accounts) {
            auto described = rooms_.describe(*account);
            described.served = account->strand != nullptr;
            const std::lock_guard lock{adding};
            out.push_back(std::move(described));
        }
        co_return;
    });
    std::ranges::sort(out, {}, &reload::ServedAccount::id);
    return out;
}

std::vector<tasks::KeptTask> ConnectorServing::recent(const ConnectorId& connector) {
    std::mutex adding;
    std::vector<tasks::KeptTask> out;
    on_every_loop(connector, [&](std::size_t loop, std::vector<Account>) -> async::Awaitable<> {
        auto kept = recent_of(connector, loop)->all();
        const std::lock_guard lock{adding};
        std::move(kept.begin(), kept.end(), std::back_inserter(out));
        co_return;
    });
    return out;
}

reload::Totals ConnectorServing::totals(const ConnectorId& connector) {
    std::mutex adding;
    reload::Totals out;
    on_every_loop(connector, [&](std::size_t, std::vector<Account> accounts) -> async::Awaitable<> {
        for (const Account& account : accounts) {
            if (!account->strand) continue;
            const tasks::Strand::Figures figures = account->strand->figures();
            const std::lock_guard lock{adding};
            out.calls += figures.calls;
            out.failures += figures.failures + figures.bad_input - figures.replay_failures;
        }
        co_return;
    });
    return out;
}

reload::Switched ConnectorServing::go_over(
    std::shared_ptr<plugins::Generation> next, std::shared_ptr<plugins::Generation> former
) {
    std::mutex adding;
    std::vector<std::uint64_t> pauses;
    std::vector<Account> over;
    std::vector<Account> taken_up;
    reload::Switched out;
    const auto one = [&](Account account) -> async::Awaitable<Gone> {
        Gone gone;
        if (account->disconnected || account->draft) {
            // Nobody wants it served; a draft's flow ends with its connector.
            if (!account->strand) co_return gone;
        }
        if (!account->strand) {
            auto made = co_await rooms_.make(account, next);
            if (!made) {
                spdlog::error(
                    "account.broken account={} reason={}", account->id.text(), made.error().context
                );
                account->set_health(
                    accounts::broken(accounts::kConnectorRefused, made.error().context)
                );
                co_return gone;  // as broken as it was
            }
            account->absent = false;
            account->kept_while_absent = {};
            rooms_.begin(account);
            gone.taken_up = true;
            co_return gone;
        }
        auto went = co_await account->strand->refeed(next, kDrain);
        if (!account->strand) co_return gone;  // it was closed meanwhile
        auto adopted = went ? rooms_.adopt(*account, *next) : Result<void>{went.error()};
        gone.over = went.has_value();
        if (!adopted) gone.failure = adopted.error().context;
        gone.pause_us = account->strand->figures().switch_us;
        co_return gone;
    };
    on_every_loop(
        next->manifest().id,
        [&](std::size_t loop, std::vector<Account> accounts) -> async::Awaitable<> {
            std::size_t open = accounts.size();
            for (const Account& account : accounts) {
                async::spawn(
                    rooms_.loops.at(loop).get_executor(),
                    "account goes over",
                    [&, account]() -> async::Awaitable<> {
                        // Also when it throws, for the one who waits below.
                        struct Last {
                            std::size_t& open;
                            ~Last() { --open; }
                        } last{open};
                        Gone gone = co_await one(account);
                        {
                            const std::lock_guard lock{adding};
                            ++out.accounts;
                            if (gone.over) {
                                over.push_back(account);
                                pauses.push_back(gone.pause_us);
                            }
                            if (gone.taken_up) taken_up.push_back(account);
                            if (gone.failure && !out.failure)
                                out.failure = "account " + account->id.text() +
                                              " cannot go over: " + *gone.failure;
                        }
                    }
                );
            }
            while (open > 0)
                co_await async::pause(kLook);
        }
    );
    if (!pauses.empty()) {
        std::ranges::sort(pauses);
        out.pause_us_median = pauses[pauses.size() / 2];
        out.pause_us_max = pauses.back();
    }
    if (!out.failure || !former) return out;
    on_every_loop(
        next->manifest().id,
        [&](std::size_t, std::vector<Account> accounts) -> async::Awaitable<> {
            for (const Account& account : accounts) {
                if (std::ranges::find(taken_up, account) != taken_up.end()) {
                    // As it was: nothing serves it.
                    if (account->strand) co_await account->strand->stop();
                    account->strand.reset();
                    account->set_health(accounts::broken(
                        accounts::kConnectorRefused, "The connector that took it up was refused."
                    ));
                    continue;
                }
                if (std::ranges::find(over, account) == over.end() || !account->strand) continue;
                auto back = co_await account->strand->refeed(former, milliseconds{0});
                if (!account->strand) continue;  // it was closed meanwhile
                if (back) back = rooms_.adopt(*account, *former);
                if (!back)
                    spdlog::error(
                        "account.not_back account={} reason={}",
                        account->id.text(),
                        back.error().context
                    );
            }
        }
    );
    return out;
}

void ConnectorServing::leave(const ConnectorId& connector, const std::string& reason) {
    on_every_loop(connector, [&](std::size_t, std::vector<Account> accounts) -> async::Awaitable<> {
        for (const Account& account : accounts) {
            account->absent = true;
            *account->leaving = true;
        }
        // One patience for all of them, not one each.
        const auto until = std::chrono::steady_clock::now() + kDrain;
        for (const Account& account : accounts) {
            if (!account->strand) continue;
            const auto left =
                std::chrono::duration_cast<milliseconds>(until - std::chrono::steady_clock::now());
            co_await drained(account, left);
            if (!account->strand) continue;  // it was closed meanwhile
            co_await account->strand->stop();
            account->strand.reset();
            if (account->draft) continue;  // its portal has never heard of it
            accounts::Health health = absence(account->connector, reason);
            (void)co_await inbound::tell_health(
                rooms_.inbound.ground(), rooms_.store, *account, std::move(health)
            );
        }
    });
}

void ConnectorServing::replay(const ConnectorId& connector, Kept which) {
    {
        const std::lock_guard lock{mutex_};
        const auto [at, fresh] = replaying_.try_emplace(connector.text(), std::nullopt);
        if (!fresh) {
            if (at->second != Kept::all) at->second = which;
            return;
        }
    }
    async::spawn(
        rooms_.loops.at(0).get_executor(),
        "replay " + connector.text(),
        [this, id = connector.text(), which]() -> async::Awaitable<> {
            for (std::optional<Kept> now = which; now;) {
                co_await replay_all(id, *now);
                const std::lock_guard lock{mutex_};
                now = std::exchange(replaying_[id], std::nullopt);
                if (!now) replaying_.erase(id);
            }
        }
    );
}

/// In the order in which they came. What is still not understood stays. An account for which the
/// connector fails twice is passed over from there on; when it does so for several, the round ends.
async::Awaitable<> ConnectorServing::replay_all(std::string connector, Kept which) {
    std::size_t replayed = 0;
    std::size_t left = 0;
    std::map<std::string, int> failures;  // by account
    std::size_t failing = 0;
    std::string after;
    for (bool more = true; more;) {
        const auto read = [this, &after] {
            return rooms_.store.rows(store::Table::quarantine, "", after, kPage);
        };
        auto rows = co_await rooms_.pool.run(read);
        if (!rows) {
            spdlog::error("quarantine.unread reason={}", rows.error().context);
            break;
        }
        more = rows->size() == kPage;
        for (const store::Row& row : *rows) {
            after = row.key;
            boost::json::error_code bad;
            const auto value = boost::json::parse(row.value, bad);
            const auto* object = bad ? nullptr : value.if_object();
            if (object == nullptr) continue;
            if (which == Kept::while_absent &&
                inbound::text_at(*object, "reason") != inbound::kKeptWhileAbsent)
                continue;
            const std::string owner = inbound::text_at(*object, "account");
            const auto account = rooms_.directory.account(owner);
            if (!account || account->connector.text() != connector ||
                failures[owner] >= kFailuresMax)
                continue;
            Ulid id;
            if (row.key.size() != id.bytes.size()) continue;
            std::memcpy(id.bytes.data(), row.key.data(), row.key.size());
            auto done = co_await rooms_.inbound.replay(id.text());
            while (!done && done.error().fault == Fault::throttled) {
                co_await async::pause(std::max(done.error().pause, kLook));
                done = co_await rooms_.inbound.replay(id.text());
            }
            ++(done ? replayed : left);
            if (done) continue;
            const Fault fault = done.error().fault;
            if (fault == Fault::unavailable && ++failures[owner] == kFailuresMax) ++failing;
            more = more && fault != Fault::cancelled && fault != Fault::storage &&
                   failing < kFailingMax;
            if (!more) break;
        }
    }
    if (replayed + left > 0)
        spdlog::info(
            "quarantine.replayed connector={} understood={} left={}", connector, replayed, left
        );
}

}  // namespace trunkline
