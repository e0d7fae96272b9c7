#pragma once

#include <string>
#include <string_view>

#include "host/seal/crypto.hpp"
#include "host/store/keys.hpp"

namespace trunkline::store {

/// What hides contents on disk. A sealed value is bound to its family, its key and the plain header
/// before it, so rows can neither be swapped nor be given another header. Safe from any thread.
class Vault {
public:
    Vault(const std::string& key_32_bytes, std::string salt);

    /// Appends `header` and then `plain`, sealed, to `out`.
    void seal(
        Family family,
        std::string_view key,
        std::string_view header,
        std::string_view plain,
        std::string& out
    ) const;

    /// Opens what follows the first `header_bytes` of `stored`; false when it was tampered with or
    /// the key is another.
    bool open(
        Family family,
        std::string_view key,
        std::string_view stored,
        std::size_t header_bytes,
        std::string& plain
    ) const;

    /// A digest only this store makes, so that a text cannot be guessed from it without the store's
    /// key.
    Digest digest(Family family, LaneId scope, std::string_view text) const;

private:
    seal::AtRest at_rest_;
    std::string pepper_;
};

}  // namespace trunkline::store
