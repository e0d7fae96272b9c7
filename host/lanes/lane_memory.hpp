#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/base/ulid.hpp"
#include "host/lanes/policy.hpp"
#include "host/store/store.hpp"

namespace trunkline::lanes {

/// What a lane must still know after a restart. Kept as JSON in the store's LaneState; "" = all is
/// well. A value.
struct LaneMemory {
    /// In which order what waits has been delivered so far; none: as is usual for this kind.
    std::optional<Order> order;
    std::vector<Turn> turns;  ///< and in which later, ascending; few
    std::uint32_t failures = 0;
    WallMs failing_since_ms = 0;
    WallMs next_attempt_ms = 0;
    std::string paused_reason;  ///< "" = runs
    int last_status = 0;
    std::string last_error;
    std::vector<WallMs> rejected_ms;  ///< when the receiver rejected events, at most the last ten
    store::Sequence trial_sequence = 0;  ///< whose gap notice is being tried, 0 = none
    Ulid trial_id;                       ///< that notice's id, so that every try is the same list

    /// The first turn comes before `head`: all that is left until then is refused, and only what
    /// was accepted later can tell whether that or the receiver is at fault. Whoever comes next has
    /// both, and keeps them in order.
    void turn_before(store::Sequence head) { turns.front().through = head - 1; }

    std::string to_text() const;
    /// What cannot be read counts as nothing remembered.
    static LaneMemory from_text(const std::string& text);
};

}  // namespace trunkline::lanes
