#include "host/base/base64.hpp"
#include "host/seal/crypto.hpp"
#include "host/seal/evp.hpp"
#include "host/seal/seal.hpp"

namespace trunkline::seal {
namespace {

constexpr std::string_view kPrefix = "tlk_";

}  // namespace

LicenseKey& LicenseKey::operator=(const LicenseKey& other) {
    if (this == &other) return *this;
    cleanse(bytes_);
    bytes_ = other.bytes_;
    return *this;
}

LicenseKey::~LicenseKey() {
    cleanse(bytes_);
}

Result<LicenseKey> LicenseKey::parse(const Secret& text) {
    std::string_view rest = text.reveal();
    if (!rest.starts_with(kPrefix))
        return Error{Fault::malformed, "a license key begins with tlk_"};
    rest.remove_prefix(kPrefix.size());
    std::string bytes;
    if (!base64url_decode(rest, bytes) || bytes.size() != kKeyBytes) {
        cleanse(bytes);
        return Error{Fault::malformed, "a license key is tlk_ and 43 characters of base64url"};
    }
    LicenseKey key;
    key.bytes_ = bytes;
    cleanse(bytes);
    return key;
}

LicenseKey LicenseKey::generate() {
    LicenseKey key;
    key.bytes_ = random_bytes(kKeyBytes);
    return key;
}

Secret LicenseKey::text() const {
    return Secret{std::string{kPrefix} + base64url_encode(bytes_)};
}

bool operator==(const LicenseKey& a, const LicenseKey& b) noexcept {
    return equal_in_constant_time(a.bytes_, b.bytes_);
}

DerivedKeys::~DerivedKeys() {
    cleanse(sign_host_to_portal);
    cleanse(encrypt_host_to_portal);
    cleanse(sign_portal_to_host);
    cleanse(encrypt_portal_to_host);
}

const std::string& DerivedKeys::sign(Direction direction) const noexcept {
    return direction == Direction::host_to_portal ? sign_host_to_portal : sign_portal_to_host;
}

const std::string& DerivedKeys::encrypt(Direction direction) const noexcept {
    return direction == Direction::host_to_portal ? encrypt_host_to_portal : encrypt_portal_to_host;
}

DerivedKeys derive(const LicenseKey& key) {
    const auto one = [&](std::string_view info) {
        return hkdf_sha256(key.bytes(), info, kKeyBytes);
    };
    DerivedKeys keys;
    keys.sign_host_to_portal = one("trunkline v1 sign host-to-portal");
    keys.encrypt_host_to_portal = one("trunkline v1 encrypt host-to-portal");
    keys.sign_portal_to_host = one("trunkline v1 sign portal-to-host");
    keys.encrypt_portal_to_host = one("trunkline v1 encrypt portal-to-host");
    return keys;
}

Secret as_whsec(const std::string& key_32_bytes) {
    return Secret{"whsec_" + base64_encode(key_32_bytes)};
}

Secret as_jwk(const std::string& key_32_bytes) {
    return Secret{
        R"({"kty":"oct","k":")" + base64url_encode(key_32_bytes) + R"(","alg":"dir","use":"enc"})"};
}

KeyRing promote(KeyRing ring) {
    if (!ring.next) return ring;
    return KeyRing{.current = *ring.next, .next = ring.current};
}

}  // namespace trunkline::seal
