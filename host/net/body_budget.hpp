#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <vector>

namespace trunkline::net {

/// The memory that request bodies may take, over all connections of a server: a bound for all of
/// them and a share for each peer. When it runs short, a body whose rest has not come yet gives
/// way: the oldest one of the peer that holds the most. So who sends much and does not end harms
/// itself and nobody else. `[any]`
class BodyBudget {
public:
    /// One body in memory. Its owner uses it from one thread and calls `let_go` before it ends.
    class Body {
    public:
        std::size_t place = 0;  ///< its peer's; changed only while nothing is held
        /// Tells the owner that this body gave way. Called at most once for each time that bytes
        /// were held, from any thread and under the budget's lock: it must only pass the word on.
        std::function<void()> give_way;

    private:
        friend class BodyBudget;
        bool used_ = false;  // the owner's; the others are guarded by the budget
        bool lost_ = false;
        bool listed_ = false;
        std::uint64_t bytes_ = 0;
        std::list<Body*>::iterator position_;
    };

    BodyBudget(std::uint64_t all_max, std::uint64_t peer_max, std::size_t places)
        : all_max_{all_max}, peer_max_{peer_max}, peers_(places) {}

    /// Accounts for `bytes` more of `body`; `unfinished`: more are still to come. False: there is
    /// no room, or the body gave way to another; it holds nothing any more.
    bool hold(Body& body, std::uint64_t bytes, bool unfinished);
    void let_go(Body& body) noexcept;

    std::uint64_t held() const;  ///< bytes, of all peers

private:
    Body* oldest_of(std::size_t place) const noexcept;
    Body* first_to_give_way(const Body& newcomer) const noexcept;
    void drop(Body& body) noexcept;

    const std::uint64_t all_max_;
    const std::uint64_t peer_max_;
    mutable std::mutex mutex_;  // guards all below; held for a few steps, per 64 KiB of a body
    std::uint64_t all_ = 0;
    std::vector<std::uint64_t> peers_;  // bytes by place
    std::list<Body*> unfinished_;       // borrowed, the oldest first
};

}  // namespace trunkline::net
