#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace trunkline::universal {

/// Milliseconds of "250ms", "20s", "5m", "24h" or "14d"; absent for anything else, zero included.
std::optional<std::int64_t> parse_duration_ms(std::string_view text) noexcept;

}  // namespace trunkline::universal
