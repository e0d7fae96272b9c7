#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace trunkline::simulator {

/// An http or https address, taken apart. A value.
struct Url {
    bool secure = false;
    std::string host;  ///< an IPv6 address without its brackets
    std::uint16_t port = 0;
    std::string target;  ///< path and query, begins with '/'
};

/// None for anything but an absolute http or https address without user information.
std::optional<Url> parse_url(std::string_view text);

/// Decodes %XX; none when a '%' is not followed by two hex digits. `plus_is_blank`: as in forms.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank = false);

/// The decoded value of the first parameter called `name` in "a=b&c=d".
std::optional<std::string> query_parameter(std::string_view query, std::string_view name);

/// The number in a whole text; none when it is anything else.
std::optional<std::int64_t> whole_number(std::string_view text);
/// The same with a fraction; none for "nan" and "inf", which are no places on earth.
std::optional<double> finite_number(std::string_view text);

/// None when `text` is not base64.
std::optional<std::string> base64_decode(std::string_view text);

/// True for loopback, private, link-local, multicast, documentation and other addresses that a
/// messenger on the public Internet would not call. `address` is dotted IPv4.
bool is_reserved_ipv4(std::string_view address);

}  // namespace trunkline::simulator
