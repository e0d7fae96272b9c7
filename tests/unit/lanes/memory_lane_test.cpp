#include "host/lanes/memory_lane.hpp"

#include <gtest/gtest.h>

#include "lines_portal.hpp"

namespace trunkline::lanes::test {
namespace {

using std::chrono_literals::operator""s;

class MemoryLaneTest : public testing::Test {
protected:
    MemoryLaneTest() {
        policy.order = Order::keyed;
        policy.waiting_max = 3;
        policy.streams = 1;
        begin();
    }
    ~MemoryLaneTest() override {
        lane->stop();
        world.drain();
        for (const auto& violation : memory->violations)
            ADD_FAILURE() << violation;
    }
    void begin() {
        if (lane) lane->stop();
        memory = std::make_unique<LinesMemory>(policy.order);
        auto portal =
            std::make_unique<LinesPortal>(world, *memory, [this](const Delivery& delivery) {
                deliveries.push_back(delivery);
                return reply();
            });
        MemoryLane::Setup setup;
        setup.name = "portal/acme/presence";
        setup.owner = "portal/acme";
        setup.policy = policy;
        setup.epoch = 5;
        lane = std::make_shared<MemoryLane>(world.ground, std::move(setup), std::move(portal));
    }
    std::vector<std::string> bodies() const {
        std::vector<std::string> out;
        for (const auto& delivery : deliveries) {
            for (const auto& record : delivery.records)
                out.push_back(record.body);
        }
        return out;
    }
    async::Awaitable<Verdict> reply() {
        co_await world.sleep(1s);
        Verdict verdict;
        verdict.kind = kind;
        verdict.alarm = alarm;
        verdict.detail = "as the test says";
        co_return verdict;
    }
    void offer(
        const std::string& conversation, const std::string& body, const std::string& dedup = ""
    ) {
        store::Record record;
        record.id = make_ulid(world.clock.wall_ms());
        record.conversation = conversation;
        record.body = body;
        lane->offer("typing", std::move(record), dedup);
        world.settle();
    }

    World world;
    std::unique_ptr<LinesMemory> memory;
    LanePolicy policy;
    Verdict::Kind kind = Verdict::Kind::accepted;
    bool alarm = false;
    std::vector<Delivery> deliveries;
    std::shared_ptr<MemoryLane> lane;
};

}  // namespace

TEST_F(MemoryLaneTest, SendsTheLatestOfEachConversation) {
    offer("a", "1");
    offer("b", "2");
    offer("a", "3");
    world.pass(5s);

    ASSERT_EQ(deliveries.size(), 1U);
    ASSERT_EQ(deliveries[0].records.size(), 2U);
    EXPECT_EQ(deliveries[0].records[0].body, "3");
    EXPECT_EQ(deliveries[0].records[0].sequence, 1U);
    EXPECT_EQ(deliveries[0].epoch, 5U);
    EXPECT_EQ(world.figures.dropped, 1U);
    EXPECT_EQ(world.figures.delivered, 2U);
}

TEST_F(MemoryLaneTest, TriesOnceAndDrops) {
    kind = Verdict::Kind::fault;
    offer("a", "1");
    world.pass(60s);
    EXPECT_EQ(deliveries.size(), 1U);
    EXPECT_EQ(world.figures.dropped, 1U);
    EXPECT_EQ(lane->status().depth, 0U);
}

TEST_F(MemoryLaneTest, IsBounded) {
    for (const char* conversation : {"a", "b", "c", "d"})
        offer(conversation, "x");
    EXPECT_EQ(lane->status().depth, 3U);
    EXPECT_EQ(world.figures.dropped, 1U);
}

TEST_F(MemoryLaneTest, AReceiverThatIsGonePausesItsOwner) {
    kind = Verdict::Kind::gone;
    offer("a", "1");
    world.pass(5s);
    EXPECT_EQ(world.gone, std::vector<std::string>{"portal/acme"});
    EXPECT_EQ(lane->status().paused_reason, "gone");
    EXPECT_EQ(lane->status().alarms.last.code, "gone");
    offer("b", "1");
    world.pass(5s);
    EXPECT_EQ(deliveries.size(), 1U);

    world.run([this]() -> async::Awaitable<> {
        [[maybe_unused]] const auto done = co_await lane->resume();
    });
    kind = Verdict::Kind::accepted;
    offer("c", "1");
    world.pass(5s);
    EXPECT_EQ(world.figures.delivered, 1U);
}

TEST_F(MemoryLaneTest, CallsAPersonOnceForEachRefusal) {
    kind = Verdict::Kind::fault;
    alarm = true;
    for (const char* conversation : {"a", "b", "c"}) {
        offer(conversation, "1");
        world.pass(5s);
    }
    EXPECT_EQ(world.alarms, std::vector<std::string>{"unauthorized"});
    kind = Verdict::Kind::accepted;
    alarm = false;
    offer("d", "1");
    world.pass(5s);
    kind = Verdict::Kind::fault;
    alarm = true;
    offer("e", "1");
    world.pass(5s);
    EXPECT_EQ(lane->status().alarms.counts.at("unauthorized"), 2U);
}

TEST_F(MemoryLaneTest, TakesNothingWhilePaused) {
    offer("a", "1");
    world.run([this]() -> async::Awaitable<> {
        [[maybe_unused]] const auto done = co_await lane->pause("opening");
    });
    offer("b", "1");
    world.pass(5s);
    EXPECT_TRUE(deliveries.empty());
    EXPECT_EQ(world.figures.dropped, 2U);
}

TEST_F(MemoryLaneTest, KeyedDeliversConversationsSideBySideAndEachAlone) {
    policy.waiting_max = 100;
    policy.streams = 3;
    policy.batch.max_messages = 1;
    begin();
    for (const char* conversation : {"a", "b", "c", "d"})
        offer(conversation, "1");
    world.pass(Milliseconds{500});
    EXPECT_EQ(memory->most_at_once, 3);
    offer("a", "2");
    world.pass(Milliseconds{400});
    EXPECT_EQ(deliveries.size(), 3U) << "a's first is still on its way";
    world.pass(5s);
    EXPECT_EQ(bodies().size(), 5U);
    EXPECT_EQ(lane->status().state, "idle");
}

TEST_F(MemoryLaneTest, SequentialDeliversAllInOrderOneRequestAtATime) {
    policy.order = Order::sequential;
    policy.waiting_max = 100;
    policy.streams = 4;
    policy.batch.max_messages = 2;
    begin();
    for (const char* body : {"1", "2", "3", "4", "5"})
        offer("a", body);
    world.pass(10s);
    EXPECT_EQ(bodies(), (std::vector<std::string>{"1", "2", "3", "4", "5"}));
    EXPECT_EQ(deliveries.size(), 3U);
    EXPECT_EQ(memory->most_at_once, 1);
    EXPECT_EQ(lane->status().order, "sequential");
    EXPECT_EQ(world.figures.dropped, 0U);
}

TEST_F(MemoryLaneTest, ParallelDeliversAllOnAllStreams) {
    policy.order = Order::parallel;
    policy.waiting_max = 100;
    policy.streams = 4;
    policy.batch.max_messages = 2;
    begin();
    for (int i = 0; i < 20; ++i)
        offer("a", std::to_string(i));
    world.pass(10s);
    EXPECT_EQ(bodies().size(), 20U);
    EXPECT_EQ(memory->most_at_once, 4);
}

TEST_F(MemoryLaneTest, WhatTheMessengerRepeatsIsTakenOnce) {
    policy.order = Order::sequential;
    begin();
    offer("a", "1", "x");
    offer("a", "1", "x");
    world.pass(5s);
    offer("a", "1", "x");
    offer("a", "2", "y");
    world.pass(5s);
    EXPECT_EQ(bodies(), (std::vector<std::string>{"1", "2"}));
}

TEST_F(MemoryLaneTest, IsBoundedInBytesToo) {
    policy.order = Order::sequential;
    policy.waiting_max = 1'000;
    policy.memory_bytes_max = 1'000;
    begin();
    for (int i = 0; i < 10; ++i)
        offer("a", std::string(300, static_cast<char>('a' + i)));
    EXPECT_EQ(lane->status().depth, 3U);
    offer("a", std::string(5'000, 'z'));
    EXPECT_EQ(lane->status().depth, 1U) << "one that is larger still goes, alone";
    world.pass(5s);
    EXPECT_EQ(bodies().back().size(), 5'000U);
}

}  // namespace trunkline::lanes::test
