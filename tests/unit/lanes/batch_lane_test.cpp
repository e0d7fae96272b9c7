// What a lane of several streams to a portal promises; its lives by chance are in
// batch_simulation_test.cpp.
#include "lines_portal.hpp"

namespace trunkline::lanes::test {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""h;
using Kind = Verdict::Kind;

Verdict answered(Kind kind, int status = 0) {
    Verdict verdict;
    verdict.kind = kind;
    verdict.status = status;
    return verdict;
}

struct BatchBench {
    explicit BatchBench(Order order = Order::keyed) : memory{order} {
        policy.order = order;
        policy.streams = 4;
        policy.batch.max_messages = 8;
        id = world.store.open_lane("portal/acme/messages")->id;
        world.store.on_append([this](store::LaneId) {
            if (lane) lane->wake();
        });
    }
    ~BatchBench() {
        if (lane) lane->stop();
        world.drain();
        for (const auto& violation : memory.violations)
            ADD_FAILURE() << violation;
    }
    BatchBench(const BatchBench&) = delete;
    BatchBench& operator=(const BatchBench&) = delete;

    void start() {
        LinesLane::Setup setup;
        setup.name = "portal/acme/messages";
        setup.owner = "portal/acme";
        setup.policy = policy;
        setup.info = *world.store.lane(id);
        auto portal = std::make_unique<LinesPortal>(
            world, memory, [this](const Delivery& delivery) { return reply(delivery); }
        );
        lane = std::make_shared<BatchLane>(world.ground, std::move(setup), std::move(portal));
        lane->start();
        world.settle();
    }
    async::Awaitable<Verdict> reply(Delivery delivery) {
        const auto takes = took;
        backlog = delivery.backlog;
        if (takes.count() > 0) co_await world.sleep(takes);
        co_return answer(delivery);
    }
    Verdict take(const Delivery& delivery) {
        memory.take(delivery.records, delivery.records.back().sequence);
        return answered(Kind::accepted, 200);
    }
    store::Sequence add(const std::string& conversation, const std::string& body = "plain") {
        return world.add(id, conversation, body);
    }
    static bool has(const Delivery& delivery, const std::string& body) {
        return std::ranges::any_of(delivery.records, [&](const auto& record) {
            return record.body == body;
        });
    }
    std::size_t held_rows() { return world.store.table(store::Table::held).size(); }
    const std::map<store::Sequence, store::DeadRecord>& dead() { return world.store.data(id).dead; }

    World world;
    LinesMemory memory;
    LanePolicy policy;
    store::LaneId id = 0;
    std::shared_ptr<BatchLane> lane;
    std::function<Verdict(const Delivery&)> answer = [this](const Delivery& delivery) {
        return take(delivery);
    };
    std::optional<Backlog> backlog;
    Milliseconds took{0};
};

}  // namespace

TEST(BatchLaneTest, DeliversSeveralBatchesAtOnceAndEachConversationInOrder) {
    BatchBench bench;
    bench.took = 1s;
    for (int i = 0; i < 200; ++i)
        bench.add("c" + std::to_string(i % 10));
    bench.start();
    bench.world.pass(1min);

    EXPECT_EQ(bench.memory.taken.size(), 200U);
    EXPECT_EQ(bench.memory.most_at_once, 4);
    EXPECT_EQ(bench.world.store.lane(bench.id)->head, 201U);
    EXPECT_EQ(bench.lane->status().state, "idle");
    EXPECT_EQ(bench.lane->status().order, "keyed");
    EXPECT_LE(bench.memory.requests.size(), 200U / 4) << "several go together";
}

TEST(BatchLaneTest, InParallelOneConversationUsesAllStreams) {
    BatchBench bench{Order::parallel};
    bench.took = 1s;
    for (int i = 0; i < 64; ++i)
        bench.add("one");
    bench.start();
    bench.world.pass(2500ms);

    EXPECT_EQ(bench.memory.taken.size(), 64U);
    EXPECT_EQ(bench.memory.most_at_once, 4);
}

TEST(BatchLaneTest, WhatComesToAnIdleLaneWaitsForMoreForAMoment) {
    BatchBench bench;
    bench.start();
    bench.add("a");
    bench.world.settle();
    EXPECT_TRUE(bench.memory.requests.empty());
    bench.add("b");
    bench.world.pass(20ms);
    ASSERT_EQ(bench.memory.requests.size(), 1U);
    EXPECT_EQ(bench.memory.requests.front().size(), 2U);
    for (int i = 0; i < 8; ++i)
        bench.add("c" + std::to_string(i));
    bench.world.settle();
    EXPECT_EQ(bench.memory.requests.size(), 2U) << "a full batch does not";
}

TEST(BatchLaneTest, AConversationThePortalCannotTakeHoldsBackOnlyItself) {
    BatchBench bench;
    bool ill = true;
    bench.answer = [&](const Delivery& delivery) {
        const bool stuck = std::ranges::any_of(delivery.records, [](const auto& record) {
            return record.conversation == "stuck";
        });
        return ill && stuck ? answered(Kind::fault, 500) : bench.take(delivery);
    };
    bench.start();
    for (int i = 0; i < 2'000; ++i)
        bench.add(i % 5 == 0 ? "stuck" : "c" + std::to_string(i % 7));
    bench.world.pass(10min);

    EXPECT_EQ(bench.memory.taken.size(), 1'600U);
    EXPECT_EQ(bench.lane->status().depth, 400U);
    EXPECT_GT(bench.lane->status().held, 300U) << "set aside in the store";
    ill = false;
    bench.world.pass(10min);
    EXPECT_EQ(bench.memory.taken.size(), 2'000U);
    EXPECT_EQ(bench.held_rows(), 0U);
}

TEST(BatchLaneTest, APortalThatIsDownIsAskedByOneRequestWithOneEvent) {
    BatchBench bench;
    bench.answer = [](const Delivery&) { return answered(Kind::fault, 503); };
    bench.took = 1s;
    for (int i = 0; i < 100; ++i)
        bench.add("c" + std::to_string(i % 10));
    bench.start();
    bench.world.pass(1500ms);
    const auto first = bench.memory.requests.size();
    EXPECT_EQ(first, 4U) << "those that were on their way together";
    EXPECT_EQ(bench.lane->status().failures, 1U) << "count as one failure";

    bench.memory.most_at_once = 0;
    bench.world.pass(20s);
    EXPECT_EQ(bench.memory.most_at_once, 1);
    for (std::size_t i = first; i < bench.memory.requests.size(); ++i)
        EXPECT_EQ(bench.memory.requests[i].size(), 1U);
    EXPECT_GT(bench.memory.requests.size(), first + 1);

    bench.answer = [&](const Delivery& delivery) { return bench.take(delivery); };
    bench.world.pass(10min);
    EXPECT_EQ(bench.memory.taken.size(), 100U);
    EXPECT_EQ(bench.lane->status().failures, 0U);
}

TEST(BatchLaneTest, AWaitIsKnownAfterARestart) {
    BatchBench bench;
    bench.answer = [](const Delivery&) {
        auto verdict = answered(Kind::fault, 429);
        verdict.wait = Milliseconds{10min};
        return verdict;
    };
    bench.add("a");
    bench.start();
    bench.world.pass(1min);
    ASSERT_EQ(bench.memory.requests.size(), 1U);
    bench.lane->stop();
    bench.world.settle();
    bench.start();
    bench.world.pass(8min);
    EXPECT_EQ(bench.memory.requests.size(), 1U);
    bench.answer = [&](const Delivery& delivery) { return bench.take(delivery); };
    bench.world.pass(3min);
    EXPECT_EQ(bench.memory.taken.size(), 1U);
}

TEST(BatchLaneTest, AcceptedThroughIsTakenAtItsWord) {
    BatchBench bench;
    bench.answer = [&](const Delivery& delivery) {
        auto verdict = answered(Kind::accepted, 200);
        verdict.through = delivery.records.front().sequence;
        bench.memory.take(delivery.records, *verdict.through);
        return verdict;
    };
    for (int i = 0; i < 30; ++i)
        bench.add("c" + std::to_string(i % 4));
    bench.start();
    bench.world.pass(1min);
    EXPECT_EQ(bench.memory.taken.size(), 30U);
    EXPECT_EQ(bench.memory.repeats, 0U);
}

TEST(BatchLaneTest, NamedEventsGoAndANoticeStandsInTheirPlace) {
    BatchBench bench;
    bench.answer = [&](const Delivery& delivery) {
        Verdict verdict = answered(Kind::rejected, 422);
        for (const auto& record : delivery.records) {
            if (record.body == "no") verdict.rejected.push_back({record.id, "never"});
        }
        return verdict.rejected.empty() ? bench.take(delivery) : verdict;
    };
    bench.add("a");
    const auto bad = bench.add("a", "no");
    bench.add("a");
    bench.add("b");
    bench.start();
    bench.world.pass(1min);
    EXPECT_EQ(bench.memory.taken.size(), 3U);
    EXPECT_TRUE(bench.memory.told.contains(bad));
    ASSERT_TRUE(bench.dead().contains(bad));
    EXPECT_EQ(bench.dead().at(bad).reason, "rejected");
    EXPECT_EQ(bench.dead().at(bad).detail, "never");
    EXPECT_EQ(bench.dead().at(bad).record.body, "no");
}

TEST(BatchLaneTest, AnEventThatIsRefusedAloneIsGivenUpOnceOthersGotThrough) {
    BatchBench bench;
    bench.answer = [&](const Delivery& delivery) {
        return BatchBench::has(delivery, "poison") ? answered(Kind::unclear, 400)
                                                   : bench.take(delivery);
    };
    for (int i = 0; i < 20; ++i)
        bench.add("c" + std::to_string(i % 4));
    const auto bad = bench.add("c1", "poison");
    for (int i = 0; i < 20; ++i)
        bench.add("c" + std::to_string(i % 4));
    bench.start();
    bench.world.pass(5min);
    EXPECT_EQ(bench.memory.taken.size(), 40U);
    ASSERT_TRUE(bench.dead().contains(bad));
    EXPECT_EQ(bench.dead().at(bad).reason, "at_fault");
    EXPECT_EQ(bench.dead().size(), 1U);
    EXPECT_TRUE(bench.memory.told.contains(bad));
}

TEST(BatchLaneTest, WhatIsTooLargeBehindAnEventAtFaultDoesNotShieldIt) {
    BatchBench bench;
    const std::string body = "large" + std::string(500, '.');
    bool lost = true;
    bench.answer = [&](const Delivery& delivery) {
        if (BatchBench::has(delivery, "poison")) {
            EXPECT_TRUE(lost) << "its notice may have arrived: it must not follow that";
            return answered(Kind::unclear, 400);
        }
        if (!BatchBench::has(delivery, body)) return bench.take(delivery);
        return std::exchange(lost, false) ? answered(Kind::fault, 0)
                                          : answered(Kind::too_large, 413);
    };
    bench.add("a");
    const auto poison = bench.add("a", "poison");
    const auto large = bench.add("a", body);
    const auto another = bench.add("a", body);
    bench.start();
    bench.world.pass(10min);
    EXPECT_EQ(bench.dead().size(), 2U) << "nothing tells yet who is at fault";
    bench.add("a");
    bench.world.pass(1h);
    EXPECT_EQ(bench.memory.taken.size(), 2U);
    ASSERT_EQ(bench.dead().size(), 3U);
    EXPECT_EQ(bench.dead().at(poison).reason, "at_fault");
    EXPECT_EQ(bench.dead().at(poison).last_status, 400);
    EXPECT_EQ(bench.dead().at(large).reason, "too_large");
    EXPECT_EQ(bench.dead().at(another).reason, "too_large");
}

TEST(BatchLaneTest, WhereNothingGetsThroughNothingIsAtFault) {
    BatchBench bench;
    bench.answer = [](const Delivery&) { return answered(Kind::unclear, 400); };
    for (int i = 0; i < 20; ++i)
        bench.add("c" + std::to_string(i % 4));
    bench.start();
    bench.world.pass(2h);
    EXPECT_TRUE(bench.dead().empty());
    EXPECT_EQ(bench.lane->status().depth, 20U);
    EXPECT_LT(bench.memory.requests.size(), 100U) << "it waits longer and longer";
}

TEST(BatchLaneTest, WhatIsTooLargeAloneIsGivenUp) {
    BatchBench bench;
    bench.answer = [&](const Delivery& delivery) {
        return BatchBench::has(delivery, "large") ? answered(Kind::too_large, 413)
                                                  : bench.take(delivery);
    };
    for (int i = 0; i < 12; ++i)
        bench.add("c" + std::to_string(i % 3));
    const auto bad = bench.add("c1", "large");
    bench.add("c1");
    bench.start();
    bench.world.pass(1min);
    EXPECT_EQ(bench.memory.taken.size(), 13U);
    ASSERT_TRUE(bench.dead().contains(bad));
    EXPECT_EQ(bench.dead().at(bad).reason, "too_large");
}

TEST(BatchLaneTest, GivesUpInWhatIsSetAsideToo) {
    BatchBench bench;
    bool ill = true;
    bench.answer = [&](const Delivery& delivery) {
        const bool stuck = std::ranges::any_of(delivery.records, [](const auto& record) {
            return record.conversation == "stuck";
        });
        if (ill && stuck) return answered(Kind::fault, 500);
        return BatchBench::has(delivery, "large") ? answered(Kind::too_large, 413)
                                                  : bench.take(delivery);
    };
    bench.start();
    std::set<store::Sequence> large;
    for (int i = 0; i < 600; ++i) {
        bench.add("c" + std::to_string(i % 7));
        const bool bad = i % 50 == 0;
        const auto at = bench.add("stuck", bad ? "large" : "plain");
        if (bad) large.insert(at);
    }
    bench.world.pass(2min);
    ASSERT_GT(bench.held_rows(), 100U);
    ill = false;
    bench.world.pass(20min);
    EXPECT_EQ(bench.memory.taken.size(), 1'200U - large.size());
    EXPECT_EQ(bench.memory.told, large);
    EXPECT_EQ(bench.dead().size(), large.size());
    EXPECT_EQ(bench.held_rows(), 0U);
}

TEST(BatchLaneTest, WhatRunsOutOfTimeIsGivenUpWhileThePortalIsDown) {
    BatchBench bench;
    bool down = true;
    bench.policy.retention = Milliseconds{1h};
    bench.answer = [&](const Delivery& delivery) {
        return down ? answered(Kind::fault, 503) : bench.take(delivery);
    };
    for (int i = 0; i < 40; ++i)
        bench.add("c" + std::to_string(i % 4));
    bench.start();
    bench.world.pass(30min);
    const auto fresh = bench.add("c0");
    EXPECT_TRUE(bench.dead().empty());
    bench.world.pass(40min);
    EXPECT_EQ(bench.dead().size(), 40U);
    down = false;
    bench.world.pass(10min);
    EXPECT_EQ(bench.memory.told.size(), 40U);
    EXPECT_EQ(bench.memory.taken, std::set{fresh});
    EXPECT_EQ(bench.lane->status().depth, 0U);
}

// Nobody else is in sight who could tell that the portal is well.
TEST(BatchLaneTest, OneConversationThatFillsTheWindowHoldsBackOnlyItself) {
    BatchBench bench;
    bool ill = true;
    bench.answer = [&](const Delivery& delivery) {
        const auto of_ill = [](const store::Record& record) {
            return record.conversation == "ill";
        };
        const bool any = std::ranges::any_of(delivery.records, of_ill);
        return ill && any ? answered(Kind::fault, 500) : bench.take(delivery);
    };
    for (int i = 0; i < 300; ++i)
        bench.add("ill");
    for (int i = 0; i < 40; ++i)
        bench.add("well " + std::to_string(i % 4));
    bench.start();
    bench.world.pass(30min);
    EXPECT_EQ(bench.memory.taken.size(), 40U);
    EXPECT_EQ(bench.lane->status().depth, 300U);
    ill = false;
    bench.world.pass(20min);
    EXPECT_EQ(bench.memory.taken.size(), 340U);
    EXPECT_EQ(bench.held_rows(), 0U);
}

TEST(BatchLaneTest, WarnsBeforePatienceEndsWhetherThePortalIsDownOrTheLanePaused) {
    BatchBench bench;
    bool down = true;
    bench.policy.retention = Milliseconds{10h};
    bench.answer = [&](const Delivery& delivery) {
        return down ? answered(Kind::fault, 503) : bench.take(delivery);
    };
    const auto alarms = [&bench] { return bench.lane->status().alarms.counts; };
    using Counts = std::map<std::string, std::uint64_t>;
    for (int i = 0; i < 40; ++i)
        bench.add("c" + std::to_string(i % 4));
    bench.start();
    bench.world.pass(4h);
    EXPECT_EQ(alarms(), Counts{});
    bench.world.pass(2h);
    EXPECT_EQ(alarms(), (Counts{{"retention_50", 1}}));
    down = false;
    bench.world.pass(20min);
    EXPECT_EQ(bench.memory.taken.size(), 40U);
    bench.world.run([&bench]() -> async::Awaitable<> {
        [[maybe_unused]] const auto done = co_await bench.lane->pause("operator");
    });
    bench.add("c1");
    bench.lane->wake();
    bench.world.pass(4h);
    EXPECT_EQ(alarms(), (Counts{{"retention_50", 1}}));
    bench.world.pass(4h + 2min);
    EXPECT_EQ(alarms(), (Counts{{"retention_50", 2}, {"retention_80", 1}}));
}

TEST(BatchLaneTest, GonePausesTheOwner) {
    BatchBench bench;
    bench.answer = [](const Delivery&) { return answered(Kind::gone, 410); };
    bench.add("a");
    bench.start();
    bench.world.pass(1min);
    EXPECT_EQ(bench.lane->status().state, "paused");
    EXPECT_EQ(bench.world.gone, std::vector<std::string>{"portal/acme"});
    EXPECT_EQ(bench.memory.requests.size(), 1U);
}

TEST(BatchLaneTest, TellsWhatWaitsBehindABatch) {
    BatchBench bench;
    for (int i = 0; i < 30; ++i)
        bench.add("c" + std::to_string(i % 3));
    bench.policy.streams = 1;
    std::vector<Backlog> told;
    bench.answer = [&](const Delivery& delivery) {
        if (delivery.backlog) told.push_back(*delivery.backlog);
        return bench.take(delivery);
    };
    bench.start();
    bench.world.pass(1min);
    ASSERT_FALSE(told.empty());
    EXPECT_EQ(told.front().count, 30U);
    EXPECT_EQ(told.front().conversations, 3U);
    EXPECT_EQ(told.front().through, 30U);
}

}  // namespace trunkline::lanes::test
