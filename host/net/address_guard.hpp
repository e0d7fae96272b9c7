#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/base/result.hpp"

namespace trunkline::net {

/// Decides which addresses the host may talk to. Asked about the address a socket is about to
/// connect to, never about a name, so that a name that resolves differently the second time changes
/// nothing. Immutable; `[any]`.
class AddressGuard {
public:
    /// `allow`: CIDR ranges open although private. Fails naming a range that does not parse.
    static Result<AddressGuard> make(bool allow_private, const std::vector<std::string>& allow);

    /// False for loopback, private, link-local, carrier NAT, multicast, documentation, unspecified
    /// and mapped forms of these (IPv4 in IPv6, NAT64, 6to4) unless allowed. `address` is numeric,
    /// without port.
    bool permits(std::string_view address) const noexcept;

    bool allow_private() const noexcept { return allow_private_; }

private:
    struct Range {
        std::string bytes;  ///< 4 or 16
        unsigned bits;
    };
    bool allow_private_ = false;
    std::vector<Range> allow_;
};

}  // namespace trunkline::net
