#pragma once

#include <trunkline/ext/crypto.h>

namespace trunkline::conform {

/// trunkline.crypto/1 as a host has it: with RS256, which the host in memory of the SDK lacks.
const tl_crypto& crypto() noexcept;

}  // namespace trunkline::conform
