#include "host/host.hpp"

#include <algorithm>
#include <filesystem>
#include <future>

#include <malloc.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "host/admin/admin_side.hpp"
#include "host/async/on.hpp"
#include "host/async/spawn.hpp"
#include "host/inbound/locate.hpp"
#include "host/inbound/media_lost.hpp"
#include "host/inbound/tell_health.hpp"
#include "host/left_behind.hpp"
#include "host/net/descriptors.hpp"
#include "host/store_key.hpp"

namespace trunkline {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kDrainAtMost{10'000};
constexpr WallMs kLinkLivesBeyondRetention = 7LL * 24 * 3600 * 1000;

/// A program of ours in the folder of this one; "" when it is not there.
std::string program_beside(const char* name) {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    const auto file = self.parent_path() / name;
    return !error && ::access(file.c_str(), X_OK) == 0 ? file.string() : std::string{};
}

/// Runs a coroutine that ends in a Result from main's thread.
Result<void> wait_for(
    async::Loop& loop, const char* name, std::function<async::Awaitable<Result<void>>()> work
) {
    Result<void> result;
    async::run_and_wait(loop.get_executor(), name, [&result, &work]() -> async::Awaitable<> {
        result = co_await work();
    });
    return result;
}

}  // namespace

Host::Host(config::Config config) : config_{std::move(config)}, loops_{config_.listen.threads} {}

Host::~Host() {
    stop();
}

Result<std::unique_ptr<Host>> Host::build(config::Config config) {
    std::unique_ptr<Host> host{new Host{std::move(config)}};
    auto opened = host->open_store();
    if (!opened) return opened.error();
    auto made = host->make_rooms();
    if (!made) return made.error();
    return host;
}

Result<void> Host::open_store() {
    auto key = load_store_key(config_.store.key_file);
    if (!key) return key.error();
    store_key_ = *std::move(key);
    std::error_code failed;
    std::filesystem::create_directories(config_.store.path, failed);
    if (failed)
        return Error{
            Fault::storage,
            "store.path " + config_.store.path + " cannot be made: " + failed.message()};
    store::Options options;
    options.path = config_.store.path + "/db";
    options.key = store_key_;
    options.dead_letters_keep_ms = config_.keep.dead_letters.count();
    auto opened = store::open_rocksdb(options, clock_);
    if (!opened) return opened.error();
    store_ = *std::move(opened);
    return {};
}

Result<void> Host::make_rooms() {
    auto guard = net::AddressGuard::make(config_.network.allow_private, config_.network.allow);
    if (!guard) return Error{Fault::malformed, "network.allow: " + guard.error().context};
    guard_ = std::make_unique<net::AddressGuard>(*std::move(guard));
    clients_ = std::make_unique<net::Clients>(loops_, *guard_);

    plugins::CatalogueOptions plugins;
    plugins.directory = config_.plugins.directory;
    plugins.staging = config_.store.path + "/plugins";
    plugins.loops = loops_.size();
    plugins.stopping = stopping_.get();
    plugins.signatures = {config_.plugins.require_signature, config_.plugins.trusted_keys};
    plugins.log = [](const std::string& label, int level, std::string_view text) {
        spdlog::log(
            level >= 2 ? spdlog::level::warn : spdlog::level::info,
            "connector.said connector={} text={}",
            label,
            text
        );
    };
    plugins.runner = program_beside("trunkline-runner");
    if (plugins.runner.empty())
        return Error{
            Fault::not_found,
            "the program trunkline-runner is not there: it lies in the same folder as trunkline"};
    isolation::Children::Options children;
    for (const config::Connector& connector : config_.connectors) {
        if (connector.isolation != "auto")
            plugins.isolated[connector.id] = connector.isolation == "process";
        children.limits[connector.id] = {connector.memory, connector.reply_within};
    }
    children_ = std::make_unique<isolation::Children>(std::move(children));
    catalogue_ = plugins::make_catalogue(std::move(plugins));

    links_ = std::make_unique<media::Links>(config_.public_url, store_key_);
    files_ = std::make_unique<media::Files>(
        media::Files::Options{
            config_.store.path + "/media", config_.keep.media.count(), store_key_},
        *store_,
        pool_,
        clock_
    );
    copies_ = std::make_unique<media::Copies>(
        media::Copies::Options{
            config_.store.path + "/copies", store_key_, config_.keep.copied_bytes},
        *store_,
        pool_,
        clock_
    );
    // Messages go on without the copies; the next start looks again.
    if (auto recalled = copies_->recall(); !recalled)
        spdlog::error("media.copies_unreadable reason={}", recalled.error().context);
    const WallMs retention = longest_retention();
    ground_ = std::make_unique<inbound::Ground>(inbound::Ground{
        clock_,
        *links_,
        config_.keep.quarantine.count(),
        retention + kLinkLivesBeyondRetention,
        nullptr,
        retention});
    ground_->longest_retention_ms = retention;
    if (config_.keep.copied_bytes > 0) ground_->copies_wait = [this] { copier_->wake(); };
    ground_->customers_met = [this](accounts::Account& account, std::vector<inbound::Met> met) {
        auto found = directory_.account(account.id.text());
        if (found.get() == &account) profiles_->met(std::move(found), std::move(met));
    };
    inbound_ = std::make_unique<inbound::Inbound>(*ground_, directory_, *store_, pool_);
    profiles_ = std::make_unique<inbound::Profiles>(loops_, *inbound_, *store_, pool_);
    commands_ = std::make_unique<outbound::Commands>(outbound::Commands::Services{
        *ground_, directory_, *store_, pool_, *files_, config_.public_url});
    make_media();
    auto connecting = make_flows();
    if (!connecting) return connecting;
    connect_page_ = std::make_unique<connect::Page>(*flows_);
    auto replacing = make_reloader();
    if (!replacing) return replacing;
    public_side_ = std::make_unique<PublicSide>(PublicSide::Rooms{
        directory_, *inbound_, *commands_, *relay_, *connect_page_, *store_});

    lanes::LaneTable::Services lanes{loops_, *store_, pool_, clock_, {}, {}};
    lanes.listener.alarm =
        [](const std::string& lane, const std::string& code, const std::string& detail) {
            spdlog::error("lane.alarm lane={} code={} detail={}", lane, code, detail);
        };
    lanes_ = std::make_unique<lanes::LaneTable>(std::move(lanes));
    portal_lanes_ = std::make_unique<delivery::PortalLanes>(delivery::PortalLanes::Services{
        loops_, *store_, pool_, clock_, *lanes_, [this](async::Loop& loop) -> net::Client& {
            return clients_->of(loop);
        }});
    admin_side_ = admin::make_admin_side(admin::Rooms{
        config_,
        clock_,
        *store_,
        *catalogue_,
        *reloader_,
        *children_,
        directory_,
        *lanes_,
        *portal_lanes_,
        *inbound_,
        *flows_,
        account_changes(),
        portal_changes(),
        pool_,
        *clients_,
        [this] { return public_side_->readiness(); },
        [this] {
            return std::pair{
                public_server_ ? public_server_->figures() : net::Server::Figures{},
                admin_server_ ? admin_server_->figures() : net::Server::Figures{}};
        },
        *copies_,
        *copier_,
        *profiles_,
    });
    return {};
}

void Host::make_media() {
    origins_ = std::make_unique<media::Origins>(
        *clients_,
        clock_,
        [this](std::shared_ptr<accounts::Account> account, std::string ref) {
            return inbound::locate(*inbound_, *store_, std::move(account), std::move(ref));
        }
    );
    copier_ = std::make_unique<media::Copier>(media::Copier::Services{
        loops_.at(0),
        *store_,
        *copies_,
        *origins_,
        directory_,
        pool_,
        clock_,
        [this](
            std::shared_ptr<accounts::Account> account,
            media::Lost lost,
            std::vector<store::Erase> with
        ) {
            return inbound::tell_lost(
                *ground_, *store_, std::move(account), std::move(lost), std::move(with)
            );
        }});
    relay_ = std::make_unique<media::Relay>(media::Relay::Services{
        *links_, *files_, *copies_, *origins_, directory_, pool_, clock_});
}

Result<void> Host::make_reloader() {
    auto book = reload::Book::open(*store_);
    if (!book) return book.error();
    book_ = *std::move(book);
    serving_ = std::make_unique<ConnectorServing>(ConnectorServing::Rooms{
        loops_,
        directory_,
        pool_,
        *store_,
        *inbound_,
        [this](const accounts::Account& account) { return describe(account); },
        [this](
            std::shared_ptr<accounts::Account> account,
            std::shared_ptr<plugins::Generation> generation
        ) { return make_strand(std::move(account), std::move(generation)); },
        [this](accounts::Account& account, const plugins::Generation& generation) {
            return adopt_manifest(account, generation);
        },
        [this](std::shared_ptr<accounts::Account> account) { begin_life(std::move(account)); }});
    reload::Options options;
    options.directory = config_.plugins.directory;
    options.kept = config_.store.path + "/plugins/kept";
    options.runner = program_beside("trunkline-runner");
    options.watch = config_.plugins.watch;
    options.pin = config_.plugins.require_signature;
    options.soak = config_.plugins.soak;
    options.stopping = stopping_.get();
    reloader_ = std::make_unique<reload::Reloader>(
        reload::Reloader::Rooms{*catalogue_, *book_, *serving_, clock_}, std::move(options)
    );
    reloader_->load_all();
    return {};
}

Result<void> Host::start() {
    loops_.start();
    started_ = true;
    auto opened = open_portals();
    if (opened) opened = open_accounts();
    // From here on they are what the directory says; this was memory, and secrets, for nobody.
    config_.portals = std::vector<config::Portal>{};
    config_.accounts = std::vector<config::Account>{};
    malloc_trim(0);
    if (opened) opened = open_doors();
    if (!opened) return opened;
    for (const store::LaneInfo& lane : orphaned_lanes(*store_, directory_)) {
        spdlog::error(
            "lane.orphaned lane={} waiting={} reason=\"its portal or account is not there\"",
            lane.name,
            lane.tail - lane.head
        );
    }
    reloader_->start();
    ++running_accounts_;
    async::spawn(loops_.at(0).get_executor(), "copier", [this]() -> async::Awaitable<> {
        co_await copier_->run(stopping_);
        --running_accounts_;
    });
    housekeeper_ = std::thread{[this] { housekeeping(); }};
    public_side_->ready(true);
    return {};
}

Result<void> Host::open_accounts() {
    for (const config::Account& account : config_.accounts) {
        auto opened = wait_for(loops_.home_of(account.id), "open account", [this, &account] {
            return open_account(account, {});
        });
        if (!opened) return opened;
    }
    return open_made_accounts();
}

Result<void> Host::open_doors() {
    const auto limits = net::share_out(net::raise_descriptor_limit());
    const auto open =
        [this](const config::Endpoint& from, const net::ServerLimits& most, net::Handler& handler) {
            return net::listen(
                loops_,
                {from.address, from.certificate, from.key, from.trusted_proxies},
                most,
                clock_,
                handler
            );
        };
    auto admin_server = open(config_.listen.admin, limits.admin, *admin_side_);
    if (!admin_server)
        return Error{admin_server.error().fault, "listen.admin: " + admin_server.error().context};
    admin_server_ = *std::move(admin_server);
    auto public_server = open(config_.listen.public_side, limits.public_side, *public_side_);
    if (!public_server)
        return Error{
            public_server.error().fault, "listen.public: " + public_server.error().context};
    public_server_ = *std::move(public_server);
    return {};
}

/// Accounts that their messenger told to wait may go on.
void Host::end_waits() {
    const WallMs now = clock_.wall_ms();
    for (const auto& [id, account] : directory_.accounts()) {
        if (!account->wait_is_over(now)) continue;
        async::spawn(
            account->loop.get_executor(),
            "wait is over",
            [this, account]() -> async::Awaitable<> {
                if (!account->wait_is_over(clock_.wall_ms())) co_return;
                accounts::Health well{accounts::State::connected, {}, {}};
                (void)co_await inbound::tell_health(*ground_, *store_, *account, std::move(well));
            }
        );
    }
}

void Host::housekeeping() {
    for (int seconds = 0; !*stopping_; ++seconds) {
        std::this_thread::sleep_for(milliseconds{1'000});
        end_waits();
        if (seconds % 600 != 0) continue;
        try {
            files_->sweep();
            copies_->sweep();
            for (const auto& [id, portal] : directory_.portals())
                portal->keys()->tick();
        } catch (const std::exception& error) {
            // A round that failed is tried again by the next; the host's work does not depend on
            // it.
            spdlog::error("host.housekeeping_failed reason={}", error.what());
        }
    }
}

void Host::stop() {
    if (!started_) return;
    started_ = false;
    public_side_->ready(false);
    *stopping_ = true;
    reloader_->stop();
    for (const auto& [id, account] : directory_.accounts())
        *account->leaving = true;
    for (auto* server : {public_server_.get(), admin_server_.get()}) {
        if (server != nullptr) server->stop_accepting();
    }
    async::run_and_wait(loops_.at(0).get_executor(), "stop", [this]() -> async::Awaitable<> {
        for (auto* server : {public_server_.get(), admin_server_.get()}) {
            if (server != nullptr) co_await server->drain(kDrainAtMost);
        }
        co_await portal_lanes_->stop();
        co_await lanes_->stop(kDrainAtMost);
        for (const auto& [id, account] : directory_.accounts()) {
            if (account->strand)
                co_await async::on(account->loop.get_executor(), [&account = account] {
                    return account->strand->stop();
                });
        }
        copier_->wake();
        const auto limit = std::chrono::steady_clock::now() + kDrainAtMost;
        while (running_accounts_ > 0 || profiles_->at_work() > 0 ||
               (copier_->at_work() > 0 && std::chrono::steady_clock::now() < limit))
            co_await async::pause(milliseconds{10});
    });
    if (housekeeper_.joinable()) housekeeper_.join();
    store_->close();
    loops_.stop();
    spdlog::info("host.stopped");
}

}  // namespace trunkline
