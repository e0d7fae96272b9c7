// Waiting for the messenger's limits: a command waits in its lane, where it holds nothing but its
// own conversation, and its portal is told in time.
#include <algorithm>
#include <set>

#include <spdlog/spdlog.h>

#include "host/outbound/messenger.hpp"

// GCC 12 inlines only the first half of the pair of functions that a coroutine frame is allocated
// by, and takes the other for a stranger.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace trunkline::outbound {
namespace {

using lanes::KeyedVerdict;
using lanes::WaitScope;
using std::chrono::milliseconds;

constexpr milliseconds kLongEnough{5'000};  // a longer wait is told to the portal
constexpr milliseconds kWaitHere{1'000};    // for what the whole account waits for anyway
constexpr milliseconds kLookAgain{250};

/// For what the others of the account need not wait.
bool only_here(const quotas::Turn& turn) {
    return turn.scope == quotas::Scope::chat || turn.one_kind;
}

/// Given up by whoever goes without having had a turn: nobody is to wait behind it.
class PlaceInLine {
public:
    PlaceInLine(quotas::Ledger& ledger, const quotas::Ask& ask) : ledger_{ledger}, ask_{ask} {}
    ~PlaceInLine() { ledger_.leave_line(ask_); }
    PlaceInLine(const PlaceInLine&) = delete;
    PlaceInLine& operator=(const PlaceInLine&) = delete;

private:
    quotas::Ledger& ledger_;
    const quotas::Ask& ask_;
};

}  // namespace

quotas::Ask Messenger::ask_of(const Sending& sending) {
    quotas::Ask ask;
    ask.conversation =
        sending.facts.current.empty() ? sending.command.conversation() : sending.facts.current;
    ask.kind = sending.facts.kind.empty() ? "direct" : sending.facts.kind;
    return ask;
}

// A verdict when it cannot go yet, and others can use the time.
async::Awaitable<std::optional<KeyedVerdict>> Messenger::foresee_turn(Sending* sending) {
    std::optional<KeyedVerdict> out;
    const auto ledger = account_->ledger;
    if (!ledger || !ledger->limits()) co_return out;
    const quotas::Ask ask = ask_of(*sending);
    auto turn = co_await ledger->look(ask);
    if (!turn) {
        out.emplace().kind = KeyedVerdict::Kind::retry;
        out->reason = turn.error().context;
    } else if (turn->wait > (only_here(*turn) ? milliseconds{0} : kWaitHere)) {
        const auto scope = only_here(*turn) ? WaitScope::conversation : WaitScope::account;
        auto later = co_await wait_in_lane(sending, turn->wait, scope);
        out = std::move(later);
    }
    co_return out;
}

// None when its turn has come. For what the account waits for as a whole it waits here, if that is
// short: in the lane everybody would come back at the same moment. The clock is looked at again
// every now and then: whoever went before may have taken less. Those who wait stand in line, or
// luck would decide, and what was foreseen would not hold.
async::Awaitable<std::optional<KeyedVerdict>> Messenger::take_turn(Sending* sending) {
    std::optional<KeyedVerdict> out;
    const auto ledger = account_->ledger;
    if (!ledger || !ledger->limits()) co_return out;
    quotas::Ask ask = ask_of(*sending);
    ask.key = account_->id.text() + '/' + std::to_string(sending->sequence);
    const PlaceInLine place{*ledger, ask};
    for (;;) {
        auto turn = co_await ledger->take(ask);
        if (!turn) {
            out.emplace().kind = KeyedVerdict::Kind::retry;
            out->reason = turn.error().context;
            break;
        }
        if (turn->wait.count() == 0) break;
        if (only_here(*turn) || turn->wait > kWaitHere) {
            const auto scope = only_here(*turn) ? WaitScope::conversation : WaitScope::account;
            auto later = co_await wait_in_lane(sending, turn->wait, scope);
            co_return later;
        }
        co_await begin_waiting(sending, turn->wait);
        co_await async::pause(std::min(turn->wait, kLookAgain));
    }
    end_waiting(sending->sequence);
    co_return out;
}

async::Awaitable<KeyedVerdict> Messenger::wait_in_lane(
    Sending* sending, milliseconds wait, WaitScope scope
) {
    co_await begin_waiting(sending, wait);
    // What its task has kept goes with it: run again, it goes on from there.
    KeyedVerdict out;
    out.kind = KeyedVerdict::Kind::later;
    out.delay = wait;
    out.scope = scope;
    out.reason = "limited";
    co_return out;
}

async::Awaitable<> Messenger::begin_waiting(Sending* sending, milliseconds wait) {
    const auto now = services_.ground.clock.steady();
    Waiting& waiting = waiting_[sending->sequence];
    if (!waiting.since) {
        waiting.since = now;
        if (account_->ledger) {
            ++account_->ledger->figures().waits;
            ++account_->ledger->figures().waiting;
        }
    }
    if (now - *waiting.since + wait < kLongEnough || std::exchange(waiting.told, true)) co_return;
    co_await tell_delay(sending, services_.ground.clock.wall_ms() + wait.count());
}

void Messenger::end_waiting(store::Sequence sequence) {
    const auto found = waiting_.find(sequence);
    if (found == waiting_.end() || !found->second.since) return;
    const auto waited = std::chrono::floor<milliseconds>(
        services_.ground.clock.steady() - *std::exchange(found->second.since, std::nullopt)
    );
    if (!account_->ledger) return;
    --account_->ledger->figures().waiting;
    account_->ledger->figures().waited_ms += static_cast<std::uint64_t>(waited.count());
}

void Messenger::finished(const store::Record& record) {
    end_waiting(record.sequence);
    waiting_.erase(record.sequence);
    foresight_.leave(record.conversation);
}

// Once for each turn in the lane; that it cannot be written is no reason not to send.
async::Awaitable<> Messenger::tell_delay(Sending* sending, WallMs until_ms) {
    Status status;
    status.state = "delayed";
    status.kind = sending->facts.kind;
    status.sequence = sending->sequence;
    status.until_ms = until_ms;
    inbound::Accepted accepted;
    append_status(services_.ground, *account_, sending->command, status, accepted);
    auto written = co_await inbound::write(services_.store, *account_, std::move(accepted));
    if (!written)
        spdlog::warn(
            "outbound.delay_untold account={} reason={}",
            account_->id.text(),
            written.error().context
        );
}

// A flood is told of as soon as the lane sees it, whole pieces of it in one write: whoever stands
// far back learns it at the same time as whoever is next.
async::Awaitable<> Messenger::foresee(std::span<const store::Record> records) {
    const auto ledger = account_->ledger;
    std::vector<Late> late;
    for (const store::Record& record : records) {
        std::uint64_t soon = 0;
        if (ledger && !foresight_.knows(record.conversation))
            soon = ledger->room_within(record.conversation, kLongEnough);
        const auto ahead = foresight_.enter(record.conversation, soon);
        if (!ledger || !ledger->limits() || ahead.in_chat + ahead.in_account == 0) continue;
        quotas::Ask ask;
        ask.conversation = record.conversation;
        ask.kind = quotas::kAnyKind;  // what it is, is read of those only that may be late
        if (ledger->forecast(ask, ahead.in_chat, ahead.in_account) >= kLongEnough)
            late.push_back({&record, ahead});
    }
    if (!late.empty()) co_await tell_late(std::move(late));
}

async::Awaitable<> Messenger::tell_late(std::vector<Late> late) {
    std::map<std::string, store::Conversation> facts;
    for (const Late& each : late)
        facts.try_emplace(each.record->conversation);
    auto read = co_await services_.pool.run([this, &facts]() -> Result<void> {
        for (auto& [conversation, of_it] : facts) {
            auto found = services_.store.conversation(account_->lane, conversation);
            if (!found) return found.error();
            of_it = *std::move(found);
        }
        return {};
    });
    inbound::Accepted accepted;
    std::vector<store::Sequence> told;
    for (const Late& each : late) {
        Sending sending;
        if (!read || !account_->ledger || !sending.command.ParseFromString(each.record->body))
            continue;
        sending.facts = facts[each.record->conversation];
        const auto wait =
            account_->ledger->forecast(ask_of(sending), each.ahead.in_chat, each.ahead.in_account);
        if (wait < kLongEnough) continue;
        Status status;
        status.state = "delayed";
        status.kind = sending.facts.kind;
        status.sequence = each.record->sequence;
        status.until_ms = services_.ground.clock.wall_ms() + wait.count();
        append_status(services_.ground, *account_, sending.command, status, accepted);
        told.push_back(each.record->sequence);
    }
    if (told.empty()) co_return;
    auto written = co_await inbound::write(services_.store, *account_, std::move(accepted));
    if (!written) {
        // Whoever comes first is told then.
        spdlog::warn(
            "outbound.delay_untold account={} reason={}",
            account_->id.text(),
            written.error().context
        );
        co_return;
    }
    for (const store::Sequence sequence : told)
        waiting_[sequence].told = true;
}

}  // namespace trunkline::outbound
