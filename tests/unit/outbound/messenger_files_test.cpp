// Files of a command: those a portal sent up, and those it names by address.
#include <gmock/gmock.h>

#include "host/base/base64.hpp"
#include "host/seal/crypto.hpp"
#include "messenger_world.hpp"

namespace trunkline::outbound::test {
namespace {

using testing::HasSubstr;

class MessengerFilesTest : public MessengerWorld {
protected:
    /// A file that `owner` sent up.
    std::string uploaded(const std::string& owner, const std::string& bytes = "hello") {
        media::File file;
        file.id = make_ulid(clock.wall_ms()).text();
        file.portal = PortalId{owner};
        file.name = "a.txt";
        file.mime = "text/plain";
        file.size = bytes.size();
        file.sha256 = hex_encode(seal::sha256(bytes));
        const auto token = run<Result<std::string>>([&] { return files->announce(file); });
        std::deque<std::string> left{bytes};
        const auto filled = run<Result<media::File>>([&] {
            return files
                ->fill(*token, bytes.size(), [&left]() -> async::Awaitable<Result<std::string>> {
                    std::string piece;
                    if (!left.empty()) {
                        piece = left.front();
                        left.pop_front();
                    }
                    co_return piece;
                });
        });
        EXPECT_TRUE(filled);
        return file.id;
    }
    static universal::Command with_media(const std::string& id) {
        universal::Command out = command();
        auto* attachment = out.mutable_message()->add_attachments();
        attachment->set_kind("file");
        attachment->set_media(id);
        return out;
    }
    static universal::Command with_url(const std::string& url) {
        universal::Command out = command();
        auto* attachment = out.mutable_message()->add_attachments();
        attachment->set_kind("file");
        attachment->set_url(url);
        attachment->set_name("b.txt");
        return out;
    }
    boost::json::object attachment() const {
        return boost::json::parse(body(0)).at("message").at("attachments").at(0).as_object();
    }
    void answers(int status, std::deque<std::string> pieces = {}) {
        server.head = {};
        server.head.status = status;
        server.pieces = std::move(pieces);
    }
};

TEST_F(MessengerFilesTest, AnUploadedFileGoesToTheConnectorById) {
    const std::string id = uploaded("acme");
    EXPECT_EQ(outcome_of(with_media(id), Kind::done).state(), "sent");
    EXPECT_EQ(attachment().at("file").as_string(), id);
    EXPECT_EQ(attachment().at("name"), "a.txt");
    EXPECT_EQ(attachment().at("mime"), "text/plain");
    EXPECT_EQ(attachment().at("size"), 5);
    const std::string url{attachment().at("public_url").as_string()};
    EXPECT_TRUE(url.starts_with("http://host/media/")) << url;
    EXPECT_TRUE(url.ends_with("/a.txt")) << url;
    EXPECT_TRUE(server.requests.empty());
}

TEST_F(MessengerFilesTest, WhatThePortalSaysOfItsFileComesFirst) {
    universal::Command mine = with_media(uploaded("acme"));
    mine.mutable_message()->mutable_attachments(0)->set_name("offer.txt");
    deliver(mine);
    EXPECT_EQ(attachment().at("name"), "offer.txt");
}

TEST_F(MessengerFilesTest, AFileThatIsNotThereFails) {
    const universal::Event event = outcome_of(with_media(make_ulid(1).text()), Kind::dead);
    EXPECT_EQ(event.error().code(), "media_not_found");
    EXPECT_THAT(event.error().message(), HasSubstr("never uploaded"));
    EXPECT_TRUE(strand->starts.empty());
}

TEST_F(MessengerFilesTest, AFileOfAnotherPortalIsNotSent) {
    const universal::Event event = outcome_of(with_media(uploaded("other")), Kind::dead);
    EXPECT_EQ(event.error().code(), "media_not_found");
    EXPECT_TRUE(strand->starts.empty());
}

TEST_F(MessengerFilesTest, AnAddressIsFetchedAndKept) {
    answers(200, {"hel", "lo"});
    server.head.headers.push_back({"Content-Type", "text/csv"});
    EXPECT_EQ(outcome_of(with_url("https://shop.example/b.txt"), Kind::done).state(), "sent");
    ASSERT_EQ(server.requests.size(), 1u);
    EXPECT_EQ(server.requests[0].url, "https://shop.example/b.txt");
    EXPECT_FALSE(server.requests[0].allow_private) << "it is the portal's word, so the guard looks";
    EXPECT_EQ(attachment().at("size"), 5);
    EXPECT_EQ(attachment().at("name"), "b.txt");
    EXPECT_EQ(attachment().at("mime"), "text/csv");
    const std::string id{attachment().at("file").as_string()};
    const auto kept = run<Result<media::File>>([&] { return files->find(id); });
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->size, 5u);
    EXPECT_EQ(kept->portal, portal->id);
}

TEST_F(MessengerFilesTest, AFileThatTricklesDoesNotHoldUpAnAccountThatIsClosed) {
    answers(200, {"a", "b", "c"});
    int pieces = 0;
    server.before_piece = [&] {
        ++pieces;
        *account->leaving = true;
    };
    EXPECT_EQ(deliver(with_url("https://shop.example/x")).kind, Kind::retry);
    EXPECT_EQ(pieces, 1);
    EXPECT_TRUE(strand->starts.empty());
}

TEST_F(MessengerFilesTest, AnAddressThatIsRefusedFails) {
    server.head = {};
    server.head.fault = Fault::rejected;
    server.head.reason = "10.0.0.1 is private";
    universal::Event event = outcome_of(with_url("http://10.0.0.1/x"), Kind::dead);
    EXPECT_EQ(event.error().code(), "url_refused");
    EXPECT_EQ(event.error().message(), "10.0.0.1 is private");

    for (const int status : {204, 301, 403, 404, 410}) {
        answers(status);
        universal::Command mine = with_url("https://shop.example/x");
        mine.set_id("c-" + std::to_string(status));
        event = outcome_of(mine, Kind::dead);
        const bool gone = status == 404 || status == 410;
        EXPECT_EQ(event.error().code(), gone ? "url_gone" : "url_refused") << status;
        EXPECT_THAT(event.error().message(), HasSubstr(std::to_string(status)));
    }
    EXPECT_TRUE(strand->starts.empty());
}

TEST_F(MessengerFilesTest, AnAddressThatDoesNotAnswerIsTriedAgain) {
    server.head = {};
    server.head.fault = Fault::unavailable;
    server.head.reason = "connect refused";
    EXPECT_EQ(deliver(with_url("https://shop.example/x")).kind, Kind::retry);
    for (const int status : {429, 500, 503}) {
        answers(status);
        const KeyedVerdict verdict = deliver(with_url("https://shop.example/x"));
        EXPECT_EQ(verdict.kind, Kind::retry) << status;
        EXPECT_THAT(verdict.reason, HasSubstr(std::to_string(status)));
    }
    EXPECT_TRUE(told().empty());
}

TEST_F(MessengerFilesTest, AnAddressThatIsTooSlowIsGivenUpOnAtTheThirdTry) {
    server.head = {};
    server.head.fault = Fault::unknown;
    server.head.timed_out = true;
    EXPECT_EQ(deliver(with_url("https://shop.example/x"), 1).kind, Kind::retry);
    EXPECT_EQ(deliver(with_url("https://shop.example/x"), 2).kind, Kind::retry);
    KeyedVerdict verdict = deliver(with_url("https://shop.example/x"), 3);
    EXPECT_EQ(verdict.kind, Kind::dead);
    EXPECT_EQ(verdict.code, "url_too_slow");
    EXPECT_TRUE(strand->starts.empty());
}

TEST_F(MessengerFilesTest, AnAddressThatGivesItsFileInDropsIsTooSlowToo) {
    answers(200, {"1", "2", "3"});
    server.before_piece = [this] { clock.advance(std::chrono::minutes{1}); };
    EXPECT_EQ(deliver(with_url("https://shop.example/x"), 1).kind, Kind::retry);
    EXPECT_EQ(deliver(with_url("https://shop.example/x"), 3).code, "url_too_slow");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator{folder}, {}), 0) << "half a file";
}

TEST_F(MessengerFilesTest, APageInThePlaceOfAPictureFails) {
    universal::Command mine = with_url("https://shop.example/x.jpg");
    mine.mutable_message()->mutable_attachments(0)->set_kind("image");
    mine.mutable_message()->mutable_attachments(0)->set_mime("image/jpeg");
    answers(200, {"<html>"});
    server.head.headers.push_back({"Content-Type", "text/html; charset=utf-8"});
    const universal::Event event = outcome_of(mine, Kind::dead);
    EXPECT_EQ(event.error().code(), "wrong_type");
    EXPECT_THAT(event.error().message(), HasSubstr("text/html"));
    EXPECT_TRUE(strand->starts.empty());
    mine.mutable_message()->mutable_attachments(0)->set_kind("file");
    mine.set_id("c-2");
    EXPECT_EQ(outcome_of(mine, Kind::done).state(), "sent") << "a file may be a page";
}

TEST_F(MessengerFilesTest, TheAddressForMessengersEndsAsItsTypeDoes) {
    answers(200, {"x"});
    server.head.headers.push_back({"Content-Type", "image/png; a=b"});
    universal::Command mine = with_url("https://shop.example/download?id=7");
    mine.mutable_message()->mutable_attachments(0)->clear_name();
    mine.mutable_message()->mutable_attachments(0)->set_kind("image");
    deliver(mine);
    const std::string url{attachment().at("public_url").as_string()};
    EXPECT_TRUE(url.ends_with("/file.png")) << url;
    EXPECT_EQ(attachment().at("mime"), "image/png");
}

TEST_F(MessengerFilesTest, AFileLargerThanThePortalsLimitFails) {
    config::Portal small = portal_config("small");
    small.limits.media_bytes = 4;
    auto owner = add_portal(small);
    auto poor = add_account("small-telegram", owner);
    poor->features = account->features;
    Messenger theirs{poor, {ground, store, pool, *files, server}};
    const auto kind = [&](const std::string& bytes) {
        answers(200, {bytes});
        return run<KeyedVerdict>([&]() -> async::Awaitable<KeyedVerdict> {
            auto verdict = co_await theirs.deliver(record(with_url("https://shop.example/x")), 1);
            co_return verdict;
        });
    };
    EXPECT_EQ(kind("1234").kind, Kind::done);
    const KeyedVerdict refused = kind("12345");
    EXPECT_EQ(refused.kind, Kind::dead);
    EXPECT_EQ(refused.code, "too_large");
}

TEST_F(MessengerFilesTest, ALinkIsNoFile) {
    account->features = features(R"({"*":{"attachments":{"link":{}}}})");
    universal::Command mine = with_url("https://shop.example/page");
    mine.mutable_message()->mutable_attachments(0)->set_kind("link");
    EXPECT_EQ(deliver(mine).kind, Kind::done);
    EXPECT_TRUE(server.requests.empty());
}

}  // namespace
}  // namespace trunkline::outbound::test
