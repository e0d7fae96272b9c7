#include <algorithm>

#include "host/store/planner.hpp"

// The half of the planner that looks and changes nothing: what it lets pass cannot fail later.
namespace trunkline::store {

namespace {

Error no_lane(LaneId lane) {
    return {Fault::not_found, "no lane " + std::to_string(lane)};
}

std::string place(LaneId lane, Sequence sequence) {
    return std::to_string(sequence) + " of lane " + std::to_string(lane);
}

}  // namespace

bool Planner::touches_this_group(const Prepared& job) const {
    if (replaced_.empty()) return false;
    return std::any_of(
        job.batch.dead.begin(),
        job.batch.dead.end(),
        [this](const DeadLetter& dead) {
            return replaced_.contains({dead.lane, dead.sequence});
        }
    );
}

Result<bool> Planner::is_repeat(const Digest& digest) const {
    if (seen_.contains(digest)) return true;
    thread_local std::string stored;
    const auto found = tools_.medium.get(Family::seen, view(digest), stored);
    if (!found) return found.error();
    return *found && leading_time(stored) > tools_.clock.now_ms();
}

Result<void> Planner::check_appends(const Prepared& job, Checked& checked) {
    const auto& appends = job.batch.append;
    checked.repeats.assign(appends.size(), false);
    for (std::size_t i = 0; i < appends.size(); ++i) {
        const auto& append = appends[i];
        if (draft(append.lane) == nullptr) return no_lane(append.lane);
        if (!append.dedup.empty()) {
            const auto repeat = is_repeat(job.dedup[i]);
            if (!repeat) return repeat.error();
            checked.repeats[i] = *repeat;
            if (*repeat) continue;
            seen_.insert(job.dedup[i]);
            checked.marked.push_back(i);
        }
        if (append.conversation.empty()) continue;
        auto loaded = conversations_.load(Key::of_conversation(append.lane, job.conversations[i]));
        if (!loaded) return loaded;
    }
    return {};
}

Result<void> Planner::check_space(const Prepared& job, const Checked& checked) {
    const auto& appends = job.batch.append;
    std::unordered_map<LaneId, std::uint64_t> added;
    for (std::size_t i = 0; i < appends.size(); ++i) {
        if (!checked.repeats[i]) added[appends[i].lane] += appends[i].body.size();
    }
    for (const auto& [id, bytes] : added) {
        const auto& lane = *draft(id);
        const auto waiting = lane.waiting_bytes + lane.added_bytes;
        // An empty lane takes anything, or a record above the bound could never pass.
        if (waiting > 0 && lane.waiting_bytes_max > 0 && waiting + bytes > lane.waiting_bytes_max) {
            return Error{
                Fault::throttled,
                "lane " + std::to_string(id) + " is full",
                std::chrono::seconds{10}};
        }
    }
    return {};
}

Result<void> Planner::check_progress(const Prepared& job, Checked& checked) {
    const auto& batch = job.batch;
    std::unordered_map<LaneId, Progress> after;
    const auto progress_of = [&](LaneId id) -> Progress& {
        const auto known = after.find(id);
        if (known != after.end()) return known->second;
        return after.emplace(id, draft(id)->progress).first->second;
    };
    for (const auto& advance : batch.advance) {
        const auto* lane = draft(advance.lane);
        if (lane == nullptr) return no_lane(advance.lane);
        auto& progress = progress_of(advance.lane);
        auto fits = LaneTable::check(advance, progress, lane->tail);
        if (!fits) return fits;
        progress.finish_through(advance.through);
        for (const auto one : advance.beyond)
            progress.finish(one);
    }
    std::set<std::pair<LaneId, Sequence>> given_up;
    checked.dead.resize(batch.dead.size());
    for (std::size_t i = 0; i < batch.dead.size(); ++i) {
        const auto& letter = batch.dead[i];
        const auto* lane = draft(letter.lane);
        if (lane == nullptr) return no_lane(letter.lane);
        if (letter.record) {
            // Brought along by a keyed lane: nothing of the lane's own is touched.
            checked.dead[i].record = *letter.record;
            continue;
        }
        if (!given_up.emplace(letter.lane, letter.sequence).second ||
            lane->progress.finished(letter.sequence)) {
            return Error{
                Fault::conflict, "already finished: " + place(letter.lane, letter.sequence)};
        }
        const auto key = Key::of_record(letter.lane, letter.sequence);
        std::string stored;
        const auto found = tools_.medium.get(Family::msg, key.view(), stored);
        if (!found) return found.error();
        auto& dead = checked.dead[i];
        dead.record.sequence = letter.sequence;
        if (!*found || letter.sequence >= lane->tail) {
            return Error{Fault::not_found, "no record " + place(letter.lane, letter.sequence)};
        }
        // What cannot be read cannot be kept, but must not stand in the way for ever either.
        if (!read_record(tools_.vault, key.view(), stored, dead.record) && letter.keep) {
            return Error{Fault::storage, "cannot be read: " + place(letter.lane, letter.sequence)};
        }
        auto& progress = progress_of(letter.lane);
        const bool finished = progress.finished(letter.sequence);
        if (letter.instead && finished) {
            return Error{
                Fault::malformed,
                "replaced and advanced over: " + place(letter.lane, letter.sequence)};
        }
        if (!letter.instead && !finished && letter.sequence != progress.head) {
            return Error{
                Fault::malformed,
                "given up before its turn: " + place(letter.lane, letter.sequence)};
        }
        if (!letter.instead) progress.finish(letter.sequence);
    }
    return {};
}

Result<void> Planner::check_rest(const Prepared& job) {
    const auto& batch = job.batch;
    for (const auto& [lane, sequence] : batch.discard_dead) {
        if (draft(lane) == nullptr) return no_lane(lane);
    }
    for (std::size_t i = 0; i < batch.conversations.size(); ++i) {
        const auto lane = batch.conversations[i].lane;
        if (draft(lane) == nullptr) return no_lane(lane);
        auto loaded = conversations_.load(Key::of_conversation(lane, job.changed[i]));
        if (!loaded) return loaded;
    }
    for (const auto& state : batch.states) {
        if (draft(state.lane) == nullptr) return no_lane(state.lane);
    }
    return {};
}

}  // namespace trunkline::store
