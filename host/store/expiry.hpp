#pragma once

#include <algorithm>
#include <chrono>

#include "host/base/clock.hpp"

namespace trunkline::store {

/// The time by which things expire: wall time, unless it ran ahead of the monotonic clock by more
/// than ten minutes. Then somebody moved the clock, and what the monotonic clock says is taken
/// instead, so that nothing vanishes too early. Safe from any thread.
class ExpiryClock {
public:
    explicit ExpiryClock(const Clock& clock)
        : clock_{clock}, wall_{clock.wall_ms()}, steady_{clock.steady()} {}

    WallMs now_ms() const noexcept {
        constexpr WallMs kDrift = 10LL * 60 * 1000;
        const auto gone =
            std::chrono::duration_cast<std::chrono::milliseconds>(clock_.steady() - steady_);
        const auto expected = wall_ + gone.count();
        const auto wall = clock_.wall_ms();
        return wall > expected + kDrift ? expected : wall;
    }

    WallMs wall_ms() const noexcept { return clock_.wall_ms(); }

private:
    const Clock& clock_;
    WallMs wall_;
    std::chrono::steady_clock::time_point steady_;
};

}  // namespace trunkline::store
