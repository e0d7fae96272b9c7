#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

#include "host/net/server.hpp"

/// Small readers of requests and writers of answers.
namespace trunkline::portal::desk {

/// "/api/conversations/5" -> {"api", "conversations", "5"}, each percent-decoded.
std::vector<std::string> segments(std::string_view path);

/// A positive decimal number of at most 18 digits.
std::optional<std::int64_t> parse_number(std::string_view text);

net::Response answer(int status, const boost::json::value& body);

/// The problem that stands for `error`.
net::Response answer(const Error& error);

}  // namespace trunkline::portal::desk
