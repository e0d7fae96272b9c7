#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "host/base/result.hpp"
#include "host/seal/evp.hpp"

/// JWE compact serialisation (RFC 7516) with `dir` and `A256GCM` (RFC 7518) and nothing else.
namespace trunkline::seal {

/// Longest protected header that is looked at, decoded. Ours has about 80 bytes.
inline constexpr std::size_t kHeaderBytesMax = 1024;

/// The protected header, encoded. Members in the order of the published vectors.
std::string jwe_header(std::string_view kid, std::string_view content_type);

/// `header..iv.ciphertext.tag`.
std::string jwe_encrypt(
    Gcm& cipher, std::string_view encoded_header, std::string_view iv, std::string_view plain
);

/// The five parts of a compact JWE, borrowed from the text.
struct JweParts {
    std::string_view header;  ///< encoded; authenticated by the tag in this form
    std::string_view iv, sealed, tag;
};

/// Exactly five parts with an empty encrypted key (RFC 7518 4.5); `forged` for anything else.
Result<JweParts> jwe_split(std::string_view text);

/// Reads the protected header and returns `cty`, as a full media type. `forged` unless `alg` is
/// dir, `enc` is A256GCM, `kid` is ours, and there is neither `crit` nor `zip`.
Result<std::string> jwe_content_type(std::string_view encoded_header, std::string_view kid);

}  // namespace trunkline::seal
