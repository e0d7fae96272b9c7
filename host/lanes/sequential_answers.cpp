// What a sequential lane does with the answer to a delivery.
#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "host/lanes/sequential_lane.hpp"

namespace trunkline::lanes {

namespace {

constexpr WallMs kHourMs = 3'600'000;

}  // namespace

// The whole table, in one place. Each branch either moves the lane on or makes it wait.
async::Awaitable<SequentialLane::Next> SequentialLane::conclude(
    std::vector<store::Record> records, Verdict verdict
) {
    const auto first = records.front().sequence;
    const auto last = records.back().sequence;
    auto next = Next::rest;
    switch (verdict.kind) {
        case Verdict::Kind::accepted:
            next = co_await accepted(first, last, std::move(verdict));
            break;
        case Verdict::Kind::rejected:
            next = co_await rejected(std::move(records), std::move(verdict));
            break;
        case Verdict::Kind::unclear:
            next = co_await unclear(std::move(records), std::move(verdict));
            break;
        case Verdict::Kind::too_large:
            next = co_await too_large(std::move(records), std::move(verdict));
            break;
        case Verdict::Kind::fault:
            next = co_await failed(std::move(verdict));
            break;
        case Verdict::Kind::gone:
            next = co_await gone(std::move(verdict));
            break;
        case Verdict::Kind::cancelled:
            // Either we are stopping, or the client was replaced under us: nothing is known, so
            // nothing is counted.
            not_before_ = ground_.clock.steady() + setup_.policy.retry.first;
            break;
    }
    co_return next;
}

async::Awaitable<SequentialLane::Next> SequentialLane::accepted(
    store::Sequence first, store::Sequence last, Verdict verdict
) {
    const auto through = std::min(verdict.through.value_or(last), last);
    if (through < first) {
        verdict.detail = "answered 2xx and accepted nothing";
        const auto next = co_await failed(std::move(verdict));
        co_return next;
    }
    if (memory_.failures > 0) {
        spdlog::info("lane.recovered lane={} failures={}", setup_.name, memory_.failures);
        memory_.failures = 0;
        memory_.failing_since_ms = 0;
        memory_.next_attempt_ms = 0;
        dirty_ = true;
    }
    memory_.last_status = verdict.status;
    memory_.last_error.clear();
    alarmed_ = false;
    trial_due_ = false;
    clock_.succeeded();
    ground_.figures.delivered += through - first + 1;
    const auto next = co_await advance(through);
    co_return next;
}

// The acknowledgement rides on the next synced write: losing it means a repeat, which the portal
// recognises.
async::Awaitable<SequentialLane::Next> SequentialLane::advance(store::Sequence through) {
    next_ = std::max(next_, through + 1);
    store::Batch batch;
    batch.durable = false;
    batch.advance.push_back({.lane = setup_.info.id, .through = through, .beyond = {}});
    if (dirty_) remember_in(batch);
    const auto written = co_await ground_.store.commit(std::move(batch));
    if (!written) {
        unwritten_ = through;
        const auto next = co_await storage_failed(written.error().context);
        co_return next;
    }
    unwritten_ = 0;
    // Over what a lane of several streams had finished before this one took its place.
    if (const auto info = ground_.store.lane(setup_.info.id)) next_ = std::max(next_, info->head);
    co_return Next::again;
}

async::Awaitable<SequentialLane::Next> SequentialLane::gone(Verdict verdict) {
    memory_.last_status = verdict.status;
    memory_.last_error = verdict.detail;
    alarm("gone", verdict.detail);
    if (ground_.gone) ground_.gone(setup_.owner);
    std::string reason = "gone";
    const auto paused = co_await pause(std::move(reason));
    if (!paused)
        spdlog::error(
            "lane.pause_unwritten lane={} reason={}", setup_.name, paused.error().context
        );
    co_return Next::rest;
}

async::Awaitable<SequentialLane::Next> SequentialLane::failed(Verdict verdict) {
    const WallMs now = ground_.clock.wall_ms();
    if (memory_.failures == 0) memory_.failing_since_ms = now;
    const auto wait = clock_.failed(verdict.wait, ground_.jitter());
    memory_.failures = clock_.failures();
    memory_.next_attempt_ms = now + wait.count();
    memory_.last_status = verdict.status;
    memory_.last_error = verdict.detail;
    not_before_ = ground_.clock.steady() + wait;
    dirty_ = true;
    ++ground_.figures.failures;
    const auto level = memory_.failures == 1 ? spdlog::level::warn : spdlog::level::debug;
    spdlog::log(
        level,
        "lane.delivery_failed lane={} failures={} status={} wait_ms={} reason={}",
        setup_.name,
        memory_.failures,
        verdict.status,
        wait.count(),
        verdict.detail
    );
    if (verdict.alarm && !std::exchange(alarmed_, true)) alarm("unauthorized", verdict.detail);
    co_return Next::rest;
}

async::Awaitable<SequentialLane::Next> SequentialLane::storage_failed(std::string what) {
    look_after_ = ground_.clock.steady() + setup_.policy.retry.first;
    not_before_ = std::max(not_before_, look_after_);
    memory_.last_error = what;
    alarm("storage", what);
    co_return Next::rest;
}

store::Batch SequentialLane::rejections(
    const std::vector<store::Record>& records, const Verdict& verdict
) {
    const WallMs now = ground_.clock.wall_ms();
    std::erase_if(memory_.rejected_ms, [now](WallMs then) {
        return then <= now - kHourMs || then > now;
    });
    store::Batch batch;
    for (const auto& record : records) {
        const auto named =
            std::find_if(verdict.rejected.begin(), verdict.rejected.end(), [&](const auto& one) {
                return one.id == record.id;
            });
        if (named == verdict.rejected.end() || is_notice(record)) continue;
        auto dead = dead_letter(record, "rejected", named->reason);
        dead.last_status = verdict.status;
        dead.instead = notice_for(
            {.from = record.sequence, .through = record.sequence, .count = 1, .reason = "rejected"},
            &record
        );
        batch.dead.push_back(std::move(dead));
    }
    return batch;
}

// Named events go; the rest of the batch was not taken and is sent again at once.
async::Awaitable<SequentialLane::Next> SequentialLane::rejected(
    std::vector<store::Record> records, Verdict verdict
) {
    auto batch = rejections(records, verdict);
    if (batch.dead.empty()) {
        // Names nothing that could be given up: the same as naming nothing.
        const auto next = co_await unclear(std::move(records), std::move(verdict));
        co_return next;
    }
    if (memory_.rejected_ms.size() + batch.dead.size() > kRejectedPerHourMax) {
        verdict.detail =
            "rejects more than " + std::to_string(kRejectedPerHourMax) + " events an hour";
        if (!std::exchange(alarmed_, true)) alarm("rejected_too_often", verdict.detail);
        const auto next = co_await failed(std::move(verdict));
        co_return next;
    }
    const auto count = batch.dead.size();
    memory_.rejected_ms.insert(memory_.rejected_ms.end(), count, ground_.clock.wall_ms());
    dirty_ = true;
    const auto next = co_await give_up(std::move(batch), count);
    co_return next;
}

// Halving finds the event; whether it is at fault shows only when the one after it is taken.
async::Awaitable<SequentialLane::Next> SequentialLane::unclear(
    std::vector<store::Record> records, Verdict verdict
) {
    const auto last = records.back().sequence;
    if (records.size() > 1) {
        refused_through_ = last;
        refused_count_ = records.size();
        co_return Next::again;
    }
    refused_through_ = 0;
    const bool no_other = next_ + 1 >= tail();
    if (no_other) let_later_ones_tell();
    if (is_notice(records.front()) || no_other) {
        const auto next = co_await failed(std::move(verdict));
        co_return next;
    }
    // Now, not after a wait: a receiver that was ill and gets well meanwhile would make a good
    // event look bad.
    trial_due_ = true;
    refusal_ = std::move(verdict);
    co_return Next::again;
}

async::Awaitable<SequentialLane::Next> SequentialLane::too_large(
    std::vector<store::Record> records, Verdict verdict
) {
    if (records.size() > 1) {
        refused_through_ = records.back().sequence;
        refused_count_ = records.size();
        co_return Next::again;
    }
    refused_through_ = 0;
    const auto& record = records.front();
    if (is_notice(record)) {
        const auto next = co_await failed(std::move(verdict));
        co_return next;
    }
    store::Batch batch;
    batch.dead.push_back(dead_letter(record, "too_large", verdict.detail));
    batch.dead.back().last_status = verdict.status;
    batch.dead.back().instead = notice_for(
        {.from = record.sequence, .through = record.sequence, .count = 1, .reason = "too_large"},
        &record
    );
    const auto next = co_await give_up(std::move(batch), 1);
    co_return next;
}

}  // namespace trunkline::lanes
