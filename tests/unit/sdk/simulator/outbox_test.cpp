// What waits for the connector, in order within a queue.
#include "trunkline/simulator/outbox.hpp"

#include <gmock/gmock.h>

namespace trunkline::simulator {
namespace {

using testing::ElementsAre;

class OutboxTest : public testing::Test {
protected:
    void put(const char* text, const std::string& queue = "a") {
        Item item;
        item.id = outbox.next_id();
        item.queue = queue;
        item.kind = "message";
        item.body = {{"id", item.id}, {"text", text}};
        item.expires_ms = now + 1'000;
        outbox.put(std::move(item));
    }
    std::vector<std::string> texts() const {
        std::vector<std::string> out;
        for (const json::value& body : outbox.list(100))
            out.emplace_back(text_at(body, "text"));
        return out;
    }
    void fault(const char* action, std::int64_t delay_ms = 0) {
        auto read = read_fault({{"on", "deliveries"}, {"action", action}, {"delay_ms", delay_ms}});
        faults.add(std::get<Fault>(read));
        outbox.set_faults(&faults, [](std::int64_t id) {
            return json::object{{"id", id}, {"text", "stranger"}};
        });
    }
    std::int64_t now = 1'000'000;
    Outbox outbox{[this] { return now; }};
    Faults faults;
};

TEST_F(OutboxTest, KeepsTheOrderWithinAQueueAlone) {
    put("a1");
    put("b1", "b");
    put("a2");
    EXPECT_THAT(texts(), ElementsAre("a1", "b1", "a2"));
    EXPECT_EQ(outbox.take_queue(), "a");
    EXPECT_EQ(outbox.take_queue(), "b");
    EXPECT_EQ(outbox.take_queue(), std::nullopt);
    outbox.remove(outbox.front("a")->id);
    outbox.give_back("a");
    EXPECT_EQ(outbox.take_queue(), "a");
    EXPECT_EQ(text_at(json::value(outbox.front("a")->body), "text"), "a2");
}

TEST_F(OutboxTest, TellsOfEveryChange) {
    int told = 0;
    outbox.on_change.emplace_back([&] { ++told; });
    put("a");
    put("b");
    EXPECT_EQ(told, 2);
}

TEST_F(OutboxTest, ARepeatIsShownTwice) {
    fault("repeat");
    put("a");
    put("b");
    EXPECT_THAT(texts(), ElementsAre("a", "a", "b"));
}

TEST_F(OutboxTest, WhatIsDelayedHoldsBackWhatCameLater) {
    put("a");
    fault("delay", 100);
    put("b");
    put("c");
    EXPECT_THAT(texts(), ElementsAre("a"));
    now += 100;
    EXPECT_THAT(texts(), ElementsAre("a", "b", "c"));
}

TEST_F(OutboxTest, AStrangerComesFirstAndNumbersGrow) {
    fault("unknown_kind");
    put("a");
    EXPECT_THAT(texts(), ElementsAre("stranger", "a"));
    const json::array list = outbox.list(10);
    EXPECT_LT(list[0].at("id").as_int64(), list[1].at("id").as_int64());
    EXPECT_EQ(list[1].at("id"), outbox.front("a")->id + 1);
}

TEST_F(OutboxTest, UnknownMembersAreAdded) {
    fault("unknown_field");
    put("a");
    EXPECT_TRUE(outbox.list(1).at(0).as_object().contains("made_up_member"));
}

}  // namespace
}  // namespace trunkline::simulator
