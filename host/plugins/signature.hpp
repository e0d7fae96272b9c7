#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/base/result.hpp"

/// Detached signatures of connectors: `FILE.sig` beside `FILE`. The format is described in
/// docs/connectors/how-to/sign-a-connector.md. `[any]`
namespace trunkline::plugins {

/// What `FILE.sig` holds.
struct Signature {
    std::string key;        ///< Ed25519 public key, 32 bytes
    std::string signature;  ///< 64 bytes
};

/// Where the signature of a connector's file lies.
std::string signature_file(const std::string& file);

/// What is signed: two lines of text that bind the file's SHA-256 and can mean nothing else.
std::string signed_message(std::string_view bytes);

std::string to_text(const Signature& signature);
/// Fails with `malformed`.
Result<Signature> parse_signature(std::string_view text);

/// Short name of a key, for lists and logs: 16 hex digits of its SHA-256.
std::string fingerprint(std::string_view key);

/// Whose connectors may run.
struct SignaturePolicy {
    bool required = false;
    std::vector<std::string> trusted_keys;  ///< in base64, as configured
};

/// Who signed a file. A signature that does not fit its file never gets this far.
struct SignedBy {
    std::string fingerprint;  ///< "" = unsigned
    bool trusted = false;     ///< with one of the trusted keys
    std::string text;         ///< of the signature's file, as it was judged
};

/// Judges `bytes`, which were read from `file`, by the signature that lies beside `file` now. Fails
/// with `forged` when it does not fit, whoever made it, and when the policy demands more than there
/// is; with `malformed` or `not_found` when it cannot be read. One line for people. Blocks.
Result<SignedBy> judge_signature(
    const std::string& file, std::string_view bytes, const SignaturePolicy& policy
);

}  // namespace trunkline::plugins
