#include "host/delivery/portal_lanes.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <spdlog/spdlog.h>

#include "host/async/spawn.hpp"
#include "host/lanes/retry_clock.hpp"

namespace trunkline::delivery {

namespace {

std::string owner_of(const PortalId& portal) {
    return "portal/" + portal.text();
}

std::string opened_key(const PortalId& portal) {
    return "opened" + std::string(1, '\0') + portal.text();
}

double jitter() {
    thread_local std::mt19937 random{std::random_device{}()};
    return std::uniform_real_distribution<double>{-1.0, 1.0}(random);
}

}  // namespace

const PortalRoutes::Route* PortalRoutes::of(std::string_view event_type) const {
    const Route* rest = nullptr;
    for (const auto& route : routes) {
        if (std::find(route.events.begin(), route.events.end(), event_type) != route.events.end())
            return &route;
        if (route.events.empty() && rest == nullptr) rest = &route;
    }
    return rest;
}

/// One portal. Made on any thread, afterwards everything but `spec` and `home` belongs to its home
/// loop.
struct PortalLanes::Portal {
    explicit Portal(async::Loop& at) : home{at}, timer{at} {}

    PortalSpec spec;
    async::Loop& home;
    boost::asio::steady_timer timer;  // the wait between two knocks
    std::unique_ptr<PortalDestination> knocker;
    std::uint64_t epoch = 0;
    std::vector<std::string> lanes;  // their full names
    std::string opened_url;
    bool knocking = false;
    bool stopped = false;
};

class PortalLanes::Impl : public std::enable_shared_from_this<PortalLanes::Impl> {
public:
    explicit Impl(Services given) : services{std::move(given)} {}

    async::Executor registry() { return services.loops.at(0).get_executor(); }

    template <class Work>
    static auto on(async::Executor loop, Work work)
        -> async::Awaitable<std::invoke_result_t<Work&>> {
        const auto own = co_await async::net::this_coro::executor;
        co_await async::enter(loop);
        auto value = work();
        co_await async::net::post(own, async::kAwait);
        co_return value;
    }

    async::Awaitable<std::shared_ptr<Portal>> find(PortalId id);
    async::Awaitable<Result<PortalRoutes::Route>> add_lane(
        std::shared_ptr<Portal> portal, PortalLaneSpec lane, bool held
    );
    void knock_at(const std::shared_ptr<Portal>& portal);
    async::Awaitable<> knock(std::shared_ptr<Portal> portal);
    async::Awaitable<bool> admitted(std::shared_ptr<Portal> portal, std::string url);

    Services services;
    std::map<std::string, std::shared_ptr<Portal>> portals;  // on the registry's loop
};

async::Awaitable<std::shared_ptr<PortalLanes::Portal>> PortalLanes::Impl::find(PortalId id) {
    auto look = [this, &id]() -> std::shared_ptr<Portal> {
        const auto found = portals.find(id.text());
        return found == portals.end() ? nullptr : found->second;
    };
    auto found = co_await on(registry(), std::move(look));
    co_return found;
}

async::Awaitable<Result<PortalRoutes::Route>> PortalLanes::Impl::add_lane(
    std::shared_ptr<Portal> portal, PortalLaneSpec lane, bool held
) {
    PortalDestination::Setup setup;
    setup.portal = portal->spec.id;
    setup.lane = lane.name;
    setup.settings = portal->spec.settings;
    setup.timeout = lane.policy.timeout;
    setup.client = [this, &home = portal->home]() -> net::Client& { return services.client(home); };
    setup.loop = portal->home.get_executor();
    auto destination = std::make_unique<PortalDestination>(setup, services.clock);
    lanes::LaneSpec spec;
    spec.name = owner_of(portal->spec.id) + "/" + lane.name;
    spec.owner = owner_of(portal->spec.id);
    spec.policy = lane.policy;
    spec.home = &portal->home;
    // One that was guaranteed before is emptied under its own name.
    const bool twice = std::ranges::count(portal->spec.lanes, lane.name, &PortalLaneSpec::name) > 1;
    if (!lane.guaranteed && twice) spec.name += "/best_effort";
    const auto name = spec.name;
    PortalRoutes::Route route;
    route.events = lane.events;
    if (lane.guaranteed) {
        const auto added =
            co_await services.lanes.add(std::move(spec), std::move(destination), held);
        if (!added) co_return added.error();
        route.lane = *added;
        if (!portal->knocker) {
            portal->knocker = std::make_unique<PortalDestination>(std::move(setup), services.clock);
            const auto info = services.store.lane(*added);
            portal->epoch = info ? info->epoch : 0;
        }
    } else {
        auto added =
            co_await services.lanes.add_best_effort(std::move(spec), std::move(destination));
        if (!added) co_return added.error();
        route.memory = *std::move(added);
        if (held) {
            std::string reason = "opening";
            [[maybe_unused]] const auto paused =
                co_await services.lanes.pause(name, std::move(reason));
        }
    }
    portal->lanes.push_back(name);
    co_return route;
}

void PortalLanes::Impl::knock_at(const std::shared_ptr<Portal>& portal) {
    if (portal->knocking || portal->stopped || !portal->knocker) {
        portal->timer.cancel();  // a wait for the next knock ends now
        return;
    }
    portal->knocking = true;
    async::spawn(
        portal->home.get_executor(),
        "knock " + portal->spec.id.text(),
        [self = shared_from_this(), portal] { return self->knock(portal); }
    );
}

// Until the portal takes the empty batch, says that it is gone, or is closed here.
async::Awaitable<> PortalLanes::Impl::knock(std::shared_ptr<Portal> portal) {
    lanes::RetryClock clock{portal->spec.lanes.front().policy.retry};
    while (!portal->stopped) {
        const auto url = portal->spec.settings().url;
        const auto verdict = co_await portal->knocker->knock(portal->epoch);
        if (portal->stopped) break;
        if (url != portal->spec.settings().url) continue;  // it changed under the request
        if (verdict.kind == lanes::Verdict::Kind::accepted) {
            const bool done = co_await admitted(portal, url);
            if (done) break;
        } else if (verdict.kind == lanes::Verdict::Kind::gone) {
            spdlog::warn("portal.gone portal={} status={}", portal->spec.id.text(), verdict.status);
            break;
        }
        const auto wait = clock.failed(verdict.wait, jitter());
        spdlog::info(
            "portal.not_opened portal={} status={} wait_ms={} reason={}",
            portal->spec.id.text(),
            verdict.status,
            wait.count(),
            verdict.detail
        );
        portal->timer.expires_after(wait);
        [[maybe_unused]] auto [error] = co_await portal->timer.async_wait(async::kAsTuple);
    }
    portal->knocking = false;
}

async::Awaitable<bool> PortalLanes::Impl::admitted(
    std::shared_ptr<Portal> portal, std::string url
) {
    store::Batch batch;
    batch.put.push_back({
        .table = store::Table::portal,
        .key = opened_key(portal->spec.id),
        .value = url,
        .expires_ms = 0,
    });
    const auto written = co_await services.store.commit(std::move(batch));
    if (!written)
        co_return false;  // knocking again is harmless, an open lane nobody remembers is not
    portal->opened_url = std::move(url);
    spdlog::info("portal.opened portal={}", portal->spec.id.text());
    auto owner = owner_of(portal->spec.id);
    co_await services.lanes.admit_owner(std::move(owner));
    co_return true;
}

PortalLanes::PortalLanes(Services services) : impl_{std::make_shared<Impl>(std::move(services))} {}

PortalLanes::~PortalLanes() = default;

async::Awaitable<Result<PortalRoutes>> PortalLanes::open(PortalSpec spec) {
    const auto impl = impl_;
    if (spec.lanes.empty())
        co_return Error{Fault::malformed, "a portal without lanes: " + spec.id.text()};
    auto portal = std::make_shared<Portal>(impl->services.loops.home_of(owner_of(spec.id)));
    portal->spec = std::move(spec);
    const auto id = portal->spec.id;
    auto reserve = [impl, portal, &id] { return impl->portals.emplace(id.text(), portal).second; };
    const bool reserved = co_await Impl::on(impl->registry(), std::move(reserve));
    if (!reserved) co_return Error{Fault::conflict, "portal is open already: " + id.text()};
    const auto look = [&store = impl->services.store, key = opened_key(id)] {
        return store.row(store::Table::portal, key);
    };
    auto row = co_await impl->services.pool.run(look);
    if (row && *row) portal->opened_url = (*row)->value;
    const bool guaranteed = std::any_of(
        portal->spec.lanes.begin(),
        portal->spec.lanes.end(),
        [](const PortalLaneSpec& lane) { return lane.guaranteed; }
    );
    const bool held = guaranteed && portal->opened_url != portal->spec.settings().url;
    PortalRoutes routes;
    for (const auto& lane : portal->spec.lanes) {
        auto route = co_await impl->add_lane(portal, lane, held);
        if (!route) {
            const auto failure = route.error();
            [[maybe_unused]] const auto closed = co_await close(id);
            co_return failure;
        }
        routes.routes.push_back(*std::move(route));
    }
    if (held) {
        auto begin = [impl, portal] {
            impl->knock_at(portal);
            return true;
        };
        [[maybe_unused]] const bool begun =
            co_await Impl::on(portal->home.get_executor(), std::move(begin));
    }
    co_return routes;
}

async::Awaitable<Result<void>> PortalLanes::changed(PortalId id) {
    const auto impl = impl_;
    const auto portal = co_await impl->find(id);
    if (!portal) co_return Error{Fault::not_found, "no portal " + id.text()};
    auto look = [portal] { return portal->opened_url != portal->spec.settings().url; };
    const bool moved = co_await Impl::on(portal->home.get_executor(), std::move(look));
    if (!moved) co_return Result<void>{};
    auto owner = owner_of(id);
    std::string reason = "opening";
    co_await impl->services.lanes.pause_owner(std::move(owner), std::move(reason));
    auto begin = [impl, portal] {
        impl->knock_at(portal);
        return true;
    };
    [[maybe_unused]] const bool begun =
        co_await Impl::on(portal->home.get_executor(), std::move(begin));
    co_return Result<void>{};
}

async::Awaitable<Result<void>> PortalLanes::resume(PortalId id) {
    const auto impl = impl_;
    const auto portal = co_await impl->find(id);
    if (!portal) co_return Error{Fault::not_found, "no portal " + id.text()};
    auto begin = [impl, portal] {
        if (portal->opened_url != portal->spec.settings().url) impl->knock_at(portal);
        return true;
    };
    [[maybe_unused]] const bool begun =
        co_await Impl::on(portal->home.get_executor(), std::move(begin));
    auto owner = owner_of(id);
    co_await impl->services.lanes.resume_owner(std::move(owner));
    co_return Result<void>{};
}

async::Awaitable<Result<void>> PortalLanes::close(PortalId id) {
    const auto impl = impl_;
    auto take = [impl, &id]() -> std::shared_ptr<Portal> {
        auto node = impl->portals.extract(id.text());
        return node ? std::move(node.mapped()) : nullptr;
    };
    const auto portal = co_await Impl::on(impl->registry(), std::move(take));
    if (!portal) co_return Error{Fault::not_found, "no portal " + id.text()};
    auto end = [portal] {
        portal->stopped = true;
        portal->timer.cancel();
        return portal->lanes;
    };
    const auto names = co_await Impl::on(portal->home.get_executor(), std::move(end));
    for (const auto& name : names) {
        [[maybe_unused]] const auto removed = co_await impl->services.lanes.remove(name);
    }
    store::Batch batch;  // whoever comes under this id later is asked first
    batch.erase.push_back({.table = store::Table::portal, .key = opened_key(id)});
    const auto written = co_await impl->services.store.commit(std::move(batch));
    if (!written) co_return written.error();
    co_return Result<void>{};
}

async::Awaitable<> PortalLanes::stop() {
    const auto impl = impl_;
    auto take = [impl] { return std::exchange(impl->portals, {}); };
    const auto portals = co_await Impl::on(impl->registry(), std::move(take));
    for (const auto& [id, portal] : portals) {
        auto end = [of = portal] {
            of->stopped = true;
            of->timer.cancel();
            return true;
        };
        [[maybe_unused]] const bool ended =
            co_await Impl::on(portal->home.get_executor(), std::move(end));
    }
}

}  // namespace trunkline::delivery
