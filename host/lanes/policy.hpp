#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

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

/// Which order holds. `keyed`: within each conversation. Words are stored; never change them.
enum class Order { sequential, keyed, parallel };

const char* to_string(Order order) noexcept;
/// None: not one of the three words.
std::optional<Order> order_of(std::string_view word) noexcept;

/// So many changes of a lane's order may wait one behind the other.
inline constexpr std::size_t kTurnsMax = 16;

/// From the record after `through` on, `order` holds.
struct Turn {
    std::uint64_t through = 0;
    Order order{};
};

/// How one lane behaves. A value; the defaults are the contract's.
struct LanePolicy {
    Order order = Order::sequential;
    std::uint32_t streams = 8;  ///< deliveries in flight at most, where the order allows several
    bool one_try = false;       ///< best effort: what fails is not tried again
    Milliseconds retention{std::chrono::hours{24}};
    BatchPolicy batch;
    RetryPolicy retry;
    Milliseconds timeout{15'000};  ///< of one delivery
    std::uint64_t waiting_bytes_max =
        0;  ///< of stored bodies; beyond it appends are throttled; 0 = no bound

    /// Best-effort lanes in memory: events that wait, and bytes of their bodies; beyond it the
    /// oldest is dropped.
    std::uint32_t waiting_max = 10'000;
    std::uint64_t memory_bytes_max = 8ULL << 20U;
};

}  // namespace trunkline::lanes
