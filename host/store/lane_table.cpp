#include "host/store/lane_table.hpp"

#include <algorithm>

#include "host/base/assert.hpp"

namespace trunkline::store {

namespace {

constexpr std::size_t kStateMax = 4096;

std::uint64_t row_size(const Progress& progress, const std::string& state) {
    return 32 + 8 * progress.beyond.size() + state.size();
}

}  // namespace

LaneTable::Entry* LaneTable::at(LaneId lane) {
    return lane < entries_.size() ? entries_[lane].get() : nullptr;
}

const LaneTable::Entry* LaneTable::at(LaneId lane) const {
    return lane < entries_.size() ? entries_[lane].get() : nullptr;
}

LaneInfo LaneTable::info_of(const Entry& entry) {
    const auto& lane = entry.lane;
    return {
        lane.id,
        lane.name,
        lane.epoch,
        lane.progress.head,
        lane.tail,
        lane.progress.beyond,
        lane.waiting_bytes,
        lane.state};
}

void LaneTable::add(Loaded lane) {
    TRUNKLINE_ASSERT(lane.progress.head <= lane.tail);
    const std::lock_guard guard{mutex_};
    const auto id = lane.id;
    if (entries_.size() <= id) entries_.resize(std::size_t{id} + 1);
    TRUNKLINE_ASSERT(entries_[id] == nullptr);
    names_.emplace(lane.name, id);
    entries_[id] = std::make_unique<Entry>();
    entries_[id]->lane = std::move(lane);
}

void LaneTable::adopt_tail(LaneId lane, Sequence tail) {
    const std::lock_guard guard{mutex_};
    auto& entry = *at(lane);
    TRUNKLINE_ASSERT(tail >= entry.lane.tail);
    entry.lane.tail = tail;
}

void LaneTable::bound(LaneId lane, std::uint64_t waiting_bytes_max) {
    const std::lock_guard guard{mutex_};
    at(lane)->lane.waiting_bytes_max = waiting_bytes_max;
}

std::optional<LaneInfo> LaneTable::find(LaneId lane) const {
    const std::lock_guard guard{mutex_};
    const auto* entry = at(lane);
    if (entry == nullptr) return std::nullopt;
    return info_of(*entry);
}

std::optional<LaneInfo> LaneTable::find(const std::string& name) const {
    const std::lock_guard guard{mutex_};
    const auto it = names_.find(name);
    if (it == names_.end()) return std::nullopt;
    return info_of(*at(it->second));
}

std::vector<LaneInfo> LaneTable::between(const std::string& from, const std::string& to) const {
    const std::lock_guard guard{mutex_};
    std::vector<LaneInfo> out;
    for (auto name = names_.lower_bound(from); name != names_.end(); ++name) {
        if (!to.empty() && name->first >= to) break;
        out.push_back(info_of(*at(name->second)));
    }
    return out;
}

LaneId LaneTable::next_id() const {
    const std::lock_guard guard{mutex_};
    return entries_.empty() ? 1 : static_cast<LaneId>(entries_.size());
}

std::optional<LaneDraft> LaneTable::draft(LaneId lane) const {
    const std::lock_guard guard{mutex_};
    const auto* entry = at(lane);
    if (entry == nullptr) return std::nullopt;
    LaneDraft draft;
    draft.progress = entry->lane.progress;
    draft.tail = entry->lane.tail;
    draft.waiting_bytes = entry->lane.waiting_bytes;
    draft.waiting_bytes_max = entry->lane.waiting_bytes_max;
    return draft;
}

Sequence LaneTable::head(LaneId lane) const {
    const std::lock_guard guard{mutex_};
    const auto* entry = at(lane);
    return entry == nullptr ? 0 : entry->lane.progress.head;
}

std::optional<LaneTable::Position> LaneTable::position(LaneId lane) const {
    const std::lock_guard guard{mutex_};
    const auto* entry = at(lane);
    if (entry == nullptr) return std::nullopt;
    return Position{entry->lane.progress, entry->lane.tail};
}

Result<void> LaneTable::check(const Advance& advance, const Progress& progress, Sequence tail) {
    if (advance.through >= tail) {
        return Error{
            Fault::malformed, "advance past the tail of lane " + std::to_string(advance.lane)};
    }
    auto after = progress;
    after.finish_through(advance.through);
    for (const auto one : advance.beyond) {
        if (one >= tail) {
            return Error{
                Fault::malformed, "beyond the tail of lane " + std::to_string(advance.lane)};
        }
        after.finish(one);
    }
    if (after.beyond.size() > Progress::kBeyondMax) {
        return Error{
            Fault::malformed,
            "too many finished beyond the head of lane " + std::to_string(advance.lane)};
    }
    return {};
}

void LaneTable::move_on(Entry& entry, const Progress& progress) {
    auto& lane = entry.lane;
    const auto before = lane.progress.head;
    const auto waiting = lane.tail - before;
    lane.progress.merge(progress);
    const auto gone = lane.progress.head - before;
    if (waiting > 0) {
        // Sizes of single records are not kept, so what leaves is taken to be of average size.
        const auto share = static_cast<double>(gone) / static_cast<double>(waiting);
        lane.waiting_bytes -=
            static_cast<std::uint64_t>(static_cast<double>(lane.waiting_bytes) * share);
    }
    if (lane.progress.head == lane.tail) lane.waiting_bytes = 0;
    TRUNKLINE_ASSERT(lane.progress.head <= lane.tail);
}

void LaneTable::mark_due(LaneId id, Entry& entry) {
    ++entry.version;
    const auto size = row_size(entry.lane.progress, entry.lane.state);
    due_bytes_ += size - entry.due_bytes;
    entry.due_bytes = size;
    if (!entry.due) {
        entry.due = true;
        due_.push_back(id);
    }
}

Result<void> LaneTable::acknowledge(
    const std::vector<Advance>& advances,
    const std::vector<LaneState>& states,
    std::uint64_t ticket,
    std::uint64_t bytes_max
) {
    const std::lock_guard guard{mutex_};
    std::uint64_t more = 0;
    for (const auto& advance : advances) {
        const auto* entry = at(advance.lane);
        if (entry == nullptr)
            return Error{Fault::not_found, "no lane " + std::to_string(advance.lane)};
        auto fits = check(advance, entry->lane.progress, entry->lane.tail);
        if (!fits) return fits;
        if (!entry->due) more += 32;
        more += 8 * advance.beyond.size();
    }
    for (const auto& state : states) {
        const auto* entry = at(state.lane);
        if (entry == nullptr)
            return Error{Fault::not_found, "no lane " + std::to_string(state.lane)};
        if (state.state.size() > kStateMax)
            return Error{Fault::malformed, "state of a lane above 4 KiB"};
        more += (entry->due ? 0 : 32) + state.state.size();
    }
    if (due_bytes_ + more > bytes_max) {
        return Error{Fault::storage, "no more acknowledgements can be kept in memory"};
    }
    for (const auto& advance : advances) {
        auto& entry = *at(advance.lane);
        Progress step;
        step.finish_through(advance.through);
        for (const auto one : advance.beyond)
            step.finish(one);
        move_on(entry, step);
        mark_due(advance.lane, entry);
    }
    for (const auto& state : states) {
        auto& entry = *at(state.lane);
        if (ticket < entry.state_ticket) continue;
        entry.state_ticket = ticket;
        entry.lane.state = state.state;
        mark_due(state.lane, entry);
    }
    return {};
}

bool LaneTable::anything_due() const {
    const std::lock_guard guard{mutex_};
    return !due_.empty();
}

std::vector<LaneTable::DueHead> LaneTable::due_heads(
    const std::unordered_map<LaneId, LaneDraft>& drafts, std::size_t more
) const {
    const std::lock_guard guard{mutex_};
    std::vector<DueHead> out;
    for (const auto& [id, draft] : drafts) {
        const auto& entry = *at(id);
        if (!draft.head_changed && !entry.due) continue;
        auto progress = entry.lane.progress;
        progress.merge(draft.progress);
        const bool newer = draft.state && draft.state_ticket >= entry.state_ticket;
        out.push_back(
            {id,
             entry.version,
             {progress.head, std::move(progress.beyond), newer ? *draft.state : entry.lane.state}}
        );
    }
    for (const auto id : due_) {
        if (more == 0) break;
        if (drafts.contains(id)) continue;
        const auto& lane = at(id)->lane;
        out.push_back({id, at(id)->version, {lane.progress.head, lane.progress.beyond, lane.state}}
        );
        --more;
    }
    return out;
}

void LaneTable::publish(
    const std::unordered_map<LaneId, LaneDraft>& drafts, const std::vector<DueHead>& written
) {
    const std::lock_guard guard{mutex_};
    for (const auto& head : written)
        at(head.lane)->written = head.version;
    for (const auto& [id, draft] : drafts) {
        auto& entry = *at(id);
        TRUNKLINE_ASSERT(draft.tail >= entry.lane.tail);
        entry.lane.tail = draft.tail;
        entry.lane.waiting_bytes += draft.added_bytes;
        if (draft.head_changed) move_on(entry, draft.progress);
        if (draft.state && draft.state_ticket >= entry.state_ticket) {
            entry.state_ticket = draft.state_ticket;
            entry.lane.state = *draft.state;
        }
    }
    // A lane stays due if it was acknowledged again while this write was under way.
    std::erase_if(due_, [this](LaneId id) {
        auto& entry = *at(id);
        if (entry.written != entry.version) return false;
        entry.due = false;
        due_bytes_ -= entry.due_bytes;
        entry.due_bytes = 0;
        return true;
    });
}

}  // namespace trunkline::store
