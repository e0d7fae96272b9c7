#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "host/base/result.hpp"

/// The primitives other folders may use without including OpenSSL.
namespace trunkline::seal {

bool equal_in_constant_time(
    std::string_view a, std::string_view b
) noexcept;                                  ///< lengths may leak, content may not
std::string sha256(std::string_view bytes);  ///< 32 bytes
std::string hmac_sha256(std::string_view key, std::string_view bytes);  ///< 32 bytes
std::string hkdf_sha256(
    std::string_view ikm, std::string_view info, std::size_t size
);  ///< empty salt
std::string random_bytes(std::size_t count);
/// RS256 (RFC 7518 3.3); `modulus` and `exponent` big endian. False for anything that does not
/// verify.
bool verify_rs256(
    std::string_view modulus,
    std::string_view exponent,
    std::string_view data,
    std::string_view signature
);

/// SHA-256 over pieces. A resource, one thread.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    void update(std::string_view bytes);
    std::string finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// AES-256-GCM for what is stored: 12 bytes iv, ciphertext, 16 bytes tag. Keep one object per key
/// and process: an iv is random once per thread inside, and counted from there. `context` binds a
/// value to its place, so that rows cannot be swapped on disk. Safe from any thread (each keeps its
/// own cipher context).
class AtRest {
public:
    explicit AtRest(std::string key_32_bytes);
    ~AtRest();
    AtRest(AtRest&&) noexcept;

    void encrypt(std::string_view context, std::string_view plain, std::string& out)
        const;  ///< appends to out
    bool decrypt(std::string_view context, std::string_view sealed, std::string& out)
        const;  ///< false: tampered or wrong key

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace trunkline::seal
