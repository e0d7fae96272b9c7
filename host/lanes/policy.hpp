#pragma once

#include <chrono>
#include <cstdint>

namespace trunkline::lanes {

using Milliseconds = std::chrono::milliseconds;

/// When waiting events leave together. Whichever bound is reached first.
struct BatchPolicy {
    std::uint32_t max_messages = 64;
    std::uint64_t max_bytes =
        1ULL << 20U;          ///< of stored bodies; a single larger event still goes, alone
    Milliseconds linger{20};  ///< since the first waiting event of an idle lane
};

/// The one clock for waiting after a failure: `first` doubled up to `max`, each +-20 %.
struct RetryPolicy {
    Milliseconds first{1'000};
    Milliseconds max{300'000};
};

/// How one lane behaves. A value; the defaults are the contract's.
struct LanePolicy {
    Milliseconds retention{std::chrono::hours{24}};
    BatchPolicy batch;
    RetryPolicy retry;
    Milliseconds timeout{15'000};  ///< of one delivery; kept by the destination
    std::uint64_t waiting_bytes_max =
        0;  ///< of stored bodies; beyond it appends are throttled; 0 = no bound

    std::uint32_t conversations_at_once =
        8;  ///< keyed lanes: deliveries in flight, one per conversation
    std::uint32_t waiting_max =
        10'000;  ///< best-effort lanes: conversations remembered, beyond it the oldest is dropped
};

}  // namespace trunkline::lanes
