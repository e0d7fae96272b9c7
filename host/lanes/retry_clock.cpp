#include "host/lanes/retry_clock.hpp"

#include <algorithm>
#include <cmath>

namespace trunkline::lanes {

Milliseconds RetryClock::failed(std::optional<Milliseconds> told, double jitter) {
    const auto doublings = std::min<std::uint32_t>(failures_, 40);
    const double first = static_cast<double>(std::max<std::int64_t>(policy_.first.count(), 1));
    const double most = static_cast<double>(std::max(policy_.max, policy_.first).count());
    if (failures_ < UINT32_MAX) ++failures_;
    ramp_ = 1;
    if (told) return std::clamp(*told, kToldMin, kToldMax);
    const double wait = std::min(std::ldexp(first, static_cast<int>(doublings)), most);
    const double spread = 1.0 + 0.2 * std::clamp(jitter, -1.0, 1.0);
    return Milliseconds{std::max<std::int64_t>(1, std::llround(wait * spread))};
}

void RetryClock::succeeded() noexcept {
    // The probe itself was the batch of one; the next may carry two.
    if (ramp_ != 0) ramp_ = ramp_ > UINT32_MAX / 2 ? 0 : ramp_ * 2;
    failures_ = 0;
}

void RetryClock::restore(std::uint32_t failures) noexcept {
    failures_ = failures;
    ramp_ = failures > 0 ? 1 : 0;
}

std::uint32_t RetryClock::batch_max(std::uint32_t configured) const noexcept {
    const auto most = std::max<std::uint32_t>(configured, 1);
    if (half_open()) return 1;
    return ramp_ == 0 ? most : std::min(ramp_, most);
}

}  // namespace trunkline::lanes
