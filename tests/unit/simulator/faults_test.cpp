// Calls that a test makes fail.
#include <gmock/gmock.h>

#include "bot.hpp"

namespace trunkline::telegram::simulator::test {
namespace {

using FaultsTest = BotTest;

constexpr const char* kSend = R"({"chat_id":1001,"text":"hello"})";

/// As a test asks for it over `POST /control/faults`.
kit::Fault fault(json::object from) {
    auto read = kit::read_fault(from);
    if (const auto* why = std::get_if<std::string>(&read)) ADD_FAILURE() << *why;
    return std::get<kit::Fault>(read);
}
kit::Fault fault(const char* method, const char* action) {
    return fault({{"method", method}, {"action", action}});
}

TEST_F(FaultsTest, AnErrorIsToldInTelegramsWordsAndNothingHappens) {
    faults.add(fault(
        {{"method", "sendMessage"},
         {"action", "error"},
         {"code", 429},
         {"description", "Too Many Requests: retry after 7"},
         {"parameters", {{"retry_after", 7}}}}
    ));
    const std::size_t before = world.chat(1001)->messages.size();
    const Answer answer = call("sendMessage", kSend);
    EXPECT_EQ(answer.status, 429);
    EXPECT_EQ(answer.body.at("error_code"), 429);
    EXPECT_EQ(answer.body.at("parameters").at("retry_after"), 7);
    EXPECT_EQ(kit::find_header(answer.headers, "Retry-After"), "7");
    EXPECT_EQ(world.chat(1001)->messages.size(), before);
    EXPECT_TRUE(call("sendMessage", kSend).ok()) << "once";
}

TEST_F(FaultsTest, AConnectionCutBeforeDidNothingAndOneCutAfterDid) {
    const std::size_t before = world.chat(1001)->messages.size();
    faults.add(fault("sendmessage", "drop_before"));
    EXPECT_EQ(call("sendMessage", kSend).status, 0);
    EXPECT_EQ(world.chat(1001)->messages.size(), before);
    faults.add(fault("sendmessage", "drop_after"));
    EXPECT_EQ(call("sendMessage", kSend).status, 0);
    EXPECT_EQ(world.chat(1001)->messages.size(), before + 1);
}

TEST_F(FaultsTest, AGatewayAnswersWithAPage) {
    faults.add(fault("getme", "html502"));
    const auto response = begin("getMe");
    ASSERT_TRUE(turn_until([&] { return response->has_value(); }));
    EXPECT_EQ((*response)->status, 502);
    EXPECT_EQ(kit::find_header((*response)->headers, "Content-Type"), "text/html");
}

TEST_F(FaultsTest, ADelayedCallIsDoneAllTheSame) {
    faults.add(fault({{"method", "getMe"}, {"action", "delay"}, {"delay_ms", 5}}));
    EXPECT_TRUE(call("getMe").ok());
    const json::array log = journal.after(0, 10);
    ASSERT_EQ(log.size(), 1u);
    EXPECT_EQ(log[0].at("fault"), "delay");
}

TEST_F(FaultsTest, AWrongTokenIsRefusedBeforeAnyFault) {
    faults.add(fault("*", "html502"));
    EXPECT_EQ(call("getMe", "{}", "777001:wrong").status, 401);
    EXPECT_EQ(call("getMe").status, 502);
}

TEST_F(FaultsTest, AStormOfFloodWaitsAndServerErrorsSpeakAsTelegramDoes) {
    faults.add(
        fault({{"method", "sendMessage"}, {"action", "429"}, {"retry_after", 3}, {"count", 2}})
    );
    faults.add(fault({{"method", "sendMessage"}, {"action", "5xx"}, {"code", 502}}));
    for (int i = 0; i < 2; ++i) {
        const Answer answer = call("sendMessage", kSend);
        EXPECT_EQ(answer.status, 429);
        EXPECT_EQ(answer.description(), "Too Many Requests: retry after 3");
        EXPECT_EQ(answer.body.at("parameters").at("retry_after"), 3);
    }
    EXPECT_EQ(call("sendMessage", kSend).status, 502);
    EXPECT_TRUE(call("sendMessage", kSend).ok());
}

TEST_F(FaultsTest, ARevokedTokenStaysRevoked) {
    faults.add(fault({{"action", "token_revoked"}, {"skip", 1}}));
    EXPECT_TRUE(call("getMe").ok());
    EXPECT_EQ(call("sendMessage", kSend).status, 401);
    const Answer later = call("getMe");
    EXPECT_EQ(later.status, 401);
    EXPECT_EQ(later.description(), "Unauthorized");
    EXPECT_FALSE(api.knows(kToken)) << "its files are gone, too";
    api.calls().revoked = false;
    EXPECT_TRUE(call("getMe").ok());
}

TEST_F(FaultsTest, AnswersMayHaveMembersThatNobodyKnows) {
    faults.add(fault("getme", "unknown_field"));
    const Answer answer = call("getMe");
    ASSERT_TRUE(answer.ok());
    EXPECT_TRUE(answer.result().as_object().contains("made_up_member"));
    EXPECT_EQ(answer.result().at("username"), "shop_bot");
}

TEST_F(FaultsTest, AnUpdateComesTwiceOrBehindOneThatNobodyKnows) {
    updates.clear();
    updates.set_faults(&faults, [](std::int64_t id) {
        return json::object{{"update_id", id}, {"made_up_kind", json::object{}}};
    });
    faults.add(fault({{"on", "deliveries"}, {"method", "message"}, {"action", "repeat"}}));
    faults.add(fault({{"on", "deliveries"}, {"method", "message"}, {"action", "unknown_kind"}}));
    customer.say({{"user", 1001}, {"text", "twice"}});
    customer.say({{"user", 1001}, {"text", "after a stranger"}});
    const json::value list = call("getUpdates").result();
    ASSERT_EQ(list.as_array().size(), 4u) << json::serialize(list);
    EXPECT_EQ(list.at(0), list.at(1));
    EXPECT_EQ(list.at(0).at("message").at("text"), "twice");
    EXPECT_TRUE(list.at(2).as_object().contains("made_up_kind"));
    EXPECT_EQ(list.at(3).at("message").at("text"), "after a stranger");
    EXPECT_LT(list.at(2).at("update_id").as_int64(), list.at(3).at("update_id").as_int64());
}

}  // namespace
}  // namespace trunkline::telegram::simulator::test
