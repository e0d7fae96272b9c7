#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "host/base/result.hpp"

/// Ed25519 (RFC 8032), for what is signed once and checked often: files of connectors.
namespace trunkline::seal {

inline constexpr std::size_t kEd25519KeyBytes = 32;
inline constexpr std::size_t kEd25519SignatureBytes = 64;

/// Whether these bytes can be somebody's public key: 32 of them, a canonical point of the curve,
/// and not one of the few of small order, under which anybody can sign. 32 zero bytes are such a
/// point, and they are what a forgotten placeholder looks like.
bool is_ed25519_key(std::string_view key) noexcept;

/// A public key as people hand it around, in base64: its 32 bytes, or `malformed`.
Result<std::string> parse_ed25519_key(std::string_view text);

/// False for anything that does not verify, and under every key that is none.
bool verify_ed25519(std::string_view key, std::string_view message, std::string_view signature);

/// A private key. A resource; OpenSSL cleanses its bytes.
class Ed25519Signer {
public:
    /// As `openssl genpkey -algorithm ed25519` writes it. `malformed` otherwise; the text is never
    /// in the error.
    static Result<Ed25519Signer> from_pem(std::string_view pem);
    ~Ed25519Signer();
    Ed25519Signer(Ed25519Signer&&) noexcept;
    Ed25519Signer& operator=(Ed25519Signer&&) noexcept;

    std::string public_key() const;
    std::string sign(std::string_view message) const;

private:
    struct State;
    explicit Ed25519Signer(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

}  // namespace trunkline::seal
