#include "host/lanes/lane_table.hpp"

#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "host/async/spawn.hpp"
#include "host/lanes/table_parts.hpp"

namespace trunkline::lanes {

namespace {

constexpr std::size_t kListMax = 1'000;
constexpr std::chrono::milliseconds kStopPoll{10};
constexpr std::chrono::milliseconds kRemovalLook{10};
constexpr std::chrono::milliseconds kRemovalGrace{2'000};
constexpr std::chrono::milliseconds kRemovalAtMost{30'000};

Error unknown(const std::string& name) {
    return {Fault::not_found, "no lane " + name};
}

}  // namespace

LaneFigures& LaneFigures::operator+=(const LaneFigures& other) noexcept {
    delivered += other.delivered;
    deliveries += other.deliveries;
    failures += other.failures;
    dead += other.dead;
    expired += other.expired;
    dropped += other.dropped;
    requeued += other.requeued;
    lanes += other.lanes;
    in_flight += other.in_flight;
    waiting += other.waiting;
    paused += other.paused;
    depth += other.depth;
    return *this;
}

LaneTable::LaneTable(Services services) : impl_{std::make_shared<Impl>(std::move(services))} {
    impl_->listen();
}

LaneTable::~LaneTable() {
    impl_->close();
}

async::Awaitable<Result<std::shared_ptr<MemoryLane>>> LaneTable::add_best_effort(
    LaneSpec spec, std::unique_ptr<SequentialDestination> destination
) {
    const auto impl = impl_;
    const auto reserved = co_await impl->reserve(spec.name);
    if (!reserved) co_return reserved.error();
    MemoryLane::Setup setup;
    setup.name = spec.name;
    setup.owner = spec.owner;
    setup.policy = spec.policy;
    // One that comes back under its name begins anew, and its receiver must see that.
    auto later = [impl] {
        const auto now = static_cast<std::uint64_t>(impl->services.clock.wall_ms());
        return impl->born_ms = std::max(impl->born_ms, now);
    };
    setup.epoch = co_await Impl::on(impl->registry(), std::move(later));
    auto& side = impl->side_of(spec);
    auto lane = std::make_shared<MemoryLane>(side.ground, std::move(setup), std::move(destination));
    Impl::Make make = [lane](Side&) -> std::shared_ptr<Lane> { return lane; };
    const auto begun = co_await impl->begin(std::move(spec), 0, std::move(make));
    if (!begun) co_return begun.error();
    co_return lane;
}

async::Awaitable<Result<void>> LaneTable::remove(
    std::string name, std::function<async::Awaitable<>()> cut
) {
    const auto impl = impl_;
    auto found = co_await impl->entry(name);
    if (!found) co_return unknown(name);
    auto end = [lane = found->lane] {
        present(*lane).stop();
        return true;
    };
    [[maybe_unused]] const bool ended =
        co_await Impl::on(found->side->loop.get_executor(), std::move(end));
    // What is in flight writes how far it came: whoever opens the lane anew must find that.
    const auto idle = [&found](std::chrono::milliseconds most) -> async::Awaitable<bool> {
        for (std::chrono::milliseconds waited{0};; waited += kRemovalLook) {
            auto look = [lane = found->lane] { return present(*lane).busy(); };
            const bool busy = co_await Impl::on(found->side->loop.get_executor(), std::move(look));
            if (!busy || waited >= most) co_return !busy;
            co_await async::pause(kRemovalLook);
        }
    };
    bool over = found->id == 0 || co_await idle(kRemovalGrace);
    if (!over && cut) co_await cut();
    if (!over) over = co_await idle(kRemovalAtMost);
    if (!over) co_return Error{Fault::unavailable, "lane " + name + " does not come to rest"};
    co_await impl->forget(name);
    // The last reference here dies on the lane's loop, as its destination must.
    async::net::post(found->side->loop, [lane = std::move(found->lane)] {});
    co_return Result<void>{};
}

async::Awaitable<std::optional<LaneStatus>> LaneTable::find(std::string name) {
    const auto impl = impl_;
    auto found = co_await impl->entry(std::move(name));
    if (!found) co_return std::nullopt;
    auto look = [lane = found->lane] { return present(*lane).status(); };
    auto status = co_await Impl::on(found->side->loop.get_executor(), std::move(look));
    co_return status;
}

async::Awaitable<std::vector<LaneStatus>> LaneTable::list(std::string after, std::size_t count) {
    const auto impl = impl_;
    auto pick = [impl, after = std::move(after), count = std::min(count, kListMax)] {
        std::vector<Entry> out;
        for (auto at = impl->lanes.upper_bound(after);
             at != impl->lanes.end() && out.size() < count;
             ++at) {
            if (at->second.lane) out.push_back(at->second);
        }
        return out;
    };
    auto entries = co_await Impl::on(impl->registry(), std::move(pick));
    std::vector<LaneStatus> out(entries.size());
    for (auto& side : impl->sides) {
        auto look = [&entries, &out, &side] {
            for (std::size_t i = 0; i < entries.size(); ++i) {
                if (entries[i].side == side.get()) out[i] = present(*entries[i].lane).status();
            }
            return true;
        };
        [[maybe_unused]] const bool looked =
            co_await Impl::on(side->loop.get_executor(), std::move(look));
    }
    co_return out;
}

async::Awaitable<Result<void>> LaneTable::pause(std::string name, std::string reason) {
    const auto impl = impl_;
    auto found = co_await impl->entry(name);
    if (!found) co_return unknown(name);
    Impl::Step step = [reason = std::move(reason)](Lane& lane) { return lane.pause(reason); };
    auto done = co_await Impl::step_on(*std::move(found), std::move(step));
    co_return done;
}

async::Awaitable<Result<void>> LaneTable::resume(std::string name) {
    const auto impl = impl_;
    auto found = co_await impl->entry(name);
    if (!found) co_return unknown(name);
    Impl::Step step = [](Lane& lane) { return lane.resume(); };
    auto done = co_await Impl::step_on(*std::move(found), std::move(step));
    co_return done;
}

async::Awaitable<Result<void>> LaneTable::kick(std::string name) {
    const auto impl = impl_;
    auto found = co_await impl->entry(name);
    if (!found) co_return unknown(name);
    auto act = [lane = found->lane] {
        present(*lane).kick();
        return true;
    };
    [[maybe_unused]] const bool done =
        co_await Impl::on(found->side->loop.get_executor(), std::move(act));
    co_return Result<void>{};
}

async::Awaitable<> LaneTable::pause_owner(std::string owner, std::string reason) {
    const auto impl = impl_;
    auto of_owner =
        co_await impl->entries([&owner](const Entry& entry) { return entry.owner == owner; });
    for (auto& entry : of_owner) {
        Impl::Step step = [reason](Lane& lane) { return lane.pause(reason); };
        const auto done = co_await Impl::step_on(std::move(entry), std::move(step));
        if (!done)
            spdlog::error("lane.pause_unwritten owner={} reason={}", owner, done.error().context);
    }
}

async::Awaitable<> LaneTable::resume_owner(std::string owner) {
    const auto impl = impl_;
    auto of_owner =
        co_await impl->entries([&owner](const Entry& entry) { return entry.owner == owner; });
    for (auto& entry : of_owner) {
        Impl::Step step = [](Lane& lane) { return lane.resume(); };
        const auto done = co_await Impl::step_on(std::move(entry), std::move(step));
        if (!done)
            spdlog::error("lane.resume_unwritten owner={} reason={}", owner, done.error().context);
    }
}

async::Awaitable<> LaneTable::admit_owner(std::string owner) {
    const auto impl = impl_;
    auto of_owner =
        co_await impl->entries([&owner](const Entry& entry) { return entry.owner == owner; });
    for (auto& entry : of_owner) {
        Impl::Step step = [](Lane& lane) { return lane.admit(); };
        const auto done = co_await Impl::step_on(std::move(entry), std::move(step));
        if (!done)
            spdlog::error("lane.admit_unwritten owner={} reason={}", owner, done.error().context);
    }
}

async::Awaitable<LaneFigures> LaneTable::figures() {
    const auto impl = impl_;
    std::function<bool(const Entry&)> wanted = [](const Entry&) { return true; };
    auto entries = co_await impl->entries(std::move(wanted));
    LaneFigures total;
    total.requeued = impl->requeued;
    for (auto& side : impl->sides) {
        auto sum = [&entries, &side] {
            LaneFigures figures = side->figures;
            for (const auto& entry : entries) {
                if (entry.side != side.get()) continue;
                const auto status = present(*entry.lane).status();
                ++figures.lanes;
                figures.depth += status.depth;
                if (status.state == "waiting") ++figures.waiting;
                if (status.state == "paused") ++figures.paused;
            }
            return figures;
        };
        total += co_await Impl::on(side->loop.get_executor(), std::move(sum));
    }
    co_return total;
}

async::Awaitable<> LaneTable::stop(Milliseconds at_most) {
    const auto impl = impl_;
    impl->stopped = true;
    std::function<bool(const Entry&)> wanted = [](const Entry&) { return true; };
    auto entries = co_await impl->entries(std::move(wanted));
    for (auto& side : impl->sides) {
        auto end = [&entries, &side] {
            side->gate.close();
            for (const auto& entry : entries) {
                if (entry.side == side.get()) present(*entry.lane).stop();
            }
            return true;
        };
        [[maybe_unused]] const bool ended =
            co_await Impl::on(side->loop.get_executor(), std::move(end));
    }
    const auto deadline = std::chrono::steady_clock::now() + at_most;
    for (std::size_t busy = 1; busy > 0 && std::chrono::steady_clock::now() < deadline;) {
        busy = 0;
        for (auto& side : impl->sides) {
            auto look = [&entries, &side] {
                return std::count_if(entries.begin(), entries.end(), [&side](const Entry& entry) {
                    return entry.side == side.get() && present(*entry.lane).busy();
                });
            };
            busy += static_cast<std::size_t>(
                co_await Impl::on(side->loop.get_executor(), std::move(look))
            );
        }
        if (busy > 0) co_await async::pause(kStopPoll);
    }
    auto clear = [impl] { return std::exchange(impl->lanes, {}).size(); };
    [[maybe_unused]] const auto count = co_await Impl::on(impl->registry(), std::move(clear));
    for (auto& entry : entries) {
        auto& loop = entry.side->loop;
        async::net::post(loop, [lane = std::move(entry.lane)] {});
    }
}

}  // namespace trunkline::lanes
