#pragma once

#include "host/config/section.hpp"

/// Which keys the larger sections have; `config.cpp` binds the others.
namespace trunkline::config {

inline constexpr std::uint64_t kKiB = 1ULL << 10U;
inline constexpr std::uint64_t kMiB = 1ULL << 20U;
inline constexpr std::uint64_t kGiB = 1ULL << 30U;

void bind_portal(Section& s, Portal& portal);

}  // namespace trunkline::config
