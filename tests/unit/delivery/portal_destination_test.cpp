#include "host/delivery/portal_destination.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "host/async/spawn.hpp"
#include "host/universal/json.hpp"

namespace trunkline::delivery {
namespace {

namespace json = boost::json;

/// A client that keeps what it is asked and answers what the test says.
class FakeClient final : public net::Client {
public:
    async::Awaitable<net::ClientReply> fetch(net::ClientRequest request) override {
        requests.push_back(std::move(request));
        if (meanwhile) meanwhile();
        co_return reply;
    }
    async::Awaitable<net::StreamedReply> stream(net::ClientRequest) override {
        co_return net::StreamedReply{};
    }
    Figures figures() const override { return {}; }

    std::vector<net::ClientRequest> requests;
    net::ClientReply reply;
    std::function<void()> meanwhile;
};

class PortalDestinationTest : public testing::Test {
protected:
    PortalDestinationTest() {
        client.reply.status = 200;
        settings.url = "https://portal.example:8443/trunkline/events?x=1";
        settings.keys.current =
            *seal::LicenseKey::parse(Secret{"tlk_AwoRGB8mLTQ7QklQV15lbHN6gYiPlp2kq7K5wMfO1dw"});
        PortalDestination::Setup setup;
        setup.portal = PortalId{"acme"};
        setup.lane = "messages";
        setup.settings = [this] { return settings; };
        setup.client = [this]() -> net::Client& { return client; };
        destination = std::make_unique<PortalDestination>(std::move(setup), clock);
    }

    static store::Record record(store::Sequence sequence, const std::string& text) {
        universal::Event event;
        event.set_type("message");
        event.mutable_conversation()->set_id("5012345");
        event.mutable_message()->set_text(text);
        store::Record out;
        out.sequence = sequence;
        out.conversation_sequence = sequence + 100;
        out.id = make_ulid(1'763'800'000'000);
        out.body = event.SerializeAsString();
        return out;
    }
    lanes::Verdict deliver(
        std::vector<store::Record> records, std::optional<lanes::Backlog> backlog = std::nullopt
    ) {
        lanes::Verdict verdict;
        async::Loop loop{1};
        async::spawn(loop.get_executor(), "deliver", [&]() -> async::Awaitable<> {
            lanes::Delivery delivery;
            delivery.epoch = 7;
            delivery.records = records;
            delivery.backlog = backlog;
            verdict = co_await destination->deliver(std::move(delivery));
        });
        loop.run();
        return verdict;
    }
    json::value opened(std::size_t index) {
        const auto& request = client.requests.at(index);
        seal::Opener opener{"acme", settings.keys, seal::Direction::host_to_portal};
        auto plain = opener.open(
            {.id = net::find_header(request.headers, "webhook-id"),
             .timestamp = net::find_header(request.headers, "webhook-timestamp"),
             .signature = net::find_header(request.headers, "webhook-signature"),
             .content_type = net::find_header(request.headers, "Content-Type"),
             .body = request.body},
            settings.encrypt,
            clock.wall_ms()
        );
        return plain ? json::parse(plain->plain) : json::value{};
    }

    FakeClock clock;
    FakeClient client;
    PortalSettings settings;
    std::unique_ptr<PortalDestination> destination;
};

}  // namespace

TEST_F(PortalDestinationTest, WhatIsGoneFromWhereThePortalWasIsNotGone) {
    client.reply.status = 410;
    EXPECT_EQ(deliver({record(1, "a")}).kind, lanes::Verdict::Kind::gone);
    client.meanwhile = [this] { settings.url = "https://portal.example/moved"; };
    EXPECT_EQ(deliver({record(1, "a")}).kind, lanes::Verdict::Kind::cancelled);
    EXPECT_EQ(deliver({record(1, "a")}).kind, lanes::Verdict::Kind::gone) << "there as well";
}

TEST_F(PortalDestinationTest, PostsOneSealedBatchThatThePortalCanOpen) {
    const auto verdict = deliver(
        {record(41, "a"), record(42, "b")},
        lanes::Backlog{
            .count = 9, .conversations = 3, .oldest_ms = 1'763'800'000'000, .through = 50}
    );

    EXPECT_EQ(verdict.kind, lanes::Verdict::Kind::accepted);
    ASSERT_EQ(client.requests.size(), 1U);
    const auto& request = client.requests[0];
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.url, settings.url);
    EXPECT_FALSE(request.follow_redirects);
    EXPECT_EQ(net::find_header(request.headers, "content-type"), "application/jose");
    const auto batch = opened(0).as_object();
    EXPECT_EQ(batch.at("portal"), "acme");
    EXPECT_EQ(batch.at("lane"), "messages");
    EXPECT_EQ(batch.at("epoch").to_number<int>(), 7);
    EXPECT_EQ(batch.at("backlog").at("count").to_number<int>(), 9);
    EXPECT_EQ(batch.at("backlog").at("through").to_number<int>(), 50);
    const auto& events = batch.at("events").as_array();
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[0].at("sequence").to_number<int>(), 41);
    EXPECT_EQ(events[0].at("conversation_sequence").to_number<int>(), 141);
    EXPECT_EQ(events[1].at("message").at("text"), "b");
    EXPECT_FALSE(events[0].as_object().contains("requeued"));
}

TEST_F(PortalDestinationTest, TheSameListKeepsItsIdAndIsSignedAfresh) {
    const auto first = record(1, "a");
    const auto second = record(2, "b");
    deliver({first, second});
    clock.advance(std::chrono::hours{1});
    deliver({first, second});
    deliver({first});

    const auto header = [&](std::size_t index, const char* name) {
        return std::string{net::find_header(client.requests[index].headers, name)};
    };
    EXPECT_EQ(header(0, "webhook-id"), header(1, "webhook-id"));
    EXPECT_NE(header(0, "webhook-id"), header(2, "webhook-id"));
    EXPECT_NE(header(0, "webhook-timestamp"), header(1, "webhook-timestamp"));
    EXPECT_NE(header(0, "webhook-signature"), header(1, "webhook-signature"));
    EXPECT_TRUE(opened(1).is_object()) << "fresh enough an hour later";
}

TEST_F(PortalDestinationTest, SaysWhatSequenceARequeuedEventHad) {
    auto back = record(50, "a");
    back.flags = store::kRequeued;
    back.requeued = 42;
    deliver({back});

    const auto batch = opened(0);
    EXPECT_EQ(batch.at("events").at(0).at("requeued").at("sequence").to_number<int>(), 42);
    EXPECT_EQ(batch.at("events").at(0).at("sequence").to_number<int>(), 50);
}

TEST_F(PortalDestinationTest, AGapNoticeTellsWhatIsMissingAndCanBeReadBack) {
    const lanes::Gap gap{.from = 3, .through = 9, .count = 7, .reason = "retention"};
    const auto notice = destination->gap_notice(gap, nullptr);
    store::Record placed;
    placed.sequence = 9;
    placed.id = notice.id;
    placed.flags = store::kNotice;
    placed.body = notice.body;

    const auto back = destination->gap_of(placed);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->from, 3U);
    EXPECT_EQ(back->count, 7U);
    deliver({placed});
    const auto event = opened(0).at("events").at(0).as_object();
    EXPECT_EQ(event.at("type"), "notice");
    EXPECT_EQ(event.at("sequence").to_number<int>(), 9);
    EXPECT_EQ(event.at("gap").at("through").to_number<int>(), 9);
    EXPECT_EQ(event.at("gap").at("reason"), "retention");
}

TEST_F(PortalDestinationTest, ANoticeOfOneEventIsOfItsConversation) {
    auto lost = record(3, "a");
    lost.conversation =
        "acme-telegram\x1f"
        "5012345";
    const lanes::Gap gap{.from = 3, .through = 3, .count = 1, .reason = "rejected"};
    const auto notice = destination->gap_notice(gap, &lost);
    EXPECT_EQ(notice.conversation, lost.conversation);
    universal::Event before;
    universal::Event event;
    ASSERT_TRUE(before.ParseFromString(lost.body));
    ASSERT_TRUE(event.ParseFromString(notice.body));
    EXPECT_EQ(event.type(), "notice");
    EXPECT_EQ(event.account(), before.account());
    EXPECT_EQ(event.conversation().id(), before.conversation().id());
    EXPECT_NE(event.conversation().id(), "");

    auto unreadable = lost;
    unreadable.body = "\xff\xff";
    EXPECT_EQ(destination->gap_notice(gap, &unreadable).conversation, lost.conversation);
}

TEST_F(PortalDestinationTest, UsesTheNewUrlAndKeysFromTheNextRequestOn) {
    deliver({record(1, "a")});
    settings.url = "https://elsewhere.example/events";
    settings.keys.next = seal::LicenseKey::generate();
    EXPECT_EQ(destination->target(), "elsewhere.example");
    deliver({record(2, "b")});

    EXPECT_EQ(client.requests[1].url, "https://elsewhere.example/events");
    const auto signature =
        std::string{net::find_header(client.requests[1].headers, "webhook-signature")};
    EXPECT_NE(signature.find(' '), std::string::npos) << "signed with both keys while rotating";
    EXPECT_TRUE(opened(1).is_object());
}

TEST_F(PortalDestinationTest, WithoutEncryptionTheSignatureStays) {
    settings.encrypt = false;
    deliver({record(1, "a")});
    EXPECT_EQ(net::find_header(client.requests[0].headers, "content-type"), "application/json");
    EXPECT_EQ(opened(0).at("events").as_array().size(), 1U);
}

TEST_F(PortalDestinationTest, WhatCannotBeReadIsRejectedHereAndNotSent) {
    auto broken = record(2, "b");
    broken.body = "\xFF\xFF\xFF not an event";
    const auto verdict = deliver({record(1, "a"), broken});
    EXPECT_EQ(verdict.kind, lanes::Verdict::Kind::rejected);
    ASSERT_EQ(verdict.rejected.size(), 1U);
    EXPECT_EQ(verdict.rejected[0].id, broken.id);
    EXPECT_TRUE(client.requests.empty());
}

TEST_F(PortalDestinationTest, KnocksWithAnEmptyBatch) {
    async::Loop loop{1};
    async::spawn(loop.get_executor(), "knock", [this]() -> async::Awaitable<> {
        [[maybe_unused]] const auto verdict = co_await destination->knock(7);
    });
    loop.run();
    EXPECT_TRUE(opened(0).at("events").as_array().empty());
    EXPECT_FALSE(opened(0).as_object().contains("backlog"));
}

}  // namespace trunkline::delivery
