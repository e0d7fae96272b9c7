#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "host/universal/features.hpp"

/// UTF-8 as the universal form needs it. All functions are safe from any thread.
namespace trunkline::universal {

/// One code point at the front of a text.
struct CodePoint {
    char32_t value = 0;      ///< U+FFFD when the bytes are not UTF-8
    std::uint8_t bytes = 0;  ///< how many it takes, at least 1; of a broken one, its longest valid
                             ///< beginning (Unicode 3.9)
    bool valid = false;
};

/// `text` must not be empty.
CodePoint first_code_point(std::string_view text) noexcept;

/// How many; a broken sequence counts as one.
std::size_t count_code_points(std::string_view text) noexcept;

/// How much of a messenger's limit a text uses up.
std::size_t count_units(std::string_view text, TextUnit unit) noexcept;

/// The bytes of the first `count` code points, or all when there are fewer.
std::size_t bytes_of_code_points(std::string_view text, std::size_t count) noexcept;

/// Bytes of what people see as one character at the front: marks, joined emoji, flags, skin tones
/// and Hangul stay together. A useful part of UAX #29, by ranges instead of tables: splitting a
/// text there never breaks what was typed as one. `text` must not be empty.
std::size_t first_grapheme_bytes(std::string_view text) noexcept;

}  // namespace trunkline::universal
