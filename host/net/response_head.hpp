#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "host/net/server.hpp"

namespace trunkline::net {

std::string_view reason_phrase(int status) noexcept;

/// What the server itself says in a reply's head.
struct Framing {
    std::string_view date;                ///< RFC 9110 date
    std::optional<std::uint64_t> length;  ///< Content-Length
    bool chunked = false;
    bool keep_alive = false;
    bool http_1_0 = false;
};

/// Appends status line and headers, blank line included. Headers of the response that are the
/// server's own are left out. False, with nothing appended, when a header holds what would split
/// the reply (CR, LF, NUL).
bool append_head(std::string& out, const Response& response, const Framing& framing);

}  // namespace trunkline::net
