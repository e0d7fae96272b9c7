#include "portal/fields.hpp"

#include <algorithm>

#include <boost/json/parse.hpp>

namespace trunkline::portal {

Result<json::object> parse_object(std::string_view text) {
    json::parse_options options;
    options.max_depth = 32;
    boost::system::error_code failure;
    auto value = json::parse({text.data(), text.size()}, failure, {}, options);
    if (failure) return Error{Fault::malformed, "JSON: " + failure.message()};
    if (!value.is_object()) return Error{Fault::malformed, "JSON: an object was expected"};
    return std::move(value.get_object());
}

std::string text_of(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains({key.data(), key.size()});
    if (value == nullptr || !value->is_string()) return {};
    return {value->get_string().data(), value->get_string().size()};
}

std::int64_t number_of(const json::object& object, std::string_view key, std::int64_t otherwise) {
    const auto* value = object.if_contains({key.data(), key.size()});
    if (value == nullptr) return otherwise;
    if (value->is_int64()) return value->get_int64();
    if (value->is_uint64() && value->get_uint64() <= INT64_MAX)
        return static_cast<std::int64_t>(value->get_uint64());
    return otherwise;
}

bool flag_of(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains({key.data(), key.size()});
    return value != nullptr && value->is_bool() && value->get_bool();
}

const json::object& object_of(const json::object& object, std::string_view key) {
    static const json::object kEmpty;
    const auto* value = object.if_contains({key.data(), key.size()});
    return value == nullptr || !value->is_object() ? kEmpty : value->get_object();
}

const json::array& array_of(const json::object& object, std::string_view key) {
    static const json::array kEmpty;
    const auto* value = object.if_contains({key.data(), key.size()});
    return value == nullptr || !value->is_array() ? kEmpty : value->get_array();
}

WallMs time_of(const json::object& object, std::string_view key, WallMs otherwise) {
    WallMs ms = 0;
    return parse_rfc3339(text_of(object, key), ms) ? ms : otherwise;
}

std::size_t code_points(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
    }));
}

std::string shortened(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) return std::string{text};
    std::size_t end = bytes_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
        --end;
    return std::string{text.substr(0, end)};
}

}  // namespace trunkline::portal
