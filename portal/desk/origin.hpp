#pragma once

#include <optional>
#include <string>

#include "host/net/server.hpp"

namespace trunkline::portal::desk {

/// Keeps other sites out of the API, although nobody signs in: a page elsewhere must neither make
/// the browser act here (cross-site requests) nor read from here (a name rebound to this address).
/// Immutable.
class Origin {
public:
    /// `public_url`: what browsers see. On loopback its plain names are good too, with any port.
    Origin(std::string public_url, bool on_loopback);

    /// The refusal for a request to the page or its API; none when it may pass.
    std::optional<net::Response> refusal(const net::RequestHead& head) const;

private:
    bool known_host(std::string_view host) const;

    std::string authority_;
    bool on_loopback_;
};

}  // namespace trunkline::portal::desk
