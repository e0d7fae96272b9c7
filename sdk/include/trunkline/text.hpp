#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <trunkline/abi.h>

/// Text helpers that every connector needs: views across the border, comparing secrets, percent
/// coding, and offsets. Messengers count text in UTF-16 units or bytes, universal spans in code
/// points. All functions are pure and `[any]`.
namespace trunkline::inline face {

/// What the border borrowed, as the standard type. Valid as long as the border says.
constexpr std::string_view view(const tl_view& text) noexcept {
    return {text.data, static_cast<std::size_t>(text.size)};
}

/// What is lent to the border.
constexpr tl_view raw(std::string_view text) noexcept {
    return {text.data(), text.size()};
}

/// Compares secrets in time that depends on the lengths alone, so that a forger learns nothing.
constexpr bool equal_secrets(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        difference |= static_cast<unsigned>(static_cast<unsigned char>(a[i] ^ b[i]));
    }
    return difference == 0;
}

/// ASCII case is ignored, as in names of HTTP headers.
constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    return std::ranges::equal(a, b, {}, lower, lower);
}

/// The length in bytes of the UTF-8 sequence at the start of `text`; 0 when it is malformed there
/// (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
constexpr std::size_t utf8_sequence(std::string_view text) noexcept {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    if (text.empty()) return 0;
    const unsigned first = at(0);
    if (first < 0x80) return 1;
    const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() < size) return 0;
    for (std::size_t i = 1; i < size; ++i) {
        if ((at(i) & 0xC0U) != 0x80U) return 0;
    }
    const unsigned second = at(1);
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return 0;
    if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return 0;
    return size;
}

/// True when all of `text` is well-formed UTF-8: the host refuses everything else.
constexpr bool valid_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        const std::size_t size = utf8_sequence(text);
        if (size == 0) return false;
        text.remove_prefix(size);
    }
    return true;
}

/// `text` with each malformed byte replaced by U+FFFD.
inline std::string repaired_utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const std::size_t size = utf8_sequence(text);
        out.append(size == 0 ? std::string_view{"\xEF\xBF\xBD"} : text.substr(0, size));
        text.remove_prefix(std::max<std::size_t>(size, 1));
    }
    return out;
}

/// How many of each unit the text has. A malformed byte counts as one of each.
struct TextLength {
    std::size_t bytes = 0, code_points = 0, utf16 = 0;
};
constexpr TextLength text_length(std::string_view text) noexcept {
    TextLength length{text.size(), 0, 0};
    while (!text.empty()) {
        const std::size_t size = std::max<std::size_t>(utf8_sequence(text), 1);
        ++length.code_points;
        length.utf16 += size == 4 ? 2 : 1;
        text.remove_prefix(size);
    }
    return length;
}

/// Converts offsets within one text between bytes (UTF-8), UTF-16 units and code points. An offset
/// inside a character moves to its start, one behind the end to the end, so that a hostile span
/// never leaves the text. Built in one pass; each question is a binary search, and in a text of
/// ASCII alone none at all.
class TextOffsets {
public:
    explicit TextOffsets(std::string_view text) {
        if (ascii(text)) {
            ascii_size_ = text.size();
            return;
        }
        Place place{0, 0};
        places_.reserve(text.size() + 1);
        while (!text.empty()) {
            places_.push_back(place);
            const std::size_t size = std::max<std::size_t>(utf8_sequence(text), 1);
            place = {place.bytes + size, place.utf16 + (size == 4 ? 2U : 1U)};
            text.remove_prefix(size);
        }
        places_.push_back(place);
    }

    std::size_t code_points() const noexcept {
        return places_.empty() ? ascii_size_ : places_.size() - 1;
    }

    std::size_t code_point_of_utf16(std::size_t offset) const noexcept {
        return find(offset, &Place::utf16);
    }
    std::size_t code_point_of_byte(std::size_t offset) const noexcept {
        return find(offset, &Place::bytes);
    }
    std::size_t utf16_of_code_point(std::size_t offset) const noexcept {
        const std::size_t inside = std::min(offset, code_points());
        return places_.empty() ? inside : places_[inside].utf16;
    }
    std::size_t byte_of_code_point(std::size_t offset) const noexcept {
        const std::size_t inside = std::min(offset, code_points());
        return places_.empty() ? inside : places_[inside].bytes;
    }

private:
    struct Place {
        std::size_t bytes, utf16;
    };

    static bool ascii(std::string_view text) noexcept {
        unsigned char all = 0;
        for (const char c : text)
            all |= static_cast<unsigned char>(c);
        return all < 0x80;
    }

    std::size_t find(std::size_t offset, std::size_t Place::*unit) const noexcept {
        if (places_.empty()) return std::min(offset, ascii_size_);
        const auto after = std::ranges::upper_bound(places_, offset, {}, unit);
        return static_cast<std::size_t>(after - places_.begin()) - 1;
    }

    std::vector<Place> places_;  ///< where each code point starts, and the end; of ASCII, nothing
    std::size_t ascii_size_ = 0;
};

/// Bytes in lower-case hexadecimal, as signatures are often written.
inline std::string hex_of(std::string_view bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text.append({kDigits[byte >> 4U], kDigits[byte & 15U]});
    }
    return text;
}

/// What hex_of() wrote; stops at the first character that is no hexadecimal digit.
inline std::string bytes_of_hex(std::string_view text) {
    const auto digit = [](char c) -> int {
        if (c >= '0' && c <= '9') return c - '0';
        if (c >= 'a' && c <= 'f') return c - 'a' + 10;
        return -1;
    };
    std::string bytes;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        const int high = digit(text[i]);
        const int low = digit(text[i + 1]);
        if (high < 0 || low < 0) break;
        bytes.push_back(static_cast<char>(high * 16 + low));
    }
    return bytes;
}

/// Percent-encodes everything but RFC 3986's unreserved characters: for paths, queries and forms.
inline std::string percent_encoded(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    constexpr std::string_view kPlain =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        if (kPlain.find(c) != kPlain.npos) {
            out.push_back(c);
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out.append({'%', kDigits[byte >> 4U], kDigits[byte & 15U]});
    }
    return out;
}

/// Undoes percent encoding and `+`; a malformed escape stays as it is.
inline std::string percent_decoded(std::string_view text) {
    const auto digit = [](char c) {
        if (c >= '0' && c <= '9') return c - '0';
        if (c >= 'a' && c <= 'f') return c - 'a' + 10;
        return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    };
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool escape = text[i] == '%' && i + 2 < text.size();
        const int high = escape ? digit(text[i + 1]) : -1;
        const int low = escape ? digit(text[i + 2]) : -1;
        if (high >= 0 && low >= 0) {
            out.push_back(static_cast<char>(high * 16 + low));
            i += 2;
        } else {
            out.push_back(text[i] == '+' ? ' ' : text[i]);
        }
    }
    return out;
}

/// The decoded value of `name` in the query of a request target or URL; absent when not there.
inline std::optional<std::string> query_value(std::string_view target, std::string_view name) {
    const auto mark = target.find('?');
    std::string_view rest = mark == target.npos ? "" : target.substr(mark + 1);
    rest = rest.substr(0, rest.find('#'));
    while (!rest.empty()) {
        const auto end = std::min(rest.find('&'), rest.size());
        const std::string_view field = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        const auto sign = std::min(field.find('='), field.size());
        if (percent_decoded(field.substr(0, sign)) != name) continue;
        return percent_decoded(field.substr(std::min(sign + 1, field.size())));
    }
    return std::nullopt;
}

}  // namespace trunkline::inline face
