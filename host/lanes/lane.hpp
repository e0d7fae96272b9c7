#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/async/await.hpp"
#include "host/lanes/alarms.hpp"
#include "host/lanes/destination.hpp"
#include "host/lanes/drift_watch.hpp"
#include "host/lanes/gate.hpp"
#include "host/lanes/lane_memory.hpp"
#include "host/lanes/policy.hpp"
#include "host/lanes/timers.hpp"
#include "host/store/store.hpp"

/// What all kinds of lane have in common.
namespace trunkline::lanes {

/// What a person sees of a lane. A value.
struct LaneStatus {
    store::LaneId id = 0;  ///< 0 for best-effort lanes
    std::string name;
    std::string owner;
    std::string order;     ///< "sequential", "keyed"
    std::string delivery;  ///< "guaranteed", "best_effort"
    std::string state;     ///< "idle", "gathering", "delivering", "waiting", "paused", "stopped"
    std::string paused_reason;  ///< "operator", "gone", "opening", "account_broken", ...
    std::uint64_t epoch = 0;
    std::uint64_t depth = 0;  ///< events waiting
    std::uint64_t held = 0;   ///< of these, set aside behind a waiting conversation
    std::uint64_t waiting_bytes = 0;
    WallMs oldest_ms = 0;        ///< acceptance of the first one waiting; 0 = unknown or none
    std::uint32_t failures = 0;  ///< in a row
    WallMs failing_since_ms = 0;
    WallMs next_attempt_ms = 0;  ///< 0 = none planned
    int last_status = 0;
    std::string last_error;
    Alarms alarms;
};

/// Counted since the start, except the gauges at the end.
struct LaneFigures {
    std::uint64_t delivered = 0;   ///< events taken by their receiver
    std::uint64_t deliveries = 0;  ///< requests
    std::uint64_t failures = 0;
    std::uint64_t dead = 0;  ///< given up on, expired ones included
    std::uint64_t expired = 0;
    std::uint64_t dropped = 0;  ///< best-effort events
    std::uint64_t requeued = 0;
    std::uint64_t lanes = 0;  ///< gauges from here
    std::uint64_t in_flight = 0;
    std::uint64_t waiting = 0;  ///< lanes waiting after a failure
    std::uint64_t paused = 0;
    std::uint64_t depth = 0;

    LaneFigures& operator+=(const LaneFigures& other) noexcept;
};

/// Disk reads, away from the loop. `[lane's loop]`
class Reads {
public:
    virtual ~Reads() = default;
    virtual async::Awaitable<Result<std::vector<store::Record>>> records(
        store::LaneId lane, store::Sequence from, std::size_t count, std::uint64_t bytes
    ) = 0;
    virtual async::Awaitable<Result<std::vector<store::Row>>> rows(
        store::Table table, std::string prefix, std::string after, std::size_t count
    ) = 0;
};

/// What a lane lives on: the parts of its loop. Owner: LaneTable (in tests, the test); outlives
/// every lane.
struct Ground {
    async::Executor loop;
    store::Store& store;
    Reads& reads;
    const Clock& clock;
    Timers& timers;
    Gate& gate;
    DriftWatch& drift;
    std::function<double()> jitter;  ///< in [-1, 1]
    std::function<void(const std::string& lane, const std::string& code, const std::string& detail)>
        alarm;
    std::function<void(const std::string& owner)> gone;
    std::function<void(const std::string& connector, Milliseconds wait)> connector_wait;
    /// The lane has come to the end of what it was to deliver before another takes its place.
    std::function<void(const std::string& lane)> drained;
    LaneFigures& figures;  ///< of this loop
};

/// What a lane leaves to the one that takes its place.
struct Heritage {
    LanePolicy policy;  ///< but for its order
    LaneMemory memory;
    std::string held;
    std::chrono::steady_clock::time_point not_before{};
    std::unique_ptr<Alarms> alarms;
};

/// A running lane. Lives on its loop; every member is called there. Kept by a shared_ptr because
/// two owners cannot be ordered: the table, and the coroutine that moves it while something is on
/// its way.
class Lane {
public:
    virtual ~Lane() = default;

    std::shared_ptr<void>
        kept_by;  ///< owner of its ground; set by the table, so that it cannot die first

    virtual void start() = 0;
    virtual void wake() = 0;  ///< something may have been appended
    /// In force at once; completes when it is on disk, so that it holds after a restart.
    virtual async::Awaitable<Result<void>> pause(std::string reason) = 0;
    virtual async::Awaitable<Result<void>> resume() = 0;
    /// Its receiver takes what comes (again): ends the wait for that ("opening") and a pause
    /// because it was gone or broken ("gone", "account_broken"), no other.
    virtual async::Awaitable<Result<void>> admit() = 0;
    virtual void kick() = 0;                   ///< ends a wait now
    virtual void hold(Milliseconds wait) = 0;  ///< nothing starts before that
    virtual void stop() = 0;                   ///< nothing new starts; final
    virtual bool busy() const = 0;             ///< a coroutine of it still runs
    /// Another policy from now on. With another order it is that of what comes from now on: the
    /// lane delivers what came before, and tells its ground (`drained`) when that is done. In force
    /// at once; completes when it is on disk. `throttled`: too many orders wait one behind the
    /// other.
    virtual async::Awaitable<Result<void>> turn(LanePolicy policy) {
        (void)policy;
        co_return Error{Fault::unsupported, "this lane has one order"};
    }
    /// What came before the first turn is delivered.
    virtual bool drained() const { return false; }
    virtual bool stopped() const = 0;
    virtual Heritage heritage() const { return {}; }
    virtual void inherit(Heritage from) { (void)from; }  ///< before `start`

    /// Who took its place; whatever is meant for this lane is meant for that one. On its loop.
    std::shared_ptr<Lane> successor;

    virtual LaneStatus status() const = 0;
};

}  // namespace trunkline::lanes
