#include "host/universal/duration.hpp"

#include <charconv>

namespace trunkline::universal {
namespace {

std::int64_t unit_ms(std::string_view unit) noexcept {
    if (unit == "ms") return 1;
    if (unit == "s") return 1000;
    if (unit == "m") return 60'000;
    if (unit == "h") return 3'600'000;
    if (unit == "d") return 86'400'000;
    return 0;
}

}  // namespace

std::optional<std::int64_t> parse_duration_ms(std::string_view text) noexcept {
    constexpr std::int64_t kCountMax = 1'000'000'000;  // of the largest unit it still fits
    std::int64_t count = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (failure != std::errc{} || count <= 0 || count > kCountMax) return std::nullopt;
    const auto unit = unit_ms(text.substr(static_cast<std::size_t>(end - text.data())));
    if (unit == 0) return std::nullopt;
    return count * unit;
}

}  // namespace trunkline::universal
