#include "host/media/relay.hpp"

#include "host/inbound/locate.hpp"
#include "tests/unit/world/host_world.hpp"

namespace trunkline::media {
namespace {

using test::ends;
using test::Play;
using test::ScriptedStrand;

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

    std::map<std::string, int> gone;
    bool chunked = false;
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

class RelayTest : public test::HostWorld {
protected:
    RelayTest() {
        config::Portal small = portal_config("small");
        small.limits.media_bytes = 1'000;
        shop = add_account("shop", add_portal(small));
        connector = static_cast<ScriptedStrand*>(shop->strand.get());
        auto opened = net::listen(loops, {"127.0.0.1:0", "", "", {}}, {}, clock, messenger);
        EXPECT_TRUE(opened);
        server = *std::move(opened);
    }
    ~RelayTest() override {
        run<bool>([&]() -> async::Awaitable<bool> {
            co_await server->drain(std::chrono::milliseconds{100});
            co_return true;
        });
    }

    /// The connector finds the file there; once more for each play.
    void found_at(const std::string& path, WallMs expires_ms = 0) {
        Play play = ends(TL_DONE);
        tasks::Source source;
        source.request.url = "http://127.0.0.1:" + std::to_string(server->port()) + path;
        source.request.allow_private = true;
        source.expires_ms = expires_ms;
        play.end.source = std::move(source);
        connector->plays.push_back(std::move(play));
    }
    struct Got {
        int status = 0;
        std::string body;
        bool whole = true;
    };
    Got get(const std::string& ref, const std::string& range = {}) {
        const std::string url =
            links.url({shop->id, ref, "image/png", clock.wall_ms() + 100'000'000}, "a.png");
        constexpr std::size_t kBefore = std::string_view{"http://host/media/"}.size();
        const std::string token = url.substr(kBefore, url.rfind('/') - kBefore);
        return run<Got>([&]() -> async::Awaitable<Got> {
            std::vector<net::HeaderView> headers;
            if (!range.empty()) headers.push_back({"Range", range});
            net::RequestHead head;
            head.headers = headers;
            net::Request request{head, {}};
            net::Response response = co_await relay.get(token, "a.png", std::move(request));
            Got got{response.status, response.body, true};
            while (response.stream) {
                auto piece = co_await response.stream->read();
                got.whole = got.whole && piece.has_value();
                if (!piece || piece->empty()) break;
                got.body += *piece;
            }
            co_return got;
        });
    }

    FileServer messenger;
    std::unique_ptr<net::Server> server;
    net::AddressGuard guard = *net::AddressGuard::make(false, {});
    net::Clients clients{loops, guard};
    inbound::Inbound inbound{ground, directory, store, pool};
    Relay relay{
        {links,
         *files,
         directory,
         clients,
         pool,
         clock,
         [this](std::shared_ptr<accounts::Account> whose, std::string ref) {
             return inbound::locate(inbound, store, std::move(whose), std::move(ref));
         }}};
    std::shared_ptr<accounts::Account> shop;
    ScriptedStrand* connector = nullptr;
};

TEST_F(RelayTest, AFileLargerThanItsPortalTakesIsRefusedBeforeItIsSent) {
    found_at("/1000");
    const Got fits = get("a");
    EXPECT_EQ(fits.status, 200);
    EXPECT_EQ(fits.body.size(), 1'000u);

    found_at("/1001");
    EXPECT_EQ(get("b").status, 413);
    EXPECT_EQ(get("b", "bytes=0-9").status, 413) << "nor piece by piece";
    EXPECT_EQ(get("a", "bytes=0-9").body.size(), 10u);
}

TEST_F(RelayTest, AFileThatDoesNotSayHowLargeItIsIsCutWhereItBecomesTooLarge) {
    messenger.chunked = true;
    found_at("/1000");
    EXPECT_TRUE(get("a").whole);
    found_at("/5000");
    const Got cut = get("b");
    EXPECT_FALSE(cut.whole) << "nobody may take it for the whole file";
    EXPECT_LE(cut.body.size(), 1'000u);
}

TEST_F(RelayTest, ASourceThatLastsIsAskedForOnceADay) {
    found_at("/10");
    EXPECT_EQ(get("a").status, 200);
    EXPECT_EQ(get("a").status, 200);
    EXPECT_EQ(connector->starts.size(), 1u);
    clock.advance(std::chrono::hours{25});
    found_at("/10");
    EXPECT_EQ(get("a").status, 200);
    EXPECT_EQ(connector->starts.size(), 2u);
}

TEST_F(RelayTest, AFileThatMovedIsAskedForOnceMore) {
    for (const int status : {403, 404, 410}) {
        const std::string ref = std::to_string(status);
        const std::string old = "/" + ref;
        messenger.gone.clear();
        found_at(old);
        EXPECT_EQ(get(ref).body.size(), std::stoul(ref));
        messenger.gone[old] = status;
        found_at("/10");
        EXPECT_EQ(get(ref).body.size(), 10u) << "found in its new place";
    }
    EXPECT_EQ(connector->starts.size(), 6u);
}

TEST_F(RelayTest, AFileThatIsGoneIsNotAskedForOverAndOver) {
    messenger.gone["/10"] = 404;
    found_at("/10");
    EXPECT_EQ(get("a").status, 404);
    EXPECT_EQ(connector->starts.size(), 1u) << "it was asked a moment ago";
    EXPECT_EQ(messenger.asked, 1);
}

TEST_F(RelayTest, WhatTheConnectorLearnsMeanwhileIsKept) {
    Play play = ends(TL_DONE);
    play.commits[0].put.push_back({store::Table::plugin, "token", "new", 0});
    play.commits[0].erase.push_back({store::Table::plugin, "old"});
    play.commits[0].health.push_back({"degraded", "slow", "The file server is slow.", 0});
    store::Batch batch;
    batch.put.push_back({store::Table::plugin, "old", "x", 0});
    ASSERT_TRUE(store.commit_and_wait(std::move(batch)));
    play.end.outcome->kind = TL_REJECTED;
    connector->plays.push_back(std::move(play));

    EXPECT_EQ(get("a").status, 404);
    EXPECT_EQ(row(store::Table::plugin, "token"), "new");
    EXPECT_EQ(row(store::Table::plugin, "old"), std::nullopt);
    EXPECT_EQ(shop->health().state, accounts::State::degraded);
    EXPECT_EQ(records(shop->portal->lanes[0].id).size(), 1u) << "the notice";
}

TEST_F(RelayTest, ABrokenAccountIsToldToItsPortal) {
    tasks::Outcome broken;
    broken.kind = TL_ACCOUNT_BROKEN;
    broken.code = "token";
    broken.text = "The token is not valid any more.";
    connector->plays.push_back(ends(broken));
    EXPECT_EQ(get("a").status, 502);
    EXPECT_EQ(shop->health().state, accounts::State::bad_credentials);
    EXPECT_EQ(records(shop->portal->lanes[0].id).size(), 1u);
}

TEST_F(RelayTest, AConnectorThatAsksToWaitIsPassedOn) {
    tasks::Outcome later;
    later.kind = TL_RETRY;
    later.delay = std::chrono::milliseconds{1'500};
    connector->plays.push_back(ends(later));
    EXPECT_EQ(get("a").status, 503);
}

}  // namespace
}  // namespace trunkline::media
