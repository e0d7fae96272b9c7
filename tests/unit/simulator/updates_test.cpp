// What waits for the bot: kinds it asked for, in order, until it runs out.
#include "plugins/telegram/simulator/updates.hpp"

#include <gmock/gmock.h>

namespace trunkline::telegram::simulator {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class UpdatesTest : public testing::Test {
protected:
    void add(const char* name, const std::string& queue = "chat1", WallMs life = 1'000) {
        updates.add("message", {{"text", name}}, queue, life);
    }
    std::vector<std::string> texts(std::size_t limit = 100) const {
        std::vector<std::string> out;
        for (const auto& update : updates.list(limit))
            out.emplace_back(update.at("message").at("text").as_string());
        return out;
    }
    std::int64_t id(std::size_t index) const {
        return updates.list(100).at(index).at("update_id").as_int64();
    }
    std::int64_t clock_ms = 1'763'800'000'000;
    World world{[this] { return clock_ms; }};
    Updates updates{world};
};

TEST_F(UpdatesTest, StandInOrderUnderGrowingNumbers) {
    add("a");
    add("b");
    EXPECT_THAT(texts(), ElementsAre("a", "b"));
    EXPECT_EQ(id(1), id(0) + 1);
    EXPECT_THAT(texts(1), ElementsAre("a"));
}

TEST_F(UpdatesTest, WhatIsConfirmedIsGone) {
    add("a");
    add("b");
    add("c");
    const std::int64_t third = id(2);
    updates.confirm_below(third);
    EXPECT_THAT(texts(), ElementsAre("c"));
    updates.confirm_below(third + 1);
    EXPECT_THAT(texts(), IsEmpty());
    add("d");
    EXPECT_EQ(id(0), third + 1) << "numbers are never used again";
}

TEST_F(UpdatesTest, ANegativeOffsetKeepsTheLast) {
    for (const char* name : {"a", "b", "c"})
        add(name);
    updates.keep_last(2);
    EXPECT_THAT(texts(), ElementsAre("b", "c"));
    updates.keep_last(5);
    EXPECT_EQ(updates.size(), 2u);
}

TEST_F(UpdatesTest, WhatIsTooOldIsNotShown) {
    add("short", "chat1", 100);
    add("long", "chat1", 1'000);
    clock_ms += 99;
    EXPECT_THAT(texts(), ElementsAre("short", "long"));
    clock_ms += 1;
    EXPECT_THAT(texts(), ElementsAre("long"));
    ASSERT_NE(updates.front("chat1"), nullptr);
    EXPECT_EQ(updates.front("chat1")->body.at("message").at("text"), "long");
    EXPECT_EQ(updates.size(), 1u);
}

TEST_F(UpdatesTest, OrderIsKeptWithinAQueueAlone) {
    add("a1", "a");
    add("b1", "b");
    add("a2", "a");
    EXPECT_EQ(updates.front("b")->body.at("message").at("text"), "b1");
    updates.remove(updates.front("a")->id);
    EXPECT_EQ(updates.front("a")->body.at("message").at("text"), "a2");
    EXPECT_EQ(updates.front("c"), nullptr);
}

TEST_F(UpdatesTest, AQueueIsOfferedOnceUntilItIsGivenBack) {
    add("a1", "a");
    add("b1", "b");
    add("a2", "a");
    EXPECT_EQ(updates.take_queue(), "a");
    EXPECT_EQ(updates.take_queue(), "b");
    add("a3", "a");
    EXPECT_EQ(updates.take_queue(), std::nullopt) << "both are being worked off";

    updates.remove(updates.front("b")->id);
    updates.give_back("b");
    EXPECT_EQ(updates.take_queue(), std::nullopt) << "nothing waits in it";
    updates.give_back("a");
    EXPECT_EQ(updates.take_queue(), "a");
    EXPECT_EQ(updates.front("a")->body.at("message").at("text"), "a1");
    add("b2", "b");
    EXPECT_EQ(updates.take_queue(), "b");
}

TEST_F(UpdatesTest, AQueueThatWasEmptiedIsNotOffered) {
    add("a1", "a");
    add("b1", "b", 100);
    updates.clear();
    EXPECT_EQ(updates.take_queue(), std::nullopt);

    add("a2", "a");
    updates.confirm_below(id(0) + 1);
    add("a3", "a");
    EXPECT_EQ(updates.take_queue(), "a");
    EXPECT_EQ(updates.take_queue(), std::nullopt) << "once, however often it filled";
    add("c1", "c", 100);
    clock_ms += 100;
    ASSERT_EQ(updates.take_queue(), "c");
    EXPECT_EQ(updates.front("c"), nullptr);
    updates.give_back("c");
    EXPECT_EQ(updates.take_queue(), std::nullopt);
}

TEST_F(UpdatesTest, OnlyWhatTheBotAskedForIsQueued) {
    const auto kinds = [&] {
        updates.clear();
        for (const char* kind : {"message", "callback_query", "message_reaction", "chat_member"})
            updates.add(kind, {}, "q", 1'000);
        return updates.size();
    };
    EXPECT_EQ(kinds(), 2u) << "reactions and members are for those who ask";
    updates.allowed = {"message_reaction"};
    EXPECT_EQ(kinds(), 1u);
    const std::uint64_t before = updates.version;
    updates.add("message", {}, "q", 1'000);
    EXPECT_EQ(updates.version, before);
}

}  // namespace
}  // namespace trunkline::telegram::simulator
