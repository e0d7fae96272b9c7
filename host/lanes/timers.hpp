#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>

#include "host/async/await.hpp"

namespace trunkline::lanes {

/// Calls back once, later. A waiting lane costs one entry here and nothing else: no coroutine, no
/// socket, no body. Lives on one loop; every member is called there.
class Timers {
public:
    using Token = std::uint64_t;  ///< 0 = none

    virtual ~Timers() = default;
    virtual Token after(std::chrono::milliseconds delay, std::function<void()> fire) = 0;
    virtual void cancel(Token token) = 0;  ///< one that has fired or is 0 is nothing
};

/// Many waits on one asio timer. Owner: LaneTable, one per loop.
class LoopTimers final : public Timers {
public:
    explicit LoopTimers(async::Loop& loop);
    ~LoopTimers() override;

    Token after(std::chrono::milliseconds delay, std::function<void()> fire) override;
    void cancel(Token token) override;
    void close();  ///< forgets everything; afterwards nothing is called back

private:
    using Time = std::chrono::steady_clock::time_point;
    struct State;
    static void arm(const std::shared_ptr<State>& state);

    // Shared with the pending asio wait, which may complete after this object is gone.
    std::shared_ptr<State> state_;
};

}  // namespace trunkline::lanes
