// How a sequential lane gives up on events: never silently, never out of place.
#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "host/lanes/sequential_lane.hpp"

namespace trunkline::lanes {

namespace {

constexpr WallMs kLookAgainMs = 60'000;

bool names_any(const std::vector<store::Record>& records, const Verdict& verdict) {
    return std::any_of(records.begin(), records.end(), [&](const auto& record) {
        return !is_notice(record) &&
               std::any_of(verdict.rejected.begin(), verdict.rejected.end(), [&](const auto& one) {
                   return one.id == record.id;
               });
    });
}

}  // namespace

void SequentialLane::alarm(const std::string& code, const std::string& detail) {
    spdlog::error("lane.alarmed lane={} code={} detail={}", setup_.name, code, detail);
    if (!alarms_) alarms_ = std::make_unique<Alarms>();
    alarms_->raise(code, detail, ground_.clock.wall_ms());
    if (ground_.alarm) ground_.alarm(setup_.name, code, detail);
}

store::Append SequentialLane::notice_for(const Gap& gap, const store::Record* only) {
    auto notice = destination_->gap_notice(gap, only);
    notice.lane = setup_.info.id;
    notice.flags = store::kNotice;
    notice.accepted_ms = ground_.clock.wall_ms();
    return notice;
}

store::DeadLetter SequentialLane::dead_letter(
    const store::Record& record, std::string reason, std::string detail
) const {
    store::DeadLetter dead;
    dead.lane = setup_.info.id;
    dead.sequence = record.sequence;
    dead.reason = std::move(reason);
    dead.detail = std::move(detail);
    dead.last_status = memory_.last_status;
    // Only the head is known to have been tried before; whoever else is here was tried with it just
    // now.
    dead.attempts = record.sequence == next_ ? memory_.failures + 1 : 1;
    return dead;
}

async::Awaitable<SequentialLane::Next> SequentialLane::give_up(
    store::Batch batch, std::size_t count
) {
    const auto reason = batch.dead.back().reason;
    const auto written = co_await write(std::move(batch));
    if (!written) {
        const auto next = co_await storage_failed(written.error().context);
        co_return next;
    }
    ground_.figures.dead += count;
    spdlog::warn("lane.gave_up lane={} count={} reason={}", setup_.name, count, reason);
    co_return Next::again;
}

// Tries until it is written: what the receiver has been told cannot be taken back, and while a disk
// refuses he would be told it again and again. Fails when it will never fit, or when the lane is
// stopped, but also then it is tried once.
async::Awaitable<Result<void>> SequentialLane::write(store::Batch batch) {
    for (;;) {
        auto copy = batch;
        const bool remembers = dirty_ || trial_over_;
        if (remembers) remember_in(copy);
        const auto written = co_await ground_.store.commit(std::move(copy));
        if (written) {
            if (std::exchange(trial_over_, false)) memory_.trial_sequence = 0;
            co_return Result<void>{};
        }
        dirty_ = dirty_ || remembers;
        const auto fault = written.error().fault;
        if (stopped_ || (fault != Fault::storage && fault != Fault::throttled)) {
            trial_over_ = false;
            co_return written.error();
        }
        alarm("storage", written.error().context);
        pass_.release();  // others can deliver meanwhile
        boost::asio::steady_timer timer{ground_.loop};
        timer.expires_at(std::chrono::steady_clock::time_point::max());
        refused_write_ = &timer;
        const auto again = ground_.timers.after(kAgain, [&timer] { timer.cancel(); });
        [[maybe_unused]] auto [error] = co_await timer.async_wait(async::kAsTuple);
        ground_.timers.cancel(again);
        refused_write_ = nullptr;
    }
}

bool SequentialLane::clock_trusted() {
    if (ground_.drift.trusted()) {
        ground_.drift.calm();
        return true;
    }
    if (ground_.drift.first_alarm())
        alarm("clock_drift", "wall and monotonic clock differ: nothing expires");
    return false;
}

void SequentialLane::note_head(const std::vector<store::Record>& records) {
    head_known_ = next_;
    head_accepted_ms_ = records.front().accepted_ms;
    const auto event = std::find_if_not(records.begin(), records.end(), store::is_notice);
    // Nothing but notices in sight, and these never expire: look again later.
    oldest_event_ms_ = event == records.end() ? 0 : event->accepted_ms;
    head_due_ms_ = event == records.end() ? ground_.clock.wall_ms() + kLookAgainMs
                                          : event->accepted_ms + setup_.policy.retention.count();
    look_at_patience();
}

void SequentialLane::look_at_patience() {
    if (head_known_ != next_ || oldest_event_ms_ == 0 || !ground_.drift.trusted()) return;
    const auto retention = setup_.policy.retention;
    const auto share = patience_.reached(oldest_event_ms_, ground_.clock.wall_ms(), retention);
    if (!share) return;
    const Warning warning{
        *share, tail() - next_, oldest_event_ms_, oldest_event_ms_ + retention.count()};
    alarm(code_of(warning), text_of(warning));
    destination_->warn(warning);
}

// How many records from the head on are out of time. A notice is only when an event behind it is,
// whose gap takes it in.
std::size_t SequentialLane::expired_run(const std::vector<store::Record>& records) {
    const WallMs now = ground_.clock.wall_ms();
    std::size_t run = 0;
    for (std::size_t i = 0; i < records.size(); ++i) {
        if (is_notice(records[i])) continue;
        if (now < records[i].accepted_ms + setup_.policy.retention.count()) break;
        run = i + 1;
    }
    return run > 0 && clock_trusted() ? run : 0;
}

async::Awaitable<SequentialLane::Next> SequentialLane::expire(std::vector<store::Record> records) {
    records.resize(expired_run(records));
    if (records.empty()) co_return Next::rest;
    Gap gap{
        .from = records.front().sequence,
        .through = records.back().sequence,
        .count = 0,
        .reason = "retention"};
    std::size_t events = 0;
    store::Batch batch;
    for (const auto& record : records) {
        auto dead = dead_letter(record, "retention", memory_.last_error);
        if (is_notice(record)) {
            const auto earlier = destination_->gap_of(record);
            gap.from = std::min(gap.from, earlier ? earlier->from : record.sequence);
            gap.count += earlier ? earlier->count : 1;
            dead.keep = false;
        } else {
            ++gap.count;
            ++events;
        }
        batch.dead.push_back(std::move(dead));
    }
    batch.dead.back().instead = notice_for(gap, records.size() == 1 ? &records.front() : nullptr);
    // Of this one a notice may have arrived already: it is the one that stays.
    if (records.size() == 1 && memory_.trial_sequence == records.front().sequence)
        batch.dead.back().instead->id = memory_.trial_id;
    trial_over_ = memory_.trial_sequence != 0;
    const auto next = co_await give_up(std::move(batch), events);
    if (next == Next::again) {
        next_ = records.back().sequence;  // the notice stands there now
        head_known_ = 0;
        trial_due_ = false;
        trial_open_ = false;
        ground_.figures.expired += events;
    }
    co_return next;
}

/// When nothing that could tell comes before the next turn, that comes now; false: nothing waits
/// behind it either.
bool SequentialLane::let_later_ones_tell() {
    const auto info = ground_.store.lane(setup_.info.id);
    if (memory_.turns.empty() || !info || info->tail <= drain_through() + 1) return false;
    memory_.turn_before(next_);
    dirty_ = true;
    return true;
}

// The head was refused alone. Whether it is at fault shows when the event after it is taken: the
// head's place is filled with the notice that would stand there, so that the receiver sees no gap
// and the order holds.
async::Awaitable<SequentialLane::Next> SequentialLane::try_without(
    std::vector<store::Record> records
) {
    const auto after = std::find_if_not(records.begin() + 1, records.end(), store::is_notice);
    if (is_notice(records.front()) || after == records.end()) {
        // No event to tell it by. When its notice may have arrived, that is still so, and the head
        // must not follow it.
        trial_due_ = trial_open_;
        if (!is_notice(records.front())) let_later_ones_tell();
        auto refusal = refusal_;
        const auto next = co_await failed(std::move(refusal));
        co_return next;
    }
    records.erase(after + 1, records.end());
    const auto& head = records.front();
    auto notice = notice_for(
        {.from = head.sequence, .through = head.sequence, .count = 1, .reason = "at_fault"}, &head
    );
    if (memory_.trial_sequence == head.sequence) {
        notice.id = memory_.trial_id;
    } else {
        // Written down first: once the notice may have arrived, the head must not follow it after a
        // restart.
        memory_.trial_sequence = head.sequence;
        memory_.trial_id = notice.id;
        store::Batch batch;
        remember_in(batch);
        const auto written = co_await ground_.store.commit(std::move(batch));
        if (!written) {
            memory_.trial_sequence = 0;
            const auto next = co_await storage_failed(written.error().context);
            co_return next;
        }
    }
    auto sent = records;
    auto& place = sent.front();
    place = store::Record{};
    place.sequence = head.sequence;
    place.id = notice.id;
    place.accepted_ms = notice.accepted_ms;
    place.flags = notice.flags;
    place.conversation = notice.conversation;
    if (place.conversation == head.conversation)
        place.conversation_sequence = head.conversation_sequence;
    place.body = notice.body;
    auto verdict = co_await ask(std::move(sent));
    const auto next =
        co_await conclude_trial(std::move(records), std::move(notice), std::move(verdict));
    co_return next;
}

async::Awaitable<SequentialLane::Next> SequentialLane::conclude_trial(
    std::vector<store::Record> records, store::Append notice, Verdict verdict
) {
    using Kind = Verdict::Kind;
    const auto first = records.front().sequence;
    const auto last = records.back().sequence;
    if (verdict.kind == Kind::accepted && verdict.through.value_or(last) >= first) {
        store::Batch batch;
        batch.dead.push_back(dead_letter(records.front(), "at_fault", refusal_.detail));
        batch.dead.back().last_status = refusal_.status;
        batch.dead.back().instead = std::move(notice);
        // Not before it is written: whoever stops the lane, or kills the host, finds the trial open
        // and makes the same try again, which the receiver recognises.
        trial_over_ = true;
        trial_open_ = true;
        const auto given_up = co_await give_up(std::move(batch), 1);
        if (given_up == Next::rest) co_return given_up;
        trial_open_ = false;
        const auto next = co_await accepted(first, last, std::move(verdict));
        co_return next;
    }
    const bool refused = verdict.kind == Kind::unclear || verdict.kind == Kind::too_large ||
                         verdict.kind == Kind::rejected;
    records.front().body = notice.body;  // as it was sent
    const bool large = verdict.kind == Kind::too_large &&
                       outweighs(records.back(), {records.begin(), records.end() - 1});
    records.erase(records.begin(), large ? records.end() - 1 : records.begin() + 1);
    if (large || (verdict.kind == Kind::rejected && names_any(records, verdict))) {
        // The event after the head has a fault of its own: it goes, and the try is made with the
        // next.
        const auto next = co_await conclude(std::move(records), std::move(verdict));
        co_return next;
    }
    if (verdict.kind == Kind::cancelled || verdict.kind == Kind::fault) {
        trial_open_ = true;  // it may have arrived: from now on only the same request may follow
    } else if (!trial_open_) {
        // Refused as a whole, so the notice has not arrived: the head may be sent again.
        memory_.trial_sequence = 0;
        dirty_ = true;
        trial_due_ = false;
    }
    if (refused) {
        // The event after it is not taken either: the receiver's fault.
        const auto next = co_await failed(std::move(verdict));
        co_return next;
    }
    const auto next = co_await conclude(std::move(records), std::move(verdict));
    co_return next;
}

}  // namespace trunkline::lanes
