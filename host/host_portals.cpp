// How the host opens its portals: their keys, their lanes, and what of former lanes is to be
// emptied.
#include <algorithm>
#include <latch>

#include <spdlog/spdlog.h>

#include "host/accounts/made.hpp"
#include "host/accounts/made_portals.hpp"
#include "host/async/on.hpp"
#include "host/async/spawn.hpp"
#include "host/base/assert.hpp"
#include "host/config/portal_document.hpp"
#include "host/host.hpp"
#include "host/left_behind.hpp"
#include "host/portal_lanes_of.hpp"

// GCC 12 inlines only the first half of the pair of functions that a coroutine frame is allocated
// by, and takes the other for a stranger.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace trunkline {
namespace {

lanes::LanePolicy policy_of(const config::Portal& portal, const config::Lane& lane) {
    lanes::LanePolicy policy;
    policy.order = *lanes::order_of(lane.order);
    policy.one_try = lane.delivery == "best_effort";
    policy.streams = static_cast<std::uint32_t>(lane.streams);
    policy.retention = lane.retention;
    policy.batch.max_messages = static_cast<std::uint32_t>(lane.batch.max_messages);
    policy.batch.max_bytes = lane.batch.max_bytes;
    policy.batch.linger = lane.batch.linger;
    policy.retry.first = lane.retry.first;
    policy.retry.max = lane.retry.max;
    policy.timeout = lane.timeout;
    policy.waiting_bytes_max = portal.limits.waiting_bytes;
    return policy;
}

/// What it is at the moment of each request. Holds on to nobody: its lanes hold on to this.
delivery::PortalSettingsSource settings_of_portal(const std::shared_ptr<accounts::Portal>& of) {
    return [weak = std::weak_ptr{of}] {
        delivery::PortalSettings settings;
        const auto portal = weak.lock();
        if (!portal) return settings;
        const auto terms = portal->terms();
        settings.url = terms->url;
        settings.warn_url = terms->warn_url;
        settings.keys = *terms->keys->ring();
        settings.encrypt = terms->encrypt;
        settings.allow_private = terms->allow_private;
        settings.html_is_acceptance = terms->accept_html;
        return settings;
    };
}

}  // namespace

std::vector<delivery::PortalLaneSpec> lanes_of(const config::Portal& portal) {
    std::vector<delivery::PortalLaneSpec> out;
    for (const config::Lane& lane : portal.lanes) {
        out.push_back(
            {lane.name, lane.delivery == "guaranteed", lane.events, policy_of(portal, lane)}
        );
    }
    return out;
}

void give_lanes(
    accounts::Terms& terms, const config::Portal& portal, delivery::PortalRoutes routes
) {
    // Lanes behind those of the configuration are only emptied: nothing is routed to them.
    for (std::size_t i = 0; i < portal.lanes.size(); ++i) {
        auto& route = routes.routes[i];
        accounts::PortalLane lane;
        lane.name = portal.lanes[i].name;
        lane.events.insert(route.events.begin(), route.events.end());
        lane.id = route.lane;
        lane.memory = std::move(route.memory);
        terms.lanes.push_back(std::move(lane));
    }
}

WallMs Host::longest_retention() const {
    TRUNKLINE_ASSERT(!started_);  // the configuration has no portals any more after that
    std::chrono::milliseconds longest{0};
    for (const config::Portal& portal : config_.portals) {
        for (const config::Lane& lane : portal.lanes)
            longest = std::max(longest, lane.retention);
    }
    return longest.count();
}

Result<void> Host::open_portals() {
    auto opened = open_together(config_.portals);
    if (!opened) return opened;
    return open_made_portals();
}

/// Many at once: each waits for one thread or another nearly all of its time. On main's thread.
Result<void> Host::open_together(std::span<const config::Portal> portals) {
    constexpr std::size_t kAtOnce = 64;
    struct Leaving {
        std::latch& left;
        ~Leaving() { left.count_down(); }
    };
    std::atomic<std::size_t> next{0};
    std::mutex mutex;  // guards failed
    Result<void> failed;
    const auto open_some = [&]() -> async::Awaitable<> {
        for (std::size_t i = next++; i < portals.size(); i = next++) {
            const auto opened = co_await open_portal_here(portals[i]);
            if (opened) continue;
            const std::lock_guard lock{mutex};
            if (failed) failed = opened;
            next = portals.size();
        }
    };
    const auto workers = std::min(kAtOnce, portals.size());
    std::latch left{static_cast<std::ptrdiff_t>(workers)};
    for (std::size_t i = 0; i < workers; ++i) {
        async::spawn(
            loops_.at(i % loops_.size()).get_executor(),
            "open portals",
            [&]() -> async::Awaitable<> {
                const Leaving leaving{left};
                co_await open_some();
            }
        );
    }
    left.wait();
    return failed;
}

/// Those that were made at run time. One that cannot be read any more hurts nobody else: what waits
/// for it is kept.
Result<void> Host::open_made_portals() {
    constexpr std::size_t kTogether = 1'000;
    std::vector<config::Portal> some;
    auto read = accounts::each_made_portal(
        *store_,
        [this, &some](const std::string& id, boost::json::object document) -> Result<void> {
            if (const auto portal = directory_.portal(id))
                return Error{
                    Fault::conflict,
                    "portal " + id + " is written in " + portal->place.file + ":" +
                        std::to_string(portal->place.line) + " and was also made at run time"};
            auto from = config::portal_of(document);
            if (!from) {
                spdlog::error("portal.unreadable portal={} reason={}", id, from.error().context);
                return {};
            }
            from->place = {accounts::kStoreOwns};
            some.push_back(*std::move(from));
            if (some.size() < kTogether) return {};
            auto opened = open_together(some);
            some.clear();
            return opened;
        }
    );
    if (!read) return read;
    return open_together(some);
}

async::Awaitable<Result<void>> Host::open_portal_here(const config::Portal& from) {
    const auto open = [this, &from] { return open_portal(from); };
    auto opened = co_await async::on(loops_.home_of(from.id).get_executor(), open);
    co_return opened;
}

async::Awaitable<Result<void>> Host::open_portal(const config::Portal& from) {
    const auto look = [this, &from] {
        return accounts::PortalKeys::open(
            PortalId{from.id}, from.license_key, from.next_license_key, *store_, clock_
        );
    };
    auto keys = co_await pool_.run(look);
    if (!keys) co_return keys.error();
    auto portal = std::make_shared<accounts::Portal>(from, *keys, loops_.home_of(from.id));
    delivery::PortalSpec spec;
    spec.id = portal->id;
    spec.lanes = lanes_of(from);
    for (const std::string& name : lanes_to_drain(*store_, from)) {
        spdlog::warn("lane.draining lane=portal/{}/{} reason=\"not configured\"", from.id, name);
        // By the rules of the portal's first lane of that kind: its own are no longer known.
        const auto like = std::ranges::find(from.lanes, "guaranteed", &config::Lane::delivery);
        config::Lane lane = like == from.lanes.end() ? config::Lane{} : *like;
        lane.name = name;
        spec.lanes.push_back({name, true, {}, policy_of(from, lane)});
    }
    spec.settings = settings_of_portal(portal);
    auto routes = co_await portal_lanes_->open(std::move(spec));
    if (!routes) co_return routes.error();
    accounts::Terms terms = *portal->terms();
    give_lanes(terms, from, *std::move(routes));
    portal->adopt(std::move(terms));
    directory_.add(std::move(portal));
    co_return Result<void>{};
}

}  // namespace trunkline
