#include "host/store/vault.hpp"

#include <cstring>

#include "host/store/bytes.hpp"

namespace trunkline::store {

namespace {

// One per thread: the place a value is bound to is built for every row, and must not cost an
// allocation each time.
std::string& place(Family family, std::string_view key, std::string_view header) {
    thread_local std::string text;
    text.clear();
    Out{text}.u8(static_cast<std::uint8_t>(family)).text(key).raw(header);
    return text;
}

}  // namespace

Vault::Vault(const std::string& key_32_bytes, std::string salt)
    : at_rest_{key_32_bytes},
      pepper_{seal::hmac_sha256(key_32_bytes, "trunkline store digest" + salt)} {}

void Vault::seal(
    Family family,
    std::string_view key,
    std::string_view header,
    std::string_view plain,
    std::string& out
) const {
    out.append(header);
    at_rest_.encrypt(place(family, key, header), plain, out);
}

bool Vault::open(
    Family family,
    std::string_view key,
    std::string_view stored,
    std::size_t header_bytes,
    std::string& plain
) const {
    if (stored.size() < header_bytes) return false;
    plain.clear();
    return at_rest_.decrypt(
        place(family, key, stored.substr(0, header_bytes)), stored.substr(header_bytes), plain
    );
}

Digest Vault::digest(Family family, LaneId scope, std::string_view text) const {
    thread_local std::string scratch;
    scratch.clear();
    Out{scratch}.raw(pepper_).u8(static_cast<std::uint8_t>(family)).u32(scope).raw(text);
    // Half of a SHA-256 cannot be lengthened, so a secret in front is as good as an HMAC here, at
    // half its price.
    const auto hash = seal::sha256(scratch);
    Digest digest;
    std::memcpy(digest.data(), hash.data(), digest.size());
    return digest;
}

}  // namespace trunkline::store
