#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace trunkline::net {

/// The part of a body that a client asks for, both ends included.
struct Range {
    std::uint64_t first = 0;
    std::uint64_t last = 0;

    std::uint64_t count() const noexcept { return last - first + 1; }
    std::string content_range(std::uint64_t size) const;  ///< the header's value
};

/// Reads a Range header for a body of `size` bytes: one range in bytes (RFC 9110 section 14.2).
/// None: there is no range, or one to be ignored; the whole body is the answer. `unsatisfiable` is
/// set when it lies outside: 416 is the answer.
std::optional<Range> parse_range(std::string_view header, std::uint64_t size, bool* unsatisfiable);

}  // namespace trunkline::net
