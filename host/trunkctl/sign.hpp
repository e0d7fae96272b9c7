#pragma once

#include <string>

#include "host/base/result.hpp"

/// Signatures of connectors, made and checked without a host. Block.
namespace trunkline::trunkctl {

struct SignedFile {
    std::string file;       ///< of the signature
    std::string connector;  ///< as its note says
    std::string version;
    std::string key;          ///< public, in base64: what plugins.trusted_keys takes
    std::string fingerprint;  ///< of the key, as lists show it
    std::string warning;      ///< "" or one line
};

/// Writes `file`.sig with the private key in `key_file`; one that is there is replaced as a whole.
/// What is no connector of this host's kind is not signed.
Result<SignedFile> sign_connector(const std::string& file, const std::string& key_file);

/// Checks `file` by `file`.sig as a host would that demands signatures and trusts `key` alone.
Result<SignedFile> verify_connector(const std::string& file, const std::string& key);

}  // namespace trunkline::trunkctl
