#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/json.hpp>

/// Boost.JSON for connectors. Its code is compiled into each connector by
/// trunkline_add_connector(), so nothing is linked that could outlive an unload. The helpers read
/// hostile documents without exceptions: what is missing or of another type is empty, 0 or null.
namespace trunkline::inline face {

namespace json = boost::json;

/// Parses one document of bounded depth; absent when it is malformed. All of it lies in one piece
/// of memory, which lives as long as any part of it: cheap to make and to drop, and no place for
/// what is changed over and over. What is built from it best lies there too: `json::object
/// out(from.storage())`.
inline std::optional<json::value> parsed(std::string_view text, std::size_t depth_max = 32) {
    json::parse_options options;
    options.max_depth = depth_max;
    json::error_code error;
    const std::size_t typical = 2 * text.size() + 256;
    auto memory = json::make_shared_resource<json::monotonic_resource>(typical);
    json::value value = json::parse(text, error, std::move(memory), options);
    if (error) return std::nullopt;
    return value;
}

/// The member `key` of an object; null when there is none or `value` is no object.
inline const json::value* member(const json::value& value, std::string_view key) {
    const json::object* object = value.if_object();
    return object == nullptr ? nullptr : object->if_contains(key);
}

/// The value at a path of keys: at(update, "message", "chat", "id"); null when any is missing.
template <class... Keys>
const json::value* at(const json::value& value, std::string_view key, Keys... further) {
    const json::value* found = member(value, key);
    if constexpr (sizeof...(further) == 0) {
        return found;
    } else {
        return found == nullptr ? nullptr : at(*found, further...);
    }
}

/// The string at a path; empty when there is none. Lives as long as `value`.
template <class... Keys>
std::string_view text_at(const json::value& value, Keys... keys) {
    const json::value* found = at(value, keys...);
    if (found == nullptr || !found->is_string()) return {};
    return {found->get_string().data(), found->get_string().size()};
}

/// The whole number at a path; absent when there is none or it does not fit.
template <class... Keys>
std::optional<std::int64_t> number_at(const json::value& value, Keys... keys) {
    const json::value* found = at(value, keys...);
    if (found == nullptr || !found->is_number()) return std::nullopt;
    json::error_code error;
    const auto number = found->to_number<std::int64_t>(error);
    if (error) return std::nullopt;
    return number;
}

/// True when `true` stands at a path.
template <class... Keys>
bool flag_at(const json::value& value, Keys... keys) {
    const json::value* found = at(value, keys...);
    return found != nullptr && found->is_bool() && found->get_bool();
}

/// The id at a path as text: messengers write ids as strings or as whole numbers. Empty when none.
template <class... Keys>
std::string id_at(const json::value& value, Keys... keys) {
    const json::value* found = at(value, keys...);
    if (found == nullptr) return {};
    if (found->is_string()) return std::string{found->get_string()};
    if (found->is_int64()) return std::to_string(found->get_int64());
    if (found->is_uint64()) return std::to_string(found->get_uint64());
    return {};
}

/// The list at a path; an empty one when there is none. Lives as long as `value`.
template <class... Keys>
const json::array& list_at(const json::value& value, Keys... keys) {
    static const json::array kNone;
    const json::value* found = at(value, keys...);
    return found != nullptr && found->is_array() ? found->get_array() : kNone;
}

/// The object at a path; null when there is none.
template <class... Keys>
const json::object* object_at(const json::value& value, Keys... keys) {
    const json::value* found = at(value, keys...);
    return found == nullptr ? nullptr : found->if_object();
}

}  // namespace trunkline::inline face
