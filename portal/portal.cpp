#include "portal/portal.hpp"

#include <spdlog/spdlog.h>

#include "host/async/spawn.hpp"
#include "portal/store/files.hpp"

namespace trunkline::portal {

namespace {

constexpr std::chrono::milliseconds kHousekeeping{60LL * 60 * 1000};
constexpr WallMs kUnusedFileLife = 24LL * 3600 * 1000;

Result<seal::KeyRing> key_ring(const Config::Host& host, seal::Direction direction) {
    auto current = seal::LicenseKey::parse(host.license_key);
    if (!current) return current.error();
    if (host.next_license_key.empty()) return seal::KeyRing{*std::move(current), std::nullopt};
    auto next = seal::LicenseKey::parse(host.next_license_key);
    if (!next) return next.error();
    // Commands go out under the next key: that is how the host learns that this side has it.
    if (direction == seal::Direction::portal_to_host)
        return seal::KeyRing{*std::move(next), *std::move(current)};
    return seal::KeyRing{*std::move(current), *std::move(next)};
}

}  // namespace

Result<std::unique_ptr<Portal>> Portal::build(Config config) {
    auto receiving_keys = key_ring(config.host, seal::Direction::host_to_portal);
    if (!receiving_keys) return receiving_keys.error();
    auto sending_keys = key_ring(config.host, seal::Direction::portal_to_host);
    if (!sending_keys) return sending_keys.error();
    auto guard = net::AddressGuard::make(config.allow_private, {});
    if (!guard) return guard.error();
    auto ground = std::make_unique<Ground>();
    auto store = store::Store::open(config.store_path);
    if (!store) return store.error();
    auto files = desk::DiskFiles::open(config.files.path, ground->disk);
    if (!files) return files.error();
    ground->store = *std::move(store);
    ground->files = std::make_unique<desk::DiskFiles>(*std::move(files));
    ground->client = net::make_client(ground->loops.at(0), *guard);
    ground->receiving_keys = std::make_unique<seal::KeyRing>(*std::move(receiving_keys));
    ground->sending_keys = std::make_unique<seal::KeyRing>(*std::move(sending_keys));
    return std::unique_ptr<Portal>{new Portal{std::move(config), std::move(ground)}};
}

Portal::Portal(Config config, std::unique_ptr<Ground> ground)
    : config_{std::move(config)},
      ground_{std::move(ground)},
      loop_{ground_->loops.at(0)},
      hub_{std::make_shared<desk::Hub>()},
      host_{
          {config_.host.url, config_.host.portal, config_.allow_private},
          seal::Sealer{
              config_.host.portal, *ground_->sending_keys, seal::Direction::portal_to_host},
          *ground_->client,
          clock_},
      outbox_{loop_, *ground_->store, host_, clock_, [hub = hub_] { hub->changed(); }},
      uploads_{
          loop_,
          ground_->files->folder(),
          *ground_->store,
          host_,
          clock_,
          [this] {
              hub_->changed();
              outbox_.poke();
          }},
      receiver_{
          {config_.host.portal, config_.host.encrypt, config_.host.best_effort_lanes},
          seal::Opener{
              config_.host.portal, *ground_->receiving_keys, seal::Direction::host_to_portal},
          *ground_->store,
          clock_,
          *hub_},
      media_{
          {config_.files.fetch, config_.allow_private, config_.files.bytes_max},
          *ground_->client,
          *ground_->store},
      api_{
          {loop_,
           *ground_->store,
           hub_,
           host_,
           *ground_->files,
           media_,
           clock_,
           config_.host.portal,
           [this] {
               uploads_.poke();
               outbox_.poke();
           }}},
      door_{
          receiver_,
          api_,
          desk::Origin{config_.public_url, config_.on_loopback},
          config_.files.bytes_max} {}

Result<void> Portal::start() {
    net::Listen where;
    where.address = config_.listen;
    auto server = net::listen(ground_->loops, where, {}, clock_, door_);
    if (!server) return server.error();
    server_ = *std::move(server);
    const auto executor = loop_.get_executor();
    async::spawn(executor, "outbox", [this] { return outbox_.run(); });
    async::spawn(executor, "uploads", [this] { return uploads_.run(); });
    async::spawn(executor, "housekeeping", [this] { return keep_house(); });
    ground_->loops.start();
    spdlog::info(
        "portal.listening address={} port={} portal={}",
        config_.listen,
        server_->port(),
        config_.host.portal
    );
    return {};
}

void Portal::stop() {
    server_->stop_accepting();
    async::run_and_wait(loop_.get_executor(), "shutdown", [this]() -> async::Awaitable<> {
        hub_->close();
        outbox_.stop();
        uploads_.stop();
        co_await server_->drain(std::chrono::seconds{5});
    });
    ground_->loops.stop();
}

/// Uploads that were never sent are dropped after a day.
async::Awaitable<> Portal::keep_house() {
    for (;;) {
        const auto before = clock_.wall_ms() - kUnusedFileLife;
        auto work = [before](store::Database& database) -> Result<std::vector<std::string>> {
            return store::forget_unused_files(database, before);
        };
        auto ids = co_await ground_->store->write(std::move(work));
        if (ids) {
            for (const auto& id : *ids)
                ground_->files->remove(id);
        }
        co_await async::pause(kHousekeeping);
    }
}

}  // namespace trunkline::portal
