#include "host/seal/jwe.hpp"

#include <array>

#include <boost/json.hpp>

#include "host/base/base64.hpp"
#include "host/seal/base64url.hpp"

namespace trunkline::seal {
namespace {

Error forged(const char* why) {
    return Error{Fault::forged, why};
}

bool is(const boost::json::object& header, std::string_view name, std::string_view expected) {
    const auto* value = header.if_contains({name.data(), name.size()});
    const auto* text = value == nullptr ? nullptr : value->if_string();
    return text != nullptr && std::string_view{text->data(), text->size()} == expected;
}

}  // namespace

std::string jwe_header(std::string_view kid, std::string_view content_type) {
    const auto quoted = [](std::string_view text) {
        return boost::json::serialize(boost::json::string{text.data(), text.size()});
    };
    return base64url_encode(
        R"({"alg":"dir","enc":"A256GCM","kid":)" + quoted(kid) + R"(,"cty":)" +
        quoted(content_type) + "}"
    );
}

std::string jwe_encrypt(
    Gcm& cipher, std::string_view encoded_header, std::string_view iv, std::string_view plain
) {
    std::string sealed(plain.size(), '\0');
    std::array<char, kTagBytes> tag{};
    cipher.encrypt(iv, encoded_header, plain, sealed.data(), tag.data());
    std::string out;
    out.reserve(encoded_header.size() + base64url_size(sealed.size()) + 48);
    out += encoded_header;
    out += "..";
    base64url_append(iv, out);
    out += '.';
    base64url_append(sealed, out);
    out += '.';
    base64url_append({tag.data(), tag.size()}, out);
    return out;
}

Result<JweParts> jwe_split(std::string_view text) {
    std::array<std::string_view, 5> parts;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto dot = text.find('.');
        const bool last = i + 1 == parts.size();
        if ((dot == std::string_view::npos) != last) return forged("jwe: not five parts");
        parts[i] = text.substr(0, dot);
        if (!last) text.remove_prefix(dot + 1);
    }
    if (!parts[1].empty()) return forged("jwe: an encrypted key is not allowed with dir");
    // The fixed sizes, before anything is decoded: 12 bytes are 16 characters, 16 bytes are 22.
    if (parts[2].size() != 16 || parts[4].size() != 22) return forged("jwe: size of iv or tag");
    return JweParts{.header = parts[0], .iv = parts[2], .sealed = parts[3], .tag = parts[4]};
}

Result<std::string> jwe_content_type(std::string_view encoded_header, std::string_view kid) {
    std::string text;
    if (encoded_header.size() > kHeaderBytesMax * 4 / 3 + 1) return forged("jwe: header too long");
    if (!base64url_decode(encoded_header, text)) return forged("jwe: header is not base64url");
    boost::json::parse_options options;
    options.max_depth = 4;
    boost::system::error_code failure;
    const auto value = boost::json::parse({text.data(), text.size()}, failure, {}, options);
    const auto* header = failure ? nullptr : value.if_object();
    if (header == nullptr) return forged("jwe: header is not a JSON object");
    if (!is(*header, "alg", "dir")) return forged("jwe: alg");
    if (!is(*header, "enc", "A256GCM")) return forged("jwe: enc");
    if (!is(*header, "kid", kid)) return forged("jwe: kid");
    if (header->contains("crit")) return forged("jwe: crit");
    if (header->contains("zip")) return forged("jwe: zip");
    const auto* type = header->if_contains("cty");
    if (type == nullptr) return std::string{"application/json"};
    if (!type->is_string()) return forged("jwe: cty");
    std::string content_type{type->get_string().data(), type->get_string().size()};
    // RFC 7515 4.1.10: "application/" may be left out when nothing else has a slash.
    if (content_type.find('/') == std::string::npos) content_type.insert(0, "application/");
    return content_type;
}

}  // namespace trunkline::seal
