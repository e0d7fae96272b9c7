#include "trunkline/simulator/url.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace trunkline::simulator {
namespace {

std::optional<int> hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return std::nullopt;
}

std::optional<std::uint32_t> ipv4(std::string_view text) {
    std::uint32_t out = 0;
    for (int part = 0; part < 4; ++part) {
        const std::size_t dot = text.find('.');
        if ((part == 3) != (dot == std::string_view::npos)) return std::nullopt;
        const auto number = whole_number(text.substr(0, dot));
        if (!number || *number < 0 || *number > 255) return std::nullopt;
        out = out << 8U | static_cast<std::uint32_t>(*number);
        if (part < 3) text = text.substr(dot + 1);
    }
    return out;
}

struct Range {
    std::uint32_t first;
    unsigned bits;
};
/// RFC 6890 and what became of it.
constexpr std::array<Range, 15> kReserved{{
    {0x00000000, 8},
    {0x0A000000, 8},
    {0x64400000, 10},
    {0x7F000000, 8},
    {0xA9FE0000, 16},
    {0xAC100000, 12},
    {0xC0000000, 24},
    {0xC0000200, 24},
    {0xC0586300, 24},
    {0xC0A80000, 16},
    {0xC6120000, 15},
    {0xC6336400, 24},
    {0xCB007100, 24},
    {0xE0000000, 4},
    {0xF0000000, 4},
}};

}  // namespace

std::optional<std::int64_t> whole_number(std::string_view text) {
    std::int64_t out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return out;
}

std::optional<double> finite_number(std::string_view text) {
    double out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() ||
        !std::isfinite(out))
        return std::nullopt;
    return out;
}

std::optional<Url> parse_url(std::string_view text) {
    Url out;
    if (text.starts_with("https://"))
        out.secure = true;
    else if (!text.starts_with("http://"))
        return std::nullopt;
    text.remove_prefix(out.secure ? 8 : 7);
    for (const char c : text) {
        if (static_cast<unsigned char>(c) <= ' ' || c == 0x7F) return std::nullopt;
    }
    text = text.substr(0, text.find('#'));
    const std::size_t end = text.find_first_of("/?");
    std::string_view authority = text.substr(0, end);
    if (end == std::string_view::npos)
        out.target = "/";
    else
        out.target = (text[end] == '?' ? "/" : "") + std::string{text.substr(end)};
    if (authority.find('@') != std::string_view::npos) return std::nullopt;
    std::size_t colon = authority.rfind(':');
    if (authority.starts_with('[')) {
        const std::size_t close = authority.find(']');
        if (close == std::string_view::npos) return std::nullopt;
        out.host = authority.substr(1, close - 1);
        if (close + 1 == authority.size())
            colon = std::string_view::npos;
        else if (authority[close + 1] != ':')
            return std::nullopt;
    } else {
        out.host = authority.substr(0, colon);
        if (out.host.find(':') != std::string::npos) return std::nullopt;
    }
    if (out.host.empty()) return std::nullopt;
    out.port = out.secure ? 443 : 80;
    if (colon != std::string_view::npos) {
        const auto port = whole_number(authority.substr(colon + 1));
        if (!port || *port < 1 || *port > 65'535) return std::nullopt;
        out.port = static_cast<std::uint16_t>(*port);
    }
    return out;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '+' && plus_is_blank) {
            out += ' ';
        } else if (text[at] != '%') {
            out += text[at];
        } else {
            if (at + 2 >= text.size()) return std::nullopt;
            const auto high = hex_digit(text[at + 1]);
            const auto low = hex_digit(text[at + 2]);
            if (!high || !low) return std::nullopt;
            out += static_cast<char>(*high * 16 + *low);
            at += 2;
        }
    }
    return out;
}

std::optional<std::string> query_parameter(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        const std::size_t end = query.find('&');
        const std::string_view pair = query.substr(0, end);
        const std::size_t equals = pair.find('=');
        if (pair.substr(0, equals) == name)
            return percent_decode(
                equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1),
                true
            );
        query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
    }
    return std::nullopt;
}

std::optional<std::string> base64_decode(std::string_view text) {
    while (text.ends_with('='))
        text.remove_suffix(1);
    std::string out;
    out.reserve(text.size() * 3 / 4);
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        int value = 0;
        if (c >= 'A' && c <= 'Z')
            value = c - 'A';
        else if (c >= 'a' && c <= 'z')
            value = c - 'a' + 26;
        else if (c >= '0' && c <= '9')
            value = c - '0' + 52;
        else if (c == '+' || c == '-')
            value = 62;
        else if (c == '/' || c == '_')
            value = 63;
        else
            return std::nullopt;
        bits = bits << 6U | static_cast<std::uint32_t>(value);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out += static_cast<char>(bits >> static_cast<unsigned>(count) & 0xFFU);
    }
    if (count == 6) return std::nullopt;
    return out;
}

bool is_reserved_ipv4(std::string_view address) {
    const auto value = ipv4(address);
    if (!value) return false;
    for (const Range& range : kReserved) {
        if ((*value ^ range.first) >> (32U - range.bits) == 0) return true;
    }
    return false;
}

}  // namespace trunkline::simulator
