#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "host/accounts/directory.hpp"
#include "host/accounts/made.hpp"
#include "host/admin/account_change.hpp"
#include "host/admin/portal_change.hpp"
#include "host/async/blocking_pool.hpp"
#include "host/async/loops.hpp"
#include "host/base/clock.hpp"
#include "host/claims.hpp"
#include "host/config/config.hpp"
#include "host/connect/flows.hpp"
#include "host/connect/page.hpp"
#include "host/connector_serving.hpp"
#include "host/delivery/portal_lanes.hpp"
#include "host/inbound/inbound.hpp"
#include "host/inbound/profiles.hpp"
#include "host/isolation/children.hpp"
#include "host/lanes/lane_table.hpp"
#include "host/media/copier.hpp"
#include "host/media/relay.hpp"
#include "host/net/clients.hpp"
#include "host/net/server.hpp"
#include "host/outbound/commands.hpp"
#include "host/plugins/generation.hpp"
#include "host/public_side.hpp"
#include "host/reload/reloader.hpp"
#include "host/store/store.hpp"

namespace trunkline {

/// Everything the host is made of, built in the order of its members and ended in the reverse
/// order. Owner: main. `start`, `stop` and the destructor: one thread, not a loop's.
class Host {
public:
    /// Builds all rooms but opens no door yet. Fails with one readable line.
    static Result<std::unique_ptr<Host>> build(config::Config config);
    ~Host();

    /// Lanes, accounts, polls and at last the doors.
    Result<void> start();

    /// The reverse: doors, polls, strands, lanes, store. Everything acknowledged is on disk
    /// afterwards.
    void stop();

    std::uint16_t public_port() const { return public_server_->port(); }
    std::uint16_t admin_port() const { return admin_server_->port(); }

private:
    explicit Host(config::Config config);
    Result<void> open_store();
    Result<void> make_rooms();
    Result<void> open_portals();
    Result<void> open_accounts();
    Result<void> open_doors();
    // Portals (host_portals.cpp), and those that come and go while the host runs
    // (host_portal_changes.cpp).
    WallMs longest_retention() const;
    Result<void> open_together(std::span<const config::Portal> portals);
    Result<void> open_made_portals();
    async::Awaitable<Result<void>> open_portal(const config::Portal& from);
    async::Awaitable<Result<void>> open_portal_here(const config::Portal& from);
    admin::PortalChanges portal_changes();
    struct WantedPortal;
    Result<WantedPortal> wanted_portal(const admin::PortalChange& change) const;
    async::Awaitable<Result<admin::PortalChanged>> change_portal(admin::PortalChange change);
    async::Awaitable<Result<void>> write_portal(const WantedPortal& wanted);
    async::Awaitable<Result<void>> make_portal(const WantedPortal& wanted);
    async::Awaitable<Result<void>> alter_portal(
        std::shared_ptr<accounts::Portal> portal, const WantedPortal& wanted
    );
    async::Awaitable<Result<void>> bound_accounts(const accounts::Portal& portal);
    async::Awaitable<Result<admin::PortalRemoval>> remove_portal(std::string id, bool discard);
    async::Awaitable<Result<void>> end_portal(
        std::shared_ptr<accounts::Portal> portal, bool discard
    );
    /// How an account is opened that the configuration does not speak of.
    struct Opening {
        std::string key;         ///< what its messenger calls it
        std::string title, url;  ///< of it there, for people
        bool connected = true;
        bool anew = false;  ///< what its health was is of no interest any more
    };
    static Opening opening_of(const accounts::Made& made);
    async::Awaitable<Result<void>> open_account(const config::Account& from, Opening how);
    async::Awaitable<Result<void>> recall_aliases(accounts::Account* account);
    // Accounts that come and go while the host runs (host_changes.cpp).
    Result<void> make_flows();
    admin::AccountChanges account_changes();
    Result<void> open_made_accounts();
    async::Awaitable<Result<std::shared_ptr<accounts::Account>>> draft_account(connect::Kept kept);
    async::Awaitable<Result<void>> open_made(accounts::Made made);
    async::Awaitable<Result<void>> open_connected(accounts::Made made);
    async::Awaitable<Result<void>> put_made(accounts::Made made);
    async::Awaitable<Result<void>> forget(std::shared_ptr<accounts::Account> account);
    Result<void> check_made(const accounts::Made& made) const;
    void look_at_again(const std::string& id);
    async::Awaitable<> close_account(std::shared_ptr<accounts::Account> account);
    async::Awaitable<> drop_draft(std::shared_ptr<accounts::Account> account);
    std::string owner_of(const std::string& connector, const std::string& key) const;
    async::Awaitable<Result<std::string>> change_account(admin::AccountChange change);
    async::Awaitable<Result<std::string>> disconnect_account(
        std::shared_ptr<accounts::Account> account, bool forget_it
    );
    async::Awaitable<> rest(
        std::chrono::milliseconds how_long, std::shared_ptr<std::atomic<bool>> leaving
    );
    async::Awaitable<> run_account(std::shared_ptr<accounts::Account> account);
    void recall_health(accounts::Account& account);
    async::Awaitable<Result<void>> make_strand(
        std::shared_ptr<accounts::Account> of, std::shared_ptr<plugins::Generation> generation
    );
    Result<void> adopt_manifest(accounts::Account& account, const plugins::Generation& generation);
    std::shared_ptr<quotas::Shared> shared_quotas(
        const ConnectorId& connector, const quotas::Rules& rules
    );
    boost::json::object settings_of_connector(const ConnectorId& connector) const;
    std::vector<Secret> secrets_of(
        const accounts::Account& account, const boost::json::object& manifest
    ) const;
    reload::ServedAccount describe(const accounts::Account& account) const;
    void begin_life(std::shared_ptr<accounts::Account> account);
    Result<void> make_reloader();
    void make_media();
    void end_waits();
    void housekeeping();

    config::Config config_;  ///< without portals and accounts once they are open
    SystemClock clock_;
    Secret store_key_;
    Claims claims_;  // before the loops: coroutines hold parts of it until these end
    async::Loops loops_;
    async::BlockingPool pool_{4};
    std::unique_ptr<net::AddressGuard> guard_;
    std::unique_ptr<net::Clients> clients_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<plugins::Catalogue> catalogue_;
    std::unique_ptr<isolation::Children> children_;
    std::unique_ptr<reload::Book> book_;
    std::unique_ptr<ConnectorServing> serving_;
    std::unique_ptr<reload::Reloader> reloader_;
    std::unique_ptr<media::Links> links_;
    std::unique_ptr<media::Files> files_;
    std::unique_ptr<media::Copies> copies_;
    std::unique_ptr<inbound::Ground> ground_;
    accounts::Directory directory_;
    std::mutex quotas_mutex_;  // guards connector_quotas_; accounts go over on all loops at once
    std::map<std::string, std::shared_ptr<quotas::Shared>> connector_quotas_;
    std::unique_ptr<lanes::LaneTable> lanes_;
    std::unique_ptr<delivery::PortalLanes> portal_lanes_;
    std::unique_ptr<inbound::Inbound> inbound_;
    std::unique_ptr<inbound::Profiles> profiles_;
    std::unique_ptr<connect::Flows> flows_;
    std::unique_ptr<connect::Page> connect_page_;
    std::unique_ptr<outbound::Commands> commands_;
    std::unique_ptr<media::Origins> origins_;
    std::unique_ptr<media::Copier> copier_;
    std::unique_ptr<media::Relay> relay_;
    std::unique_ptr<PublicSide> public_side_;
    std::unique_ptr<net::Handler> admin_side_;
    std::unique_ptr<net::Server> public_server_;
    std::unique_ptr<net::Server> admin_server_;
    std::shared_ptr<std::atomic<bool>> stopping_ = std::make_shared<std::atomic<bool>>(false);
    std::atomic<int> running_accounts_{0};
    std::thread housekeeper_;
    bool started_ = false;
};

}  // namespace trunkline
