#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace trunkline::config {

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text
);                                                               ///< 250ms, 20s, 5m, 24h, 14d
std::optional<std::uint64_t> parse_size(std::string_view text);  ///< 512B, 64KiB, 1MiB, 1GiB
std::string format_duration(std::chrono::milliseconds value);  ///< the largest unit that divides it
std::string format_size(std::uint64_t bytes);

/// How many single-character edits apart two words are; for "did you mean".
std::size_t distance(std::string_view a, std::string_view b);

}  // namespace trunkline::config
