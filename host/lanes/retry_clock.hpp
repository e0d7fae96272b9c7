#pragma once

#include <cstdint>
#include <optional>

#include "host/lanes/policy.hpp"

namespace trunkline::lanes {

/// Retry, circuit breaker and adaptive batch size, all from one clock. A failure opens the breaker
/// for the wait it returns; after the wait it is half open: exactly one request with one event. A
/// success closes it, and batches grow again 1, 2, 4, ... up to the policy's size. A value, no
/// clock of its own.
class RetryClock {
public:
    static constexpr Milliseconds kToldMin{1'000};  ///< contract: Retry-After, 1 s ...
    static constexpr Milliseconds kToldMax{std::chrono::hours{1}};  ///< ... to 1 h

    explicit RetryClock(RetryPolicy policy) : policy_{policy} {}

    /// Takes down a failure and returns how long to wait. `told`: the other side's Retry-After,
    /// kept to its bounds and then obeyed exactly. `jitter` in [-1, 1] spreads our own wait by 20 %
    /// of it.
    Milliseconds failed(std::optional<Milliseconds> told, double jitter);

    void succeeded() noexcept;

    /// Other waits from the next failure on.
    void adopt(RetryPolicy policy) noexcept { policy_ = policy; }

    /// Goes on where an earlier process stopped.
    void restore(std::uint32_t failures) noexcept;

    std::uint32_t failures() const noexcept { return failures_; }  ///< in a row
    bool half_open() const noexcept { return failures_ > 0; }
    std::uint32_t batch_max(std::uint32_t configured
    ) const noexcept;  ///< events that the next request may carry

private:
    RetryPolicy policy_;
    std::uint32_t failures_ = 0;
    std::uint32_t ramp_ = 0;  ///< events allowed after a failure; 0 = no bound
};

}  // namespace trunkline::lanes
