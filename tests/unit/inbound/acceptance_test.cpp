#include "host/inbound/acceptance.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "host/base/base64.hpp"
#include "host/media/copy_job.hpp"

namespace trunkline::inbound {
namespace {

class AcceptanceTest : public testing::Test {
protected:
    AcceptanceTest() {
        config::Portal portal;
        portal.id = "acme";
        portal_ = std::make_shared<accounts::Portal>(portal, nullptr, loop_);
        accounts::PortalLane lane;
        lane.name = "messages";
        lane.id = 7;
        accounts::Terms terms = *portal_->terms();
        terms.lanes.push_back(std::move(lane));
        portal_->adopt(std::move(terms));
        config::Account account;
        account.id = "acme-telegram";
        account.connector = "telegram";
        account.line = "support";
        account_ = std::make_shared<accounts::Account>(account, portal_, loop_);
        account_->lane = 9;
    }

    static tasks::Item item(
        std::string json, std::string dedup = "1", std::string conversation = "42"
    ) {
        tasks::Item out;
        out.conversation = std::move(conversation);
        out.dedup = std::move(dedup);
        out.json = std::move(json);
        return out;
    }
    static tasks::Durable durable(std::vector<tasks::Item> items) {
        tasks::Durable out;
        out.items = std::move(items);
        return out;
    }
    Accepted take(tasks::Durable what, Replay* replay = nullptr, const Kinds& kinds = {}) {
        return accept(ground_, *account_, std::move(what), input_, replay, kinds);
    }
    static universal::Event event(const Accepted& accepted, std::size_t index = 0) {
        universal::Event out;
        EXPECT_TRUE(out.ParseFromString(accepted.batch.append.at(index).body));
        return out;
    }

    const std::string message_ =
        R"({"type":"message","conversation":{"id":"42","kind":"direct"},"sender":{"id":"42","name":"Ann"},"message":{"id":"1","text":"hi"}})";
    const Payload input_{{}, {}, {}, "the whole payload"};
    async::Loop loop_{1};
    FakeClock clock_;
    media::Links links_{"http://host", Secret{std::string(32, 'k')}};
    Ground ground_{clock_, links_, 1'000, 5'000};
    std::shared_ptr<accounts::Portal> portal_;
    std::shared_ptr<accounts::Account> account_;
};

TEST_F(AcceptanceTest, AnItemBecomesAnEventOfItsAccountInItsLane) {
    const Accepted accepted = take(durable({item(message_)}));

    ASSERT_EQ(accepted.batch.append.size(), 1u);
    const store::Append& append = accepted.batch.append[0];
    EXPECT_EQ(append.lane, 7u);
    EXPECT_EQ(
        append.conversation,
        "acme-telegram\x1f"
        "42"
    ) << "two bots may share a chat id";
    EXPECT_EQ(
        append.dedup,
        "acme-telegram\x1f"
        "1"
    );
    EXPECT_EQ(append.dedup_until_ms, clock_.wall_ms() + account_->redelivery_window_ms);
    const universal::Event told = event(accepted);
    EXPECT_EQ(told.connector(), "telegram");
    EXPECT_EQ(told.account(), "acme-telegram");
    EXPECT_EQ(told.line(), "support");
    EXPECT_EQ(told.received(), clock_.wall_ms());
    EXPECT_EQ(told.id(), "") << "filled in from the record";
}

TEST_F(AcceptanceTest, AMessageOpensTheConversationAndAnEchoDoesNot) {
    Accepted accepted = take(durable({item(message_)}));
    ASSERT_EQ(accepted.batch.conversations.size(), 1u);
    EXPECT_EQ(accepted.batch.conversations[0].lane, 9u);
    EXPECT_EQ(accepted.batch.conversations[0].customer_spoke_ms, clock_.wall_ms());

    tasks::Item echo = item(message_);
    echo.flags = 1;
    accepted = take(durable({echo}));
    EXPECT_TRUE(accepted.batch.conversations.empty());
    EXPECT_TRUE(event(accepted).outgoing());
}

TEST_F(AcceptanceTest, ItemsOfOnePayloadWithOneKeyAreToldApartTheSameWayEachTime) {
    const auto keys = [&] {
        const Accepted accepted = take(durable({item(message_), item(message_)}));
        return std::pair{accepted.batch.append.at(0).dedup, accepted.batch.append.at(1).dedup};
    };
    const auto first = keys();
    EXPECT_NE(first.first, first.second);
    EXPECT_EQ(keys(), first);
}

TEST_F(AcceptanceTest, WithoutAKeyNothingIsARepeat) {
    EXPECT_EQ(take(durable({item(message_, "")})).batch.append.at(0).dedup, "");
}

TEST_F(AcceptanceTest, AnUnreadableItemKeepsItsPlaceAndIsKeptWhole) {
    const Accepted accepted =
        take(durable({item(message_, "1"), item("{not json", "2"), item(message_, "3")}));

    ASSERT_EQ(accepted.batch.append.size(), 3u);
    EXPECT_EQ(accepted.quarantined, 1u);
    const universal::Event placeholder = event(accepted, 1);
    EXPECT_EQ(placeholder.type(), "unsupported");
    EXPECT_EQ(placeholder.conversation().id(), "42");
    const store::Append& append = accepted.batch.append[1];
    EXPECT_EQ(placeholder.quarantine(), append.id.text())
        << "the placeholder's own id finds the payload";
    ASSERT_EQ(append.with.size(), 1u) << "written only if the placeholder is no repeat";
    std::string raw;
    ASSERT_TRUE(base64_decode(
        std::string{boost::json::parse(append.with[0].value).at("raw").as_string()}, raw
    ));
    EXPECT_EQ(raw, input_.body);
    EXPECT_EQ(append.with[0].expires_ms, clock_.wall_ms() + 1'000);
}

TEST_F(AcceptanceTest, AnItemThatNamesItsOwnPartKeepsThatPart) {
    tasks::Item one =
        item(R"({"type":"unsupported","conversation":{"id":"42","kind":"direct"},"reason":"dice"})"
        );
    one.raw = "just the part";
    const Accepted accepted = take(durable({one}));
    std::string raw;
    ASSERT_TRUE(base64_decode(
        std::string{
            boost::json::parse(accepted.batch.append.at(0).with.at(0).value).at("raw").as_string()},
        raw
    ));
    EXPECT_EQ(raw, "just the part");
}

TEST_F(AcceptanceTest, TheSameUnreadablePayloadIsKnownByItsBytes) {
    const auto dedup = [&](const std::string& payload) {
        Accepted accepted;
        quarantine_whole(ground_, *account_, {{}, {}, {}, payload}, "no JSON", accepted);
        return accepted.batch.append.at(0).dedup;
    };
    EXPECT_EQ(dedup("a"), dedup("a"));
    EXPECT_NE(dedup("a"), dedup("b"));
}

TEST_F(AcceptanceTest, AReferenceBecomesALinkThatRunsOut) {
    const Accepted accepted = take(durable({item(
        R"({"type":"message","conversation":{"id":"42","kind":"direct"},"message":{"id":"1","attachments":[{"kind":"image","ref":"FILE","name":"a.jpg","mime":"image/jpeg"}]}})"
    )}));
    const std::string url = event(accepted).message().attachments(0).url();
    ASSERT_TRUE(url.starts_with("http://host/media/")) << url;
    const std::string token = url.substr(18, url.find('/', 18) - 18);
    ASSERT_TRUE(links_.open(token, clock_.wall_ms() + 4'999));
    EXPECT_EQ(links_.open(token, clock_.wall_ms())->ref, "FILE");
    EXPECT_FALSE(links_.open(token, clock_.wall_ms() + 5'000));
}

TEST_F(AcceptanceTest, AFileThatDiesSoonIsToBeCopiedAndItsLinkGoesOn) {
    const WallMs now = clock_.wall_ms();
    const auto with_file = [&](WallMs expires) {
        return durable({item(
            R"({"type":"message","conversation":{"id":"42","kind":"direct"},"message":{"id":"1",
            "attachments":[{"kind":"image","ref":"R","mime":"image/png","expires":")" +
            rfc3339(expires) + R"("}]}})"
        )});
    };
    const auto jobs = [&](const Accepted& accepted) { return accepted.batch.append.at(0).with; };
    EXPECT_TRUE(jobs(take(with_file(now + 1'000))).empty()) << "nobody copies";
    ground_.copies_wait = [] {};
    EXPECT_TRUE(jobs(take(with_file(now + 1'000))).empty()) << "within no time at all";
    ground_.copy_within_ms = 1'000;
    const Accepted soon = take(with_file(now + 1'000));
    ASSERT_EQ(jobs(soon).size(), 1u);
    EXPECT_EQ(soon.to_copy, 1u);
    EXPECT_TRUE(jobs(take(with_file(now + 1'001))).empty());
    EXPECT_TRUE(jobs(take(with_file(now))).empty()) << "too late";
    account_->copy_before = std::chrono::milliseconds{2'000};
    EXPECT_EQ(jobs(take(with_file(now + 2'000))).size(), 1u) << "its connector asks for more";

    const store::Put row = jobs(soon).front();
    const auto job = media::job_from({row.key, row.value, 0});
    ASSERT_TRUE(job);
    EXPECT_EQ(job->account, account_->id);
    EXPECT_EQ(job->ref, "R");
    EXPECT_EQ(job->dies_ms, now + 1'000);
    EXPECT_EQ(job->until_ms, now + 5'000);
    EXPECT_EQ(job->message, "1");
    const universal::Event told = event(soon);
    const auto& attachment = told.message().attachments(0);
    EXPECT_EQ(job->url, attachment.url());
    EXPECT_EQ(attachment.expires(), now + 1'000) << "the portal is told";
    constexpr std::size_t kBefore = std::string_view{"http://host/media/"}.size();
    const auto token = attachment.url().substr(kBefore, attachment.url().rfind('/') - kBefore);
    const auto link = links_.open(token, now + 4'999);
    ASSERT_TRUE(link);
    EXPECT_EQ(link->dies_ms, now + 1'000);
}

TEST_F(AcceptanceTest, AReplayedPayloadComesBackAsAnEditOfItsPlaceholder) {
    Replay replay{"01ARZ3NDEKTSV4RRFFQ69G5FAV", true};
    const Accepted accepted = take(durable({item(message_), item(message_)}), &replay);

    const universal::Event first = event(accepted, 0);
    EXPECT_EQ(first.type(), "edited");
    EXPECT_EQ(first.replaces(), "01ARZ3NDEKTSV4RRFFQ69G5FAV");
    const universal::Event second = event(accepted, 1);
    EXPECT_EQ(second.type(), "message");
    EXPECT_TRUE(second.late());
    EXPECT_EQ(accepted.batch.append[0].dedup, "") << "it is no redelivery";
}

TEST_F(AcceptanceTest, AReplayThatIsStillNotUnderstoodWritesNothing) {
    Replay replay{"01ARZ3NDEKTSV4RRFFQ69G5FAV", true};
    const std::string unsupported =
        R"({"type":"unsupported","conversation":{"id":"42","kind":"direct"},"reason":"a dice"})";
    EXPECT_EQ(take(durable({item(unsupported)}), &replay).unreadable, "a dice");
    const Accepted damaged = take(durable({item("{")}), &replay);
    EXPECT_TRUE(damaged.unreadable);
    EXPECT_TRUE(damaged.batch.append.empty());
    EXPECT_TRUE(replay.first);
}

TEST_F(AcceptanceTest, AConversationKeepsThePortalsNameAfterAMigration) {
    tasks::Durable moved;
    moved.aliases.push_back({"-100", "-1"});
    const Accepted accepted = take(std::move(moved));
    ASSERT_EQ(accepted.batch.conversations.size(), 1u);
    EXPECT_EQ(accepted.batch.conversations[0].conversation, "-1");
    EXPECT_EQ(accepted.batch.conversations[0].current, "-100");
    EXPECT_EQ(event(accepted).type(), "conversation");

    const Accepted later = take(durable({item(message_, "5", "-100")}));
    EXPECT_EQ(event(later).conversation().id(), "-1");
    EXPECT_EQ(later.batch.append[0].conversation, "acme-telegram\x1f-1");

    tasks::Durable again;
    again.aliases.push_back({"-100", "-1"});
    EXPECT_TRUE(take(std::move(again)).batch.append.empty()) << "told once";
}

TEST_F(AcceptanceTest, HealthIsToldOnlyWhenItChanges) {
    const auto told = [&](const char* state) {
        tasks::Durable what;
        what.health.push_back({state, "code", "text", 0});
        return take(std::move(what)).batch.append.size();
    };
    EXPECT_EQ(told("degraded"), 1u);
    EXPECT_EQ(told("degraded"), 0u);
    EXPECT_EQ(told("ok"), 1u);
    EXPECT_EQ(account_->health().state, accounts::State::connected);
}

TEST_F(AcceptanceTest, AStatusOfAPartIsOfItsCommand) {
    const auto told = [&](const std::string& command) {
        const Accepted accepted = take(durable({item(
            R"({"type":"status","conversation":{"id":"42","kind":"direct"},"state":"delivered","command":")" +
            command + R"("})"
        )}));
        return event(accepted).command();
    };
    EXPECT_EQ(told("c-1"), "c-1");
    EXPECT_EQ(told("c-1/0"), "c-1");
    EXPECT_EQ(told("c-1/12"), "c-1");
    EXPECT_EQ(told("2026/7/0"), "2026/7") << "the portal's own slash stays";
}

}  // namespace
}  // namespace trunkline::inbound
