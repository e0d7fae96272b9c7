#include "host/delivery/portal_lanes.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <spdlog/spdlog.h>

#include "host/async/on.hpp"
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

/// One portal. Made on any thread, afterwards everything but `id`, `settings` and `home` belongs to
/// its home loop.
struct PortalLanes::Portal {
    Portal(PortalId id_, PortalSettingsSource settings_, async::Loop& at)
        : id{std::move(id_)}, settings{std::move(settings_)}, home{at}, timer{at} {}

    struct Running {
        store::LaneId id = 0;  // 0: best effort
        std::shared_ptr<lanes::MemoryLane> memory;
        bool named = true;  // events are routed to it
    };

    bool moved() const { return opened_url != (next_url ? *next_url : settings().url); }

    const PortalId id;
    const PortalSettingsSource settings;
    async::Loop& home;
    boost::asio::steady_timer timer;  // the wait between two knocks
    std::string knocks_as;            // the lane that knocks; "" = none does
    lanes::Milliseconds knock_timeout{0};
    lanes::RetryPolicy retry;  // of knocks
    std::uint64_t epoch = 0;
    std::map<std::string, Running> lanes;  // by their full names
    std::string opened_url;
    std::optional<std::string> next_url;  // which its settings are about to have
    bool held = false;                    // its lanes wait for the opening batch to be accepted
    bool knocking = false;
    bool stopped = false;
};

class PortalLanes::Impl : public std::enable_shared_from_this<PortalLanes::Impl> {
public:
    explicit Impl(Services given) : services{std::move(given)} {
        for (std::size_t i = 0; i < services.loops.size(); ++i)
            sealers.emplace(&services.loops.at(i), std::make_shared<Sealers>());
    }

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
    async::Awaitable<Result<PortalRoutes>> name_lanes(
        std::shared_ptr<Portal> portal, std::vector<PortalLaneSpec> lanes
    );
    async::Awaitable<Result<PortalRoutes::Route>> put_lane(
        std::shared_ptr<Portal> portal, PortalLaneSpec lane
    );
    async::Awaitable<Result<PortalRoutes::Route>> add_lane(
        std::shared_ptr<Portal> portal, PortalLaneSpec lane, std::string name
    );
    PortalDestination::Setup setup_of(
        const Portal& portal, const std::string& lane, lanes::Milliseconds timeout
    );
    async::Awaitable<> settle(std::shared_ptr<Portal> portal);
    async::Awaitable<bool> end_lane(std::string name);
    void knock_at(const std::shared_ptr<Portal>& portal);
    async::Awaitable<> knock(std::shared_ptr<Portal> portal);
    async::Awaitable<bool> admitted(std::shared_ptr<Portal> portal, std::string url);

    Services services;
    std::map<const async::Loop*, std::shared_ptr<Sealers>> sealers;  // as made
    std::map<std::string, std::shared_ptr<Portal>> portals;          // on the registry's loop
};

async::Awaitable<std::shared_ptr<PortalLanes::Portal>> PortalLanes::Impl::find(PortalId id) {
    auto look = [this, &id]() -> std::shared_ptr<Portal> {
        const auto found = portals.find(id.text());
        return found == portals.end() ? nullptr : found->second;
    };
    auto found = co_await on(registry(), std::move(look));
    co_return found;
}

// All lanes that are named now, and none else, are those that events are routed to.
async::Awaitable<Result<PortalRoutes>> PortalLanes::Impl::name_lanes(
    std::shared_ptr<Portal> portal, std::vector<PortalLaneSpec> lanes
) {
    if (lanes.empty())
        co_return Error{Fault::malformed, "a portal without lanes: " + portal->id.text()};
    const auto former = portal->lanes;
    for (auto& [name, running] : portal->lanes)
        running.named = false;
    const bool held = portal->held;
    PortalRoutes routes;
    routes.routes.resize(lanes.size());
    // Guaranteed ones first, since their names in the store are what they are known by.
    for (const bool guaranteed : {true, false}) {
        for (std::size_t i = 0; i < lanes.size(); ++i) {
            if (lanes[i].guaranteed != guaranteed) continue;
            auto lane = lanes[i];
            auto route = co_await put_lane(portal, std::move(lane));
            if (!route) {
                // What events are routed to is what it was.
                for (auto& [name, running] : portal->lanes) {
                    const auto was = former.find(name);
                    running.named = was != former.end() && was->second.named;
                }
                co_return route.error();
            }
            routes.routes[i] = *std::move(route);
        }
    }
    for (const auto& [name, running] : portal->lanes) {
        const auto was = former.find(name);
        if (running.named || running.memory || was == former.end() || !was->second.named) continue;
        spdlog::warn("lane.draining lane={} reason=\"not named any more\"", name);
    }
    if (const auto first = std::ranges::find(lanes, true, &PortalLaneSpec::guaranteed);
        first != lanes.end()) {
        const auto at = static_cast<std::size_t>(first - lanes.begin());
        const auto info = services.store.lane(routes.routes[at].lane);
        portal->epoch = info ? info->epoch : 0;
        portal->retry = first->policy.retry;
        portal->knocks_as = first->name;
        portal->knock_timeout = first->policy.timeout;
    }
    // It may have been opened while a lane was made that waits for that.
    if (held && !portal->held) {
        auto owner = owner_of(portal->id);
        co_await services.lanes.admit_owner(std::move(owner));
    }
    co_return routes;
}

// A lane that runs already becomes the wanted one; another is made.
async::Awaitable<Result<PortalRoutes::Route>> PortalLanes::Impl::put_lane(
    std::shared_ptr<Portal> portal, PortalLaneSpec lane
) {
    auto name = owner_of(portal->id) + "/" + lane.name;
    auto running = portal->lanes.find(name);
    if (lane.guaranteed && running != portal->lanes.end() && running->second.memory) {
        [[maybe_unused]] const auto ended = co_await services.lanes.remove(name);
        portal->lanes.erase(name);
        running = portal->lanes.end();
    }
    // One that is, or was, guaranteed is emptied under its own name.
    if (!lane.guaranteed && running != portal->lanes.end() && !running->second.memory) {
        name += "/best_effort";
        running = portal->lanes.find(name);
    }
    if (running == portal->lanes.end()) {
        auto added = co_await add_lane(std::move(portal), std::move(lane), std::move(name));
        co_return added;
    }
    PortalRoutes::Route route{lane.events, running->second.id, running->second.memory};
    running->second.named = true;
    const auto changed = co_await services.lanes.change(name, lane.policy);
    if (!changed) co_return changed.error();
    co_return route;
}

PortalDestination::Setup PortalLanes::Impl::setup_of(
    const Portal& portal, const std::string& lane, lanes::Milliseconds timeout
) {
    PortalDestination::Setup setup;
    setup.portal = portal.id;
    setup.lane = lane;
    setup.settings = portal.settings;
    setup.timeout = timeout;
    setup.client = [this, &home = portal.home]() -> net::Client& { return services.client(home); };
    setup.loop = portal.home.get_executor();
    setup.sealers = sealers.at(&portal.home);
    return setup;
}

async::Awaitable<Result<PortalRoutes::Route>> PortalLanes::Impl::add_lane(
    std::shared_ptr<Portal> portal, PortalLaneSpec lane, std::string name
) {
    auto destination = std::make_unique<PortalDestination>(
        setup_of(*portal, lane.name, lane.policy.timeout), services.clock
    );
    lanes::LaneSpec spec;
    spec.name = name;
    spec.owner = owner_of(portal->id);
    spec.policy = lane.policy;
    spec.home = &portal->home;
    PortalRoutes::Route route;
    route.events = std::move(lane.events);
    if (lane.guaranteed) {
        const auto added =
            co_await services.lanes.add(std::move(spec), std::move(destination), portal->held);
        if (!added) co_return added.error();
        route.lane = *added;
    } else {
        auto added =
            co_await services.lanes.add_best_effort(std::move(spec), std::move(destination));
        if (!added) co_return added.error();
        route.memory = *std::move(added);
        if (portal->held) {
            std::string reason = "opening";
            [[maybe_unused]] const auto paused =
                co_await services.lanes.pause(name, std::move(reason));
        }
    }
    portal->lanes[name] = {route.lane, route.memory, true};
    co_return route;
}

void PortalLanes::Impl::knock_at(const std::shared_ptr<Portal>& portal) {
    if (portal->knocking || portal->stopped || portal->knocks_as.empty()) {
        portal->timer.cancel();  // a wait for the next knock ends now
        return;
    }
    portal->knocking = true;
    async::spawn(
        portal->home.get_executor(),
        "knock " + portal->id.text(),
        [self = shared_from_this(), portal] { return self->knock(portal); }
    );
}

// Until the portal takes the empty batch, says that it is gone, or is closed here.
async::Awaitable<> PortalLanes::Impl::knock(std::shared_ptr<Portal> portal) {
    lanes::RetryClock clock{portal->retry};
    while (!portal->stopped) {
        clock.adopt(portal->retry);
        const auto url = portal->settings().url;
        PortalDestination knocker{
            setup_of(*portal, portal->knocks_as, portal->knock_timeout), services.clock};
        const auto verdict = co_await knocker.knock(portal->epoch);
        if (portal->stopped) break;
        if (url != portal->settings().url) continue;  // it changed under the request
        if (verdict.kind == lanes::Verdict::Kind::accepted) {
            const bool done = co_await admitted(portal, url);
            if (done) break;
            if (url != portal->settings().url) continue;
        } else if (verdict.kind == lanes::Verdict::Kind::gone) {
            spdlog::warn("portal.gone portal={} status={}", portal->id.text(), verdict.status);
            break;
        }
        const auto wait = clock.failed(verdict.wait, jitter());
        spdlog::info(
            "portal.not_opened portal={} status={} wait_ms={} reason={}",
            portal->id.text(),
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
        .key = opened_key(portal->id),
        .value = url,
        .expires_ms = 0,
    });
    const auto written = co_await services.store.commit(std::move(batch));
    if (!written)
        co_return false;  // knocking again is harmless, an open lane nobody remembers is not
    portal->opened_url = std::move(url);
    if (portal->moved()) co_return false;  // meanwhile, and the new one was not asked
    portal->held = false;
    spdlog::info("portal.opened portal={}", portal->id.text());
    auto owner = owner_of(portal->id);
    co_await services.lanes.admit_owner(std::move(owner));
    if (!portal->held) co_return true;
    // It has got another URL while its lanes were let go: they wait for that one.
    owner = owner_of(portal->id);
    std::string reason = "opening";
    co_await services.lanes.pause_owner(std::move(owner), std::move(reason));
    co_return false;
}

/// False when what is on its way does not end.
async::Awaitable<bool> PortalLanes::Impl::end_lane(std::string name) {
    // Longer than the longest request that a lane may be configured with.
    constexpr int kTries = 12;
    for (int i = 0; i < kTries; ++i) {
        const auto removed = co_await services.lanes.remove(name);
        if (removed || removed.error().fault == Fault::not_found) co_return true;
    }
    co_return false;
}

// On its home loop.
async::Awaitable<> PortalLanes::Impl::settle(std::shared_ptr<Portal> portal) {
    portal->next_url.reset();
    std::vector<std::string> over;
    for (const auto& [name, running] : portal->lanes) {
        if (!running.named && running.memory) over.push_back(name);
    }
    for (const auto& name : over) {
        [[maybe_unused]] const bool ended = co_await end_lane(name);
        portal->lanes.erase(name);
    }
    if (!portal->moved() && !portal->held) co_return;
    if (!std::exchange(portal->held, true)) {
        auto owner = owner_of(portal->id);
        std::string reason = "opening";
        co_await services.lanes.pause_owner(std::move(owner), std::move(reason));
    }
    knock_at(portal);
}

PortalLanes::PortalLanes(Services services) : impl_{std::make_shared<Impl>(std::move(services))} {}

PortalLanes::~PortalLanes() = default;

async::Awaitable<Result<PortalRoutes>> PortalLanes::open(PortalSpec spec) {
    const auto impl = impl_;
    const auto id = spec.id;
    auto portal = std::make_shared<Portal>(
        id, std::move(spec.settings), impl->services.loops.home_of(owner_of(id))
    );
    auto reserve = [impl, portal, &id] { return impl->portals.emplace(id.text(), portal).second; };
    const bool reserved = co_await Impl::on(impl->registry(), std::move(reserve));
    if (!reserved) co_return Error{Fault::conflict, "portal is open already: " + id.text()};
    const auto look = [&store = impl->services.store, key = opened_key(id)] {
        return store.row(store::Table::portal, key);
    };
    auto row = co_await impl->services.pool.run(look);
    if (row && *row) portal->opened_url = (*row)->value;
    const auto work = [&]() -> async::Awaitable<Result<PortalRoutes>> {
        auto lanes = std::move(spec.lanes);
        const bool knocks = std::ranges::any_of(lanes, &PortalLaneSpec::guaranteed);
        portal->held = knocks && portal->moved();
        auto named = co_await impl->name_lanes(portal, std::move(lanes));
        if (named && portal->held) impl->knock_at(portal);
        co_return named;
    };
    auto routes = co_await async::on(portal->home.get_executor(), work);
    if (!routes) {
        const auto failure = routes.error();
        [[maybe_unused]] const auto closed = co_await close(id);
        co_return failure;
    }
    co_return routes;
}

async::Awaitable<Result<void>> PortalLanes::may_change(
    PortalId id, std::vector<PortalLaneSpec> lanes
) {
    for (const auto& lane : lanes) {
        if (!lane.guaranteed) continue;
        auto name = owner_of(id) + "/" + lane.name;
        const auto may =
            co_await impl_->services.lanes.may_change(std::move(name), lane.policy.order);
        if (!may)
            co_return Error{
                Fault::conflict,
                "order of lane " + lane.name + " cannot change now: " + may.error().context};
    }
    co_return Result<void>{};
}

async::Awaitable<Result<PortalRoutes>> PortalLanes::change(
    PortalId id, std::vector<PortalLaneSpec> lanes, std::string url
) {
    const auto impl = impl_;
    const auto portal = co_await impl->find(id);
    if (!portal) co_return Error{Fault::not_found, "no portal " + id.text()};
    const auto work = [&]() -> async::Awaitable<Result<PortalRoutes>> {
        portal->next_url = url;
        if (portal->moved() && !std::exchange(portal->held, true)) {
            auto owner = owner_of(portal->id);
            std::string reason = "opening";
            co_await impl->services.lanes.pause_owner(std::move(owner), std::move(reason));
        }
        auto wanted = std::move(lanes);
        auto named = co_await impl->name_lanes(portal, std::move(wanted));
        co_return named;
    };
    auto routes = co_await async::on(portal->home.get_executor(), work);
    co_return routes;
}

async::Awaitable<Result<void>> PortalLanes::changed(PortalId id) {
    const auto impl = impl_;
    const auto portal = co_await impl->find(id);
    if (!portal) co_return Error{Fault::not_found, "no portal " + id.text()};
    const auto work = [&] { return impl->settle(portal); };
    co_await async::on(portal->home.get_executor(), work);
    co_return Result<void>{};
}

async::Awaitable<Result<void>> PortalLanes::resume(PortalId id) {
    const auto impl = impl_;
    const auto portal = co_await impl->find(id);
    if (!portal) co_return Error{Fault::not_found, "no portal " + id.text()};
    auto begin = [impl, portal] {
        if (portal->held || portal->moved()) impl->knock_at(portal);
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
    const auto portal = co_await impl->find(id);
    if (!portal) co_return Error{Fault::not_found, "no portal " + id.text()};
    auto end = [portal] {
        portal->stopped = true;
        portal->timer.cancel();
        std::vector<std::string> names;
        for (const auto& [name, running] : portal->lanes)
            names.push_back(name);
        return names;
    };
    const auto names = co_await Impl::on(portal->home.get_executor(), std::move(end));
    std::string left;
    for (const auto& name : names) {
        const bool ended = co_await impl->end_lane(name);
        if (!ended) left = name;
    }
    auto forget = [impl, &id] { return impl->portals.erase(id.text()); };
    [[maybe_unused]] const auto forgotten = co_await Impl::on(impl->registry(), std::move(forget));
    if (!left.empty())
        co_return Error{Fault::unavailable, "lane " + left + " does not come to rest"};
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
