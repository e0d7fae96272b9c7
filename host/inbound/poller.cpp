#include "host/inbound/poller.hpp"

#include <boost/json.hpp>
#include <spdlog/spdlog.h>

#include "host/inbound/tell_health.hpp"

namespace trunkline::inbound {
namespace {

using accounts::State;
using std::chrono::milliseconds;

constexpr std::size_t kKeyMax = 256;

constexpr milliseconds kPollDeadline{
    150'000};  // a long poll of 90 s and what goes before and after it
constexpr milliseconds kFirstWait{1'000};
constexpr milliseconds kLongestWait{60'000};
constexpr milliseconds kThrottledAtLeast{100};
constexpr int kSameFaultsMax = 3;                // then it will not go away by itself
constexpr std::size_t kUnreadMax = 1ULL << 20U;  // enough to see what it was

/// Waits in short pieces, so that stopping is not held up by a long pause.
async::Awaitable<> wait(milliseconds how_long, std::shared_ptr<std::atomic<bool>> stopping) {
    constexpr milliseconds kPiece{200};
    while (how_long.count() > 0 && !*stopping) {
        const milliseconds piece = std::min(how_long, kPiece);
        co_await async::pause(piece);
        how_long -= piece;
    }
}

/// What an account is that can do what it is asked for.
const accounts::Health kWell{State::connected, {}, {}};

/// Counts how often in a row a connector failed in the same way on what it fetched.
class SameFault {
public:
    /// True when it is time to tell: once, until something else happens.
    bool again(const tasks::End& end) {
        const bool blamed = end.fault && end.unread;
        if (!blamed || !last_ || last_->fault != end.fault->fault ||
            last_->context != end.fault->context)
            count_ = 0;
        last_ = blamed ? end.fault : std::nullopt;
        return blamed && ++count_ == kSameFaultsMax;
    }

private:
    std::optional<Error> last_;
    int count_ = 0;
};

/// A connector cannot read what its messenger gives it: that goes to the quarantine, with a
/// placeholder where it would have stood, and people are told. Only the connector could step over
/// it, for the cursor is its own; but nobody waits without knowing why.
async::Awaitable<bool> set_aside(
    const Inbound& inbound,
    store::Store& store,
    accounts::Account& account,
    const tasks::End& end,
    std::string cursor
) {
    Payload unread;
    unread.body = *end.unread;
    if (unread.body.empty()) unread.body = "poll with cursor " + cursor;
    if (unread.body.size() > kUnreadMax) unread.body.resize(kUnreadMax);
    Accepted accepted;
    quarantine_whole(inbound.ground(), account, unread, end.fault->context, accepted);
    append_health(
        inbound.ground(),
        account,
        {accounts::State::degraded,
         "poll_unreadable",
         "The connector cannot read what the messenger answers: " + end.fault->context},
        accepted
    );
    auto written = co_await write(store, account, std::move(accepted));
    if (written)
        spdlog::error(
            "poll.quarantined account={} reason={}", account.id.text(), end.fault->context
        );
    else
        spdlog::warn(
            "account.notice_lost account={} reason={}", account.id.text(), written.error().context
        );
    co_return written.has_value();
}

/// A check's result names the account at its messenger; one that was only configured is known by
/// that from then on.
void remember_key(accounts::Account& account, const std::string& result) {
    boost::system::error_code bad;
    const boost::json::value parsed = boost::json::parse(result, bad);
    const auto* object = bad ? nullptr : parsed.if_object();
    const auto* id = object == nullptr ? nullptr : object->if_contains("account_key");
    if (id == nullptr || !id->is_string() || id->get_string().size() > kKeyMax) return;
    account.set_key(std::string{id->get_string()});
}

}  // namespace

async::Awaitable<> poll(
    const Inbound& inbound,
    store::Store& store,
    async::BlockingPool& pool,
    std::shared_ptr<accounts::Account> account,
    std::shared_ptr<std::atomic<bool>> stopping
) {
    milliseconds failing{0};
    SameFault same;
    const Payload nothing;
    while (!*stopping) {
        auto cursor = co_await pool.run([&store, &account] {
            return store.row(store::Table::cursor, account->id.text());
        });
        if (*stopping || !account->strand) co_return;
        tasks::Start start;
        start.kind = TL_IN_POLL;
        start.deadline = kPollDeadline;
        std::string from;
        if (cursor && *cursor) from = (*cursor)->value;
        start.note = from;
        EventSink sink{inbound.ground(), store, *account, nothing};
        sink.keep_cursor();
        tasks::End end = co_await account->strand->run(std::move(start), sink);
        if (*stopping) co_return;
        if (same.again(end)) {
            const bool told = co_await set_aside(inbound, store, *account, end, std::move(from));
            if (!told) same = {};
        }

        const bool done = !end.fault && end.outcome && end.outcome->kind == TL_DONE;
        if (done) {
            const State state = account->health().state;
            if (failing.count() > 0 || state == State::connecting || stands_still(state)) {
                if (account->recovered) co_await account->recovered();
                co_await tell_health(inbound.ground(), store, *account, kWell);
            }
            failing = milliseconds{0};
            // A connector that names no pause leaves it to its manifest.
            co_await wait(
                end.outcome->delay.count() >= 0 ? end.outcome->delay : account->poll_every, stopping
            );
            continue;
        }
        if (!end.fault && end.outcome && end.outcome->kind == TL_ACCOUNT_BROKEN) {
            accounts::Health health = accounts::broken(end.outcome->code, end.outcome->text);
            co_await tell_health(inbound.ground(), store, *account, std::move(health));
        }
        if (end.fault && end.fault->fault == Fault::throttled) {
            // Nothing is wrong; the messenger keeps what was fetched until there is room for it.
            co_await wait(std::max(end.fault->pause, kThrottledAtLeast), stopping);
            continue;
        }
        failing = failing.count() == 0 ? kFirstWait : std::min(failing * 2, kLongestWait);
        const std::string reason = end.fault     ? end.fault->context
                                   : end.outcome ? end.outcome->code
                                                 : "no outcome";
        spdlog::warn(
            "poll.failed account={} reason={} wait_ms={}",
            account->id.text(),
            reason,
            failing.count()
        );
        co_await wait(
            std::max(failing, end.outcome ? end.outcome->delay : milliseconds{0}), stopping
        );
    }
}

async::Awaitable<Result<void>> check(
    const Inbound& inbound, store::Store& store, std::shared_ptr<accounts::Account> account
) {
    if (!account->strand) co_return Error{Fault::cancelled, "the connector is not there"};
    const Payload nothing;
    EventSink sink{inbound.ground(), store, *account, nothing};
    tasks::Start start;
    start.kind = TL_IN_CHECK;
    tasks::End end = co_await account->strand->run(std::move(start), sink);
    if (end.fault && end.fault->fault == Fault::unsupported) {
        // Nothing to check: the next command shows how it is.
        if (account->recovered) co_await account->recovered();
        if (account->health().code == accounts::kConnectorAbsent ||
            account->health().code == accounts::kNotConnected)
            co_await tell_health(inbound.ground(), store, *account, kWell);
        co_return Result<void>{};
    }
    if (end.fault) co_return *end.fault;
    if (!end.outcome) co_return Error{Fault::malformed, "the check ended without an outcome"};
    if (end.outcome->kind == TL_ACCOUNT_BROKEN) {
        accounts::Health health = accounts::broken(end.outcome->code, end.outcome->text);
        co_await tell_health(inbound.ground(), store, *account, std::move(health));
        co_return Error{Fault::account_broken, end.outcome->code};
    }
    if (end.outcome->kind != TL_DONE)
        co_return Error{Fault::unavailable, end.outcome->code, end.outcome->delay};
    if (account->recovered) co_await account->recovered();
    remember_key(*account, end.outcome->value);
    // What the check itself has said of it stands.
    const State state = account->health().state;
    if (state == State::connecting || stands_still(state))
        co_await tell_health(inbound.ground(), store, *account, kWell);
    co_return Result<void>{};
}

}  // namespace trunkline::inbound
