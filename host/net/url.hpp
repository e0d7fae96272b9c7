#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "host/base/result.hpp"

namespace trunkline::net {

/// An http or https address, taken apart (RFC 3986). A value.
struct Url {
    std::string scheme;  ///< "http" or "https"
    std::string host;    ///< lower case; an IPv6 address without its brackets
    std::uint16_t port = 0;
    std::string target;  ///< path and query, begins with '/'; no fragment

    bool secure() const noexcept { return scheme == "https"; }
    std::string authority() const;  ///< "host:port", fit for logs: it carries no secret
    bool same_origin(const Url& other) const noexcept;
};

/// Reads an absolute http(s) URL. User information, control characters, blanks and other schemes
/// are `malformed`. The error never quotes the URL: paths carry tokens.
Result<Url> parse_url(std::string_view text);

/// Where a Location header leads, seen from `base` (RFC 3986 section 5, without dot segments
/// removed).
Result<std::string> resolve_reference(const Url& base, std::string_view reference);

/// Decodes %XX; none when a '%' is not followed by two hex digits. `plus_is_blank`: as in forms.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank = false);
std::string percent_encode(std::string_view text);  ///< all but RFC 3986 unreserved characters

/// The decoded value of the first parameter called `name` in "a=b&c=d"; none when it is absent or
/// not decodable.
std::optional<std::string> query_parameter(std::string_view query, std::string_view name);

}  // namespace trunkline::net
