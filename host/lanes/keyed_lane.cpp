// A lane that delivers one record at a time of each line, from its turn to its end.
#include "host/lanes/keyed_lane.hpp"

#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "host/async/spawn.hpp"

namespace trunkline::lanes {

namespace {

constexpr Milliseconds kWaitMax{std::chrono::hours{24}};

/// Adds what `more` writes.
void join(store::Batch& batch, store::Batch more) {
    const auto add = [](auto& to, auto& from) {
        to.insert(
            to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end())
        );
    };
    add(batch.append, more.append);
    add(batch.put, more.put);
    add(batch.erase, more.erase);
    add(batch.conversations, more.conversations);
    add(batch.states, more.states);
}

}  // namespace

KeyedLane::KeyedLane(Ground& ground, Setup setup, std::unique_ptr<KeyedDestination> destination)
    : LinesLane{ground, std::move(setup)}, destination_{std::move(destination)} {}

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

void KeyedLane::launch() {
    const std::size_t at_once =
        setup_.policy.order == Order::sequential ? 1 : std::max(1U, setup_.policy.streams);
    // A coroutine may begin at once, so any of them may be the one that makes the lane wait.
    while (in_flight_ < at_once && !ready_.empty() && !blocked() && !stopped_) {
        const auto name = std::move(ready_.front());
        ready_.pop_front();
        const auto found = lines_.find(name);
        if (found == lines_.end()) continue;
        found->second.ready = false;
        if (found->second.in_flight) continue;
        found->second.in_flight = true;
        ++in_flight_;
        begin(name);
    }
}

void KeyedLane::look_at(std::vector<std::string> names) {
    for (auto& name : names)
        begin(std::move(name));
}

void KeyedLane::begin(std::string name) {
    const auto self = std::static_pointer_cast<KeyedLane>(shared_from_this());
    auto work = [self, name = std::move(name)] { return self->work(name); };
    async::spawn(ground_.loop, "lane " + setup_.name, std::move(work));
}

async::Awaitable<> KeyedLane::foresee(std::span<const store::Record> records) {
    return destination_->foresee(records);
}

// Works through a line while it can; ends with it waiting, or empty and forgotten.
async::Awaitable<> KeyedLane::work(std::string name) {
    const auto self = shared_from_this();
    bool on = true;
    while (on && !stopped_) {
        auto first = co_await first_of(name, 1, 0);
        if (first.empty()) {
            auto& line = lines_.at(name);
            if (line.held > 0) line.not_before = ground_.clock.steady() + kAgain;
            break;
        }
        on = co_await attempt(name, std::move(first.front()));
        // Others of this lane have been waiting for their turn.
        if (!ready_.empty()) break;
    }
    let_go(name);
    if (!stopped_) pump();
}

// True when the conversation may go on with its next record at once.
async::Awaitable<bool> KeyedLane::attempt(std::string name, store::Record record) {
    const auto due = destination_->expires_ms(record);
    const WallMs due_ms = due.value_or(record.accepted_ms + setup_.policy.retention.count());
    auto& line = lines_.at(name);
    line.due_ms = std::max<WallMs>(due_ms, 1);
    const auto attempts = line.clock.failures();
    if (ground_.clock.wall_ms() >= due_ms) {
        if (ground_.drift.trusted()) {
            auto batch = co_await destination_->expired(record);
            batch.dead.push_back(dead_letter(record, "retention", memory_.last_error, attempts));
            ++ground_.figures.expired;
            const bool next = co_await end(std::move(record), std::move(batch));
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
        const bool next = co_await end(std::move(record), std::move(batch));
        co_return next;
    }
    if (setup_.policy.one_try && (verdict.kind == Kind::retry || verdict.kind == Kind::stop)) {
        ++ground_.figures.failures;
        memory_.last_error =
            verdict.code.empty() ? verdict.reason : verdict.reason + " " + verdict.code;
        if (verdict.kind == Kind::stop) alarm("account_broken", memory_.last_error);
        if (verdict.scope != WaitScope::conversation && verdict.delay.count() > 0)
            hold_back(verdict.scope, std::min(verdict.delay, kWaitMax));
        auto batch = co_await destination_->dropped(record, verdict);
        join(batch, std::move(verdict.with));
        const bool next = co_await end(std::move(record), std::move(batch));
        if (next) ++ground_.figures.dropped;
        co_return next;
    }
    co_await put_off(std::move(name), std::move(verdict));
    co_return false;
}

void KeyedLane::hold_back(WaitScope scope, Milliseconds wait) {
    not_before_ = std::max(not_before_, ground_.clock.steady() + wait);
    if (scope == WaitScope::connector && ground_.connector_wait)
        ground_.connector_wait(setup_.connector, wait);
}

async::Awaitable<bool> KeyedLane::end(store::Record record, store::Batch batch) {
    std::vector<store::Record> one;
    one.push_back(std::move(record));
    const bool written = co_await finish(std::move(one), std::move(batch));
    co_return written;
}

async::Awaitable<> KeyedLane::put_off(std::string name, KeyedVerdict verdict) {
    using Kind = KeyedVerdict::Kind;
    auto& line = lines_.at(name);
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

}  // namespace trunkline::lanes
