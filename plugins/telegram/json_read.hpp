#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/json.hpp>

/// Tolerant reading of foreign JSON: a member that is missing or of another type is simply not
/// there. Telegram adds fields several times a year and emulators leave some out; neither may be an
/// error. Unlike the SDK's helpers these take objects, which would otherwise be copied into a
/// value, and whole numbers written as doubles. `[any]`
namespace trunkline::telegram {

namespace json = boost::json;

/// Most members that are asked for are not there, and their lengths alone tell.
inline const json::value* member(const json::object& from, std::string_view key) {
    constexpr std::size_t kFew = 18;  // with more of them Boost.JSON keeps an index
    if (from.size() > kFew) return from.if_contains(key);
    for (const auto& entry : from) {
        const auto name = entry.key();
        if (name.size() == key.size() && std::memcmp(name.data(), key.data(), key.size()) == 0)
            return &entry.value();
    }
    return nullptr;
}

inline const json::object* object_at(const json::object& from, std::string_view key) {
    const auto* value = member(from, key);
    return value == nullptr ? nullptr : value->if_object();
}

inline const json::array* array_at(const json::object& from, std::string_view key) {
    const auto* value = member(from, key);
    return value == nullptr ? nullptr : value->if_array();
}

/// The text of a member, "" when there is none. The view lives as long as `from`.
inline std::string_view text_at(const json::object& from, std::string_view key) {
    const auto* value = member(from, key);
    if (value == nullptr || !value->is_string()) return {};
    const auto& text = value->get_string();
    return {text.data(), text.size()};
}

/// Whole numbers in all the forms JSON has for them. Ids need 64 bits; a fraction or an overflow is
/// no number.
inline std::optional<std::int64_t> integer(const json::value& value) {
    if (const auto* number = value.if_int64()) return *number;
    if (const auto* number = value.if_uint64()) {
        if (*number > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
        return static_cast<std::int64_t>(*number);
    }
    if (const auto* number = value.if_double()) {
        constexpr double kExactMax =
            9007199254740992.0;  // 2^53: beyond it a double no longer names one integer
        if (std::abs(*number) <= kExactMax && std::trunc(*number) == *number) {
            return static_cast<std::int64_t>(*number);
        }
    }
    return std::nullopt;
}

inline std::optional<std::int64_t> integer_at(const json::object& from, std::string_view key) {
    const auto* value = member(from, key);
    return value == nullptr ? std::nullopt : integer(*value);
}

inline std::optional<double> number_at(const json::object& from, std::string_view key) {
    const auto* value = member(from, key);
    if (value == nullptr || !value->is_number()) return std::nullopt;
    const double number = value->to_number<double>();
    return std::isfinite(number) ? std::optional{number} : std::nullopt;
}

inline bool flag_at(const json::object& from, std::string_view key) {
    const auto* value = member(from, key);
    return value != nullptr && value->is_bool() && value->get_bool();
}

inline void set_text(json::object& to, std::string_view key, std::string_view text) {
    if (!text.empty()) to[key] = text;
}

/// Parses foreign bytes: bounded depth, no exception for bad input; null when it is not JSON. The
/// document lies in one piece of memory, and so does what is built with its storage.
inline std::optional<json::value> parse(std::string_view bytes) {
    json::parse_options options;
    options.max_depth = 48;  // real updates stay below 12
    json::error_code error;
    // About what a message takes, with the events that are made of it.
    const std::size_t typical = 4 * bytes.size() + 1024;
    auto memory = json::make_shared_resource<json::monotonic_resource>(typical);
    json::value value = json::parse(
        json::string_view{bytes.data(), bytes.size()}, error, std::move(memory), options
    );
    if (error) return std::nullopt;
    return value;
}

}  // namespace trunkline::telegram
