#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/async/blocking_pool.hpp"
#include "host/async/loops.hpp"
#include "host/lanes/destination.hpp"
#include "host/lanes/gate.hpp"
#include "host/lanes/lane.hpp"
#include "host/lanes/memory_lane.hpp"
#include "host/store/store.hpp"

namespace trunkline::lanes {

/// What a lane is made from.
struct LaneSpec {
    std::string name;   ///< "portal/acme/messages", "account/acme-telegram"; kept in the store
    std::string owner;  ///< lanes that pause together when their receiver is gone: "portal/acme"
    std::string
        connector;  ///< keyed lanes: those that wait together when a whole connector must wait
    LanePolicy policy;
    async::Loop* home =
        nullptr;  ///< where it lives (its destination's client is of that loop); null = by name
};

/// Told about things a person should see. Called on the lane's loop; must be quick.
struct Listener {
    /// `code`: "unauthorized", "gone", "clock_drift", "storage", "rejected_too_often",
    /// "account_broken"
    std::function<void(const std::string& lane, const std::string& code, const std::string& detail)>
        alarm;
    /// The receiver said it is gone; its lanes are already being paused.
    std::function<void(const std::string& owner)> gone;
};

/// All lanes: makes, wakes, finds, pauses and ends them. Owner: main, which ends it (`stop`) before
/// loops and store. Every member may be called from a coroutine on any loop; none blocks it.
class LaneTable {
public:
    struct Services {
        async::Loops& loops;
        store::Store& store;  ///< its `on_append` is taken by the table
        async::BlockingPool& pool;
        const Clock& clock;
        GateLimits limits;  ///< of the whole process, shared out evenly over the loops
        Listener listener;
    };

    explicit LaneTable(Services services);
    ~LaneTable();
    LaneTable(const LaneTable&) = delete;
    LaneTable& operator=(const LaneTable&) = delete;

    /// Opens the lane in the store and starts it, whichever order its policy asks for. What waits
    /// in it from a time when the order was another one is delivered in that one first. `conflict`
    /// when a lane of that name already runs. `held`: begins paused (reason "opening"), for a
    /// portal that has not accepted its opening batch yet.
    async::Awaitable<Result<store::LaneId>> add(
        LaneSpec spec, std::unique_ptr<SequentialDestination> destination, bool held
    );
    /// The same for a receiver that takes one record at a time.
    async::Awaitable<Result<store::LaneId>> add_keyed(
        LaneSpec spec, std::unique_ptr<KeyedDestination> destination
    );
    /// Nothing of it is stored. The handle may be used from any thread and outlives the lane
    /// harmlessly.
    async::Awaitable<Result<std::shared_ptr<MemoryLane>>> add_best_effort(
        LaneSpec spec, std::unique_ptr<SequentialDestination> destination
    );
    /// Another policy from now on. With another order what was accepted before is delivered in the
    /// former one first; what comes meanwhile waits for that.
    async::Awaitable<Result<void>> change(std::string name, LanePolicy policy);
    /// Whether `change` to that order would be taken now: `throttled` when too many wait already.
    async::Awaitable<Result<void>> may_change(std::string name, Order order);
    /// Ends the lane and forgets it here; what it stores stays. Its destination dies on its loop,
    /// unless it is a best-effort lane's whose handle somebody still has.
    /// What is in flight may end for two seconds; then `cut` is to end it. Completes when all of it
    /// is written, so that the lane may be opened anew; a best-effort lane, which writes nothing,
    /// is not waited for.
    async::Awaitable<Result<void>> remove(
        std::string name, std::function<async::Awaitable<>()> cut = {}
    );

    async::Awaitable<std::optional<LaneStatus>> find(std::string name);
    /// Sorted by name, after `after` ("" = from the start), at most `count` (1,000 at most).
    async::Awaitable<std::vector<LaneStatus>> list(std::string after, std::size_t count);

    async::Awaitable<Result<void>> pause(std::string name, std::string reason);
    async::Awaitable<Result<void>> resume(std::string name);
    async::Awaitable<Result<void>> kick(std::string name
    );  ///< tries now instead of at the end of the wait
    async::Awaitable<> pause_owner(std::string owner, std::string reason);
    async::Awaitable<> resume_owner(std::string owner);
    /// The owner's receiver takes what comes: ends "opening", "gone" and "account_broken", and no
    /// pause that a person asked for.
    async::Awaitable<> admit_owner(std::string owner);

    /// Puts dead letters back at the tail, each with its event id, the mark and its old sequence;
    /// removes them from the dead letters in the same write. Returns how many. `not_found` names
    /// the first that is not there (nothing is done).
    async::Awaitable<Result<std::size_t>> requeue(
        std::string name, std::vector<store::Sequence> sequences
    );
    async::Awaitable<Result<std::size_t>> discard(
        std::string name, std::vector<store::Sequence> sequences
    );
    async::Awaitable<Result<std::vector<store::DeadRecord>>> dead_letters(
        std::string name, store::Sequence after, std::size_t count
    );

    /// Summed over all lanes.
    async::Awaitable<LaneFigures> figures();

    /// Asks every lane to end and waits at most `at_most` for what is in flight; afterwards nothing
    /// new starts.
    async::Awaitable<> stop(Milliseconds at_most);

private:
    class Impl;
    // Shared with work that is still on its way to a loop when the table ends.
    std::shared_ptr<Impl> impl_;
};

}  // namespace trunkline::lanes
