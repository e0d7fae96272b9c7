#include <algorithm>
#include <charconv>

#include "host/base/base64.hpp"
#include "host/seal/base64url.hpp"
#include "host/seal/crypto.hpp"
#include "host/seal/evp.hpp"
#include "host/seal/jwe.hpp"
#include "host/seal/seal.hpp"

namespace trunkline::seal {
namespace {

constexpr std::int64_t kToleranceSeconds =
    300;  // Standard Webhooks' reference libraries allow the same
constexpr std::size_t kIdBytesMax = 256;
constexpr std::size_t kSignatureHeaderBytesMax = 2048;
constexpr std::size_t kSignaturesMax = 16;
constexpr std::size_t kTimestampDigitsMax = 12;

Error forged(const char* why) {
    return Error{Fault::forged, why};
}

bool is_fresh(std::string_view timestamp, WallMs now) {
    if (timestamp.empty() || timestamp.size() > kTimestampDigitsMax) return false;
    const bool digits = std::all_of(timestamp.begin(), timestamp.end(), [](char c) {
        return c >= '0' && c <= '9';  // from_chars alone would take a minus sign
    });
    if (!digits) return false;
    std::int64_t seconds = 0;
    std::from_chars(timestamp.data(), timestamp.data() + timestamp.size(), seconds);
    const std::int64_t apart = now / 1000 - seconds;
    return apart >= -kToleranceSeconds && apart <= kToleranceSeconds;
}

bool is_jose(std::string_view content_type) {
    constexpr std::string_view kJose = "application/jose";
    content_type = content_type.substr(0, content_type.find(';'));
    while (content_type.ends_with(' ') || content_type.ends_with('\t'))
        content_type.remove_suffix(1);
    return content_type.size() == kJose.size() &&
           std::equal(kJose.begin(), kJose.end(), content_type.begin(), [](char a, char b) {
               return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b - 'A' + 'a') : b);
           });
}

// One license key's half of the work.
struct Key {
    Key(const LicenseKey& license, Direction direction) : Key{derive(license), direction} {}
    Key(const DerivedKeys& keys, Direction direction)
        : sign{keys.sign(direction)}, cipher{keys.encrypt(direction)} {}

    std::string expected(const Incoming& incoming) {
        sign.start();
        sign.update(incoming.id);
        sign.update(".");
        sign.update(incoming.timestamp);
        sign.update(".");
        sign.update(incoming.body);
        return sign.finish();
    }

    Mac sign;
    Gcm cipher;
};

struct Verified {
    bool current = false;
    bool next = false;
    bool next_first =
        false;  // the first signature that fits is the next key's, so that key encrypted
};

}  // namespace

struct Opener::State {
    State(std::string kid_text, const KeyRing& keys, Direction direction)
        : kid{std::move(kid_text)}, current{keys.current, direction} {
        if (keys.next) next.emplace(*keys.next, direction);
    }

    Verified verify(const Incoming& incoming);
    Result<std::string> content_type(std::string_view encoded_header);
    Result<Opened> decrypt(const Incoming& incoming, const Verified& verified);

    std::string kid;
    Key current;
    std::optional<Key> next;
    std::string
        known_header;  // the last one that passed, encoded: the next one is nearly always the same
    std::string known_type;
};

// Every signature is compared with every key, so that neither the time nor the answer tells which
// one fitted.
Verified Opener::State::verify(const Incoming& incoming) {
    Verified verified;
    if (incoming.signature.size() > kSignatureHeaderBytesMax) return verified;
    const std::string by_current = current.expected(incoming);
    const std::string by_next = next ? next->expected(incoming) : std::string{};
    std::string_view rest = incoming.signature;
    std::string candidate;
    for (std::size_t count = 0; !rest.empty() && count < kSignaturesMax; ++count) {
        const auto space = rest.find(' ');
        const std::string_view token = rest.substr(0, space);
        rest.remove_prefix(space == std::string_view::npos ? rest.size() : space + 1);
        // Other versions are other people's signatures, e.g. v1a; they are not ours to judge.
        if (!token.starts_with("v1,") || !base64_decode(token.substr(3), candidate)) continue;
        const bool fits_current = equal_in_constant_time(candidate, by_current);
        const bool fits_next = next && equal_in_constant_time(candidate, by_next);
        if (fits_next && !verified.current) verified.next_first = true;
        verified.current = verified.current || fits_current;
        verified.next = verified.next || fits_next;
    }
    return verified;
}

Result<std::string> Opener::State::content_type(std::string_view encoded_header) {
    if (!known_header.empty() && encoded_header == known_header) return known_type;
    auto type = jwe_content_type(encoded_header, kid);
    if (type) {
        known_header = encoded_header;
        known_type = *type;
    }
    return type;
}

Result<Opened> Opener::State::decrypt(const Incoming& incoming, const Verified& verified) {
    const auto parts = jwe_split(incoming.body);
    if (!parts) return parts.error();
    auto type = content_type(parts->header);
    if (!type) return type.error();
    std::string iv;
    std::string tag;
    std::string sealed;
    if (!base64url_read(parts->iv, iv) || !base64url_read(parts->tag, tag) ||
        !base64url_read(parts->sealed, sealed)) {
        return forged("jwe: not base64url");
    }
    Opened opened;
    opened.content_type = *std::move(type);
    opened.encrypted = true;
    opened.by_next = verified.next;
    opened.plain.resize(sealed.size());
    // Only a key that has signed may have encrypted.
    const auto try_with = [&](Key& key) {
        return key.cipher.decrypt(iv, parts->header, sealed, tag, opened.plain.data());
    };
    bool good = false;
    if (verified.next && verified.next_first) good = try_with(*next);
    if (!good && verified.current) good = try_with(current);
    if (!good && verified.next && !verified.next_first) good = try_with(*next);
    if (!good) return forged("jwe: does not decrypt");
    return opened;
}

Opener::Opener(std::string kid, KeyRing keys, Direction direction)
    : state_{std::make_unique<State>(std::move(kid), keys, direction)} {}
Opener::~Opener() = default;
Opener::Opener(Opener&&) noexcept = default;
Opener& Opener::operator=(Opener&&) noexcept = default;

Result<Opened> Opener::open(const Incoming& incoming, bool require_encryption, WallMs now) {
    if (incoming.id.empty() || incoming.id.size() > kIdBytesMax) return forged("webhook-id");
    if (!is_fresh(incoming.timestamp, now)) return forged("webhook-timestamp");
    const Verified verified = state_->verify(incoming);
    if (!verified.current && !verified.next) return forged("webhook-signature");
    if (is_jose(incoming.content_type)) return state_->decrypt(incoming, verified);
    if (require_encryption) return forged("not encrypted");
    Opened opened;
    opened.plain = incoming.body;
    opened.content_type = incoming.content_type;
    opened.by_next = verified.next;
    return opened;
}

}  // namespace trunkline::seal
