#pragma once

#include <optional>
#include <string>

#include "host/reload/serving.hpp"

namespace trunkline::reload {

/// Whether a new generation fails more than the one before it did. One line that says how much, or
/// nothing while it does as well. Pure.
///
/// A few failures alone say nothing: three at least, and twice the former share and one in a
/// hundred more.
inline std::optional<std::string> worse(const Totals& before, const Totals& now) {
    constexpr std::uint64_t kLeast = 3;
    constexpr double kMargin = 0.01;
    if (now.failures < kLeast || now.calls == 0) return std::nullopt;
    const auto share = [](const Totals& totals) {
        return totals.calls == 0
                   ? 0.0
                   : static_cast<double>(totals.failures) / static_cast<double>(totals.calls);
    };
    if (share(now) <= 2 * share(before) + kMargin) return std::nullopt;
    const auto text = [](const Totals& totals) {
        return std::to_string(totals.failures) + " of " + std::to_string(totals.calls) + " calls";
    };
    return "it failed in " + text(now) + ", the former one in " + text(before);
}

inline Totals operator-(const Totals& now, const Totals& then) {
    return {now.calls - then.calls, now.failures - then.failures};
}

}  // namespace trunkline::reload
