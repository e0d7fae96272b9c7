#include "host/net/descriptors.hpp"

#include <algorithm>

#include <spdlog/spdlog.h>
#include <sys/resource.h>

namespace trunkline::net {

std::uint64_t raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;  // what POSIX systems begin with
    const rlimit raised{limit.rlim_max, limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) return limit.rlim_max;
    return limit.rlim_cur;
}

DoorLimits share_out(std::uint64_t descriptors) {
    constexpr std::uint64_t kAdminMax = 64;
    constexpr std::uint64_t kLeast = 16;  // of the public side, however little there is
    const std::uint64_t others = std::clamp<std::uint64_t>(descriptors / 2, 256, 1024);
    const std::uint64_t taken = others + kAdminMax;
    const std::uint64_t left = descriptors > taken + kLeast ? descriptors - taken : kLeast;

    DoorLimits out;
    ServerLimits& open = out.public_side;
    // Who is refused needs a descriptor too, until it was told.
    open.refusals_max = static_cast<std::uint32_t>(std::min<std::uint64_t>(left / 16, 256));
    open.connections_max = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(left - open.refusals_max, open.connections_max)
    );
    open.connections_per_peer_max =
        std::min(open.connections_per_peer_max, open.connections_max / 4);
    // Its clients are few, and often behind one address.
    out.admin.refusals_max = 4;
    out.admin.connections_max = kAdminMax - out.admin.refusals_max;
    out.admin.connections_per_peer_max = out.admin.connections_max;
    spdlog::info(
        "net.descriptors limit={} public_connections={} per_peer={} admin_connections={}",
        descriptors,
        open.connections_max,
        open.connections_per_peer_max,
        out.admin.connections_max
    );
    return out;
}

}  // namespace trunkline::net
