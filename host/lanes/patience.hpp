#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "host/base/clock.hpp"
#include "host/lanes/policy.hpp"

namespace trunkline::lanes {

/// Tells when the oldest event of a lane has waited for half of its time, for 80 % and for 95 %.
/// Each share is told once; when what waits has become young again, anew. A value.
class Patience {
public:
    static constexpr std::array<int, 3> kShares{50, 80, 95};  ///< percent of the retention

    /// The share that an event accepted then has reached, if that has not been told yet. What was
    /// passed in between is not told any more.
    std::optional<int> reached(WallMs accepted, WallMs now, Milliseconds retention) {
        std::size_t passed = 0;
        while (passed < kShares.size() && now >= at(passed, accepted, retention))
            ++passed;
        if (passed == 0) told_ = 0;  // less than half: young again
        if (passed <= told_) return std::nullopt;
        told_ = passed;
        return kShares.at(passed - 1);
    }

    /// When it reaches the next one; 0 = there is no other.
    WallMs next_ms(WallMs accepted, Milliseconds retention) const {
        return told_ < kShares.size() ? at(told_, accepted, retention) : 0;
    }

private:
    static WallMs at(std::size_t share, WallMs accepted, Milliseconds retention) {
        return accepted + retention.count() / 100 * kShares.at(share) +
               retention.count() % 100 * kShares.at(share) / 100;
    }

    std::size_t told_ = 0;  // how many of them
};

}  // namespace trunkline::lanes
