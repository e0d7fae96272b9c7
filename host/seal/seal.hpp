#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "host/base/clock.hpp"
#include "host/base/result.hpp"
#include "host/base/secret.hpp"

/// The wire's cryptography, from published standards: HKDF-SHA256 (RFC 5869), JWE compact dir +
/// A256GCM (RFC 7516, 7518) and Standard Webhooks v1 signatures.
namespace trunkline::seal {

/// `tlk_` + base64url of 32 bytes. A value; the bytes are wiped when it dies.
class LicenseKey {
public:
    LicenseKey() = default;  ///< holds nothing; only to be assigned to
    LicenseKey(const LicenseKey&) = default;
    LicenseKey& operator=(const LicenseKey& other);
    ~LicenseKey();

    static Result<LicenseKey> parse(const Secret& text
    );  ///< `malformed`; the text is never in the error
    static LicenseKey generate();
    Secret text() const;
    const std::string& bytes() const noexcept { return bytes_; }
    bool empty() const noexcept { return bytes_.empty(); }

    friend bool operator==(const LicenseKey& a, const LicenseKey& b) noexcept;  ///< constant time

private:
    std::string bytes_;
};

enum class Direction { host_to_portal, portal_to_host };

/// The four keys one license key gives, 32 bytes each, wiped when it dies.
struct DerivedKeys {
    ~DerivedKeys();

    const std::string& sign(Direction direction) const noexcept;
    const std::string& encrypt(Direction direction) const noexcept;

    std::string sign_host_to_portal;
    std::string encrypt_host_to_portal;
    std::string sign_portal_to_host;
    std::string encrypt_portal_to_host;
};
DerivedKeys derive(const LicenseKey& key);

/// A signing key as libraries for Standard Webhooks take it: `whsec_` + base64.
Secret as_whsec(const std::string& key_32_bytes);
/// An encryption key as libraries for JOSE take it (RFC 7517):
/// {"kty":"oct","k":...,"alg":"dir","use":"enc"}.
Secret as_jwk(const std::string& key_32_bytes);

/// What a portal's keys are at one moment. While rotating there are two and both are accepted.
struct KeyRing {
    LicenseKey current;              ///< encrypts
    std::optional<LicenseKey> next;  ///< signs too, and is accepted
};

/// The ring after `promote`: the next key encrypts; the old one still signs second and is accepted,
/// until `finish`, which is a ring without `next`. From then on `Opened::by_next` says "under the
/// old key". Unchanged when there is no next key.
KeyRing promote(KeyRing ring);

/// A message as it goes over the wire.
struct Sealed {
    std::string body;          ///< the JWE, or the plain text when not encrypted
    std::string content_type;  ///< application/jose, or the content's own
    std::string id;            ///< webhook-id
    std::string timestamp;     ///< webhook-timestamp
    std::string signature;     ///< webhook-signature: one per key, the encrypting key's first
};

/// Seals for one party and direction. Contexts are reused, so one per loop; not thread-safe.
class Sealer {
public:
    Sealer(std::string kid, KeyRing keys, Direction direction);
    ~Sealer();
    Sealer(Sealer&&) noexcept;
    Sealer& operator=(Sealer&&) noexcept;

    Sealed seal(
        std::string_view plain,
        std::string_view content_type,
        bool encrypt,
        std::string_view id,
        WallMs now
    );

    /// The JWE alone, with a given iv; for the published vectors.
    std::string encrypt(std::string_view plain, std::string_view content_type, std::string_view iv);
    /// `v1,<base64>` of one key; for the published vectors.
    std::string sign(
        std::string_view id,
        std::string_view timestamp,
        std::string_view body,
        bool with_next = false
    );

private:
    struct State;
    std::unique_ptr<State> state_;
};

struct Opened {
    std::string plain;
    std::string content_type;
    bool encrypted = false;
    bool by_next = false;  ///< authentic under the next key: the other side has it
};

/// What arrived: headers as received, body as received.
struct Incoming {
    std::string_view id, timestamp, signature, content_type, body;
};

/// Verifies, then decrypts. Every refusal is `forged` (stale, wrong signature, wrong key, wrong
/// algorithm alike), so that an answer cannot tell which; `Error::context` tells the log.
/// Comparisons take constant time. `require_encryption`: a clear body is refused. Tolerance of the
/// timestamp: 5 minutes.
class Opener {
public:
    Opener(std::string kid, KeyRing keys, Direction direction);
    ~Opener();
    Opener(Opener&&) noexcept;
    Opener& operator=(Opener&&) noexcept;

    Result<Opened> open(const Incoming& incoming, bool require_encryption, WallMs now);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace trunkline::seal
