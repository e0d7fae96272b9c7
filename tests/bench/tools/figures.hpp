#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <string>

namespace trunkline::bench {

/// Times, counted in steps of 64 to each power of two: off by less than 1.6 %.
class Histogram {
public:
    void add(std::int64_t ns) {
        const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 1));
        const auto bits = static_cast<int>(std::bit_width(value));
        const int shift = std::max(0, bits - 7);
        ++steps_[static_cast<std::size_t>(shift) * 64 + (value >> shift)];
        ++count_;
        max_ = std::max(max_, value);
    }

    double quantile_us(double share) const {
        const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count_));
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < steps_.size(); ++i) {
            seen += steps_[i];
            if (seen <= wanted) continue;
            const std::size_t shift = i < 128 ? 0 : i / 64 - 1;
            return static_cast<double>((i - shift * 64) << shift) / 1e3;
        }
        return static_cast<double>(max_) / 1e3;
    }

    /// {"p50":..,"p90":..,"p99":..,"p999":..,"max":..}, microseconds
    std::string json() const {
        std::array<char, 160> text{};
        std::snprintf(
            text.data(),
            text.size(),
            R"({"p50":%.0f,"p90":%.0f,"p99":%.0f,"p999":%.0f,"max":%.0f})",
            quantile_us(.5),
            quantile_us(.9),
            quantile_us(.99),
            quantile_us(.999),
            static_cast<double>(max_) / 1e3
        );
        return text.data();
    }

private:
    std::array<std::uint32_t, 64 * 60> steps_{};
    std::uint64_t count_ = 0;
    std::uint64_t max_ = 0;
};

}  // namespace trunkline::bench
