// What a test makes go wrong, and how often.
#include "trunkline/simulator/faults.hpp"

#include <gmock/gmock.h>

namespace trunkline::simulator {
namespace {

using On = Fault::On;
using testing::HasSubstr;

Fault fault(json::object from) {
    auto read = read_fault(from);
    if (const auto* why = std::get_if<std::string>(&read)) ADD_FAILURE() << *why;
    return std::get<Fault>(read);
}
std::string refused(json::object from) {
    const auto read = read_fault(from);
    const auto* why = std::get_if<std::string>(&read);
    return why == nullptr ? "" : *why;
}

TEST(FaultsTest, ApplyToTheirMethodAsOftenAsAskedFor) {
    Faults faults;
    faults.add(fault({{"method", "sendMessage"}, {"action", "error"}, {"count", 2}, {"skip", 1}}));
    EXPECT_FALSE(faults.take(On::calls, "getme"));
    EXPECT_FALSE(faults.take(On::calls, "sendmessage")) << "the first is let through";
    EXPECT_TRUE(faults.take(On::calls, "sendmessage"));
    EXPECT_FALSE(faults.take(On::deliveries, "sendmessage")) << "a delivery is no call";
    EXPECT_TRUE(faults.take(On::calls, "sendmessage"));
    EXPECT_FALSE(faults.take(On::calls, "sendmessage"));

    faults.add(fault({{"action", "error"}}));
    EXPECT_TRUE(faults.take(On::calls, "anything"));
    faults.add(fault({{"action", "error"}, {"count", 100}}));
    faults.clear();
    EXPECT_FALSE(faults.take(On::calls, "anything"));
}

TEST(FaultsTest, TheOldestComesFirst) {
    Faults faults;
    faults.add(fault({{"action", "html"}}));
    faults.add(fault({{"method", "a"}, {"action", "5xx"}}));
    EXPECT_EQ(faults.take(On::calls, "a")->name(), "html");
    EXPECT_EQ(faults.take(On::calls, "a")->name(), "5xx");
}

TEST(FaultsTest, SayWhatTheyAnswer) {
    EXPECT_EQ(fault({{"action", "html502"}}).refusal.code, 502) << "the older name";
    EXPECT_EQ(fault({{"action", "html"}, {"code", 200}}).refusal.code, 200);
    EXPECT_EQ(fault({{"action", "5xx"}}).refusal.code, 500);
    const Fault error = fault(
        {{"action", "error"},
         {"code", 403},
         {"description", "Forbidden"},
         {"parameters", {{"a", 1}}}}
    );
    EXPECT_EQ(error.refusal.code, 403);
    EXPECT_EQ(error.refusal.description, "Forbidden");
    EXPECT_EQ(error.refusal.parameters.at("a"), 1);
}

TEST(FaultsTest, WhatCannotBeIsRefused) {
    EXPECT_THAT(refused({}), HasSubstr("action is none of error, 5xx, 429, html"));
    EXPECT_THAT(refused({{"action", "repeat"}}), HasSubstr("action is none of"));
    EXPECT_THAT(
        refused({{"on", "deliveries"}, {"action", "error"}}),
        HasSubstr("action is none of drop_before, drop_after, delay")
    );
    EXPECT_THAT(refused({{"on", "both"}, {"action", "delay"}}), HasSubstr("on is"));
    for (const char* name : {"skip", "delay_ms", "retry_after"})
        EXPECT_THAT(refused({{"action", "delay"}, {name, -1}}), HasSubstr("at least 0")) << name;
    EXPECT_THAT(refused({{"action", "delay"}, {"count", 0}}), HasSubstr("at least 1"));
    EXPECT_THAT(refused({{"action", "error"}, {"code", 42}}), HasSubstr("status of HTTP"));
}

TEST(FaultsTest, UnknownMembersAreAddedOnEachLevel) {
    json::object update{{"id", 1}, {"message", {{"from", {{"id", 5}}}, {"text", "a"}}}};
    add_unknown_members(update);
    const json::value whole = update;
    EXPECT_TRUE(update.contains("made_up_member"));
    EXPECT_NE(at(whole, "message", "made_up_member"), nullptr);
    EXPECT_NE(at(whole, "message", "from", "made_up_member"), nullptr);
    EXPECT_EQ(text_at(whole, "message", "text"), "a");
}

}  // namespace
}  // namespace trunkline::simulator
