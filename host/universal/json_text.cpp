#include "host/universal/json_text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstring>

#include <boost/json.hpp>

#include "host/universal/unicode.hpp"

namespace trunkline::universal {
namespace {

// 0 goes out as it is; 'u' as \u00XX; 'x' begins something that is not ASCII; anything else after a
// backslash.
constexpr auto kClass = [] {
    std::array<char, 256> table{};
    for (std::size_t i = 0; i < 32; ++i)
        table[i] = 'u';
    for (std::size_t i = 128; i < 256; ++i)
        table[i] = 'x';
    table['\b'] = 'b';
    table['\f'] = 'f';
    table['\n'] = 'n';
    table['\r'] = 'r';
    table['\t'] = 't';
    table['"'] = '"';
    table['\\'] = '\\';
    return table;
}();

/// Whether the eight bytes at `at` all go out as they are. May say no to some that do (a borrow
/// runs on into the next byte), never yes to one that does not.
bool all_plain(const char* at) {
    constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101;
    constexpr std::uint64_t kHigh = 0x80 * kOnes;
    std::uint64_t eight = 0;
    std::memcpy(&eight, at, sizeof eight);
    const std::uint64_t quote = eight ^ ('"' * kOnes);
    const std::uint64_t slash = eight ^ ('\\' * kOnes);
    const std::uint64_t control = eight - 0x20 * kOnes;
    return ((eight | control | (quote - kOnes) | (slash - kOnes)) & kHigh) == 0;
}

void append_escaped(char c, char kind, std::string& out) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    out += '\\';
    out += kind;
    if (kind != 'u') return;
    out += "00";
    out += kDigits[static_cast<unsigned char>(c) >> 4U];
    out += kDigits[static_cast<unsigned char>(c) & 15U];
}

void put_digits(char* at, unsigned value, std::size_t count) {
    while (count-- > 0) {
        at[count] = static_cast<char>('0' + value % 10);
        value /= 10;
    }
}

}  // namespace

void append_json_string(std::string_view text, std::string& out) {
    out += '"';
    std::size_t start = 0;  // of what has been looked at and can be copied as it is
    std::size_t i = 0;
    while (i < text.size()) {
        if (i + 8 <= text.size() && all_plain(text.data() + i)) {
            i += 8;
            continue;
        }
        const char kind = kClass[static_cast<unsigned char>(text[i])];
        if (kind == 0) {
            ++i;
            continue;
        }
        if (kind == 'x') {
            const CodePoint c = first_code_point(text.substr(i));
            if (!c.valid) {
                out.append(text, start, i - start);
                out += "\xEF\xBF\xBD";
                start = i + c.bytes;
            }
            i += c.bytes;
            continue;
        }
        out.append(text, start, i - start);
        append_escaped(text[i], kind, out);
        start = ++i;
    }
    out.append(text, start, i - start);
    out += '"';
}

void append_json_time(WallMs ms, std::string& out) {
    // Years 0 to 9999 have this form; what lies outside is somebody's nonsense and becomes the
    // nearest that has.
    constexpr WallMs kFirst = -62'167'219'200'000;
    constexpr WallMs kLast = 253'402'300'799'999;
    const std::chrono::sys_time<std::chrono::milliseconds> moment{
        std::chrono::milliseconds{std::clamp(ms, kFirst, kLast)}};
    const auto day = std::chrono::floor<std::chrono::days>(moment);
    const std::chrono::year_month_day date{day};
    const auto rest = static_cast<unsigned>((moment - day).count());
    std::array<char, 26> text{'"', 'y', 'y', 'y', 'y', '-', 'm', 'm', '-', 'd', 'd', 'T', 'h',
                              'h', ':', 'm', 'm', ':', 's', 's', '.', 'x', 'x', 'x', 'Z', '"'};
    put_digits(text.data() + 1, static_cast<unsigned>(static_cast<int>(date.year())), 4);
    put_digits(text.data() + 6, static_cast<unsigned>(date.month()), 2);
    put_digits(text.data() + 9, static_cast<unsigned>(date.day()), 2);
    put_digits(text.data() + 12, rest / 3'600'000, 2);
    put_digits(text.data() + 15, rest / 60'000 % 60, 2);
    put_digits(text.data() + 18, rest / 1000 % 60, 2);
    put_digits(text.data() + 21, rest % 1000, 3);
    out.append(text.data(), text.size());
}

void append_json_number(double value, std::string& out) {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
}

// Recursion is bounded by the depth that was read.
void append_json_value(const boost::json::value& value, std::string& out) {
    switch (value.kind()) {
        case boost::json::kind::null:
            out += "null";
            return;
        case boost::json::kind::bool_:
            out += value.get_bool() ? "true" : "false";
            return;
        case boost::json::kind::int64:
            append_json_number(value.get_int64(), out);
            return;
        case boost::json::kind::uint64:
            append_json_number(value.get_uint64(), out);
            return;
        case boost::json::kind::double_:
            // 1e999 is JSON and reads as infinity, which has no form in JSON.
            if (std::isfinite(value.get_double()))
                append_json_number(value.get_double(), out);
            else
                out += "null";
            return;
        case boost::json::kind::string:
            append_json_string({value.get_string().data(), value.get_string().size()}, out);
            return;
        case boost::json::kind::array:
            append_json_list(value.get_array(), out, [&](const auto& one) {
                append_json_value(one, out);
            });
            return;
        case boost::json::kind::object: {
            char next = '{';
            for (const auto& member : value.get_object()) {
                out += next;
                next = ',';
                append_json_string({member.key().data(), member.key().size()}, out);
                out += ':';
                append_json_value(member.value(), out);
            }
            if (next == '{') out += '{';
            out += '}';
            return;
        }
    }
}

}  // namespace trunkline::universal
