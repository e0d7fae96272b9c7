#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/result.hpp"

namespace trunkline::net {

/// A range of addresses. A value.
struct Cidr {
    std::string bytes;  ///< 4 or 16, network order
    unsigned bits;      ///< how many leading bits count

    bool contains(std::string_view address_bytes) const noexcept;
};

/// The 4 or 16 bytes of a numeric address; an IPv4 address mapped into IPv6 gives its 4. A zone
/// ("%eth0") is dropped.
std::optional<std::string> address_bytes(std::string_view numeric);

/// Reads "10.0.0.0/8", "fd00::/8" or a single address. Fails naming the text.
Result<Cidr> parse_cidr(const std::string& text);
Result<std::vector<Cidr>> parse_cidrs(const std::vector<std::string>& texts);

bool any_contains(const std::vector<Cidr>& ranges, std::string_view address_bytes) noexcept;

}  // namespace trunkline::net
