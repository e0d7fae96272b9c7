#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "host/base/clock.hpp"
#include "host/base/id.hpp"
#include "host/base/secret.hpp"
#include "host/seal/crypto.hpp"

namespace trunkline::media {

/// What a media address stands for.
struct Link {
    AccountId account;      ///< empty: `ref` is the id of a file kept by the host
    std::string ref;        ///< the connector's reference
    std::string mime;       ///< as the messenger told; "" = unknown
    WallMs expires_ms = 0;  ///< when the link ends
    WallMs dies_ms = 0;     ///< when the messenger no longer has the file; 0 = it did not say
};

/// Makes and opens media addresses. The token is the link itself, encrypted and authenticated under
/// a key of its own, so nothing needs to be stored per file and nobody can make one up. Immutable;
/// `[any]`.
class Links {
public:
    /// `public_url` without a trailing slash.
    Links(std::string public_url, const Secret& store_key);

    std::string url(const Link& link, std::string_view name)
        const;  ///< ends in a harmless form of `name`
    std::optional<Link> open(std::string_view token, WallMs now) const;

private:
    std::string public_url_;
    seal::AtRest cipher_;
};

/// The file name as it may stand at the end of an address and in Content-Disposition: letters,
/// digits, '.', '-', '_' kept, the rest replaced, at most 80 characters, never empty. It ends as
/// files of `mime` do: messengers that fetch an address go by that.
std::string safe_name(std::string_view name, std::string_view mime);

}  // namespace trunkline::media
