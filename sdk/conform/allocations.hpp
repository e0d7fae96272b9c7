#pragma once

#include <cstdint>

namespace trunkline::conform {

/// Blocks and bytes asked of the heap by this process so far, by whomever.
struct Allocations {
    std::uint64_t made = 0, freed = 0, bytes = 0;
};

Allocations allocations() noexcept;

/// False when something else stands in for the heap.
bool allocations_are_counted() noexcept;

}  // namespace trunkline::conform
