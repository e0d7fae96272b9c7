// getUpdates, and the webhook that excludes it.
#include <gmock/gmock.h>

#include "bot.hpp"

namespace trunkline::telegram::simulator::test {
namespace {

using testing::HasSubstr;

class PollingTest : public BotTest {
protected:
    std::vector<std::int64_t> ids(const Answer& answer) {
        std::vector<std::int64_t> out;
        EXPECT_TRUE(answer.ok());
        if (answer.ok()) {
            for (const auto& update : answer.result().as_array())
                out.push_back(update.at("update_id").as_int64());
        }
        return out;
    }
    std::vector<std::int64_t> poll(const std::string& members = "") {
        return ids(call("getUpdates", "{" + members + "}"));
    }
    void say(const char* text) { customer.say({{"user", 1001}, {"text", text}}); }
    std::string set(const std::string& url, const std::string& more = "") {
        clock.advance(std::chrono::seconds{2});
        const Answer answer = call("setWebhook", R"({"url":")" + url + '"' + more + "}");
        return answer.ok() ? "" : answer.description();
    }
};

TEST_F(PollingTest, UpdatesComeAgainUntilAnOffsetConfirmsThem) {
    say("second");
    const auto all = poll();
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(poll(), all);
    EXPECT_EQ(poll(R"("limit":1)").size(), 1u);
    const auto rest = poll(R"("offset":)" + std::to_string(all[1]));
    ASSERT_EQ(rest.size(), 1u);
    EXPECT_EQ(rest[0], all[1]);
    EXPECT_EQ(poll().size(), 1u) << "what was confirmed never comes back";
    EXPECT_TRUE(poll(R"("offset":)" + std::to_string(all[1] + 1)).empty());
}

TEST_F(PollingTest, ANegativeOffsetForgetsAllButTheLast) {
    say("second");
    say("third");
    EXPECT_EQ(poll(R"("offset":-1)").size(), 1u);
    EXPECT_EQ(poll().size(), 1u);
}

TEST_F(PollingTest, ALongPollEndsWhenSomethingComes) {
    poll(R"("offset":999999999)");
    const auto waiting = begin("getUpdates", R"({"timeout":50})");
    turn_until([&, turns = 0]() mutable { return ++turns > 3; });
    EXPECT_FALSE(waiting->has_value()) << "nothing has come yet";
    say("at last");
    ASSERT_TRUE(turn_until([&] { return waiting->has_value(); }));
    const Answer answer = answer_of(**waiting);
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer.result().at(0).at("message").at("text"), "at last");
}

TEST_F(PollingTest, ASecondPollEndsTheFirst) {
    poll(R"("offset":999999999)");
    const auto first = begin("getUpdates", R"({"timeout":50})");
    turn_until([&, turns = 0]() mutable { return ++turns > 3; });
    const auto second = begin("getUpdates", R"({"timeout":50})");
    ASSERT_TRUE(turn_until([&] { return first->has_value(); }));
    EXPECT_EQ((*first)->status, 409);
    EXPECT_THAT(answer_of(**first).description(), HasSubstr("terminated by other getUpdates"));
    EXPECT_FALSE(second->has_value());
    say("go");
    ASSERT_TRUE(turn_until([&] { return second->has_value(); }));
    EXPECT_EQ((*second)->status, 200);
}

TEST_F(PollingTest, AWebhookExcludesPollingAndEndsIt) {
    poll(R"("offset":999999999)");
    const auto first = begin("getUpdates", R"({"timeout":50})");
    turn_until([&, turns = 0]() mutable { return ++turns > 3; });
    ASSERT_EQ(set("https://shop.example/hook"), "");
    ASSERT_TRUE(turn_until([&] { return first->has_value(); }));
    EXPECT_EQ((*first)->status, 409);
    EXPECT_THAT(answer_of(**first).description(), HasSubstr("terminated by setWebhook"));

    const Answer refused = call("getUpdates");
    EXPECT_EQ(refused.status, 409);
    EXPECT_THAT(refused.description(), HasSubstr("while webhook is active"));
    EXPECT_TRUE(call("deleteWebhook").ok());
    EXPECT_TRUE(call("getUpdates").ok());
}

TEST_F(PollingTest, TheListOfKindsStaysInForce) {
    poll(R"("offset":999999999,"allowed_updates":["callback_query"])");
    say("not asked for");
    EXPECT_TRUE(poll().empty());
    poll(R"("allowed_updates":[])");
    say("now it is");
    EXPECT_EQ(poll().size(), 1u);
    EXPECT_EQ(call("getUpdates", R"({"allowed_updates":5})").status, 400);
}

TEST_F(PollingTest, AWebhookMustBeReachable) {
    EXPECT_THAT(set("nonsense"), HasSubstr("invalid webhook URL"));
    EXPECT_THAT(set("http://shop.example/hook"), HasSubstr("HTTPS"));
    EXPECT_THAT(set("https://shop.example:8080/hook"), HasSubstr("ports"));
    for (const char* host : {"127.0.0.1", "localhost", "10.1.2.3", "192.168.0.1"})
        EXPECT_THAT(set("https://" + std::string{host} + "/hook"), HasSubstr("reserved")) << host;
    EXPECT_THAT(set("https://[2001:db8::1]/hook"), HasSubstr("IPv6"));
    for (const char* port : {"", ":443", ":80", ":88", ":8443"})
        EXPECT_EQ(set("https://shop.example" + std::string{port} + "/hook"), "") << port;
}

TEST_F(PollingTest, ASecretIsShortAndPlain) {
    const std::string url = "https://shop.example/hook";
    EXPECT_EQ(set(url, R"(,"secret_token":"Az0_-")"), "");
    EXPECT_THAT(set(url, R"(,"secret_token":"with space")"), HasSubstr("unallowed"));
    EXPECT_EQ(set(url, R"(,"secret_token":")" + std::string(256, 'a') + '"'), "");
    EXPECT_THAT(
        set(url, R"(,"secret_token":")" + std::string(257, 'a') + '"'), HasSubstr("too long")
    );
    EXPECT_EQ(webhook.hook().secret, std::string(256, 'a')) << "a refusal changes nothing";
}

TEST_F(PollingTest, AWebhookIsDescribedAndForgotten) {
    EXPECT_EQ(call("getWebhookInfo").result().at("url"), "");
    EXPECT_EQ(call("getWebhookInfo").result().at("pending_update_count"), 1);
    ASSERT_EQ(
        set("https://shop.example/hook", R"(,"max_connections":500,"drop_pending_updates":true)"),
        ""
    );
    const json::value info = call("getWebhookInfo").result();
    EXPECT_EQ(info.at("url"), "https://shop.example/hook");
    EXPECT_EQ(info.at("max_connections"), 100);
    EXPECT_EQ(info.at("pending_update_count"), 0);
    ASSERT_EQ(set(""), "");
    EXPECT_EQ(call("getWebhookInfo").result().at("url"), "") << "an empty address deletes it";
}

TEST_F(PollingTest, SettingItAgainAtOnceIsTooMuch) {
    BotApi slow{
        [] {
            ApiOptions out;
            out.tokens = {kToken};
            return out;
        }(),
        {loop, world, updates, webhook, faults, journal, rates}};
    const auto set_slow = [&] {
        std::optional<kit::Response> out;
        slow.call(
            kToken,
            "setWebhook",
            from_json(R"({"url":"https://shop.example/hook"})"),
            [&out](kit::Response response) { out.emplace(std::move(response)); }
        );
        return answer_of(out.value());
    };
    EXPECT_TRUE(set_slow().ok());
    const Answer answer = set_slow();
    EXPECT_EQ(answer.status, 429);
    EXPECT_EQ(answer.body.at("parameters").at("retry_after"), 1);
    clock.advance(std::chrono::seconds{1});
    EXPECT_TRUE(set_slow().ok());
}

}  // namespace
}  // namespace trunkline::telegram::simulator::test
