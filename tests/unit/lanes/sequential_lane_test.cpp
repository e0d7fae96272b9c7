// What a sequential lane promises, one promise a test. The simulation beside this file tries them
// all together.
#include <gtest/gtest.h>

#include "sequential_bench.hpp"

namespace trunkline::lanes::test {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""h;
using Kind = Verdict::Kind;

}  // namespace

TEST_F(SequentialLaneTest, GathersForTheLingerAndSendsOneBatch) {
    start();
    add(3);
    world.pass(19ms);
    EXPECT_TRUE(memory.requests.empty());
    EXPECT_EQ(lane->status().state, "gathering");

    world.pass(2ms);

    ASSERT_EQ(memory.requests.size(), 1U);
    EXPECT_EQ(memory.requests[0], (std::vector<store::Sequence>{1, 2, 3}));
    EXPECT_EQ(lane->status().state, "idle");
    EXPECT_EQ(world.store.lane(id)->head, 4U);
}

TEST_F(SequentialLaneTest, AFullBatchDoesNotLinger) {
    start();
    add(8);
    world.settle();
    ASSERT_EQ(memory.requests.size(), 1U);
    EXPECT_EQ(memory.requests[0].size(), 8U);
}

TEST_F(SequentialLaneTest, TellsWhatWaitsBehindTheBatch) {
    add(20);
    start();

    ASSERT_EQ(memory.requests.size(), 3U);
    EXPECT_FALSE(last_delivery.backlog) << "nothing waits behind the last batch";
    memory = {};
    add(20);
    std::vector<std::optional<Backlog>> seen;
    answer = [&](const Delivery& delivery) {
        seen.push_back(delivery.backlog);
        return take(delivery);
    };
    memory.last = 20;
    world.pass(1s);
    ASSERT_GE(seen.size(), 2U);
    ASSERT_TRUE(seen[0]);
    EXPECT_EQ(seen[0]->count, 20U);
    EXPECT_EQ(seen[0]->through, 40U);
    EXPECT_EQ(seen[0]->conversations, 3U);
    EXPECT_NE(seen[0]->oldest_ms, 0);
}

TEST_F(SequentialLaneTest, WhatIsAcceptedPartlyGoesOnAfterThat) {
    answer = [this](const Delivery& delivery) {
        auto verdict = of(Kind::accepted, 200);
        verdict.through = delivery.records[delivery.records.size() / 2].sequence;
        memory.take(delivery.records, *verdict.through);
        return verdict;
    };
    add(8);
    start();

    EXPECT_EQ(memory.last, 8U);
    EXPECT_EQ(memory.repeats, 0U);
    EXPECT_TRUE(dead().empty());
}

TEST_F(SequentialLaneTest, AnAcceptanceOfNothingIsAFault) {
    answer = [](const Delivery&) {
        auto verdict = of(Kind::accepted, 200);
        verdict.through = 0;
        return verdict;
    };
    add(3);
    start();
    EXPECT_EQ(memory.requests.size(), 1U);
    EXPECT_EQ(lane->status().state, "waiting");
    EXPECT_EQ(lane->status().failures, 1U);
}

TEST_F(SequentialLaneTest, ProbesWithOneEventAndGrowsAgain) {
    answer = [](const Delivery&) { return of(Kind::fault, 500); };
    add(40);
    start();
    EXPECT_EQ(memory.requests.back().size(), 8U);
    world.pass(10min);
    EXPECT_EQ(memory.requests.back().size(), 1U) << "half open: one event";
    const auto before = memory.requests.size();
    answer = [this](const Delivery& delivery) { return take(delivery); };

    world.pass(10min);

    std::vector<std::size_t> sizes;
    for (auto i = before; i < memory.requests.size(); ++i)
        sizes.push_back(memory.requests[i].size());
    EXPECT_EQ(sizes, (std::vector<std::size_t>{1, 2, 4, 8, 8, 8, 8, 1}));
}

TEST_F(SequentialLaneTest, WaitsAsLongAsItIsTold) {
    answer = [](const Delivery&) {
        auto verdict = of(Kind::fault, 503);
        verdict.wait = Milliseconds{90s};
        return verdict;
    };
    add(1);
    start();
    world.pass(89'999ms);
    EXPECT_EQ(memory.requests.size(), 1U);
    world.pass(1ms);
    EXPECT_EQ(memory.requests.size(), 2U);
}

TEST_F(SequentialLaneTest, APortalThatRefusesEverythingDeadLettersNothing) {
    answer = [](const Delivery&) { return of(Kind::unclear, 400); };
    add(50);
    start();
    world.pass(20h);

    EXPECT_TRUE(dead().empty());
    answer = [this](const Delivery& delivery) { return take(delivery); };
    world.pass(10min);
    EXPECT_TRUE(dead().empty()) << "getting well must not look like a good event's fault";
    EXPECT_EQ(memory.last, 50U);
    EXPECT_TRUE(memory.gaps.empty());
}

TEST_F(SequentialLaneTest, AParkedPageDeadLettersNothing) {
    answer = [](const Delivery&) { return of(Kind::fault, 200); };
    add(50);
    start();
    world.pass(20h);
    EXPECT_TRUE(dead().empty());
    EXPECT_EQ(lane->status().depth, 50U);
}

TEST_F(SequentialLaneTest, FindsTheEventAtFaultAndExplainsTheGapInItsPlace) {
    answer = [this](const Delivery& delivery) {
        for (const auto& record : delivery.records) {
            if (record.body == "poison") return of(Kind::unclear, 400);
        }
        return take(delivery);
    };
    add(5);
    add(1, "poison");
    add(6);
    start();
    world.pass(1min);

    ASSERT_EQ(dead().size(), 1U);
    EXPECT_EQ(dead().at(6).reason, "at_fault");
    EXPECT_EQ(dead().at(6).last_status, 400);
    ASSERT_EQ(memory.gaps.size(), 1U);
    EXPECT_EQ(gap_text(memory.gaps[0]), "gap 6 6 1 at_fault");
    EXPECT_EQ(memory.last, 12U);
    EXPECT_EQ(memory.repeats, 0U);
}

TEST_F(SequentialLaneTest, TheLastEventIsNotAtFaultBeforeAnotherIsTaken) {
    answer = [this](const Delivery& delivery) {
        for (const auto& record : delivery.records) {
            if (record.body == "poison") return of(Kind::unclear, 400);
        }
        return take(delivery);
    };
    add(1, "poison");
    start();
    world.pass(1h);
    EXPECT_TRUE(dead().empty());

    add(1);
    world.pass(1h);
    EXPECT_EQ(dead().size(), 1U);
    EXPECT_EQ(memory.last, 2U);
}

TEST_F(SequentialLaneTest, WhatIsTooLargeBehindAnEventAtFaultDoesNotShieldIt) {
    bool lost = true;
    answer = [&](const Delivery& delivery) {
        const auto has = [&](std::string_view body) {
            return std::ranges::any_of(delivery.records, [&](const auto& record) {
                return record.body.starts_with(body);
            });
        };
        if (has("poison")) {
            EXPECT_TRUE(lost) << "its notice may have arrived: it must not follow that";
            return of(Kind::unclear, 400);
        }
        if (has("large") && std::exchange(lost, false)) return of(Kind::fault, 0);
        return has("large") ? of(Kind::too_large, 413) : take(delivery);
    };
    add(2);
    add(1, "poison");
    add(2, "large" + std::string(500, '.'));
    start();
    world.pass(10min);
    EXPECT_EQ(dead().size(), 2U) << "nothing tells yet who is at fault";

    add(3);
    world.pass(1h);

    ASSERT_EQ(dead().size(), 3U);
    EXPECT_EQ(dead().at(3).reason, "at_fault");
    EXPECT_EQ(dead().at(3).last_status, 400);
    EXPECT_EQ(dead().at(4).reason, "too_large");
    EXPECT_EQ(dead().at(5).reason, "too_large");
    EXPECT_EQ(dead().at(5).last_status, 413);
    EXPECT_EQ(memory.last, 8U);
}

TEST_F(SequentialLaneTest, AnEventTooLargeAloneIsGivenUp) {
    answer = [this](const Delivery& delivery) {
        for (const auto& record : delivery.records) {
            if (record.body == "large") return of(Kind::too_large, 413);
        }
        return take(delivery);
    };
    add(3);
    add(1, "large");
    add(3);
    start();
    world.pass(1min);

    ASSERT_EQ(dead().size(), 1U);
    EXPECT_EQ(dead().at(4).reason, "too_large");
    EXPECT_EQ(dead().at(4).last_status, 413);
    EXPECT_EQ(memory.last, 7U);
}

TEST_F(SequentialLaneTest, TenRejectionsAnHourAreTheEventsFaultElevenThePortals) {
    answer = [this](const Delivery& delivery) {
        auto verdict = of(Kind::rejected, 422);
        for (const auto& record : delivery.records) {
            if (record.body == "refused") verdict.rejected.push_back({record.id, "not allowed"});
        }
        return verdict.rejected.empty() ? take(delivery) : verdict;
    };
    policy.batch.max_messages = 16;
    add(10, "refused");
    add(1);
    start();
    world.pass(1min);
    ASSERT_EQ(dead().size(), 10U);
    EXPECT_EQ(dead().at(1).reason, "rejected");
    EXPECT_EQ(dead().at(1).detail, "not allowed");
    EXPECT_EQ(memory.last, 11U);

    add(1, "refused");
    world.pass(10min);
    EXPECT_EQ(dead().size(), 10U) << "the eleventh within the hour";
    EXPECT_EQ(world.alarms, std::vector<std::string>{"rejected_too_often"});
    restart();
    world.pass(10min);
    EXPECT_EQ(dead().size(), 10U) << "remembered over a restart";
    world.pass(1h);
    EXPECT_EQ(dead().size(), 11U);
}

TEST_F(SequentialLaneTest, AlarmsOnceWhileKeysDiffer) {
    answer = [](const Delivery&) {
        auto verdict = of(Kind::fault, 401);
        verdict.alarm = true;
        return verdict;
    };
    add(1);
    const WallMs began = world.clock.wall_ms();
    start();
    EXPECT_EQ(world.alarms, std::vector<std::string>{"unauthorized"});
    EXPECT_EQ(lane->status().alarms.last.code, "unauthorized");
    EXPECT_EQ(lane->status().alarms.last.at_ms, began);
    world.pass(1h);
    EXPECT_EQ(world.alarms.size(), 1U);
    EXPECT_TRUE(dead().empty());
}

TEST_F(SequentialLaneTest, GonePausesUntilResumedAlsoOverARestart) {
    answer = [](const Delivery&) { return of(Kind::gone, 410); };
    add(5);
    start();
    EXPECT_EQ(world.gone, std::vector<std::string>{"portal/acme"});
    EXPECT_EQ(lane->status().state, "paused");
    EXPECT_EQ(lane->status().paused_reason, "gone");
    answer = [this](const Delivery& delivery) { return take(delivery); };
    world.store.crash();
    restart();
    world.pass(1h);
    EXPECT_EQ(memory.requests.size(), 1U);

    world.run([this]() -> async::Awaitable<> {
        [[maybe_unused]] const auto done = co_await lane->resume();
    });

    EXPECT_EQ(memory.last, 5U);
}

TEST_F(SequentialLaneTest, BeingLetInEndsNoPauseThatAPersonAskedFor) {
    start();
    world.run([this]() -> async::Awaitable<> {
        [[maybe_unused]] const auto paused = co_await lane->pause("operator");
        [[maybe_unused]] const auto opening = co_await lane->pause("opening");
    });
    add(1);
    EXPECT_EQ(lane->status().paused_reason, "opening");

    world.run([this]() -> async::Awaitable<> {
        [[maybe_unused]] const auto done = co_await lane->admit();
    });
    world.pass(1s);
    EXPECT_EQ(lane->status().paused_reason, "operator");
    EXPECT_TRUE(memory.requests.empty());

    world.run([this]() -> async::Awaitable<> {
        [[maybe_unused]] const auto done = co_await lane->resume();
    });
    world.pass(1s);
    EXPECT_EQ(memory.last, 1U);
}

TEST_F(SequentialLaneTest, AResumeDoesNotLetInWhoeverWasNotLetIn) {
    start();
    world.run([this]() -> async::Awaitable<> {
        [[maybe_unused]] const auto done = co_await lane->pause("opening");
    });
    add(1);
    world.run([this]() -> async::Awaitable<> {
        [[maybe_unused]] const auto done = co_await lane->resume();
    });
    world.pass(1s);
    EXPECT_TRUE(memory.requests.empty());
    restart();
    world.pass(1s);
    EXPECT_EQ(memory.last, 1U) << "told anew at every start";
}

}  // namespace trunkline::lanes::test
