#include "host/lanes/memory_lane.hpp"

#include <gtest/gtest.h>

#include "fake_portal.hpp"

namespace trunkline::lanes::test {
namespace {

using std::chrono_literals::operator""s;

class MemoryLaneTest : public testing::Test {
protected:
    MemoryLaneTest() {
        policy.waiting_max = 3;
        auto portal = std::make_unique<FakePortal>(world, memory, [this](const Delivery& delivery) {
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
    ~MemoryLaneTest() override {
        lane->stop();
        world.drain();
    }
    async::Awaitable<Verdict> reply() {
        co_await world.sleep(1s);
        Verdict verdict;
        verdict.kind = kind;
        verdict.alarm = alarm;
        verdict.detail = "as the test says";
        co_return verdict;
    }
    void offer(const std::string& conversation, const std::string& body) {
        store::Record record;
        record.id = make_ulid(world.clock.wall_ms());
        record.conversation = conversation;
        record.body = body;
        lane->offer("typing", std::move(record));
        world.settle();
    }

    World world;
    PortalMemory memory;
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

}  // namespace trunkline::lanes::test
