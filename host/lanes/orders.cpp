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
    auto enter = [this, &spec] {
        auto& entry = lanes[spec.name];
        entry.wanted = spec;
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
    auto note = [impl, &name, policy]() -> std::optional<Entry> {
        const auto found = impl->lanes.find(name);
        if (found == impl->lanes.end() || !found->second.lane) return std::nullopt;
        found->second.wanted.policy = policy;
        return found->second;
    };
    auto entry = co_await Impl::on(impl->registry(), std::move(note));
    if (!entry) co_return Error{Fault::not_found, "no lane " + name};
    if (entry->id != 0) {
        auto spec = entry->wanted;
        const auto bounded = co_await impl->open(std::move(spec));
        if (!bounded) co_return bounded.error();
    }
    Impl::Step step = [policy](Lane& lane) { return lane.turn(policy); };
    auto done = co_await Impl::step_on(*std::move(entry), std::move(step));
    co_return done;
}

async::Awaitable<Result<void>> LaneTable::may_change(std::string name, Order order) {
    const auto impl = impl_;
    auto found = co_await impl->entry(name);
    if (!found || found->id == 0) co_return Result<void>{};
    auto look = [lane = found->lane, order] {
        const auto turns = present(*lane).heritage().memory.turns;
        return turns.size() < kTurnsMax || turns.back().order == order;
    };
    const bool may = co_await Impl::on(found->side->loop.get_executor(), std::move(look));
    if (!may) co_return Error{Fault::throttled, "lane " + name + " has earlier changes before it"};
    co_return Result<void>{};
}

// A lane has come to a turn, perhaps to several. On the registry's loop.
async::Awaitable<> LaneTable::Impl::succeed(std::string name) {
    const auto self = shared_from_this();
    const auto listed = [this, &name]() -> Entry* {
        const auto found = lanes.find(name);
        return found == lanes.end() || !found->second.lane ? nullptr : &found->second;
    };
    Entry* at = listed();
    if (at == nullptr) co_return;
    // A lane says only once that it has come to a turn, and may say it before the answer to the
    // last look is here.
    at->asked_again = true;
    if (std::exchange(at->succeeding, true)) co_return;
    while (std::exchange(at->asked_again, false) && !stopped) {
        const Entry entry = *at;
        auto lane = co_await take_turn(entry);
        at = listed();
        if (at == nullptr) co_return;           // removed meanwhile, whoever did its work
        if (at->lane != entry.lane) co_return;  // it is another one by now
        if (lane == nullptr) continue;
        at->lane = std::move(lane);
        at->asked_again = true;
    }
    at->succeeding = false;
}

// Null: there is no turn to take now. Otherwise the one that goes on, which has begun.
async::Awaitable<std::shared_ptr<Lane>> LaneTable::Impl::take_turn(const Entry& entry) {
    const auto self = shared_from_this();
    const auto former = entry.lane;
    const auto loop = entry.side->loop.get_executor();
    while (!stopped) {
        enum class How { no_more, busy, ready };
        LaneMemory memory;
        std::string text;
        auto look = [&former, &memory, &text] {
            if (former->successor || former->stopped() || !former->drained()) return How::no_more;
            if (former->busy()) return How::busy;
            memory = former->heritage().memory;
            text = memory.to_text();
            return How::ready;
        };
        const How how = co_await on(loop, std::move(look));
        if (how == How::no_more) break;
        if (how == How::busy) {
            co_await async::pause(kRestLook);
            continue;
        }
        // On disk first: what is delivered in an order is known to be.
        auto next = memory;
        next.order = memory.turns.front().order;
        next.turns.erase(next.turns.begin());
        auto info = services.store.lane(entry.id);
        if (!info) break;
        const auto written = co_await remember(*info, next);
        if (!written) {
            co_await async::pause(kDiskLook);  // what comes waits
            continue;
        }
        auto spec = entry.wanted;
        spec.policy.order = *next.order;
        std::shared_ptr<Lane> lane;
        auto take = [&, this] {
            auto heritage = former->heritage();
            if (former->stopped() || former->busy() || heritage.memory.to_text() != text)
                return false;  // somebody was quicker
            former->stop();
            heritage.memory = next;
            // A change that was told to the former one alone holds for who takes its place.
            spec.policy = heritage.policy;
            spec.policy.order = *next.order;
            const auto found = services.store.lane(entry.id);
            lane = entry.succeed(*entry.side, *former, spec, found ? *found : *info);
            lane->kept_by = self;
            lane->inherit(std::move(heritage));
            former->successor = lane;
            if (auto* slot = directory.find(entry.id)) slot->lane = lane;
            lane->start();
            return true;
        };
        const bool taken = co_await on(loop, std::move(take));
        if (taken) {
            spdlog::info("lane.order_changed lane={} order={}", spec.name, to_string(*next.order));
            co_return lane;
        }
        // What the former is now is what is to be found after a kill.
        auto again = [&former, &memory] {
            memory = former->heritage().memory;
            return former->stopped();
        };
        const bool gone = co_await on(loop, std::move(again));
        if (gone) break;  // what another makes of the lane is not to be written over
        const auto back = co_await remember(*info, memory);
        if (!back) co_await async::pause(kRestLook);
    }
    co_return nullptr;
}

}  // namespace trunkline::lanes
