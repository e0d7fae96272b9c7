#pragma once

#include <atomic>
#include <chrono>

#include "host/base/clock.hpp"

namespace trunkline::lanes {

/// Whether the wall clock can be believed when something is about to expire. It is measured against
/// the monotonic clock since the start: apart by more than ten minutes, nothing expires. Immutable
/// but for the memory of the alarm; `[any]`.
class DriftWatch {
public:
    static constexpr std::chrono::minutes kDriftMax{10};

    explicit DriftWatch(const Clock& clock)
        : clock_{clock}, wall_{clock.wall_ms()}, steady_{clock.steady()} {}

    bool trusted() const noexcept { return drift() <= kDriftMax && drift() >= -kDriftMax; }
    std::chrono::milliseconds drift() const noexcept {
        const auto steady =
            std::chrono::duration_cast<std::chrono::milliseconds>(clock_.steady() - steady_);
        return std::chrono::milliseconds{clock_.wall_ms() - wall_} - steady;
    }
    /// True once for each time the clocks come apart.
    bool first_alarm() noexcept { return !alarmed_.exchange(true); }
    void calm() noexcept { alarmed_.store(false); }

private:
    const Clock& clock_;
    WallMs wall_;
    std::chrono::steady_clock::time_point steady_;
    std::atomic<bool> alarmed_{false};
};

}  // namespace trunkline::lanes
