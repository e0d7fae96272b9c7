#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "host/accounts/directory.hpp"
#include "host/admin/account_change.hpp"
#include "host/admin/portal_change.hpp"
#include "host/async/blocking_pool.hpp"
#include "host/config/config.hpp"
#include "host/connect/flows.hpp"
#include "host/delivery/portal_lanes.hpp"
#include "host/inbound/inbound.hpp"
#include "host/inbound/profiles.hpp"
#include "host/isolation/children.hpp"
#include "host/lanes/lane_table.hpp"
#include "host/media/copier.hpp"
#include "host/net/clients.hpp"
#include "host/net/server.hpp"
#include "host/plugins/generation.hpp"
#include "host/reload/reloader.hpp"
#include "host/store/store.hpp"

namespace trunkline::admin {

/// What the admin side looks at and acts on. Everything outlives it.
struct Rooms {
    const config::Config& config;
    const Clock& clock;
    store::Store& store;
    plugins::Catalogue& catalogue;
    reload::Reloader& reloader;
    const isolation::Children& children;
    accounts::Directory& directory;
    lanes::LaneTable& lanes;
    delivery::PortalLanes& portals;
    inbound::Inbound& inbound;
    connect::Flows& flows;
    AccountChanges changes;
    PortalChanges portal_changes;
    async::BlockingPool& pool;
    net::Clients& clients;
    std::function<net::Response()> readiness;
    std::function<std::pair<net::Server::Figures, net::Server::Figures>()>
        servers;  ///< public, admin
    const media::Copies& copies;
    const media::Copier& copier;
    const inbound::Profiles& profiles;
};

/// The handler behind `listen.admin`: /v1/..., /metrics, /healthz, /readyz. `[any]`
std::unique_ptr<net::Handler> make_admin_side(Rooms rooms);

}  // namespace trunkline::admin
