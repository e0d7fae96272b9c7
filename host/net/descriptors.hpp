#pragma once

#include <cstdint>

#include "host/net/server.hpp"

/// How many connections the process can hold: what the system grants in file descriptors, shared
/// out between the doors and everything else that needs one.
namespace trunkline::net {

/// Raises the soft limit (RLIMIT_NOFILE) to the hard one. Returns what holds now. To be called
/// once, before the doors open.
std::uint64_t raise_descriptor_limit();

/// The limits of both doors with descriptors in mind. The store, calls to messengers and portals,
/// files and logs keep half of them, at least 256 and at most 1024; the admin door has its own few,
/// which no client of the public side can take; one peer gets at most a quarter of the public ones.
struct DoorLimits {
    ServerLimits public_side;
    ServerLimits admin;
};
DoorLimits share_out(std::uint64_t descriptors);

}  // namespace trunkline::net
