#include "host/media/links.hpp"

#include <array>
#include <charconv>

#include "host/base/base64.hpp"

namespace trunkline::media {
namespace {

constexpr std::string_view kContext = "media link v1";
constexpr std::size_t kTokenMax = 4096;

std::optional<std::string_view> cut(std::string_view& rest) {
    const std::size_t end = rest.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view piece = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    return piece;
}

std::string_view extension_of(std::string_view mime) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kKnown{{
        {"image/jpeg", ".jpg"},
        {"image/png", ".png"},
        {"image/gif", ".gif"},
        {"image/webp", ".webp"},
        {"audio/ogg", ".ogg"},
        {"audio/mpeg", ".mp3"},
        {"audio/mp4", ".m4a"},
        {"video/mp4", ".mp4"},
        {"video/webm", ".webm"},
        {"application/pdf", ".pdf"},
        {"application/zip", ".zip"},
        {"text/plain", ".txt"},
    }};
    for (const auto& [name, extension] : kKnown) {
        if (name == mime) return extension;
    }
    return ".bin";
}

}  // namespace

Links::Links(std::string public_url, const Secret& store_key)
    : public_url_{std::move(public_url)},
      cipher_{seal::hkdf_sha256(store_key.reveal(), "trunkline v1 media links", 32)} {}

std::string Links::url(const Link& link, std::string_view name) const {
    std::string plain = std::to_string(link.expires_ms);
    plain += '\0';
    plain += link.account.text();
    plain += '\0';
    plain += link.mime;
    plain += '\0';
    plain += link.ref;
    std::string sealed;
    cipher_.encrypt(kContext, plain, sealed);
    return public_url_ + "/media/" + base64url_encode(sealed) + "/" + safe_name(name, link.mime);
}

std::optional<Link> Links::open(std::string_view token, WallMs now) const {
    std::string sealed;
    std::string plain;
    if (token.size() > kTokenMax || !base64url_decode(token, sealed) ||
        !cipher_.decrypt(kContext, sealed, plain))
        return std::nullopt;
    std::string_view rest = plain;
    const auto expires = cut(rest);
    const auto account = cut(rest);
    const auto mime = cut(rest);
    if (!expires || !account || !mime) return std::nullopt;
    Link link{AccountId{std::string{*account}}, std::string{rest}, std::string{*mime}, 0};
    const auto [end, error] =
        std::from_chars(expires->data(), expires->data() + expires->size(), link.expires_ms);
    if (error != std::errc{} || link.expires_ms <= now) return std::nullopt;
    return link;
}

std::string safe_name(std::string_view name, std::string_view mime) {
    std::string out;
    for (const char c : name.substr(name.size() > 80 ? name.size() - 80 : 0)) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
        if (plain)
            out += c;
        else if (!out.ends_with('_'))
            out += '_';
    }
    while (out.starts_with('.'))
        out.erase(0, 1);
    if (out.empty() || out == "_") out = "file";
    const std::size_t dot = out.find_last_of('.');
    if (dot == std::string::npos || dot + 1 == out.size()) out += extension_of(mime);
    return out;
}

}  // namespace trunkline::media
