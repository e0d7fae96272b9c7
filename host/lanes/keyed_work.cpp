// One record of a keyed lane, from its turn to its end.
#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "host/lanes/held_rows.hpp"
#include "host/lanes/keyed_lane.hpp"

namespace trunkline::lanes {

namespace {

constexpr Milliseconds kWaitMax{std::chrono::hours{24}};

}  // namespace

void KeyedLane::alarm(const std::string& code, const std::string& detail) {
    spdlog::error("lane.alarmed lane={} code={} detail={}", setup_.name, code, detail);
    if (!alarms_) alarms_ = std::make_unique<Alarms>();
    alarms_->raise(code, detail, ground_.clock.wall_ms());
    if (ground_.alarm) ground_.alarm(setup_.name, code, detail);
}

void KeyedLane::remember_in(store::Batch& batch) {
    batch.states.push_back({.lane = setup_.info.id, .state = memory_.to_text()});
}

void KeyedLane::finished(const std::vector<store::Sequence>& sequences) {
    for (const auto sequence : sequences) {
        if (sequence >= head_) done_.insert(sequence);
    }
    while (done_.erase(head_) > 0)
        ++head_;
}

// What the lane's progress will be with `finishing`; other writes on their way may already be
// further.
store::Advance KeyedLane::progress_with(const std::vector<store::Sequence>& finishing) const {
    auto done = done_;
    auto head = head_;
    for (const auto sequence : finishing) {
        if (sequence >= head) done.insert(sequence);
    }
    while (done.erase(head) > 0)
        ++head;
    return {.lane = setup_.info.id, .through = head - 1, .beyond = {done.begin(), done.end()}};
}

store::DeadLetter KeyedLane::dead_letter(
    const store::Record& record, std::string reason, std::string detail, std::uint32_t attempts
) const {
    store::DeadLetter dead;
    dead.lane = setup_.info.id;
    dead.sequence = record.sequence;
    dead.reason = std::move(reason);
    dead.detail = std::move(detail);
    dead.attempts = attempts;
    dead.record = record;
    return dead;
}

// Works through a conversation while it can; ends with it waiting, or empty and forgotten.
async::Awaitable<> KeyedLane::work(std::string conversation) {
    const auto self = shared_from_this();
    bool on = true;
    while (on && !stopped_) {
        auto record = co_await first_of(conversation);
        if (!record) {
            on = false;
            auto& line = lines_.at(conversation);
            if (line.held > 0) line.not_before = ground_.clock.steady() + kAgain;
            break;
        }
        on = co_await attempt(conversation, *std::move(record));
        // Others of this lane have been waiting for their turn.
        if (!ready_.empty()) break;
    }
    --in_flight_;
    auto& line = lines_.at(conversation);
    line.in_flight = false;
    if (stopped_) co_return;
    if (line.queue.empty() && line.held == 0) {
        ground_.timers.cancel(line.timer);
        lines_.erase(conversation);
    } else if (waits(line)) {
        wait_for(conversation, line);
    } else {
        make_ready(conversation, line);
    }
    pump();
}

// True when the conversation may go on with its next record at once.
async::Awaitable<bool> KeyedLane::attempt(std::string conversation, store::Record record) {
    const auto due = destination_->expires_ms(record);
    const WallMs due_ms = due.value_or(record.accepted_ms + setup_.policy.retention.count());
    auto& line = lines_.at(conversation);
    line.due_ms = std::max<WallMs>(due_ms, 1);
    const auto attempts = line.clock.failures();
    if (ground_.clock.wall_ms() >= due_ms) {
        if (ground_.drift.trusted()) {
            auto batch = co_await destination_->expired(record);
            batch.dead.push_back(dead_letter(record, "retention", memory_.last_error, attempts));
            ++ground_.figures.expired;
            const bool next =
                co_await finish(std::move(conversation), std::move(record), std::move(batch));
            co_return next;
        }
        if (ground_.drift.first_alarm())
            alarm("clock_drift", "wall and monotonic clock differ: nothing expires");
    }
    if (blocked() || ground_.clock.steady() < line.not_before) co_return false;
    ++ground_.figures.in_flight;
    auto verdict = co_await destination_->deliver(record, attempts + 1);
    --ground_.figures.in_flight;
    using Kind = KeyedVerdict::Kind;
    if (verdict.kind != Kind::later) ++ground_.figures.deliveries;
    if (verdict.kind == Kind::done || verdict.kind == Kind::dead) {
        auto batch = std::move(verdict.with);
        if (verdict.kind == Kind::dead) {
            batch.dead.push_back(dead_letter(record, verdict.reason, verdict.code, attempts + 1));
        } else {
            ++ground_.figures.delivered;
        }
        const bool next =
            co_await finish(std::move(conversation), std::move(record), std::move(batch));
        co_return next;
    }
    co_await put_off(std::move(conversation), std::move(verdict));
    co_return false;
}

async::Awaitable<> KeyedLane::put_off(std::string conversation, KeyedVerdict verdict) {
    using Kind = KeyedVerdict::Kind;
    auto& line = lines_.at(conversation);
    const auto now = ground_.clock.steady();
    if (verdict.kind == Kind::cancelled) {
        line.not_before = now + kAgain;
        co_return;
    }
    // Whoever limits it says so again after a restart: there is nothing to remember.
    if (verdict.kind == Kind::later) {
        const auto until = now + std::clamp(verdict.delay, Milliseconds{1}, kWaitMax);
        line.not_before = until;
        if (verdict.scope != WaitScope::conversation) not_before_ = std::max(not_before_, until);
        co_return;
    }
    ++ground_.figures.failures;
    memory_.last_error =
        verdict.code.empty() ? verdict.reason : verdict.reason + " " + verdict.code;
    if (verdict.kind == Kind::stop) {
        // A person's pause stays: that one does not end by itself.
        if (memory_.paused_reason.empty()) memory_.paused_reason = "account_broken";
        alarm("account_broken", memory_.last_error);
        remember_in(verdict.with);
    } else {
        auto wait = line.clock.failed(std::nullopt, ground_.jitter());
        if (verdict.delay.count() > 0) wait = std::min(verdict.delay, kWaitMax);
        line.not_before = now + wait;
        if (verdict.scope != WaitScope::conversation) {
            not_before_ = std::max(not_before_, now + wait);
            memory_.next_attempt_ms = ground_.clock.wall_ms() + wait.count();
            remember_in(verdict.with);
        }
        if (verdict.scope == WaitScope::connector && ground_.connector_wait) {
            ground_.connector_wait(setup_.connector, wait);
        }
    }
    if (verdict.with.append.empty() && verdict.with.put.empty() && verdict.with.states.empty())
        co_return;
    std::vector<store::Sequence> nothing;
    [[maybe_unused]] const bool written =
        co_await write(std::move(verdict.with), std::move(nothing));
}

// The record's end and everything told about it are one write. What is set aside has been advanced
// over already.
async::Awaitable<bool> KeyedLane::finish(
    std::string conversation, store::Record record, store::Batch batch
) {
    auto& line = lines_.at(conversation);
    const auto given_up = batch.dead.size();
    const bool held = line.held > 0;
    std::vector<store::Sequence> finishing;
    if (held) {
        batch.erase.push_back(
            {.table = store::Table::held,
             .key = held_key(setup_.info.id, conversation, record.sequence)}
        );
    } else {
        finishing.push_back(record.sequence);
    }
    const bool written = co_await write(std::move(batch), std::move(finishing));
    if (!written) co_return false;  // stopped meanwhile: it is done again after the restart
    ground_.figures.dead += given_up;
    if (held) {
        --line.held;
        --held_;
    } else {
        loaded_bytes_ -= line.queue.front().body.size();
        line.queue.pop_front();
    }
    line.clock.succeeded();
    line.not_before = {};
    line.due_ms = 0;
    ground_.timers.cancel(std::exchange(line.timer, 0));
    co_return true;
}

// Tries until it is written: what the messenger has been told cannot be taken back. False when the
// lane is stopped first.
async::Awaitable<bool> KeyedLane::write(
    store::Batch batch, std::vector<store::Sequence> finishing
) {
    while (!stopped_) {
        auto copy = batch;
        if (!finishing.empty()) copy.advance.push_back(progress_with(finishing));
        const auto written = co_await ground_.store.commit(std::move(copy));
        if (written) {
            finished(finishing);
            co_return true;
        }
        alarm("storage", written.error().context);
        if (written.error().fault == Fault::malformed || written.error().fault == Fault::conflict) {
            // It will never fit: what was done stays done, only what was to be told about it is
            // lost.
            batch.append.clear();
            batch.dead.clear();
            batch.conversations.clear();
        }
        boost::asio::steady_timer timer{ground_.loop};
        timer.expires_at(std::chrono::steady_clock::time_point::max());
        refused_writes_.push_back(&timer);
        const auto token = ground_.timers.after(kAgain, [&timer] { timer.cancel(); });
        [[maybe_unused]] auto [error] = co_await timer.async_wait(async::kAsTuple);
        ground_.timers.cancel(token);
        std::erase(refused_writes_, &timer);
    }
    co_return false;
}

}  // namespace trunkline::lanes
