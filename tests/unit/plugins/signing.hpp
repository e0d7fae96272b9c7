#pragma once

#include <string>

#include <gtest/gtest.h>

#include "host/base/base64.hpp"
#include "host/plugins/signature.hpp"
#include "host/seal/ed25519.hpp"

namespace trunkline::plugins {

/// Somebody with a private key.
class Signer {
public:
    /// A key made of 32 times the same byte, in PKCS #8 (RFC 8410).
    explicit Signer(char secret)
        : pem_{
              "-----BEGIN PRIVATE KEY-----\n" +
              base64_encode(std::string{kPrefix, 16} + std::string(32, secret)) +
              "\n-----END PRIVATE KEY-----\n"} {}

    const std::string& pem() const { return pem_; }
    std::string key() const { return signer().public_key(); }
    std::string public_key() const { return base64_encode(key()); }
    std::string sign(const std::string& message) const { return signer().sign(message); }
    std::string file_for(const std::string& bytes) const {
        return to_text({key(), sign(signed_message(bytes))});
    }

private:
    static constexpr const char* kPrefix =
        "\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";

    seal::Ed25519Signer signer() const { return *seal::Ed25519Signer::from_pem(pem_); }

    std::string pem_;
};

}  // namespace trunkline::plugins
