#include "host/media/links.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "host/base/base64.hpp"

namespace trunkline::media {
namespace {

constexpr std::string_view kContext = "media link v1";
constexpr std::size_t kTokenMax = 4096;
constexpr std::size_t kNameMax = 80;

std::optional<std::string_view> cut(std::string_view& rest) {
    const std::size_t end = rest.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view piece = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    return piece;
}

/// A type and how the names of its files end, the usual form first.
struct Kind {
    std::string_view mime;
    std::array<std::string_view, 3> extensions;
    /// Whoever goes by the name would take a file of this type for something else under any other
    /// ending. Of text and archives there are too many that are right.
    bool strict = true;
};

constexpr std::array<Kind, 27> kKinds{{
    {"image/jpeg", {".jpg", ".jpeg", ".jpe"}},
    {"image/png", {".png"}},
    {"image/gif", {".gif"}},
    {"image/webp", {".webp"}},
    {"image/bmp", {".bmp"}},
    {"image/heic", {".heic"}},
    {"image/tiff", {".tiff", ".tif"}},
    {"audio/ogg", {".ogg", ".oga", ".opus"}},
    {"audio/mpeg", {".mp3"}},
    {"audio/mp4", {".m4a", ".mp4"}},
    {"audio/aac", {".aac"}},
    {"audio/amr", {".amr"}},
    {"audio/flac", {".flac"}},
    {"audio/wav", {".wav"}},
    {"audio/x-wav", {".wav"}},
    {"video/mp4", {".mp4", ".m4v"}},
    {"video/webm", {".webm"}},
    {"video/quicktime", {".mov"}},
    {"video/3gpp", {".3gp"}},
    {"application/pdf", {".pdf"}},
    {"application/msword", {".doc"}},
    {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", {".docx"}},
    {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", {".xlsx"}},
    {"application/zip", {".zip"}, false},
    {"text/csv", {".csv"}, false},
    {"text/vcard", {".vcf"}, false},
    {"text/plain", {".txt"}, false},
}};

const Kind* kind_of(std::string_view mime) {
    mime = mime.substr(0, mime.find_first_of("; \t"));  // without parameters
    const auto found = std::ranges::find(kKinds, mime, &Kind::mime);
    return found == kKinds.end() ? nullptr : &*found;
}

bool ends_as(std::string name, const Kind& kind) {
    std::ranges::transform(name, name.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 'a' - 'A') : c;
    });
    return std::ranges::any_of(kind.extensions, [&](std::string_view extension) {
        return !extension.empty() && name.ends_with(extension);
    });
}

/// An extension is missing, or is not one of the type's.
bool lacks_extension(const std::string& name, const Kind* kind) {
    const std::size_t dot = name.find_last_of('.');
    if (dot == std::string::npos || dot + 1 == name.size()) return true;
    return kind != nullptr && kind->strict && !ends_as(name, *kind);
}

}  // namespace

Links::Links(std::string public_url, const Secret& store_key)
    : public_url_{std::move(public_url)},
      cipher_{seal::hkdf_sha256(store_key.reveal(), "trunkline v1 media links", 32)} {}

std::string Links::url(const Link& link, std::string_view name) const {
    std::string plain = std::to_string(link.expires_ms);
    if (link.dies_ms != 0) plain += ' ' + std::to_string(link.dies_ms);
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
    Link link{AccountId{std::string{*account}}, std::string{rest}, std::string{*mime}, 0, 0};
    const char* const last = expires->data() + expires->size();
    const auto [end, error] = std::from_chars(expires->data(), last, link.expires_ms);
    if (error != std::errc{} || link.expires_ms <= now) return std::nullopt;
    // Links of earlier versions have one time only.
    if (end != last && std::from_chars(end + 1, last, link.dies_ms).ec != std::errc{})
        return std::nullopt;
    return link;
}

std::string safe_name(std::string_view name, std::string_view mime) {
    std::string out;
    for (const char c : name.substr(name.size() > kNameMax ? name.size() - kNameMax : 0)) {
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
    const Kind* const kind = kind_of(mime);
    if (!lacks_extension(out, kind)) return out;
    const std::string_view extension = kind == nullptr ? ".bin" : kind->extensions.front();
    if (out.ends_with('.')) out.pop_back();
    // What is cut off is the beginning: the end says what it is.
    if (out.size() + extension.size() > kNameMax)
        out.erase(0, out.size() + extension.size() - kNameMax);
    out += extension;
    return out;
}

}  // namespace trunkline::media
