#pragma once

#include <map>
#include <string>

#include "host/inbound/inbound.hpp"
#include "host/inbound/locate.hpp"
#include "host/media/relay.hpp"
#include "tests/unit/world/host_world.hpp"

namespace trunkline::media::test {

using trunkline::test::ends;
using trunkline::test::Play;
using trunkline::test::ScriptedStrand;

/// The messenger's file server: /<n> is a file of n bytes, unless it is in `gone`.
class FileServer final : public net::Handler {
public:
    net::BodyPlan plan(const net::RequestHead&) override { return {}; }
    async::Awaitable<net::Response> handle(net::Request request) override {
        const std::string path{request.head.path};
        ++asked;
        net::Response response;
        if (gone.contains(path)) {
            response.status = gone.at(path);
            co_return response;
        }
        const std::string bytes(std::stoul(path.substr(1)), 'b');
        if (!request.head.header("Range").empty()) {
            response.status = 206;
            response.headers.push_back(
                {"Content-Range", "bytes 0-9/" + std::to_string(bytes.size())}
            );
            response.body = bytes.substr(0, 10);
        } else if (chunked) {
            response.stream = std::make_unique<Pieces>(bytes);
        } else {
            response.body = bytes;
        }
        co_return response;
    }

    std::map<std::string, int> gone;  ///< and what it answers for them
    bool chunked = false;             ///< says no size beforehand
    int asked = 0;

private:
    class Pieces final : public net::BodySource {
    public:
        explicit Pieces(std::string bytes) : bytes_{std::move(bytes)} {}
        std::optional<std::uint64_t> size() const override { return std::nullopt; }
        async::Awaitable<Result<std::string>> read() override {
            std::string piece = bytes_.substr(0, 300);
            bytes_.erase(0, piece.size());
            co_return piece;
        }

    private:
        std::string bytes_;
    };
};

/// An account whose connector finds files on a server of ours, and everything that gives them out.
class MediaWorld : public trunkline::test::HostWorld {
protected:
    MediaWorld() {
        config::Portal small = portal_config("small");
        small.limits.media_bytes = 1'000;
        shop = add_account("shop", add_portal(small));
        connector = static_cast<ScriptedStrand*>(shop->strand.get());
        auto opened = net::listen(loops, {"127.0.0.1:0", "", "", {}}, {}, clock, messenger);
        EXPECT_TRUE(opened);
        server = *std::move(opened);
    }
    ~MediaWorld() override {
        run<bool>([&]() -> async::Awaitable<bool> {
            co_await server->drain(std::chrono::milliseconds{100});
            co_return true;
        });
    }

    /// What a connector says that finds the file there.
    Play found(const std::string& path, WallMs expires_ms = 0) const {
        Play play = ends(TL_DONE);
        tasks::Source source;
        source.request.url = "http://127.0.0.1:" + std::to_string(server->port()) + path;
        source.request.allow_private = true;
        source.expires_ms = expires_ms;
        play.end.source = std::move(source);
        return play;
    }
    /// The connector finds the file there; once more for each play.
    void found_at(const std::string& path, WallMs expires_ms = 0) {
        connector->plays.push_back(found(path, expires_ms));
    }

    FileServer messenger;
    std::unique_ptr<net::Server> server;
    net::AddressGuard guard = *net::AddressGuard::make(false, {});
    net::Clients clients{loops, guard};
    inbound::Inbound inbound{ground, directory, store, pool};
    Origins origins{
        clients, clock, [this](std::shared_ptr<accounts::Account> whose, std::string ref) {
            return inbound::locate(inbound, store, std::move(whose), std::move(ref));
        }};
    Copies copies{
        Copies::Options{folder + "/copies", Secret{std::string(32, 'k')}, 1U << 20U, 0},
        store,
        pool,
        clock};
    Relay relay{{links, *files, copies, origins, directory, pool, clock}};
    std::shared_ptr<accounts::Account> shop;
    ScriptedStrand* connector = nullptr;
};

}  // namespace trunkline::media::test
