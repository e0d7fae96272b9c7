#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "host/async/await.hpp"

namespace trunkline::lanes {

/// Bounds over all lanes. A whole process has one set, each loop an even share of it (at least one
/// of everything).
struct GateLimits {
    std::uint32_t in_flight_max = 2'000;
    std::uint32_t per_target_max = 64;
    std::uint32_t slow_percent_max =
        50;  ///< of each of the others, for lanes that failed or are slow
    std::uint64_t bytes_max = 256ULL << 20U;  ///< bodies in flight

    GateLimits share_of(std::size_t loops) const noexcept;
};

/// Who may deliver now. Lanes that must wait are let in first come, first served, passing over
/// those whose own bound (target, slow class) is the obstacle; so a lane with a million events gets
/// one batch a round like all others. A hundred thousand may wait: who is next is found without
/// going through them. Lives on one loop.
class Gate {
public:
    /// What a delivery occupies. Given back when it dies, on the gate's loop. A resource, movable.
    class Pass {
    public:
        Pass() = default;
        Pass(Pass&& other) noexcept;
        Pass& operator=(Pass&& other) noexcept;
        ~Pass();

        explicit operator bool() const noexcept { return gate_ != nullptr; }
        void shrink(std::uint64_t bytes);  ///< gives back what was reserved beyond `bytes`
        void release();

    private:
        friend class Gate;
        Gate* gate_ = nullptr;
        std::string target_;
        std::uint64_t bytes_ = 0;
        bool slow_ = false;
    };

    struct Wish {
        std::string target;
        std::uint64_t bytes =
            0;  ///< the most it may need; more than the whole budget is let in alone
        bool slow = false;
    };

    Gate(async::Executor loop, GateLimits limits);
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;

    /// Waits for room. An empty pass means that the gate was closed.
    async::Awaitable<Pass> enter(Wish wish);
    void close();  ///< whoever waits leaves empty-handed, and nobody enters any more

    std::uint32_t in_flight() const noexcept { return in_flight_; }
    std::uint64_t bytes() const noexcept { return bytes_; }
    std::size_t waiting() const noexcept { return waiting_; }

private:
    struct Waiter;
    using Ticket = std::uint64_t;
    /// All that concerns one target.
    struct Line {
        std::uint32_t in_flight = 0;
        std::uint32_t slow = 0;                     ///< of them
        std::array<std::list<Waiter*>, 2> waiting;  ///< quick, slow; each lives in its coroutine
    };

    bool fits_target(const Line& line, bool slow) const;
    bool fits_slow(std::uint64_t bytes) const;
    bool fits_bytes(std::uint64_t bytes) const {
        return bytes_ == 0 || bytes_ + bytes <= limits_.bytes_max;
    }
    void take(Line& line, const Wish& wish, Pass& pass);
    void give_back(Pass& pass);
    void let_in();
    Waiter* next() const;
    void show(Line& line);
    void hide(const Line& line);
    void leave(Waiter& waiter);

    async::Executor loop_;
    GateLimits limits_;
    std::uint32_t in_flight_ = 0;
    std::uint32_t slow_ = 0;
    std::uint64_t slow_bytes_ = 0;
    std::uint64_t bytes_ = 0;
    std::unordered_map<std::string, Line> lines_;  // of targets with somebody in flight or waiting
    // The first of each line whose target has room, by when they came: quick and slow ones.
    std::array<std::map<Ticket, Waiter*>, 2> ready_;
    Ticket next_ticket_ = 1;
    std::size_t waiting_ = 0;
    bool closed_ = false;
};

}  // namespace trunkline::lanes
