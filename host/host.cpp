#include "host/host.hpp"

#include <algorithm>
#include <filesystem>
#include <future>

#include <boost/json.hpp>
#include <spdlog/spdlog.h>

#include "host/account_settings.hpp"
#include "host/admin/admin_side.hpp"
#include "host/async/on.hpp"
#include "host/async/spawn.hpp"
#include "host/config/units.hpp"
#include "host/inbound/poller.hpp"
#include "host/outbound/messenger.hpp"
#include "host/store_key.hpp"

namespace trunkline {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kDrainAtMost{10'000};
constexpr WallMs kLinkLivesBeyondRetention = 7LL * 24 * 3600 * 1000;

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

WallMs longest_retention(const config::Config& config) {
    milliseconds longest{0};
    for (const config::Portal& portal : config.portals) {
        for (const config::Lane& lane : portal.lanes)
            longest = std::max(longest, lane.retention);
    }
    return longest.count();
}

lanes::LanePolicy policy_of(const config::Portal& portal, const config::Lane& lane) {
    lanes::LanePolicy policy;
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

std::optional<milliseconds> duration_in(const boost::json::object& manifest, const char* key) {
    const auto* value = manifest.if_contains(key);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return config::parse_duration(std::string_view{value->as_string()});
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
    plugins.log = [](const std::string& label, int level, std::string_view text) {
        spdlog::log(
            level >= 2 ? spdlog::level::warn : spdlog::level::info,
            "connector.said connector={} text={}",
            label,
            text
        );
    };
    catalogue_ = plugins::make_catalogue(std::move(plugins));
    catalogue_->load_all();

    std::string url = config_.public_url;
    while (url.ends_with('/'))
        url.pop_back();
    links_ = std::make_unique<media::Links>(url, store_key_);
    files_ = std::make_unique<media::Files>(
        media::Files::Options{config_.store.path + "/media", config_.keep.media.count()},
        *store_,
        pool_,
        clock_
    );
    ground_ = std::make_unique<inbound::Ground>(inbound::Ground{
        clock_,
        *links_,
        config_.keep.quarantine.count(),
        longest_retention(config_) + kLinkLivesBeyondRetention});
    inbound_ = std::make_unique<inbound::Inbound>(*ground_, directory_, *store_, pool_);
    commands_ = std::make_unique<outbound::Commands>(outbound::Commands::Services{
        *ground_, directory_, *store_, pool_, *files_, url});
    relay_ = std::make_unique<media::Relay>(media::Relay::Services{
        *links_, *files_, directory_, *clients_, pool_, clock_});
    public_side_ = std::make_unique<PublicSide>(PublicSide::Rooms{
        directory_, *inbound_, *commands_, *relay_, *store_});

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
        directory_,
        *lanes_,
        *portal_lanes_,
        *inbound_,
        pool_,
        *clients_,
        [this] { return public_side_->readiness(); },
        [this] {
            return std::pair{
                public_server_ ? public_server_->figures() : net::Server::Figures{},
                admin_server_ ? admin_server_->figures() : net::Server::Figures{}};
        },
    });
    return {};
}

Result<void> Host::start() {
    loops_.start();
    started_ = true;
    for (auto step : {&Host::open_portals, &Host::open_accounts, &Host::open_doors}) {
        auto done = (this->*step)();
        if (!done) return done;
    }
    housekeeper_ = std::thread{[this] { housekeeping(); }};
    public_side_->ready(true);
    return {};
}

Result<void> Host::open_portals() {
    for (const config::Portal& portal : config_.portals) {
        auto opened = wait_for(loops_.home_of(portal.id), "open portal", [this, &portal] {
            return open_portal(portal);
        });
        if (!opened) return opened;
    }
    return {};
}

async::Awaitable<Result<void>> Host::open_portal(const config::Portal& from) {
    auto keys = accounts::PortalKeys::open(
        PortalId{from.id}, from.license_key, from.next_license_key, *store_, clock_
    );
    if (!keys) co_return keys.error();
    auto portal = std::make_shared<accounts::Portal>(from, *keys, loops_.home_of(from.id));
    delivery::PortalSpec spec;
    spec.id = portal->id;
    for (const config::Lane& lane : from.lanes) {
        spec.lanes.push_back(
            {lane.name, lane.delivery == "guaranteed", lane.events, policy_of(from, lane)}
        );
    }
    const bool allow_private = from.allow_private;
    const bool accept_html = from.accept_html;
    spec.settings = [portal, allow_private, accept_html] {
        delivery::PortalSettings settings;
        settings.url = portal->url;
        settings.keys = *portal->keys->ring();
        settings.encrypt = portal->encrypt;
        settings.allow_private = allow_private;
        settings.html_is_acceptance = accept_html;
        return settings;
    };
    auto routes = co_await portal_lanes_->open(std::move(spec));
    if (!routes) co_return routes.error();
    for (std::size_t i = 0; i < routes->routes.size(); ++i) {
        auto& route = routes->routes[i];
        accounts::PortalLane lane;
        lane.name = from.lanes[i].name;
        lane.events.insert(route.events.begin(), route.events.end());
        lane.id = route.lane;
        lane.memory = std::move(route.memory);
        portal->lanes.push_back(std::move(lane));
    }
    directory_.add(std::move(portal));
    co_return Result<void>{};
}

Result<void> Host::open_accounts() {
    for (const config::Account& account : config_.accounts) {
        auto opened = wait_for(loops_.home_of(account.id), "open account", [this, &account] {
            return open_account(account);
        });
        if (!opened) return opened;
    }
    return {};
}

Result<void> Host::make_strand(accounts::Account& account) {
    auto generation = catalogue_->current(account.connector);
    if (!generation)
        return Error{Fault::not_found, "no connector called " + account.connector.text()};
    const boost::json::object& manifest = generation->manifest().json;
    if (const auto* features = manifest.if_contains("features");
        features != nullptr && features->is_object()) {
        auto parsed = universal::Features::parse(features->as_object());
        if (!parsed) return parsed.error();
        account.features = *std::move(parsed);
    }
    auto rates = accounts::Rates::parse(manifest);
    if (!rates) return rates.error();
    auto& shared = connector_buckets_[account.connector.text()];
    if (!shared && rates->connector)
        shared = std::make_shared<accounts::SharedBucket>(*rates->connector);
    account.rates.emplace(*rates, shared);
    const std::vector<Setting> declared = settings_of(manifest);
    auto checked = check_settings(account.settings, declared);
    if (!checked) return checked;
    if (const auto window = duration_in(manifest, "redelivery_window"))
        account.redelivery_window_ms = window->count();
    account.check_every = duration_in(manifest, "check_every");
    if (const auto* poll = manifest.if_contains("poll"); poll != nullptr && poll->is_object()) {
        if (const auto every = duration_in(poll->as_object(), "every")) account.poll_every = *every;
    }
    const auto* receive = account.settings.if_contains("receive");
    account.polls = receive != nullptr && receive->is_string() && receive->as_string() == "poll";

    tasks::Setup setup;
    setup.connector = account.connector;
    setup.account = account.id;
    setup.name = account.id.text();
    boost::json::object connector_settings;
    for (const config::Connector& entry : config_.connectors) {
        if (entry.id == account.connector.text()) connector_settings = entry.settings;
    }
    setup.connector_json = boost::json::serialize(connector_settings);
    setup.settings_json = boost::json::serialize(account.settings);
    std::string url = config_.public_url;
    while (url.ends_with('/'))
        url.pop_back();
    setup.hook_url = url + "/hooks/" + account.id.text();
    for (const Setting& setting : declared) {
        const auto* value = account.settings.if_contains(setting.key);
        if (setting.secret && value != nullptr && value->is_string())
            setup.secrets.emplace_back(std::string{value->as_string()});
    }
    setup.allow_private = config_.network.allow_private;
    tasks::Services services{
        account.loop,
        clients_->of(account.loop),
        *store_,
        pool_,
        clock_,
        [this](const std::string& id) { return files_->path(id); }};
    services.loop_index = loops_.index_of(account.loop);
    auto strand = tasks::Strand::make(std::move(generation), std::move(setup), std::move(services));
    if (!strand) return strand.error();
    account.strand = *std::move(strand);
    return {};
}

/// An account starts as it was, so that only a change is news to its portal.
void Host::recall_health(accounts::Account& account) {
    const auto row = store_->row(store::Table::account, "health/" + account.id.text());
    if (!row || !*row) return;
    boost::system::error_code bad;
    const auto json = boost::json::parse((*row)->value, bad);
    if (bad || !json.is_object()) return;
    const auto text = [&](const char* key) { return std::string{json.at(key).as_string()}; };
    account.set_health({text("state"), text("code"), text("text"), json.at("since").as_int64(), 0});
}

async::Awaitable<Result<void>> Host::open_account(const config::Account& from) {
    auto portal = directory_.portal(from.portal);
    auto account = std::make_shared<accounts::Account>(from, portal, loops_.home_of(from.id));
    auto made = make_strand(*account);
    if (!made) {
        // One account that cannot work hurts nobody else: it is shown as broken and its commands
        // wait.
        spdlog::error(
            "account.broken account={} line={}:{} reason={}",
            from.id,
            from.place.file,
            from.place.line,
            made.error().context
        );
        account->set_health({"broken", "connector", made.error().context, clock_.wall_ms(), 0});
    }
    const std::string prefix = "alias/" + from.id + '/';
    auto aliases = co_await pool_.run([this, &prefix] {
        return store_->rows(store::Table::account, prefix, "", 100'000);
    });
    if (!aliases) co_return aliases.error();
    for (const store::Row& row : *aliases)
        account->known_as[row.key.substr(prefix.size())] = row.value;

    if (made) recall_health(*account);

    lanes::LaneSpec spec;
    spec.name = "account/" + from.id;
    spec.owner = spec.name;
    spec.connector = from.connector;
    spec.home = &account->loop;
    spec.policy.waiting_bytes_max = portal->limits.waiting_bytes;
    auto destination = std::make_unique<outbound::Messenger>(
        account,
        outbound::Services{
            *ground_,
            *store_,
            pool_,
            *files_,
            clients_->of(account->loop),
            config_.keep.dead_letters.count()}
    );
    auto lane = co_await lanes_->add_keyed(std::move(spec), std::move(destination));
    if (!lane) co_return lane.error();
    account->lane = *lane;
    directory_.add(account);
    if (account->strand) {
        ++running_accounts_;
        async::spawn(
            account->loop.get_executor(),
            "account " + from.id,
            [this, account]() -> async::Awaitable<> {
                co_await run_account(account);
                --running_accounts_;
            }
        );
    }
    co_return Result<void>{};
}

/// Waits in short pieces, so that stopping is not held up.
async::Awaitable<> Host::rest(milliseconds how_long) {
    constexpr milliseconds kPiece{200};
    for (milliseconds waited{0}; waited < how_long && !*stopping_; waited += kPiece)
        co_await async::pause(std::min(kPiece, how_long));
}

/// What an account does on its own: its check at start, again while it fails and every so often,
/// and its polls.
async::Awaitable<> Host::run_account(std::shared_ptr<accounts::Account> account) {
    if (account->polls) {
        ++running_accounts_;
        async::spawn(
            account->loop.get_executor(),
            "poll " + account->id.text(),
            [this, account]() -> async::Awaitable<> {
                co_await inbound::poll(*inbound_, *store_, pool_, account, stopping_);
                --running_accounts_;
            }
        );
    }
    milliseconds failing{0};
    while (!*stopping_) {
        auto checked = co_await inbound::check(*inbound_, *store_, account);
        if (*stopping_) co_return;
        if (checked || checked.error().fault == Fault::account_broken) {
            if (!account->check_every) co_return;
            failing = milliseconds{0};
            co_await rest(*account->check_every);
            continue;
        }
        failing = failing.count() == 0 ? milliseconds{1'000}
                                       : std::min(failing * 2, milliseconds{60'000});
        spdlog::warn(
            "account.check_failed account={} reason={} wait_ms={}",
            account->id.text(),
            checked.error().context,
            failing.count()
        );
        co_await rest(std::max(failing, checked.error().pause));
    }
}

Result<void> Host::open_doors() {
    const auto open = [this](const config::Endpoint& from, net::Handler& handler) {
        return net::listen(
            loops_,
            {from.address, from.certificate, from.key, from.trusted_proxies},
            {},
            clock_,
            handler
        );
    };
    auto admin_server = open(config_.listen.admin, *admin_side_);
    if (!admin_server)
        return Error{admin_server.error().fault, "listen.admin: " + admin_server.error().context};
    admin_server_ = *std::move(admin_server);
    auto public_server = open(config_.listen.public_side, *public_side_);
    if (!public_server)
        return Error{
            public_server.error().fault, "listen.public: " + public_server.error().context};
    public_server_ = *std::move(public_server);
    return {};
}

void Host::housekeeping() {
    for (int seconds = 0; !*stopping_; ++seconds) {
        std::this_thread::sleep_for(milliseconds{1'000});
        if (seconds % 600 != 0) continue;
        files_->sweep();
        for (const auto& [id, portal] : directory_.portals())
            portal->keys->tick();
    }
}

void Host::stop() {
    if (!started_) return;
    started_ = false;
    public_side_->ready(false);
    *stopping_ = true;
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
        while (running_accounts_ > 0)
            co_await async::pause(milliseconds{10});
    });
    if (housekeeper_.joinable()) housekeeper_.join();
    store_->close();
    loops_.stop();
    spdlog::info("host.stopped");
}

}  // namespace trunkline
