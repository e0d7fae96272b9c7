#include "host/store/planner.hpp"

#include <algorithm>

#include "host/base/assert.hpp"
#include "host/store/bytes.hpp"

namespace trunkline::store {

void Planner::begin(Writes& writes) {
    writes_ = &writes;
    tally_ = {};
}

LaneDraft* Planner::draft(LaneId lane) {
    const auto known = drafts_.find(lane);
    if (known != drafts_.end()) return &known->second;
    auto fresh = tools_.lanes.draft(lane);
    if (!fresh) return nullptr;
    return &drafts_.emplace(lane, std::move(*fresh)).first->second;
}

std::optional<Result<Receipt>> Planner::take(Prepared& job) {
    if (touches_this_group(job)) return std::nullopt;
    Checked checked;
    auto fine = check_appends(job, checked);
    if (fine) fine = check_space(job, checked);
    if (fine) fine = check_progress(job, checked);
    if (fine) fine = check_rest(job);
    if (!fine) {
        for (const auto i : checked.marked)
            seen_.erase(job.dedup[i]);
        return fine.error();
    }

    auto& batch = job.batch;
    Receipt receipt;
    receipt.positions.reserve(batch.append.size());
    for (std::size_t i = 0; i < batch.append.size(); ++i) {
        if (checked.repeats[i]) {
            receipt.positions.push_back({0, 0, true});
            ++tally_.repeats;
            continue;
        }
        receipt.positions.push_back(append(batch.append[i], job, i));
    }
    for (const auto& advance : batch.advance) {
        auto& lane = *draft(advance.lane);
        lane.progress.finish_through(advance.through);
        for (const auto one : advance.beyond)
            lane.progress.finish(one);
        lane.head_changed = true;
    }
    for (std::size_t i = 0; i < batch.dead.size(); ++i)
        give_up(batch.dead[i], checked.dead[i]);
    plan_rest(job);
    return receipt;
}

Position Planner::append(const Append& append, const Prepared& job, std::size_t index) {
    auto& lane = *draft(append.lane);
    Position at;
    at.sequence = lane.tail++;
    if (!append.conversation.empty()) {
        auto& conversation =
            conversations_.touch(Key::of_conversation(append.lane, job.conversations[index]));
        at.conversation_sequence = conversation.next_sequence++;
    }
    const auto key = Key::of_record(append.lane, at.sequence);
    scratch_.clear();
    write_record(tools_.vault, key.view(), append, at.conversation_sequence, scratch_);
    writes_->put(Family::msg, key.view(), scratch_);
    lane.added_bytes += append.body.size();
    lane.appended = true;
    if (!append.dedup.empty()) mark_seen(job.dedup[index], append.dedup_until_ms);
    for (const auto& row : append.with)
        put(row);
    ++tally_.appended;
    tally_.bytes += append.body.size();
    return at;
}

void Planner::mark_seen(const Digest& digest, WallMs until) {
    scratch_.clear();
    Out{scratch_}.ms(until);
    writes_->put(Family::seen, view(digest), scratch_);
}

void Planner::put(const Put& put) {
    const auto key = row_key(put.table, put.key);
    scratch_.clear();
    write_row(tools_.vault, key, put, scratch_);
    writes_->put(Family::row, key, scratch_);
}

void Planner::give_up(const DeadLetter& letter, DeadRecord& found) {
    auto& lane = *draft(letter.lane);
    const auto key = Key::of_record(letter.lane, letter.sequence);
    if (letter.keep) {
        found.reason = letter.reason;
        found.detail = letter.detail;
        found.last_status = letter.last_status;
        found.attempts = letter.attempts;
        found.died_ms = tools_.clock.now_ms();
        scratch_.clear();
        write_dead(tools_.vault, key.view(), found, scratch_);
        writes_->put(Family::dead, key.view(), scratch_);
        ++tally_.dead;
    }
    if (letter.record) return;
    if (!letter.instead) {
        lane.progress.finish(letter.sequence);
        lane.head_changed = true;
        return;
    }
    // Of the same conversation, it also takes the record's place there; otherwise it has no place
    // in any.
    const bool same = !letter.instead->conversation.empty() &&
                      letter.instead->conversation == found.record.conversation;
    scratch_.clear();
    write_record(
        tools_.vault,
        key.view(),
        *letter.instead,
        same ? found.record.conversation_sequence : 0,
        scratch_
    );
    writes_->put(Family::msg, key.view(), scratch_);
    replaced_.emplace(letter.lane, letter.sequence);
    if (!letter.instead->dedup.empty()) {
        mark_seen(
            tools_.vault.digest(Family::seen, 0, letter.instead->dedup),
            letter.instead->dedup_until_ms
        );
    }
    for (const auto& row : letter.instead->with)
        put(row);
}

void Planner::plan_rest(Prepared& job) {
    auto& batch = job.batch;
    for (const auto& [lane, sequence] : batch.discard_dead) {
        writes_->erase(Family::dead, Key::of_record(lane, sequence).view());
    }
    for (const auto& row : batch.put)
        put(row);
    for (const auto& row : batch.erase)
        writes_->erase(Family::row, row_key(row.table, row.key));
    for (std::size_t i = 0; i < batch.conversations.size(); ++i) {
        auto& change = batch.conversations[i];
        auto& conversation =
            conversations_.touch(Key::of_conversation(change.lane, job.changed[i]));
        if (change.customer_spoke_ms) {
            const auto when = *change.customer_spoke_ms;
            if (conversation.customer_first_ms == 0) conversation.customer_first_ms = when;
            conversation.customer_last_ms = std::max(conversation.customer_last_ms, when);
        }
        if (change.note) conversation.note = std::move(*change.note);
        if (change.current) conversation.current = std::move(*change.current);
        if (change.kind) conversation.kind = std::move(*change.kind);
    }
    for (const auto& state : batch.states) {
        auto& lane = *draft(state.lane);
        lane.state = state.state;  // copied: should the write fail, it is kept in memory instead
        lane.state_ticket = job.ticket;
        lane.head_changed = true;
    }
}

void Planner::finish(std::size_t other_heads_max) {
    conversations_.write(*writes_);
    due_ = tools_.lanes.due_heads(drafts_, other_heads_max);
    for (const auto& due : due_) {
        scratch_.clear();
        write_head(due.row, scratch_);
        writes_->put(Family::head, Key::of_lane(due.lane).view(), scratch_);
    }
}

void Planner::commit() {
    conversations_.keep();
    tools_.lanes.publish(drafts_, due_);
    drafts_.clear();
    due_.clear();
    seen_.clear();
    replaced_.clear();
}

void Planner::roll_back() {
    conversations_.forget();
    drafts_.clear();
    due_.clear();
    seen_.clear();
    replaced_.clear();
}

std::vector<LaneHead> Planner::heads() const {
    std::vector<LaneHead> out;
    out.reserve(due_.size());
    for (const auto& due : due_)
        out.emplace_back(due.lane, due.row.head);
    return out;
}

std::vector<LaneId> Planner::appended() const {
    std::vector<LaneId> out;
    for (const auto& [lane, draft] : drafts_) {
        if (draft.appended) out.push_back(lane);
    }
    return out;
}

}  // namespace trunkline::store
