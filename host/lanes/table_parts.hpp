#pragma once

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "host/lanes/lane_memory.hpp"
#include "host/lanes/lane_table.hpp"

/// The insides of the lane table; for lane_table.cpp and table_parts.cpp only.
namespace trunkline::lanes {

/// Reads on the blocking pool.
class PoolReads final : public Reads {
public:
    PoolReads(store::Store& store, async::BlockingPool& pool) : store_{store}, pool_{pool} {}
    async::Awaitable<Result<std::vector<store::Record>>> records(
        store::LaneId lane, store::Sequence from, std::size_t count, std::uint64_t bytes
    ) override;
    async::Awaitable<Result<std::vector<store::Row>>> rows(
        store::Table table, std::string prefix, std::string after, std::size_t count
    ) override;

private:
    store::Store& store_;
    async::BlockingPool& pool_;
};

/// What lanes of one loop share. Used on that loop only.
struct Side {
    Side(
        async::Loop& of,
        LaneTable::Services& services,
        Reads& reads,
        DriftWatch& drift,
        GateLimits limits
    );

    async::Loop& loop;
    LoopTimers timers;
    Gate gate;
    LaneFigures figures;
    std::mt19937_64 random;
    Ground ground;
};

/// Where the committer's thread finds the lane to wake, without a lock.
struct Slot {
    explicit Slot(Side& of) : side{of} {}

    Side& side;
    std::atomic<bool> woken{false};  // a wake is on its way to the loop
    std::weak_ptr<Lane> lane;        // on the loop only
};

/// Slots by lane id. Filled on the registry's loop, read from any thread; a slot lives as long as
/// the table.
class Directory {
public:
    static constexpr std::size_t kChunk = 1'024;
    static constexpr std::size_t kChunks = 4'096;  ///< 4,194,304 lanes

    ~Directory();
    Directory() = default;
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;

    Slot* find(store::LaneId lane) const noexcept;
    Slot* make(store::LaneId lane, Side& side);  ///< null: beyond the bound

private:
    using Chunk = std::array<std::atomic<Slot*>, kChunk>;
    std::array<std::atomic<Chunk*>, kChunks> chunks_{};
};

/// Who a lane's work is done by now. On its loop.
inline Lane& present(Lane& lane) {
    Lane* out = &lane;
    while (out->successor)
        out = out->successor.get();
    return *out;
}

/// One lane as the registry knows it.
struct Entry {
    std::shared_ptr<Lane> lane;  // null while it is being opened
    Side* side = nullptr;
    store::LaneId id = 0;
    std::string owner;
    std::string connector;
    // Of guaranteed ones:
    LaneSpec wanted;  // the policy that was asked for last
    bool succeeding = false;
    bool asked_again = false;  // meanwhile
    /// Makes the lane that takes the place of `former`, which is stopped and not busy. On the
    /// lane's loop.
    std::function<std::shared_ptr<Lane>(Side&, Lane& former, const LaneSpec&, store::LaneInfo)>
        succeed;
};

class LaneTable::Impl : public std::enable_shared_from_this<LaneTable::Impl> {
public:
    explicit Impl(Services given);
    ~Impl();

    void listen();                  // takes the store's on_append and the grounds' callbacks
    void wake(store::LaneId lane);  // [any]
    void close();                   // main, after the loops
    Side& side_of(const LaneSpec& spec);
    async::Executor registry() { return services.loops.at(0).get_executor(); }

    /// Runs `work` on `loop`'s thread and comes back to the caller's.
    template <class Work>
    static auto on(async::Executor loop, Work work)
        -> async::Awaitable<std::invoke_result_t<Work&>> {
        const auto home = co_await async::net::this_coro::executor;
        co_await async::enter(loop);
        auto value = work();
        co_await async::net::post(home, async::kAwait);
        co_return value;
    }

    using Step = std::function<async::Awaitable<Result<void>>(Lane&)>;
    /// Runs `step` as a coroutine of the lane's own loop and waits for it.
    static async::Awaitable<Result<void>> step_on(Entry entry, Step step);

    async::Awaitable<Result<void>> reserve(std::string name);
    async::Awaitable<> forget(std::string name);
    async::Awaitable<Result<store::LaneInfo>> open(LaneSpec spec);
    async::Awaitable<std::optional<Entry>> entry(std::string name);
    async::Awaitable<std::vector<Entry>> entries(std::function<bool(const Entry&)> wanted);
    using Make = std::function<std::shared_ptr<Lane>(Side&)>;
    async::Awaitable<Result<void>> begin(LaneSpec spec, store::LaneId id, Make make);
    /// What `add` is for both kinds of receiver (orders.cpp).
    template <class Kinds>
    async::Awaitable<Result<store::LaneId>> add(
        LaneSpec spec, std::unique_ptr<typename Kinds::Destination> destination, bool held
    );
    async::Awaitable<Result<Order>> order_at_start(
        const LaneSpec& spec, store::LaneInfo& info, Order usual
    );
    async::Awaitable<Result<void>> remember(store::LaneInfo& info, const LaneMemory& memory);
    async::Awaitable<> succeed(std::string name);
    async::Awaitable<std::shared_ptr<Lane>> take_turn(const Entry& entry);

    Services services;
    DriftWatch drift;
    PoolReads reads;
    std::uint64_t born_ms;  // of the last best-effort lane; on the registry's loop
    std::vector<std::unique_ptr<Side>> sides;
    Directory directory;
    std::map<std::string, Entry> lanes;  // on the registry's loop
    std::atomic<bool> stopped{false};
    std::atomic<std::uint64_t> requeued{0};
};

}  // namespace trunkline::lanes
