#include "host/net/url.hpp"

#include <algorithm>
#include <charconv>

#include "host/net/http.hpp"

namespace trunkline::net {

namespace {

int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool unreserved(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

Error bad(const char* why) {
    return Error{Fault::malformed, why};
}

// Fills host and port from "host", "host:port", "[v6]:port".
Result<void> read_authority(std::string_view authority, Url& out) {
    std::string_view port;
    if (authority.starts_with('[')) {
        const auto close = authority.find(']');
        if (close == std::string_view::npos) return bad("URL: bracket not closed");
        out.host = authority.substr(1, close - 1);
        if (out.host.find_first_not_of("0123456789abcdefABCDEF:.") != std::string::npos) {
            return bad("URL: bad IPv6 address");
        }
        authority.remove_prefix(close + 1);
        if (!authority.empty() && authority[0] != ':') return bad("URL: bad port");
        if (!authority.empty()) port = authority.substr(1);
    } else {
        const auto colon = authority.find(':');
        out.host = authority.substr(0, colon);
        if (colon != std::string_view::npos) port = authority.substr(colon + 1);
        // Underscores appear in real host names; anything that needs escaping does not.
        if (!std::all_of(out.host.begin(), out.host.end(), [](char c) {
                return unreserved(c) || static_cast<unsigned char>(c) >= 0x80;
            })) {
            return bad("URL: bad host");
        }
    }
    if (out.host.empty() || out.host.size() > 253) return bad("URL: bad host");
    std::transform(out.host.begin(), out.host.end(), out.host.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    });
    if (port.empty()) return {};
    const auto* last = port.data() + port.size();
    const auto [end, error] = std::from_chars(port.data(), last, out.port);
    if (error != std::errc{} || end != last || out.port == 0) return bad("URL: bad port");
    return {};
}

}  // namespace

std::string Url::authority() const {
    const bool v6 = host.find(':') != std::string::npos;
    return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

bool Url::same_origin(const Url& other) const noexcept {
    return scheme == other.scheme && host == other.host && port == other.port;
}

Result<Url> parse_url(std::string_view text) {
    constexpr std::size_t kUrlBytesMax = 16 * 1024;
    if (text.size() > kUrlBytesMax) return bad("URL: too long");
    for (const char c : text) {
        const auto u = static_cast<unsigned char>(c);
        if (u <= 0x20 || u == 0x7F || c == '\\') return bad("URL: bad character");
    }
    Url out;
    const auto colon = text.find("://");
    if (colon == std::string_view::npos) return bad("URL: not absolute");
    const auto scheme = text.substr(0, colon);
    if (equal_ignoring_case(scheme, "http")) {
        out.scheme = "http";
        out.port = 80;
    } else if (equal_ignoring_case(scheme, "https")) {
        out.scheme = "https";
        out.port = 443;
    } else {
        return bad("URL: scheme is neither http nor https");
    }
    text.remove_prefix(colon + 3);
    text = text.substr(0, text.find('#'));
    const auto slash = text.find_first_of("/?");
    const auto authority = text.substr(0, slash);
    if (authority.find('@') != std::string_view::npos) return bad("URL: user information");
    auto read = read_authority(authority, out);
    if (!read) return read.error();
    out.target = slash == std::string_view::npos ? std::string_view{} : text.substr(slash);
    if (!out.target.starts_with('/')) out.target.insert(0, 1, '/');
    return out;
}

Result<std::string> resolve_reference(const Url& base, std::string_view reference) {
    const auto origin = base.scheme + "://" + base.authority();
    std::string out;
    if (reference.find("://") != std::string_view::npos &&
        reference.find("://") < reference.find_first_of("/?#")) {
        out = reference;
    } else if (reference.starts_with("//")) {
        out = base.scheme + ":" + std::string{reference};
    } else if (reference.starts_with('/')) {
        out = origin + std::string{reference};
    } else {
        auto path = base.target.substr(0, base.target.find('?'));
        if (!reference.starts_with('?')) path.resize(path.rfind('/') + 1);
        out = origin + path + std::string{reference};
    }
    auto check = parse_url(out);
    if (!check) return check.error();
    return out;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            if (i + 2 >= text.size()) return std::nullopt;
            const int high = hex_value(text[i + 1]);
            const int low = hex_value(text[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            out.push_back(static_cast<char>(high * 16 + low));
            i += 2;
        } else if (text[i] == '+' && plus_is_blank) {
            out.push_back(' ');
        } else {
            out.push_back(text[i]);
        }
    }
    return out;
}

std::string percent_encode(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        if (unreserved(c)) {
            out.push_back(c);
            continue;
        }
        const auto u = static_cast<unsigned char>(c);
        out.push_back('%');
        out.push_back(kDigits[u >> 4U]);
        out.push_back(kDigits[u & 0xFU]);
    }
    return out;
}

std::optional<std::string> query_parameter(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        const auto end = query.find('&');
        const auto pair = query.substr(0, end);
        query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
        const auto equals = pair.find('=');
        const auto key = percent_decode(pair.substr(0, equals), true);
        if (!key || *key != name) continue;
        if (equals == std::string_view::npos) return std::string{};
        return percent_decode(pair.substr(equals + 1), true);
    }
    return std::nullopt;
}

}  // namespace trunkline::net
