#include "trunkline/simulator/rates.hpp"

#include <algorithm>

namespace trunkline::simulator {

std::optional<std::int64_t> Rates::take(
    const std::map<std::string, RateLimit>& limits, std::int64_t now_ms
) {
    if (!on) return std::nullopt;
    std::int64_t wait = 0;
    for (const auto& [key, limit] : limits) {
        const std::int64_t credit = limit.burst * limit.each.count();
        wait = std::max(wait, next_[key] - now_ms - credit + limit.each.count());
    }
    if (wait > 0) return (wait + 999) / 1000;
    for (const auto& [key, limit] : limits)
        next_[key] = std::max(next_[key], now_ms) + limit.each.count();
    return std::nullopt;
}

}  // namespace trunkline::simulator
