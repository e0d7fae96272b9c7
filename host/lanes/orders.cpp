// Which kind of lane keeps which order, and how a lane changes its order: the one there is delivers
// what was accepted before, then another takes its place.
#include <utility>

#include <spdlog/spdlog.h>

#include "host/lanes/batch_lane.hpp"
#include "host/lanes/held_rows.hpp"
#include "host/lanes/keyed_lane.hpp"
#include "host/lanes/sequential_lane.hpp"
#include "host/lanes/table_parts.hpp"

namespace trunkline::lanes {
namespace {

constexpr std::chrono::milliseconds kRestLook{5};
constexpr std::chrono::milliseconds kDiskLook{1'000};

constexpr std::size_t kTurnsMax = 16;

template <class Made>
typename Made::Setup setup_of(const LaneSpec& spec, store::LaneInfo info, bool held) {
    typename Made::Setup setup;
    setup.name = spec.name;
    setup.owner = spec.owner;
    setup.policy = spec.policy;
    setup.info = std::move(info);
    if (held) setup.held = "opening";
    return setup;
}

/// Receivers that take batches.
struct ForBatches {
    using Destination = SequentialDestination;
    static constexpr Order kUsual = Order::sequential;

    static std::shared_ptr<Lane> make(
        Side& side,
        const LaneSpec& spec,
        store::LaneInfo info,
        std::unique_ptr<Destination> to,
        bool held
    ) {
        if (spec.policy.order == Order::sequential)
            return std::make_shared<SequentialLane>(
                side.ground, setup_of<SequentialLane>(spec, std::move(info), held), std::move(to)
            );
        return std::make_shared<BatchLane>(
            side.ground, setup_of<BatchLane>(spec, std::move(info), held), std::move(to)
        );
    }
    static std::unique_ptr<Destination> release(Lane& former) {
        if (auto* sequential = dynamic_cast<SequentialLane*>(&former)) return sequential->release();
        return dynamic_cast<BatchLane&>(former).release();
    }
};

/// Receivers that take one record at a time.
struct OneByOne {
    using Destination = KeyedDestination;
    static constexpr Order kUsual = Order::keyed;

    static std::shared_ptr<Lane> make(
        Side& side,
        const LaneSpec& spec,
        store::LaneInfo info,
        std::unique_ptr<Destination> to,
        bool held
    ) {
        auto setup = setup_of<KeyedLane>(spec, std::move(info), held);
        setup.connector = spec.connector;
        return std::make_shared<KeyedLane>(side.ground, std::move(setup), std::move(to));
    }
    static std::unique_ptr<Destination> release(Lane& former) {
        return dynamic_cast<KeyedLane&>(former).release();
    }
};

}  // namespace

async::Awaitable<Result<void>> LaneTable::Impl::remember(
    store::LaneInfo& info, const LaneMemory& memory
) {
    info.state = memory.to_text();
    store::Batch batch;
    batch.states.push_back({.lane = info.id, .state = info.state});
    const auto written = co_await services.store.commit(std::move(batch));
    if (!written) co_return written.error();
    co_return Result<void>{};
}

/// The order in which the lane must begin: the wanted one, unless something waits from a time when
/// it was another.
async::Awaitable<Result<Order>> LaneTable::Impl::order_at_start(
    const LaneSpec& spec, store::LaneInfo& info, Order usual
) {
    const Order wanted = spec.policy.order;
    auto memory = LaneMemory::from_text(info.state);
    const Order present = memory.order.value_or(usual);
    const Order last = memory.turns.empty() ? present : memory.turns.back().order;
    if (last == wanted) co_return present;
    auto prefix = held_prefix(info.id);
    std::string from_the_start;
    auto aside =
        co_await reads.rows(store::Table::held, std::move(prefix), std::move(from_the_start), 1);
    if (!aside) co_return aside.error();
    const bool waits = info.head != info.tail || !aside->empty();
    if (waits) {
        memory.turns.push_back({info.tail - 1, wanted});
        spdlog::info(
            "lane.draining lane={} order={} before={}",
            spec.name,
            to_string(present),
            to_string(wanted)
        );
    } else {
        memory.order = wanted;
        memory.turns.clear();
    }
    const auto remembered = co_await remember(info, memory);
    if (!remembered) co_return remembered.error();
    co_return waits ? present : wanted;
}

template <class Kinds>
async::Awaitable<Result<store::LaneId>> LaneTable::Impl::add(
    LaneSpec spec, std::unique_ptr<typename Kinds::Destination> destination, bool held
) {
    const auto reserved = co_await reserve(spec.name);
    if (!reserved) co_return reserved.error();
    auto info = co_await open(spec);
    if (!info) {
        co_await forget(spec.name);
        co_return info.error();
    }
    const auto order = co_await order_at_start(spec, *info, Kinds::kUsual);
    if (!order) {
        co_await forget(spec.name);
        co_return order.error();
    }
    const auto id = info->id;
    auto present = spec;
    present.policy.order = *order;
    auto enter = [this, &spec, &info, order = *order] {
        auto& entry = lanes[spec.name];
        entry.wanted = spec;
        entry.order = order;
        entry.turns = LaneMemory::from_text(info->state).turns;
        entry.succeed = [](Side& side, Lane& former, const LaneSpec& next, store::LaneInfo found) {
            return Kinds::make(side, next, std::move(found), Kinds::release(former), false);
        };
        return true;
    };
    [[maybe_unused]] const bool entered = co_await on(registry(), std::move(enter));
    // Shared only because a std::function must be copyable; the lane takes it out.
    auto to =
        std::make_shared<std::unique_ptr<typename Kinds::Destination>>(std::move(destination));
    Make make = [present, info = *std::move(info), to, held](Side& side) {
        return Kinds::make(side, present, info, std::move(*to), held);
    };
    const auto begun = co_await begin(std::move(present), id, std::move(make));
    if (!begun) co_return begun.error();
    co_return id;
}

async::Awaitable<Result<store::LaneId>> LaneTable::add(
    LaneSpec spec, std::unique_ptr<SequentialDestination> destination, bool held
) {
    const auto impl = impl_;
    auto added = co_await impl->add<ForBatches>(std::move(spec), std::move(destination), held);
    co_return added;
}

async::Awaitable<Result<store::LaneId>> LaneTable::add_keyed(
    LaneSpec spec, std::unique_ptr<KeyedDestination> destination
) {
    const auto impl = impl_;
    auto added = co_await impl->add<OneByOne>(std::move(spec), std::move(destination), false);
    co_return added;
}

async::Awaitable<Result<void>> LaneTable::change(std::string name, LanePolicy policy) {
    const auto impl = impl_;
    // What is there now, and the turns with the new one; the last records before it are those that
    // were appended until now.
    auto note = [impl, &name, policy]() -> Result<Entry> {
        const auto found = impl->lanes.find(name);
        if (found == impl->lanes.end() || !found->second.lane || found->second.id == 0)
            return Error{Fault::not_found, "no guaranteed lane " + name};
        Entry& entry = found->second;
        const Order last = entry.turns.empty() ? entry.order : entry.turns.back().order;
        if (last != policy.order) {
            if (entry.turns.size() >= kTurnsMax)
                return Error{
                    Fault::throttled,
                    "lane " + name + " has still to deliver what came before earlier changes"};
            const auto info = impl->services.store.lane(entry.id);
            entry.turns.push_back({info ? info->tail - 1 : 0, policy.order});
        }
        entry.wanted.policy = policy;
        return entry;
    };
    auto entry = co_await Impl::on(impl->registry(), std::move(note));
    if (!entry) co_return entry.error();
    Impl::Step step = [entry = *entry, policy](Lane& lane) -> async::Awaitable<Result<void>> {
        auto present = policy;
        present.order = entry.order;
        lane.adopt(present);
        auto turns = entry.turns;
        auto planned = co_await lane.plan(std::move(turns));
        co_return planned;
    };
    auto done = co_await Impl::step_on(*std::move(entry), std::move(step));
    co_return done;
}

// The lane has come to its first turn. On the registry's loop.
async::Awaitable<> LaneTable::Impl::succeed(std::string name) {
    const auto self = shared_from_this();
    const auto present = [this, &name](const std::shared_ptr<Lane>& lane) -> Entry* {
        const auto found = lanes.find(name);
        const bool there =
            found != lanes.end() && found->second.lane && !found->second.turns.empty();
        return there && (!lane || found->second.lane == lane) ? &found->second : nullptr;
    };
    const Entry* found = present(nullptr);
    if (found == nullptr) co_return;
    const auto former = found->lane;
    const auto side = found->side;
    const auto id = found->id;
    const auto loop = side->loop.get_executor();
    for (bool rests = false; !rests;) {
        auto look = [former] {
            if (!former->drained()) return -1;
            if (former->busy()) return 0;
            former->stop();
            return 1;
        };
        const int how = co_await on(loop, std::move(look));
        if (how < 0 || stopped) co_return;
        rests = how > 0;
        if (!rests) co_await async::pause(kRestLook);
    }
    auto info = services.store.lane(id);
    if (!info) co_return;
    auto memory = LaneMemory::from_text(info->state);
    LaneSpec next;
    for (bool noted = false; !noted;) {
        found = present(former);
        if (found == nullptr || stopped) co_return;  // closed meanwhile
        next = found->wanted;
        next.policy.order = found->turns.front().order;
        memory.order = next.policy.order;
        memory.turns.assign(found->turns.begin() + 1, found->turns.end());
        const auto written = co_await remember(*info, memory);
        noted = written.has_value();
        if (!noted) co_await async::pause(kDiskLook);  // what comes waits
    }
    found = present(former);
    if (found == nullptr || stopped) co_return;
    Slot* slot = directory.find(id);
    auto build = [self, side, former, slot, make = found->succeed, next, info = *std::move(info)] {
        auto lane = make(*side, *former, next, info);
        lane->kept_by = self;
        if (slot != nullptr) slot->lane = lane;
        return lane;
    };
    auto lane = co_await on(loop, std::move(build));
    // Changes may have come while that was written down.
    auto list = [&present, former, lane, &next]() -> std::optional<std::vector<Turn>> {
        Entry* entry = present(former);
        if (entry == nullptr) return std::nullopt;
        entry->lane = lane;
        entry->order = next.policy.order;
        entry->turns.erase(entry->turns.begin());
        return entry->turns;
    };
    const auto turns = co_await on(registry(), std::move(list));
    spdlog::info("lane.order_changed lane={} order={}", name, to_string(next.policy.order));
    auto start = [lane, goes = turns.has_value(), former] {
        if (goes)
            lane->start();
        else
            lane->stop();
        return true;
    };
    [[maybe_unused]] const bool started = co_await on(loop, std::move(start));
    if (turns && turns->size() != memory.turns.size()) {
        Entry entry;
        entry.lane = lane;
        entry.side = side;
        Step step = [turns = *turns](Lane& now) { return now.plan(turns); };
        [[maybe_unused]] const auto planned = co_await step_on(std::move(entry), std::move(step));
    }
}

}  // namespace trunkline::lanes
