#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/async/loops.hpp"
#include "host/delivery/portal_destination.hpp"
#include "host/lanes/lane_table.hpp"

namespace trunkline::delivery {

/// One lane of a portal as configured.
struct PortalLaneSpec {
    std::string name;        ///< "messages", "presence"
    bool guaranteed = true;  ///< sequential and stored; otherwise best effort
    std::vector<std::string>
        events;  ///< types that take this lane; none = whatever no other lane names
    lanes::LanePolicy policy;
};

struct PortalSpec {
    PortalId id;
    std::vector<PortalLaneSpec> lanes;
    PortalSettingsSource settings;
};

/// Where events of one portal go. A value; stays good while the portal is open.
struct PortalRoutes {
    struct Route {
        std::vector<std::string> events;
        store::LaneId lane = 0;  ///< 0 = best effort:
        std::shared_ptr<lanes::MemoryLane> memory;
    };
    std::vector<Route> routes;

    /// The lane that takes events of this type; null when the portal has none for it.
    const Route* of(std::string_view event_type) const;
};

/// Portals and their lanes, from opening to removal. A portal (or its new URL) first gets an empty
/// batch; its guaranteed lanes gather events meanwhile and deliver once that was accepted. Which
/// URL was accepted is remembered in the store. Owner: main, which stops the lane table first.
/// Members are called from coroutines on any loop.
class PortalLanes {
public:
    struct Services {
        async::Loops& loops;
        store::Store& store;
        async::BlockingPool& pool;
        const Clock& clock;
        lanes::LaneTable& lanes;
        std::function<net::Client&(async::Loop&)> client;  ///< the one of that loop
    };

    explicit PortalLanes(Services services);
    ~PortalLanes();

    async::Awaitable<Result<PortalRoutes>> open(PortalSpec spec);

    /// A portal is changed in three steps, one change at a time. First: whether its lanes may be
    /// these; `conflict` names the lane and what of it cannot change now.
    async::Awaitable<Result<void>> may_change(PortalId portal, std::vector<PortalLaneSpec> lanes);
    /// Then: these are its lanes, also while its settings still are the former ones. Lanes that are
    /// not named any more go on with what is in them, and what they are given meanwhile. With
    /// another URL than the one that is open all of them wait for that to be opened.
    async::Awaitable<Result<PortalRoutes>> change(
        PortalId portal, std::vector<PortalLaneSpec> lanes, std::string url
    );
    /// At last, when nothing is routed by the former ones: its settings changed. With another URL
    /// it is opened again, and a pause because of 410 ends; unnamed best-effort lanes end.
    async::Awaitable<Result<void>> changed(PortalId portal);
    /// By hand: ends every pause and knocks again if it was never opened.
    async::Awaitable<Result<void>> resume(PortalId portal);
    /// Its lanes end, when what is on its way has; what they store stays.
    async::Awaitable<Result<void>> close(PortalId portal);
    /// No knocking goes on after this.
    async::Awaitable<> stop();

private:
    struct Portal;
    class Impl;
    std::shared_ptr<Impl> impl_;  // shared with knocking coroutines that end after it
};

}  // namespace trunkline::delivery
