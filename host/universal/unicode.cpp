#include "host/universal/unicode.hpp"

#include <algorithm>
#include <array>

namespace trunkline::universal {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

struct Range {
    char32_t first, last;
};

// What belongs to the character before it: combining marks of the scripts in daily use, variation
// selectors, skin tones, tags of flags, joiners. Ranges of Grapheme_Extend and SpacingMark in
// Unicode 15, neighbouring ones joined.
constexpr std::array<Range, 52> kExtends{{
    {0x0300, 0x036F},   {0x0483, 0x0489},   {0x0591, 0x05BD}, {0x05BF, 0x05BF}, {0x05C1, 0x05C2},
    {0x05C4, 0x05C5},   {0x05C7, 0x05C7},   {0x0610, 0x061A}, {0x064B, 0x065F}, {0x0670, 0x0670},
    {0x06D6, 0x06DC},   {0x06DF, 0x06E4},   {0x06E7, 0x06E8}, {0x06EA, 0x06ED}, {0x0711, 0x0711},
    {0x0730, 0x074A},   {0x07A6, 0x07B0},   {0x0900, 0x0903}, {0x093A, 0x093C}, {0x093E, 0x094F},
    {0x0951, 0x0957},   {0x0962, 0x0963},   {0x0981, 0x0983}, {0x09BC, 0x09CD}, {0x0A01, 0x0A03},
    {0x0A3C, 0x0A4D},   {0x0A81, 0x0A83},   {0x0ABC, 0x0ACD}, {0x0B01, 0x0B03}, {0x0B3C, 0x0B57},
    {0x0BBE, 0x0BCD},   {0x0C3E, 0x0C56},   {0x0CBC, 0x0CD6}, {0x0D3B, 0x0D4D}, {0x0E31, 0x0E31},
    {0x0E34, 0x0E3A},   {0x0E47, 0x0E4E},   {0x0EB1, 0x0EB1}, {0x0EB4, 0x0EBC}, {0x0EC8, 0x0ECE},
    {0x0F71, 0x0F84},   {0x102B, 0x103E},   {0x17B4, 0x17D3}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF},
    {0x200C, 0x200D},   {0x20D0, 0x20F0},   {0x302A, 0x302F}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F},
    {0x1F3FB, 0x1F3FF}, {0xE0020, 0xE01EF},
}};

bool extends(char32_t c) {
    if (c < 0x0300) return false;
    const auto* found = std::lower_bound(
        kExtends.begin(), kExtends.end(), c, [](const Range& r, char32_t v) { return r.last < v; }
    );
    return found != kExtends.end() && c >= found->first;
}

bool is_flag_letter(char32_t c) {
    return c >= 0x1F1E6 && c <= 0x1F1FF;
}
bool is_pictograph(char32_t c) {
    return (c >= 0x1F000 && c <= 0x1FAFF && !is_flag_letter(c)) || (c >= 0x2190 && c <= 0x27BF) ||
           (c >= 0x2900 && c <= 0x2BFF) || c == 0x00A9 || c == 0x00AE || c == 0x3030 ||
           c == 0x303D || c == 0x3297 || c == 0x3299;
}

// Hangul: leading consonants, vowels and trailing consonants make one syllable; precomposed ones
// take the latter two.
enum class Hangul { none, leading, vowel, trailing, syllable_lv, syllable_lvt };
Hangul hangul(char32_t c) {
    if (c >= 0x1100 && c <= 0x115F) return Hangul::leading;
    if (c >= 0x1160 && c <= 0x11A7) return Hangul::vowel;
    if (c >= 0x11A8 && c <= 0x11FF) return Hangul::trailing;
    if (c < 0xAC00 || c > 0xD7A3) return Hangul::none;
    return (c - 0xAC00) % 28 == 0 ? Hangul::syllable_lv : Hangul::syllable_lvt;
}
bool hangul_joins(char32_t before, char32_t after) {
    const Hangul a = hangul(before);
    const Hangul b = hangul(after);
    if (a == Hangul::leading)
        return b == Hangul::leading || b == Hangul::vowel || b >= Hangul::syllable_lv;
    if (a == Hangul::vowel || a == Hangul::syllable_lv)
        return b == Hangul::vowel || b == Hangul::trailing;
    return (a == Hangul::trailing || a == Hangul::syllable_lvt) && b == Hangul::trailing;
}

}  // namespace

CodePoint first_code_point(std::string_view text) noexcept {
    const auto at = [&](std::size_t i) -> unsigned {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const unsigned lead = at(0);
    if (lead < 0x80) return {lead, 1, true};
    // The second byte's range rules out overlong forms, surrogates and what is beyond U+10FFFF
    // (Unicode, table 3-7).
    unsigned low = 0x80;
    unsigned high = 0xBF;
    std::uint8_t size = 0;
    if (lead >= 0xC2 && lead <= 0xDF)
        size = 2;
    else if (lead >= 0xE0 && lead <= 0xEF)
        size = 3;
    else if (lead >= 0xF0 && lead <= 0xF4)
        size = 4;
    else
        return {kReplacement, 1, false};
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
    char32_t value = lead & (0x7FU >> size);
    for (std::uint8_t i = 1; i < size; ++i) {
        const unsigned next = at(i);
        if (next < low || next > high) return {kReplacement, i, false};
        low = 0x80;
        high = 0xBF;
        value = value << 6U | (next & 0x3FU);
    }
    return {value, size, true};
}

std::size_t count_code_points(std::string_view text) noexcept {
    std::size_t count = 0;
    while (!text.empty()) {
        text.remove_prefix(first_code_point(text).bytes);
        ++count;
    }
    return count;
}

std::size_t count_units(std::string_view text, TextUnit unit) noexcept {
    if (unit == TextUnit::bytes) return text.size();
    if (unit == TextUnit::code_points) return count_code_points(text);
    std::size_t count = 0;
    while (!text.empty()) {
        const CodePoint c = first_code_point(text);
        count += c.value > 0xFFFF ? 2 : 1;
        text.remove_prefix(c.bytes);
    }
    return count;
}

std::size_t bytes_of_code_points(std::string_view text, std::size_t count) noexcept {
    std::size_t bytes = 0;
    while (count-- > 0 && bytes < text.size())
        bytes += first_code_point(text.substr(bytes)).bytes;
    return bytes;
}

std::size_t first_grapheme_bytes(std::string_view text) noexcept {
    CodePoint before = first_code_point(text);
    std::size_t bytes = before.bytes;
    if (before.value == '\r' && bytes < text.size() && text[bytes] == '\n') return 2;
    if (before.value < 0x20) return bytes;
    const bool picture = is_pictograph(before.value);
    bool flag_open = is_flag_letter(before.value);
    while (bytes < text.size()) {
        const CodePoint next = first_code_point(text.substr(bytes));
        const bool joined = extends(next.value) || hangul_joins(before.value, next.value) ||
                            (picture && before.value == 0x200D && is_pictograph(next.value)) ||
                            (flag_open && is_flag_letter(next.value));
        if (!joined) break;
        if (is_flag_letter(next.value)) flag_open = false;  // a flag is two letters
        bytes += next.bytes;
        before = next;
    }
    return bytes;
}

}  // namespace trunkline::universal
