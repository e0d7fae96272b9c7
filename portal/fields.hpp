#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "host/base/clock.hpp"
#include "host/base/result.hpp"

/// Reading JSON that others wrote: a field that is absent or of another type reads as empty, so
/// that an unknown shape is shown poorer but never breaks anything. `[any]`
namespace trunkline::portal {

namespace json = boost::json;

/// One JSON object, at most 32 levels deep, valid UTF-8. Fails with `malformed`.
Result<json::object> parse_object(std::string_view text);

std::string text_of(const json::object& object, std::string_view key);
std::int64_t number_of(
    const json::object& object, std::string_view key, std::int64_t otherwise = 0
);
bool flag_of(const json::object& object, std::string_view key);
const json::object& object_of(const json::object& object, std::string_view key);
const json::array& array_of(const json::object& object, std::string_view key);

/// The time in `key`, or `otherwise`.
WallMs time_of(const json::object& object, std::string_view key, WallMs otherwise);

/// How many Unicode code points UTF-8 text has.
std::size_t code_points(std::string_view text);

/// The first `bytes_max` bytes of UTF-8 text, never cutting a character.
std::string shortened(std::string_view text, std::size_t bytes_max);

}  // namespace trunkline::portal
