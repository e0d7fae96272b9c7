#include "host/store/heads.hpp"

#include <algorithm>

namespace trunkline::store {

void CollectableHeads::raise(std::vector<Sequence>& heads, LaneId lane, Sequence head) {
    if (heads.size() <= lane) heads.resize(std::size_t{lane} + 1, 1);
    heads[lane] = std::max(heads[lane], head);
}

void CollectableHeads::synced(std::span<const LaneHead> heads) {
    constexpr std::size_t kHeldBackMax = 64 * 1024;
    const std::lock_guard guard{mutex_};
    held_back_.insert(held_back_.end(), heads.begin(), heads.end());
    if (held_back_.size() <= kHeldBackMax) return;
    // The same lanes come again and again: keep the highest of each.
    std::sort(held_back_.begin(), held_back_.end(), [](const LaneHead& a, const LaneHead& b) {
        return a.first != b.first ? a.first < b.first : a.second > b.second;
    });
    const auto same_lane = [](const LaneHead& a, const LaneHead& b) { return a.first == b.first; };
    held_back_.erase(
        std::unique(held_back_.begin(), held_back_.end(), same_lane), held_back_.end()
    );
}

void CollectableHeads::log_switched() {
    const std::lock_guard guard{mutex_};
    for (const auto& [lane, head] : held_back_)
        raise(trusted_, lane, head);
    held_back_.clear();
}

Sequence CollectableHeads::of(LaneId lane) const {
    const std::lock_guard guard{mutex_};
    return lane < trusted_.size() ? trusted_[lane] : 1;
}

}  // namespace trunkline::store
