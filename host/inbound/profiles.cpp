#include "host/inbound/profiles.hpp"

#include <algorithm>

#include <boost/json.hpp>
#include <spdlog/spdlog.h>

#include "host/async/spawn.hpp"
#include "host/base/base64.hpp"
#include "host/base/stored_row.hpp"
#include "host/inbound/tell_health.hpp"
#include "host/seal/crypto.hpp"
#include "host/universal/json.hpp"

namespace trunkline::inbound {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kProfileDeadline{30'000};
constexpr milliseconds kLookAgain{250};
constexpr WallMs kRememberedAtLeast = 30LL * 24 * 3600 * 1000;

std::string key_of(const accounts::Account& account, const std::string& customer) {
    return account.id.text() + '\0' + customer;
}

/// A connector's answer as a sender; `malformed` when it is none.
Result<universal::Sender> sender_of(const std::string& profile) {
    boost::system::error_code bad;
    boost::json::value value = boost::json::parse(profile, bad);
    if (bad || !value.is_object()) return Error{Fault::malformed, "the profile is no JSON object"};
    const std::string event = boost::json::serialize(boost::json::object{
        {"type", "conversation"}, {"sender", std::move(value)}});
    auto read = universal::read_event(event);
    if (!read) return read.error();
    return read->sender();
}

/// What of `told` is there and another than in `known`.
bool says_more(const universal::Sender& told, const universal::Sender& known) {
    const auto other = [](const std::string& now, const std::string& before) {
        return !now.empty() && now != before;
    };
    return other(told.name(), known.name()) || other(told.username(), known.username()) ||
           other(told.language(), known.language()) || other(told.phone(), known.phone()) ||
           other(told.avatar_ref(), known.avatar_ref()) || other(told.avatar(), known.avatar());
}

/// Both together, so that nobody takes what a profile leaves out for something taken away.
universal::Sender merged(const universal::Sender& told, universal::Sender known) {
    if (!told.name().empty()) known.set_name(told.name());
    if (!told.username().empty()) known.set_username(told.username());
    if (!told.language().empty()) known.set_language(told.language());
    if (!told.phone().empty()) known.set_phone(told.phone());
    if (!told.avatar().empty()) known.set_avatar(told.avatar());
    if (!told.avatar_ref().empty()) known.set_avatar_ref(told.avatar_ref());
    return known;
}

std::string digest_of(const universal::Sender& sender) {
    std::string all;
    for (const std::string* part :
         {&sender.name(),
          &sender.username(),
          &sender.language(),
          &sender.phone(),
          &sender.avatar(),
          &sender.avatar_ref()})
        all += *part + '\0';
    return hex_encode(seal::sha256(all));
}

}  // namespace

Profiles::Profiles(
    async::Loops& loops,
    const Inbound& inbound,
    store::Store& store,
    async::BlockingPool& pool,
    Limits limits
)
    : loops_{loops},
      inbound_{inbound},
      store_{store},
      pool_{pool},
      limits_{limits},
      of_loops_(loops.size()) {}

Profiles::OfLoop& Profiles::of(const accounts::Account& account) {
    return of_loops_[loops_.index_of(account.loop)];
}

void Profiles::remember(
    const accounts::Account& account, const std::string& customer, WallMs until
) {
    OfLoop& here = of(account);
    if (here.not_before.size() >= limits_.remembered_max) make_room(here);
    here.not_before[key_of(account, customer)] = until;
}

/// Forgets what is over, or else the half that will be over first; the store knows too.
void Profiles::make_room(OfLoop& here) const {
    auto& known = here.not_before;
    const WallMs now = inbound_.ground().clock.wall_ms();
    std::erase_if(known, [now](const auto& each) { return each.second <= now; });
    if (known.size() < limits_.remembered_max || known.empty()) return;
    std::vector<WallMs> ends;
    ends.reserve(known.size());
    for (const auto& each : known)
        ends.push_back(each.second);
    std::size_t left = (ends.size() + 1) / 2;
    const auto middle = ends.begin() + static_cast<std::ptrdiff_t>(left - 1);
    std::ranges::nth_element(ends, middle);
    std::erase_if(known, [&left, last = *middle](const auto& each) {
        return left > 0 && each.second <= last && left-- > 0;
    });
}

void Profiles::met(std::shared_ptr<accounts::Account> account, std::vector<Met> customers) {
    OfLoop& here = of(*account);
    const WallMs now = inbound_.ground().clock.wall_ms();
    for (Met& customer : customers) {
        const auto known = here.not_before.find(key_of(*account, customer.sender.id()));
        if (known != here.not_before.end() && known->second > now) continue;
        auto [queue, anew] = here.waiting.try_emplace(account.get());
        if (queue->second.size() >= limits_.waiting_max) {
            ++dropped_;
            continue;
        }
        // Until it was asked for; then it is known better.
        remember(*account, customer.sender.id(), now + limits_.after_failure.count());
        queue->second.push_back(std::move(customer));
        if (!anew) continue;
        ++at_work_;
        async::spawn(account->loop.get_executor(), "profiles", [this, account] {
            return work(account);
        });
    }
}

async::Awaitable<> Profiles::work(std::shared_ptr<accounts::Account> account) {
    // Not a guard: what is left over when the host ends is destroyed behind all this.
    std::exception_ptr thrown;
    try {
        co_await ask_all(account);
    } catch (...) {
        thrown = std::current_exception();
    }
    of(*account).waiting.erase(account.get());
    --at_work_;
    if (thrown) std::rethrow_exception(thrown);
}

async::Awaitable<> Profiles::ask_all(std::shared_ptr<accounts::Account> account) {
    OfLoop& here = of(*account);
    for (;;) {
        if (*account->leaving || !account->strand) co_return;  // whoever writes again is met again
        std::deque<Met>& waiting = here.waiting[account.get()];
        if (waiting.empty()) co_return;
        Met customer = std::move(waiting.front());
        waiting.pop_front();
        const std::string who = customer.sender.id();
        const WallMs next = co_await ask(account, std::move(customer));
        remember(*account, who, next);
    }
}

/// Asking for a profile counts as a command of no conversation.
async::Awaitable<> Profiles::wait_for_room(std::shared_ptr<accounts::Account> account) {
    const quotas::Ask ask;
    const auto ledger = account->ledger;
    while (ledger && ledger->limits() && !*account->leaving) {
        const auto turn = co_await ledger->take(ask);
        if (turn && turn->wait.count() == 0) co_return;
        co_await async::pause(turn ? std::min(turn->wait, kLookAgain) : kLookAgain);
    }
}

Profiles::Told Profiles::told(const std::string& key) const {
    Told out;
    const auto row = store_.row(store::Table::profile, key);
    if (!row || !*row) return out;
    StoredRow stored{"profile", (*row)->value};
    out.next_ms = stored.number("next");
    out.digest = stored.text("digest");
    if (!stored.whole()) return {};
    return out;
}

/// One customer; when to ask for the same again.
async::Awaitable<WallMs> Profiles::ask(std::shared_ptr<accounts::Account> account, Met customer) {
    const std::string key = key_of(*account, customer.sender.id());
    const auto look = [this, &key] { return told(key); };
    Told before = co_await pool_.run(look);
    if (before.next_ms > inbound_.ground().clock.wall_ms()) co_return before.next_ms;
    co_await wait_for_room(account);
    const WallMs now = inbound_.ground().clock.wall_ms();
    const WallMs after_failure = now + limits_.after_failure.count();
    if (*account->leaving || !account->strand) co_return after_failure;
    const auto read = [this, &account, &customer] {
        return store_.conversation(account->lane, customer.conversation);
    };
    const auto facts = co_await pool_.run(read);
    if (!facts || !account->strand) co_return after_failure;

    ++asked_;
    const Payload nothing;
    EventSink sink{inbound_.ground(), store_, *account, nothing};
    tasks::Start start;
    start.kind = TL_IN_PROFILE;
    start.key = customer.sender.id();
    start.note = facts->note;
    start.deadline = kProfileDeadline;
    tasks::End end = co_await account->strand->run(std::move(start), sink);
    if (!end.fault && end.outcome && end.outcome->kind == TL_ACCOUNT_BROKEN) {
        accounts::Health health = accounts::broken(end.outcome->code, end.outcome->text);
        co_await tell_health(inbound_.ground(), store_, *account, std::move(health));
    }
    const bool answered = !end.fault && end.outcome &&
                          (end.outcome->kind == TL_DONE || end.outcome->kind == TL_REJECTED);
    if (!answered) {
        ++failed_;
        const std::string why = end.fault     ? end.fault->context
                                : end.outcome ? end.outcome->code
                                              : "no outcome";
        spdlog::debug("profile.failed account={} reason={}", account->id.text(), why);
        const WallMs asked = end.outcome ? now + end.outcome->delay.count() : 0;
        co_return std::max(after_failure, asked);
    }
    std::string profile = end.outcome->kind == TL_DONE ? std::move(end.outcome->value) : "{}";
    auto kept = co_await keep(account, std::move(customer), std::move(before), std::move(profile));
    if (kept) co_return now + account->profile_every.value_or(limits_.after_failure).count();
    ++failed_;
    spdlog::warn("profile.not_kept account={} reason={}", account->id.text(), kept.error().context);
    co_return after_failure;
}

/// Writes when it was asked for, and, when it says something new, the event.
async::Awaitable<Result<void>> Profiles::keep(
    std::shared_ptr<accounts::Account> account, Met customer, Told before, std::string profile
) {
    const Ground& ground = inbound_.ground();
    auto sender = sender_of(profile.empty() ? std::string{"{}"} : profile);
    if (!sender) co_return sender.error();
    const WallMs now = ground.clock.wall_ms();
    const WallMs every = account->profile_every.value_or(limits_.after_failure).count();
    const std::string digest = digest_of(*sender);
    Accepted accepted;
    const bool news =
        before.digest.empty() ? says_more(*sender, customer.sender) : before.digest != digest;
    if (news) {
        universal::Event event;
        event.set_type("conversation");
        event.mutable_conversation()->set_id(customer.conversation);
        event.mutable_conversation()->set_kind(customer.kind);
        *event.mutable_sender() = merged(*sender, customer.sender);
        link_avatars(ground, *account, event);
        std::string dedup;  // the row that goes with it makes sure that it is told once
        std::vector<store::Put> none;
        append_event(ground, *account, event, std::move(dedup), std::move(none), accepted);
    }
    accepted.batch.put.push_back(
        {store::Table::profile,
         key_of(*account, customer.sender.id()),
         boost::json::serialize(boost::json::object{{"next", now + every}, {"digest", digest}}),
         now + std::max(2 * every, kRememberedAtLeast)}
    );
    auto written = co_await write(store_, *account, std::move(accepted));
    if (written && news) ++told_;
    co_return written;
}

}  // namespace trunkline::inbound
