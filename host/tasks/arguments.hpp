#pragma once

#include <algorithm>
#include <cstring>
#include <string_view>

#include <trunkline/abi.h>

/// Reading what a connector passes. Nothing of it is believed before it was looked at.
namespace trunkline::tasks {

constexpr std::uint32_t kStructMax = 64U * 1024U;

/// Copies a sized struct of another minor version: what it lacks is zero, what it has beyond ours
/// is ignored. Every member of version 1.0 must be there.
template <class Struct>
bool read_sized(const Struct* given, Struct& out) noexcept {
    out = Struct{};
    if (given == nullptr || given->size < sizeof(Struct) || given->size > kStructMax) return false;
    std::memcpy(&out, given, sizeof(Struct));
    return true;
}

/// TL_OK when `view` can be read and is at most `most` bytes.
inline tl_status check_view(tl_view view, std::uint64_t most) noexcept {
    if (view.data == nullptr && view.size > 0) return TL_E_BAD_INPUT;
    return view.size > most ? TL_E_LIMIT : TL_OK;
}

/// RFC 9110 section 5.6.2.
inline bool is_token(std::string_view text) noexcept {
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::ranges::all_of(text, [&](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               kMarks.find(c) != kMarks.npos;
    });
}

/// A header's value as it may go onto the wire: no line break, no NUL.
inline bool is_field_value(std::string_view text) noexcept {
    return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

/// An absolute http or https URL without anything that could end the request line.
inline bool is_url(std::string_view text) noexcept {
    const std::size_t scheme = text.starts_with("https://")  ? 8
                               : text.starts_with("http://") ? 7
                                                             : 0;
    return scheme > 0 && text.size() > scheme &&
           std::ranges::none_of(text, [](unsigned char c) { return c <= 0x20 || c == 0x7F; });
}

/// A code for machines: lower case, digits, underscores, dots.
inline bool is_code(std::string_view text) noexcept {
    return text.size() <= 128 && std::ranges::all_of(text, [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '_' || c == '.';
           });
}

}  // namespace trunkline::tasks
