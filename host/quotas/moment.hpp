#pragma once

#include <chrono>
#include <string>

#include "host/base/clock.hpp"

namespace trunkline::quotas {

/// One moment by both clocks.
struct Moment {
    std::chrono::steady_clock::time_point steady;
    WallMs wall = 0;
    /// Names the life of the machine that `steady` counts in; "" = not known.
    std::string life;
};

/// Now. `[any]`
Moment moment_of(const Clock& clock);

/// How much time has surely passed between two moments, perhaps of two lives of the host: in one
/// life of the machine what its monotonic clock says, else what the wall clock says, which is
/// nothing when it went back.
std::chrono::milliseconds surely_passed(const Moment& from, const Moment& to);

}  // namespace trunkline::quotas
