#pragma once

#include <mutex>
#include <span>
#include <vector>

#include "host/store/medium.hpp"

namespace trunkline::store {

/// The heads garbage collection may trust. A head that was synced is held back until the file of
/// the journal it is in is no longer the newest: so even damage to that one cannot bring an old
/// head back whose records are gone. Safe from any thread.
class CollectableHeads {
public:
    void synced(std::span<const LaneHead> heads);
    void log_switched();

    /// Records of `lane` below this may go. 1 = none.
    Sequence of(LaneId lane) const;

private:
    static void raise(std::vector<Sequence>& heads, LaneId lane, Sequence head);

    mutable std::mutex mutex_;
    std::vector<Sequence> trusted_;  ///< by lane
    std::vector<LaneHead> held_back_;
};

}  // namespace trunkline::store
