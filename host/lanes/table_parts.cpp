#include "host/lanes/table_parts.hpp"

#include <utility>

#include <boost/asio/post.hpp>

#include "host/async/spawn.hpp"

namespace trunkline::lanes {

async::Awaitable<Result<std::vector<store::Record>>> PoolReads::records(
    store::LaneId lane, store::Sequence from, std::size_t count, std::uint64_t bytes
) {
    // Nearly always: what has just come goes out at once. Much of it is work for somebody else.
    constexpr std::size_t kBatch = 128;
    if (count <= kBatch) {
        auto at_once = store_.read_at_once(lane, from, count, bytes);
        if (at_once) co_return *std::move(at_once);
    }
    const auto ask = [&store = store_, lane, from, count, bytes] {
        return store.read(lane, from, count, bytes);
    };
    auto read = co_await pool_.run(ask);
    co_return read;
}

async::Awaitable<Result<std::vector<store::Row>>> PoolReads::rows(
    store::Table table, std::string prefix, std::string after, std::size_t count
) {
    const auto look = [&store = store_, table, &prefix, &after, count] {
        return store.rows(table, prefix, after, count);
    };
    auto read = co_await pool_.run(look);
    co_return read;
}

Side::Side(
    async::Loop& of,
    LaneTable::Services& services,
    Reads& reads,
    DriftWatch& drift,
    GateLimits limits
)
    : loop{of},
      timers{of},
      gate{of.get_executor(), limits},
      random{std::random_device{}()},
      ground{
          .loop = of.get_executor(),
          .store = services.store,
          .reads = reads,
          .clock = services.clock,
          .timers = timers,
          .gate = gate,
          .drift = drift,
          .jitter =
              [this] {
                  return std::uniform_real_distribution<double>{-1.0, 1.0}(random);
              },
          .alarm = services.listener.alarm,
          .gone = {},
          .connector_wait = {},
          .drained = {},
          .figures = figures,
      } {}

Directory::~Directory() {
    for (auto& chunk : chunks_) {
        const std::unique_ptr<Chunk> owned{chunk.load()};
        if (!owned) continue;
        for (auto& slot : *owned)
            delete slot.load();
    }
}

Slot* Directory::find(store::LaneId lane) const noexcept {
    if (lane / kChunk >= kChunks) return nullptr;
    const auto* chunk = chunks_[lane / kChunk].load(std::memory_order_acquire);
    return chunk == nullptr ? nullptr : (*chunk)[lane % kChunk].load(std::memory_order_acquire);
}

Slot* Directory::make(store::LaneId lane, Side& side) {
    if (lane / kChunk >= kChunks) return nullptr;
    auto& at = chunks_[lane / kChunk];
    if (at.load() == nullptr)
        at.store(std::make_unique<Chunk>().release(), std::memory_order_release);
    auto& slot = (*at.load())[lane % kChunk];
    // A lane that was removed and comes back keeps its loop only if its name does, which it is
    // hashed by; a home that was given may differ, and then the old slot would wake it on the wrong
    // loop.
    if (auto* old = slot.load(); old != nullptr) return &old->side == &side ? old : nullptr;
    slot.store(std::make_unique<Slot>(side).release(), std::memory_order_release);
    return slot.load();
}

LaneTable::Impl::Impl(Services given)
    : services{std::move(given)},
      drift{services.clock},
      reads{services.store, services.pool},
      born_ms{static_cast<std::uint64_t>(services.clock.wall_ms())} {
    const auto limits = services.limits.share_of(services.loops.size());
    for (std::size_t i = 0; i < services.loops.size(); ++i) {
        sides.push_back(std::make_unique<Side>(services.loops.at(i), services, reads, drift, limits)
        );
    }
}

LaneTable::Impl::~Impl() = default;

void LaneTable::Impl::listen() {
    services.store.on_append([weak = weak_from_this()](store::LaneId lane) {
        if (const auto self = weak.lock()) self->wake(lane);
    });
    for (auto& side : sides) {
        side->ground.gone = [weak = weak_from_this()](const std::string& owner) {
            const auto self = weak.lock();
            if (!self) return;
            if (self->services.listener.gone) self->services.listener.gone(owner);
            async::spawn(self->registry(), "lanes.gone", [self, owner]() -> async::Awaitable<> {
                std::function<bool(const Entry&)> wanted = [owner](const Entry& entry) {
                    return entry.owner == owner;
                };
                auto of_owner = co_await self->entries(std::move(wanted));
                for (auto& entry : of_owner) {
                    Step step = [](Lane& lane) { return lane.pause("gone"); };
                    [[maybe_unused]] const auto paused =
                        co_await step_on(std::move(entry), std::move(step));
                }
            });
        };
        side->ground.drained = [weak = weak_from_this()](const std::string& lane) {
            const auto self = weak.lock();
            if (!self) return;
            async::spawn(self->registry(), "lanes.succeed", [self, lane] {
                return self->succeed(lane);
            });
        };
        side->ground.connector_wait =
            [weak = weak_from_this()](const std::string& connector, Milliseconds wait) {
                const auto self = weak.lock();
                if (!self || connector.empty()) return;
                async::spawn(
                    self->registry(),
                    "lanes.hold",
                    [self, connector, wait]() -> async::Awaitable<> {
                        std::function<bool(const Entry&)> wanted = [connector](const Entry& entry) {
                            return entry.connector == connector;
                        };
                        auto same = co_await self->entries(std::move(wanted));
                        for (auto& entry : same) {
                            async::net::post(entry.side->loop, [lane = entry.lane, wait] {
                                present(*lane).hold(wait);
                            });
                        }
                    }
                );
            };
    }
}

void LaneTable::Impl::wake(store::LaneId lane) {
    auto* slot = directory.find(lane);
    if (slot == nullptr || slot->woken.exchange(true)) return;
    async::net::post(slot->side.loop, [self = shared_from_this(), slot] {
        slot->woken.store(false);
        if (const auto woken = slot->lane.lock()) woken->wake();
    });
}

void LaneTable::Impl::close() {
    for (auto& side : sides)
        side->timers.close();
    lanes.clear();
}

Side& LaneTable::Impl::side_of(const LaneSpec& spec) {
    const auto& loop = spec.home != nullptr ? *spec.home : services.loops.home_of(spec.name);
    for (auto& side : sides) {
        if (&side->loop == &loop) return *side;
    }
    return *sides.front();
}

async::Awaitable<Result<void>> LaneTable::Impl::step_on(Entry entry, Step step) {
    using Signature = void(std::optional<Result<void>>);
    auto start = [](auto handler, Entry of, Step work) {
        const auto home = async::net::get_associated_executor(handler);
        auto guard = async::net::make_work_guard(home);
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        async::spawn(
            of.side->loop.get_executor(),
            "lanes.step",
            [of, work, shared, home, guard = std::move(guard)]() -> async::Awaitable<> {
                auto done = co_await work(present(*of.lane));
                async::net::post(home, [shared, done = std::optional{std::move(done)}]() mutable {
                    std::move (*shared)(std::move(done));
                });
            }
        );
    };
    auto done = co_await async::net::async_initiate<decltype(async::kAwait), Signature>(
        std::move(start), async::kAwait, std::move(entry), std::move(step)
    );
    co_return *std::move(done);
}

async::Awaitable<Result<void>> LaneTable::Impl::reserve(std::string name) {
    auto work = [this, name]() -> Result<void> {
        if (stopped) return Error{Fault::cancelled, "lanes are stopping"};
        if (!lanes.emplace(name, Entry{}).second)
            return Error{Fault::conflict, "lane runs already: " + name};
        return {};
    };
    auto reserved = co_await on(registry(), std::move(work));
    co_return reserved;
}

async::Awaitable<> LaneTable::Impl::forget(std::string name) {
    auto work = [this, name = std::move(name)] { return lanes.erase(name); };
    [[maybe_unused]] const auto erased = co_await on(registry(), std::move(work));
}

async::Awaitable<Result<store::LaneInfo>> LaneTable::Impl::open(LaneSpec spec) {
    const auto open = [&store = services.store, &spec] {
        return store.open_lane(spec.name, spec.policy.waiting_bytes_max);
    };
    auto opened = co_await services.pool.run(open);
    co_return opened;
}

async::Awaitable<std::optional<Entry>> LaneTable::Impl::entry(std::string name) {
    auto work = [this, name = std::move(name)]() -> std::optional<Entry> {
        const auto found = lanes.find(name);
        if (found == lanes.end() || !found->second.lane) return std::nullopt;
        return found->second;
    };
    auto found = co_await on(registry(), std::move(work));
    co_return found;
}

async::Awaitable<std::vector<Entry>> LaneTable::Impl::entries(
    std::function<bool(const Entry&)> wanted
) {
    auto work = [this, wanted = std::move(wanted)] {
        std::vector<Entry> out;
        for (const auto& [name, entry] : lanes) {
            if (entry.lane && wanted(entry)) out.push_back(entry);
        }
        return out;
    };
    auto found = co_await on(registry(), std::move(work));
    co_return found;
}

// The lane is made on its loop, known to the registry and to the store's wakes, and only then
// started: an event that is appended in between wakes it or is found by the start.
async::Awaitable<Result<void>> LaneTable::Impl::begin(LaneSpec spec, store::LaneId id, Make make) {
    auto& side = side_of(spec);
    Slot* slot = nullptr;
    if (id != 0) {
        auto find_slot = [this, id, &side] { return directory.make(id, side); };
        slot = co_await on(registry(), std::move(find_slot));
        if (slot == nullptr)
            co_return Error{Fault::conflict, "lane was at home on another loop: " + spec.name};
    }
    auto build = [self = shared_from_this(), &side, slot, make = std::move(make)] {
        auto lane = make(side);
        lane->kept_by = self;
        if (slot != nullptr) slot->lane = lane;
        return lane;
    };
    auto lane = co_await on(side.loop.get_executor(), std::move(build));
    auto list = [this, &side, lane, id, &spec] {
        auto& entry = lanes[spec.name];
        entry.lane = lane;
        entry.side = &side;
        entry.id = id;
        entry.owner = spec.owner;
        entry.connector = spec.connector;
        return true;
    };
    [[maybe_unused]] const bool listed = co_await on(registry(), std::move(list));
    auto start = [lane] {
        lane->start();
        return true;
    };
    [[maybe_unused]] const bool started = co_await on(side.loop.get_executor(), std::move(start));
    co_return Result<void>{};
}

}  // namespace trunkline::lanes
