#include "media_world.hpp"

namespace trunkline::media::test {
namespace {

class RelayTest : public MediaWorld {
protected:
    struct Got {
        int status = 0;
        std::string body;
        bool whole = true;
    };
    Got get(const std::string& ref, const std::string& range = {}, WallMs dies_ms = 0) {
        const std::string url = links.url(
            {shop->id, ref, "image/png", clock.wall_ms() + 100'000'000, dies_ms}, "a.png"
        );
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
    for (const int status : {401, 403, 404, 410}) {
        const std::string ref = std::to_string(status);
        const std::string old = "/" + ref;
        messenger.gone.clear();
        found_at(old);
        EXPECT_EQ(get(ref).body.size(), std::stoul(ref));
        messenger.gone[old] = status;
        found_at("/10");
        EXPECT_EQ(get(ref).body.size(), 10u) << "found in its new place";
    }
    EXPECT_EQ(connector->starts.size(), 8u);
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
    EXPECT_EQ(records(shop->portal->terms()->lanes[0].id).size(), 1u) << "the notice";
}

TEST_F(RelayTest, ABrokenAccountIsToldToItsPortal) {
    tasks::Outcome broken;
    broken.kind = TL_ACCOUNT_BROKEN;
    broken.code = "token";
    broken.text = "The token is not valid any more.";
    connector->plays.push_back(ends(broken));
    EXPECT_EQ(get("a").status, 502);
    EXPECT_EQ(shop->health().state, accounts::State::bad_credentials);
    EXPECT_EQ(records(shop->portal->terms()->lanes[0].id).size(), 1u);
}

TEST_F(RelayTest, AConnectorThatAsksToWaitIsPassedOn) {
    tasks::Outcome later;
    later.kind = TL_RETRY;
    later.delay = std::chrono::milliseconds{1'500};
    connector->plays.push_back(ends(later));
    EXPECT_EQ(get("a").status, 503);
}

TEST_F(RelayTest, AfterItsTimeAFileIsAnsweredAsExpiredAndNobodyIsAsked) {
    const WallMs dies = clock.wall_ms() + 1'000;
    found_at("/10");
    EXPECT_EQ(get("a", {}, dies).status, 200);
    clock.advance(std::chrono::milliseconds{1'000});
    const Got late = get("a", {}, dies);
    EXPECT_EQ(late.status, 410);
    EXPECT_NE(late.body.find("\"expired\""), std::string::npos) << late.body;
    EXPECT_EQ(connector->starts.size(), 1u);
}

TEST_F(RelayTest, ACopyIsServedInsteadAndWithRanges) {
    const WallMs dies = clock.wall_ms() + 1'000;
    Copies::Wanted wanted;
    wanted.account = shop->id;
    wanted.ref = "a";
    wanted.portal = shop->portal->id;
    wanted.until_ms = dies + 100'000'000;
    wanted.bytes_max = wanted.portal_bytes_max = 1U << 20U;
    const auto added = run<Result<Copy>>([&] {
        auto left = std::make_shared<std::string>("0123456789");
        Pieces pieces = [left]() -> async::Awaitable<Result<std::string>> {
            co_return std::exchange(*left, {});
        };
        return copies.add(wanted, std::move(pieces), {});
    });
    ASSERT_TRUE(added);
    EXPECT_EQ(get("a", {}, dies).body, "0123456789");
    clock.advance(std::chrono::hours{2});
    const Got whole = get("a", {}, dies);
    EXPECT_EQ(whole.status, 200);
    EXPECT_EQ(whole.body, "0123456789");
    const Got part = get("a", "bytes=3-5", dies);
    EXPECT_EQ(part.status, 206);
    EXPECT_EQ(part.body, "345");
    EXPECT_EQ(get("a", "bytes=10-", dies).status, 416);
    EXPECT_EQ(get("b", {}, dies).status, 410) << "only that one was copied";
    EXPECT_TRUE(connector->starts.empty());
}

TEST_F(RelayTest, EachReasonWhyAFileCannotBeHadIsSaid) {
    connector->plays.push_back(ends(TL_REJECTED));
    const Got gone = get("a");
    EXPECT_EQ(gone.status, 404);
    EXPECT_NE(gone.body.find("\"gone\""), std::string::npos) << gone.body;
    found_at("/1001");
    const Got large = get("b");
    EXPECT_EQ(large.status, 413);
    EXPECT_NE(large.body.find("\"too_large\""), std::string::npos) << large.body;
    messenger.gone["/7"] = 500;
    found_at("/7");
    const Got broken = get("c");
    EXPECT_EQ(broken.status, 502);
    EXPECT_NE(broken.body.find("\"unavailable\""), std::string::npos) << broken.body;
}

}  // namespace
}  // namespace trunkline::media::test
