// What a lane of batches does with the answer to one of them.
#include <algorithm>
#include <limits>
#include <utility>

#include <spdlog/spdlog.h>

#include "host/lanes/batch_lane.hpp"
#include "host/lanes/held_rows.hpp"

namespace trunkline::lanes {

namespace {

constexpr WallMs kRejectionsCountedMs = 3'600'000;

store::Record in_place_of(const store::Record& record, const store::Append& notice) {
    store::Record out;
    out.sequence = record.sequence;
    out.conversation_sequence = record.conversation_sequence;
    out.id = notice.id;
    out.accepted_ms = notice.accepted_ms;
    out.flags = notice.flags;
    out.conversation = record.conversation;
    out.body = notice.body;
    return out;
}

}  // namespace

// The whole table, in one place. Each branch either moves lines on or makes something wait.
async::Awaitable<> BatchLane::conclude(Parcel parcel, Verdict verdict) {
    using Kind = Verdict::Kind;
    const bool several = parcel.records.size() > 1;
    switch (verdict.kind) {
        case Kind::accepted:
            co_await accepted(std::move(parcel), std::move(verdict));
            break;
        case Kind::rejected:
            co_await rejected(std::move(parcel), std::move(verdict));
            break;
        case Kind::unclear:
            co_await refused(std::move(parcel), std::move(verdict));
            break;
        case Kind::too_large:
            if (several) {
                split(parcel);
            } else if (is_notice(parcel.records.front())) {
                co_await failed(parcel, std::move(verdict));
            } else {
                std::vector<std::string> details{verdict.detail};
                std::string reason = "too_large";
                [[maybe_unused]] const bool gone = co_await give_up(
                    std::move(parcel.records), std::move(reason), std::move(details), verdict.status
                );
            }
            break;
        case Kind::fault:
            co_await failed(parcel, std::move(verdict));
            break;
        case Kind::gone:
            co_await gone(std::move(verdict));
            break;
        case Kind::cancelled:
            // Either we are stopping, or the client was replaced under us: nothing is known, so
            // nothing is counted.
            for (const auto& name : parcel.names)
                lines_.at(name).not_before = ground_.clock.steady() + setup_.policy.retry.first;
            break;
    }
}

// The acknowledgement rides on the next synced write: losing it means a repeat, which the portal
// recognises.
async::Awaitable<> BatchLane::accepted(Parcel parcel, Verdict verdict) {
    const auto through = verdict.through.value_or(parcel.records.back().sequence);
    if (through < parcel.records.front().sequence) {
        verdict.detail = "answered 2xx and accepted nothing";
        co_await failed(parcel, std::move(verdict));
        co_return;
    }
    std::erase_if(parcel.records, [through](const store::Record& record) {
        return record.sequence > through;
    });
    newest_taken_ = std::max(newest_taken_, parcel.number);
    store::Batch batch;
    batch.durable = false;
    if (std::exchange(trial_unwritten_, false)) remember_in(batch);
    if (memory_.failures > 0) {
        spdlog::info("lane.recovered lane={} failures={}", setup_.name, memory_.failures);
        memory_.failures = 0;
        memory_.failing_since_ms = 0;
        memory_.next_attempt_ms = 0;
        remember_in(batch);
    }
    memory_.last_status = verdict.status;
    memory_.last_error.clear();
    alarmed_ = false;
    clock_.succeeded();
    ground_.figures.delivered += parcel.records.size();
    for (const auto& record : parcel.records) {
        Line& line = lines_.at(line_of(record));
        line.refused_at.reset();
        line.unclear_at.reset();
        line.most = line.most * 2 >= setup_.policy.batch.max_messages ? 0 : line.most * 2;
    }
    [[maybe_unused]] const bool written =
        co_await finish(std::move(parcel.records), std::move(batch));
}

// Named records go; the rest was not taken and is sent again at once.
async::Awaitable<> BatchLane::rejected(Parcel parcel, Verdict verdict) {
    const WallMs now = ground_.clock.wall_ms();
    std::erase_if(memory_.rejected_ms, [now](WallMs then) {
        return then <= now - kRejectionsCountedMs || then > now;
    });
    std::vector<store::Record> named;
    std::vector<std::string> details;
    for (const auto& record : parcel.records) {
        const auto word = std::ranges::find(verdict.rejected, record.id, &Verdict::Rejected::id);
        if (word == verdict.rejected.end() || is_notice(record)) continue;
        named.push_back(record);
        details.push_back(word->reason);
    }
    if (named.empty()) {
        // Names nothing that could be given up: the same as naming nothing.
        co_await refused(std::move(parcel), std::move(verdict));
        co_return;
    }
    if (memory_.rejected_ms.size() + named.size() > kRejectedPerHourMax) {
        verdict.detail =
            "rejects more than " + std::to_string(kRejectedPerHourMax) + " events an hour";
        if (!std::exchange(alarmed_, true)) alarm("rejected_too_often", verdict.detail);
        co_await receiver_failed(parcel, std::move(verdict));
        co_return;
    }
    memory_.rejected_ms.insert(memory_.rejected_ms.end(), named.size(), now);
    std::string reason = "rejected";
    [[maybe_unused]] const bool gone =
        co_await give_up(std::move(named), std::move(reason), std::move(details), verdict.status);
}

// Refused without saying which is at fault: each line is tried alone, then each record.
async::Awaitable<> BatchLane::refused(Parcel parcel, Verdict verdict) {
    if (parcel.records.size() > 1) {
        split(parcel);
        co_return;
    }
    if (is_notice(parcel.records.front())) {
        co_await failed(parcel, std::move(verdict));
        co_return;
    }
    Line& line = lines_.at(parcel.names.front());
    // Whatever else it failed by before tells nothing about a refusal.
    const bool own = line.unclear_at && newest_taken_ >= *line.unclear_at;
    line.unclear_at = line.refused_at = next_number_;
    if (!own) {
        if (trial_ != 0 || memory_.trial_sequence != 0 || line.held + line.queue.size() < 2) {
            let_later_ones_tell();
            co_await receiver_failed(parcel, std::move(verdict));
            co_return;
        }
        // Now, not after a wait: a receiver that was ill and gets well meanwhile would make a good
        // event look bad.
        trial_ = parcel.records.front().sequence;
        refusal_ = std::move(verdict);
        co_return;
    }
    std::vector<std::string> details{verdict.detail};
    std::string reason = "at_fault";
    [[maybe_unused]] const bool gone = co_await give_up(
        std::move(parcel.records), std::move(reason), std::move(details), verdict.status
    );
}

void BatchLane::split(const Parcel& parcel) {
    const bool one = parcel.one_line();
    for (const auto& name : parcel.names) {
        Line& line = lines_.at(name);
        const auto count = static_cast<std::uint32_t>(std::ranges::count_if(
            parcel.records,
            [this, &name](const store::Record& record) { return line_of(record) == name; }
        ));
        line.most = std::max(1U, one ? count / 2 : count);
        // Those it went with may soon tell that the receiver is well.
        if (!line.refused_at) line.refused_at = next_number_;
    }
}

/// Whether a request that began since this line failed before has got through, or nobody else has
/// failed since that was so. Asked once for each failure.
bool BatchLane::own_fault(const Parcel& parcel) {
    if (!parcel.one_line()) return false;
    Line& line = lines_.at(parcel.names.front());
    const bool known = line.clock.failures() > 0 && clock_.failures() == 0;
    const bool own = known || (line.refused_at && newest_taken_ >= *line.refused_at);
    line.refused_at = next_number_;
    return own;
}

async::Awaitable<> BatchLane::failed(const Parcel& parcel, Verdict verdict) {
    look_at_patience();
    // Who says when to come again, or that keys differ, speaks for the receiver.
    if (verdict.wait || verdict.alarm || !own_fault(parcel)) {
        co_await receiver_failed(parcel, std::move(verdict));
        co_return;
    }
    ++ground_.figures.failures;
    Line& line = lines_.at(parcel.names.front());
    line.most = 1;
    const auto wait = line.clock.failed(verdict.wait, ground_.jitter());
    line.not_before = ground_.clock.steady() + wait;
    memory_.last_status = verdict.status;
    memory_.last_error = verdict.detail;
    spdlog::debug(
        "lane.line_failed lane={} failures={} status={} wait_ms={} reason={}",
        setup_.name,
        line.clock.failures(),
        verdict.status,
        wait.count(),
        verdict.detail
    );
}

async::Awaitable<> BatchLane::receiver_failed(const Parcel& parcel, Verdict verdict) {
    look_at_patience();
    ++ground_.figures.failures;
    for (const auto& name : parcel.names) {
        Line& line = lines_.at(name);
        if (line.most == 0) line.most = std::max(1U, setup_.policy.batch.max_messages);
        // Those it went with may soon tell that the receiver is well.
        if (!line.refused_at) line.refused_at = next_number_;
    }
    // Requests that were on their way together fail together, and count once.
    if (parcel.began < failed_since_) co_return;
    const WallMs now = ground_.clock.wall_ms();
    failed_since_ = ground_.clock.steady();
    if (memory_.failures == 0) memory_.failing_since_ms = now;
    const auto wait = clock_.failed(verdict.wait, ground_.jitter());
    memory_.failures = clock_.failures();
    memory_.next_attempt_ms = now + wait.count();
    memory_.last_status = verdict.status;
    memory_.last_error = verdict.detail;
    not_before_ = failed_since_ + wait;
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
    store::Batch batch;
    batch.durable = false;
    remember_in(batch);
    [[maybe_unused]] const auto written = co_await ground_.store.commit(std::move(batch));
}

async::Awaitable<> BatchLane::gone(Verdict verdict) {
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
}

store::Append BatchLane::notice_for(const store::Record& record, const std::string& reason) {
    const Gap gap{
        .from = record.sequence, .through = record.sequence, .count = 1, .reason = reason};
    auto notice = destination_->gap_notice(gap, &record);
    notice.lane = setup_.info.id;
    notice.flags = store::kNotice;
    notice.accepted_ms = ground_.clock.wall_ms();
    notice.conversation = record.conversation;
    return notice;
}

async::Awaitable<> BatchLane::try_without(std::string name) {
    Line& line = lines_.at(name);
    auto first = co_await first_of(name, kWindow, std::numeric_limits<std::uint64_t>::max());
    Parcel parcel;
    parcel.names.push_back(name);
    const auto after = first.size() < 2
                           ? first.end()
                           : std::find_if_not(first.begin() + 1, first.end(), store::is_notice);
    if (after == first.end() || is_notice(first.front())) {
        // No event to tell it by. When its notice may have arrived, that is still so.
        trial_ = 0;
        parcel.began = ground_.clock.steady();
        const bool tried = !first.empty() && !is_notice(first.front()) &&
                           memory_.trial_sequence == first.front().sequence;
        if (tried && own_fault(parcel)) {
            co_await left_out(std::move(first.front()));
            co_return;
        }
        let_later_ones_tell();
        auto refusal = refusal_;
        co_await receiver_failed(parcel, std::move(refusal));
        co_return;
    }
    first.erase(after + 1, first.end());
    const store::Record head = first.front();
    auto notice = notice_for(head, "at_fault");
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
            line.not_before = ground_.clock.steady() + kAgain;
            alarm("storage", written.error().context);
            co_return;
        }
    }
    first.front() = in_place_of(head, notice);
    parcel.records = std::move(first);
    auto verdict = co_await ask(parcel);
    co_await conclude_trial(std::move(parcel), head, std::move(verdict));
}

async::Awaitable<> BatchLane::conclude_trial(Parcel parcel, store::Record head, Verdict verdict) {
    using Kind = Verdict::Kind;
    Line& line = lines_.at(parcel.names.front());
    const auto last = parcel.records.back().sequence;
    if (verdict.kind == Kind::accepted && verdict.through.value_or(last) >= head.sequence) {
        const bool gone = co_await left_out(std::move(head));
        if (gone) co_await accepted(std::move(parcel), std::move(verdict));
        co_return;
    }
    if (verdict.kind == Kind::cancelled || verdict.kind == Kind::fault) {
        trial_open_ = true;  // it may have arrived: from now on only the same request may follow
    } else if (!trial_open_) {
        // Refused as a whole, so the notice has not arrived: the head may be sent again.
        memory_.trial_sequence = 0;
        trial_ = 0;
        trial_unwritten_ = true;
    }
    const bool refused = verdict.kind == Kind::unclear || verdict.kind == Kind::too_large ||
                         verdict.kind == Kind::rejected;
    const auto& after = parcel.records.back();
    const bool large = verdict.kind == Kind::too_large &&
                       outweighs(after, {parcel.records.begin(), parcel.records.end() - 1});
    const auto named = std::ranges::find(verdict.rejected, after.id, &Verdict::Rejected::id);
    if (verdict.kind == Kind::gone) {
        co_await gone(std::move(verdict));
    } else if (verdict.kind == Kind::cancelled) {
        line.not_before = ground_.clock.steady() + setup_.policy.retry.first;
    } else if (large || (verdict.kind == Kind::rejected && named != verdict.rejected.end())) {
        // The event after it has a fault of its own: it goes, and the try is made with the next.
        Parcel rest;
        rest.names = parcel.names;
        rest.records.push_back(after);
        rest.began = parcel.began;
        co_await conclude(std::move(rest), std::move(verdict));
    } else if (refused && trial_open_ && own_fault(parcel)) {
        // The event after it is refused as well, but others get through: it must not hold them up.
        [[maybe_unused]] const bool gone = co_await left_out(std::move(head));
    } else {
        if (refused) let_later_ones_tell();
        co_await receiver_failed(parcel, std::move(verdict));
    }
}

/// Gives up the one that the trial leaves out; the notice that was sent is the one that stays.
async::Awaitable<bool> BatchLane::left_out(store::Record head) {
    const Told told{head.sequence, memory_.trial_id};
    memory_.trial_sequence = 0;
    trial_open_ = false;
    trial_ = 0;
    std::vector<store::Record> one;
    one.push_back(std::move(head));
    std::vector<std::string> details{refusal_.detail};
    std::string reason = "at_fault";
    const bool gone = co_await give_up(
        std::move(one), std::move(reason), std::move(details), refusal_.status, told
    );
    co_return gone;
}

async::Awaitable<bool> BatchLane::give_up(
    std::vector<store::Record> records,
    std::string reason,
    std::vector<std::string> details,
    int status,
    Told told
) {
    store::Batch batch;
    std::vector<store::Record> notices;
    for (std::size_t i = 0; i < records.size(); ++i) {
        auto& record = records[i];
        const auto name = line_of(record);
        const Line& line = lines_.at(name);
        auto notice = notice_for(record, reason);
        if (record.sequence == told.sequence) notice.id = told.notice;
        auto instead = in_place_of(record, notice);
        store::DeadLetter dead;
        dead.lane = setup_.info.id;
        dead.sequence = record.sequence;
        dead.reason = reason;
        dead.detail = std::move(details[i]);
        dead.last_status = status;
        dead.attempts = line.clock.failures() + memory_.failures + 1;
        if (line.held > 0) {
            batch.put.push_back(
                {.table = store::Table::held,
                 .key = held_key(setup_.info.id, name, record.sequence),
                 .value = write_held(instead),
                 .expires_ms = 0}
            );
            dead.record = std::move(record);
        } else {
            dead.instead = std::move(notice);
        }
        batch.dead.push_back(std::move(dead));
        notices.push_back(std::move(instead));
    }
    remember_in(batch);
    const auto count = notices.size();
    std::vector<store::Sequence> nothing;
    const bool written = co_await write(std::move(batch), std::move(nothing));
    if (!written) co_return false;
    for (const auto& notice : notices) {
        replace(notice);
        Line& line = lines_.at(line_of(notice));
        line.refused_at.reset();
        line.unclear_at.reset();
        line.clock.succeeded();
        line.not_before = {};
    }
    ground_.figures.dead += count;
    spdlog::warn("lane.gave_up lane={} count={} reason={}", setup_.name, count, reason);
    co_return true;
}

}  // namespace trunkline::lanes
