// What a sequential lane does with time: retention, clocks, restarts, a disk that refuses.
#include <gtest/gtest.h>

#include "sequential_bench.hpp"

namespace trunkline::lanes::test {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""h;
using Kind = Verdict::Kind;

class SequentialRetentionTest : public SequentialLaneTest {};

}  // namespace

TEST_F(SequentialRetentionTest, GivesUpAtTheRetentionAndNotBefore) {
    policy.retention = 10min;
    policy.retry.max = 1min;
    answer = [](const Delivery&) { return of(Kind::fault, 503); };
    add(3);
    start();
    world.pass(5min);
    add(2);
    world.pass(5min - 1s);
    EXPECT_TRUE(dead().empty());

    world.pass(2s);

    ASSERT_EQ(dead().size(), 3U);
    EXPECT_EQ(dead().at(1).reason, "retention");
    answer = [this](const Delivery& delivery) { return take(delivery); };
    world.pass(4min);
    ASSERT_EQ(memory.gaps.size(), 1U);
    EXPECT_EQ(gap_text(memory.gaps[0]), "gap 1 3 3 retention") << "one notice, in the last place";
    EXPECT_EQ(memory.taken, (std::set<store::Sequence>{4, 5}));
}

TEST_F(SequentialRetentionTest, AGapGrowsByMergingAndNoticesAreNeverDeadLetters) {
    policy.retention = 10min;
    answer = [](const Delivery&) { return of(Kind::fault, 503); };
    start();
    for (int i = 0; i < 5; ++i) {
        add(2);
        world.pass(7min);
    }
    world.pass(10h);

    EXPECT_EQ(dead().size(), 10U);
    EXPECT_EQ(lane->status().depth, 1U) << "the notice waits";
    add(1);
    answer = [this](const Delivery& delivery) { return take(delivery); };
    world.pass(6min);
    ASSERT_EQ(memory.gaps.size(), 1U);
    EXPECT_EQ(gap_text(memory.gaps[0]), "gap 1 10 10 retention");
    EXPECT_EQ(memory.taken, (std::set<store::Sequence>{11}));
}

TEST_F(SequentialRetentionTest, TimeRunsOutWhilePausedToo) {
    policy.retention = 10min;
    start();
    world.run([this]() -> async::Awaitable<> {
        [[maybe_unused]] const auto done = co_await lane->pause("operator");
    });
    add(2);
    world.pass(11min);
    EXPECT_EQ(dead().size(), 2U);
    EXPECT_TRUE(memory.requests.empty());
}

TEST_F(SequentialRetentionTest, WarnsThreeTimesBeforePatienceEnds) {
    policy.retention = 10h;
    answer = [](const Delivery&) { return of(Kind::fault, 503); };
    add(3);
    start();
    world.pass(5h - 1min);
    EXPECT_TRUE(memory.warnings.empty());
    world.pass(2min);
    EXPECT_EQ(memory.warnings, std::vector{50});
    EXPECT_EQ(lane->status().alarms.last.code, "retention_50");
    EXPECT_EQ(
        lane->status().alarms.last.text,
        "the oldest event has waited for 50 % of 10 h 0 min; 3 events wait"
    );
    world.pass(3h);
    EXPECT_EQ(memory.warnings, (std::vector{50, 80}));
    world.pass(90min);
    EXPECT_EQ(memory.warnings, (std::vector{50, 80, 95}));
    EXPECT_TRUE(dead().empty());

    answer = [this](const Delivery& delivery) { return take(delivery); };
    world.pass(10min);
    EXPECT_EQ(memory.last, 3U);
    answer = [](const Delivery&) { return of(Kind::fault, 503); };
    add(1);
    world.pass(6h);
    EXPECT_EQ(memory.warnings, (std::vector{50, 80, 95, 50})) << "what waits now is young";
}

TEST_F(SequentialRetentionTest, WarnsWhilePausedToo) {
    policy.retention = 10h;
    start();
    world.run([this]() -> async::Awaitable<> {
        [[maybe_unused]] const auto done = co_await lane->pause("operator");
    });
    add(2);
    world.pass(5h + 1s);
    EXPECT_EQ(memory.warnings, std::vector{50})
        << "at its time, not at the next try: there is none";
    world.pass(3h);
    EXPECT_EQ(memory.warnings, (std::vector{50, 80}));
    EXPECT_TRUE(memory.requests.empty());
}

TEST_F(SequentialRetentionTest, ALaneWhoseEventsRunOutOneByOneIsToldOfOnce) {
    policy.retention = 10h;
    answer = [](const Delivery&) { return of(Kind::fault, 503); };
    start();
    for (int hour = 0; hour < 40; ++hour) {
        add(1);
        world.pass(15min);
        add(1);
        world.pass(45min);
    }
    EXPECT_GT(dead().size(), 40U);
    EXPECT_EQ(memory.warnings, (std::vector{50, 80, 95}));
}

TEST_F(SequentialRetentionTest, NothingExpiresWhileTheClocksDisagree) {
    policy.retention = 1h;
    answer = [](const Delivery&) { return of(Kind::fault, 503); };
    add(3);
    start();
    world.clock.jump_wall(48h);
    world.pass(30min);

    EXPECT_TRUE(dead().empty());
    EXPECT_EQ(world.alarms, std::vector<std::string>{"clock_drift"});
    world.clock.jump_wall(-48h);
    world.pass(32min);
    EXPECT_EQ(dead().size(), 3U) << "once they agree it is the true hour that counts";
}

TEST_F(SequentialRetentionTest, AfterARestartOnlyAFailingLaneWaits) {
    add(3);
    answer = [](const Delivery&) { return of(Kind::fault, 503); };
    start();
    const auto requests = memory.requests.size();
    restart();
    EXPECT_EQ(memory.requests.size(), requests) << "its last try failed: no stampede";
    EXPECT_EQ(lane->status().failures, 1U);
    answer = [this](const Delivery& delivery) { return take(delivery); };
    world.pass(1min);
    EXPECT_EQ(memory.last, 3U);
    lane->stop();
    add(2);

    restart();

    EXPECT_EQ(memory.last, 5U) << "at once, without a linger";
}

TEST_F(SequentialRetentionTest, WhatTheDiskRefusesToNoteIsNotDeliveredAgain) {
    start();
    add(3);
    world.store.failing = true;
    world.pass(1min);
    EXPECT_EQ(memory.last, 3U);
    EXPECT_EQ(memory.requests.size(), 1U);
    world.store.failing = false;
    world.pass(1min);

    add(1);
    world.pass(1min);
    EXPECT_EQ(memory.repeats, 0U);
    EXPECT_EQ(memory.last, 4U);
    EXPECT_EQ(world.store.lane(id)->head, 5U);
}

TEST_F(SequentialRetentionTest, WhoeverRejectedIsNotAskedAgainWhileThatCannotBeWritten) {
    start();
    answer = [this](const Delivery& delivery) {
        if (delivery.records.front().body != "refused") return take(delivery);
        auto verdict = of(Kind::rejected, 422);
        verdict.rejected.push_back({delivery.records.front().id, "not allowed"});
        return verdict;
    };
    add(1, "refused");
    world.store.failing = true;
    world.pass(5min);
    EXPECT_EQ(times.size(), 1U);
    EXPECT_TRUE(dead().empty());
    world.store.failing = false;
    world.pass(1min);
    EXPECT_EQ(dead().size(), 1U);
    add(1);
    world.pass(1min);
    EXPECT_EQ(memory.repeats, 0U);
    EXPECT_EQ(world.store.lane(id)->head, world.store.lane(id)->tail);
}

TEST_F(SequentialRetentionTest, AWriteThatIsRefusedEndsWithTheLane) {
    start();
    answer = [](const Delivery& delivery) {
        auto verdict = of(Kind::rejected, 422);
        verdict.rejected.push_back({delivery.records.front().id, "not allowed"});
        return verdict;
    };
    add(1);
    world.store.failing = true;
    world.pass(5min);
    EXPECT_TRUE(lane->busy());
    lane->stop();
    world.settle();
    EXPECT_FALSE(lane->busy());
}

TEST_F(SequentialRetentionTest, AnIdleLaneHoldsNothing) {
    add(8);
    start();
    world.pass(1min);
    EXPECT_FALSE(lane->busy());
    EXPECT_TRUE(world.timers.empty());
    EXPECT_LE(sizeof(SequentialLane), 1'024U);
}

}  // namespace trunkline::lanes::test
