// The portal's composition: reads top to bottom, builds every part, waits for a signal, takes them
// down in order.
#include <csignal>
#include <cstdio>
#include <string_view>

#include <boost/asio/signal_set.hpp>
#include <spdlog/spdlog.h>

#include "host/async/spawn.hpp"
#include "host/net/client.hpp"
#include "portal/config.hpp"
#include "portal/desk/door.hpp"
#include "portal/store/files.hpp"
#include "portal/wire/host_client.hpp"
#include "portal/wire/outbox.hpp"
#include "portal/wire/uploads.hpp"

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

bool on_loopback(const std::string& listen) {
    return listen.starts_with("127.") || listen.starts_with("localhost:") ||
           listen.starts_with("[::1]:");
}

/// Uploads that were never sent are dropped after a day.
async::Awaitable<> keep_house(store::Store& store, desk::DiskFiles& files, const Clock& clock) {
    for (;;) {
        const auto before = clock.wall_ms() - kUnusedFileLife;
        auto work = [before](store::Database& database) -> Result<std::vector<std::string>> {
            return store::forget_unused_files(database, before);
        };
        auto ids = co_await store.write(std::move(work));
        if (ids) {
            for (const auto& id : *ids)
                files.remove(id);
        }
        co_await async::pause(kHousekeeping);
    }
}

int fail(const Error& error) {
    std::fprintf(stderr, "trunkline-portal: %s\n", error.context.c_str());
    return 1;
}

int run(const Config& config) {
    auto receiving_keys = key_ring(config.host, seal::Direction::host_to_portal);
    auto sending_keys = key_ring(config.host, seal::Direction::portal_to_host);
    if (!receiving_keys) return fail(receiving_keys.error());
    if (!sending_keys) return fail(sending_keys.error());
    auto guard = net::AddressGuard::make(config.allow_private, {});
    if (!guard) return fail(guard.error());
    // One loop is plenty for a page of operators, and every part below belongs to it. It comes
    // first because it must outlive the threads of store and disk, which hand their results back to
    // it.
    const SystemClock clock;
    async::Loops loops{1};
    auto& loop = loops.at(0);
    auto store = store::Store::open(config.store_path);
    if (!store) return fail(store.error());
    async::BlockingPool disk{2};
    auto files = desk::DiskFiles::open(config.files.path, disk);
    if (!files) return fail(files.error());

    const auto client = net::make_client(loop, *guard);
    const auto hub = std::make_shared<desk::Hub>();
    const auto told = [hub] { hub->changed(); };

    seal::Sealer sealer{
        config.host.portal, *std::move(sending_keys), seal::Direction::portal_to_host};
    wire::HostClient host{
        {config.host.url, config.host.portal, config.allow_private},
        std::move(sealer),
        *client,
        clock};
    wire::Outbox outbox{loop, **store, host, clock, told};
    const auto uploaded = [hub, &outbox] {
        hub->changed();
        outbox.poke();
    };
    wire::Uploads uploads{loop, files->folder(), **store, host, clock, uploaded};
    seal::Opener opener{
        config.host.portal, *std::move(receiving_keys), seal::Direction::host_to_portal};
    wire::Receiver receiver{
        {config.host.portal, config.host.encrypted, config.host.best_effort_lanes},
        std::move(opener),
        **store,
        clock,
        *hub};

    desk::Media media{
        {config.files.fetch, config.allow_private, config.files.bytes_max}, *client, **store};
    const auto queued = [&outbox, &uploads] {
        uploads.poke();
        outbox.poke();
    };
    desk::Api api{{loop, **store, hub, host, *files, media, clock, config.host.portal, queued}};
    desk::Door door{
        receiver,
        api,
        desk::Origin{config.public_url, on_loopback(config.listen)},
        config.files.bytes_max};
    net::Listen where;
    where.address = config.listen;
    auto server = net::listen(loops, where, {}, clock, door);
    if (!server) return fail(server.error());

    async::spawn(loop.get_executor(), "outbox", [&outbox] { return outbox.run(); });
    async::spawn(loop.get_executor(), "uploads", [&uploads] { return uploads.run(); });
    async::spawn(loop.get_executor(), "housekeeping", [&store, &files, &clock] {
        return keep_house(**store, *files, clock);
    });
    loops.start();
    spdlog::info(
        "portal.listening address={} port={} portal={}",
        config.listen,
        (*server)->port(),
        config.host.portal
    );

    boost::asio::io_context waiting{1};
    boost::asio::signal_set signals{waiting, SIGINT, SIGTERM};
    signals.async_wait([](const boost::system::error_code&, int) {});
    waiting.run();

    spdlog::info("portal.stopping");
    (*server)->stop_accepting();
    async::run_and_wait(loop.get_executor(), "shutdown", [&]() -> async::Awaitable<> {
        hub->close();
        outbox.stop();
        uploads.stop();
        co_await (*server)->drain(std::chrono::seconds{5});
    });
    loops.stop();
    return 0;
}

int start(int argc, char** argv) {
    std::string file;
    for (int at = 1; at < argc; ++at) {
        const std::string_view word{argv[at]};
        if (word == "--version") {
            std::puts("trunkline-portal " TRUNKLINE_VERSION);
            return 0;
        }
        if (word == "--config" && at + 1 < argc) file = argv[++at];
    }
    if (file.empty()) {
        std::fputs("usage: trunkline-portal --config FILE\n", stderr);
        return 2;
    }
    auto loaded = load_config(file);
    for (const auto& problem : loaded.problems)
        std::fprintf(stderr, "%s\n", problem.c_str());
    if (!loaded.config) return 2;
    std::signal(SIGPIPE, SIG_IGN);
    return run(*loaded.config);
}

}  // namespace

}  // namespace trunkline::portal

int main(int argc, char** argv) {
    try {
        return trunkline::portal::start(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "trunkline-portal: %s\n", error.what());
        return 1;
    }
}
