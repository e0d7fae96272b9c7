#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "host/base/clock.hpp"

namespace trunkline {

/// A 128-bit id whose text sorts by the time it was made. Source: github.com/ulid/spec. A value.
struct Ulid {
    std::array<std::uint8_t, 16> bytes{};

    std::string text() const;                ///< 26 characters, Crockford base32
    std::string_view view() const noexcept;  ///< the 16 bytes, borrowed
    static bool parse(std::string_view text, Ulid& out) noexcept;

    friend auto operator<=>(const Ulid&, const Ulid&) = default;
};

/// Makes an id from `now_ms` and 80 random bits; ids made by one thread within one millisecond
/// still ascend. `[any]`
Ulid make_ulid(WallMs now_ms);

}  // namespace trunkline
