// Calls that a test makes fail.
#include <gmock/gmock.h>

#include "bot.hpp"

namespace trunkline::telegram::simulator::test {
namespace {

using FaultsTest = BotTest;

constexpr const char* kSend = R"({"chat_id":1001,"text":"hello"})";

Fault fault(std::string method, std::string action, int count = 1, int skip = 0) {
    Fault out;
    out.method = std::move(method);
    out.action = std::move(action);
    out.count = count;
    out.skip = skip;
    return out;
}

TEST_F(FaultsTest, ApplyToTheirMethodAsOftenAsAskedFor) {
    faults.add(fault("sendmessage", "error", 2, 1));
    EXPECT_FALSE(faults.take("getme"));
    EXPECT_FALSE(faults.take("sendmessage")) << "the first is let through";
    EXPECT_TRUE(faults.take("sendmessage"));
    EXPECT_FALSE(faults.take("getme"));
    EXPECT_TRUE(faults.take("sendmessage"));
    EXPECT_FALSE(faults.take("sendmessage"));

    faults.add(fault("*", "error"));
    EXPECT_TRUE(faults.take("anything"));
    faults.add(fault("*", "error", 100));
    faults.clear();
    EXPECT_FALSE(faults.take("anything"));
}

TEST_F(FaultsTest, TheOldestComesFirst) {
    faults.add(fault("*", "html502"));
    faults.add(fault("sendmessage", "error"));
    EXPECT_EQ(faults.take("sendmessage")->action, "html502");
    EXPECT_EQ(faults.take("sendmessage")->action, "error");
}

TEST_F(FaultsTest, AnErrorIsToldInTelegramsWordsAndNothingHappens) {
    Fault flood = fault("sendmessage", "error");
    flood.refusal = {429, "Too Many Requests: retry after 7", {{"retry_after", 7}}};
    faults.add(flood);
    const std::size_t before = world.chat(1001)->messages.size();
    const Answer answer = call("sendMessage", kSend);
    EXPECT_EQ(answer.status, 429);
    EXPECT_EQ(answer.body.at("error_code"), 429);
    EXPECT_EQ(answer.body.at("parameters").at("retry_after"), 7);
    EXPECT_EQ(net::find_header(answer.headers, "Retry-After"), "7");
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
    EXPECT_EQ(net::find_header((*response)->headers, "Content-Type"), "text/html");
}

TEST_F(FaultsTest, ADelayedCallIsDoneAllTheSame) {
    Fault late = fault("getme", "delay");
    late.delay_ms = 5;
    faults.add(late);
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

}  // namespace
}  // namespace trunkline::telegram::simulator::test
