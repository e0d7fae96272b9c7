// What a keyed lane promises, and at the end a life of one with everything going wrong by chance.
#include "host/lanes/keyed_lane.hpp"

#include <cstdlib>

#include <gtest/gtest.h>

#include "fake_messenger.hpp"
#include "host/lanes/held_rows.hpp"

namespace trunkline::lanes::test {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""h;
using KeyedKind = KeyedVerdict::Kind;

KeyedVerdict of(KeyedKind kind) {
    KeyedVerdict verdict;
    verdict.kind = kind;
    return verdict;
}

KeyedVerdict later(Milliseconds delay, WaitScope scope = WaitScope::conversation) {
    auto verdict = of(KeyedKind::retry);
    verdict.delay = delay;
    verdict.scope = scope;
    verdict.reason = "throttled";
    return verdict;
}

KeyedVerdict not_yet(Milliseconds delay, WaitScope scope = WaitScope::conversation) {
    auto verdict = of(KeyedKind::later);
    verdict.delay = delay;
    verdict.scope = scope;
    return verdict;
}

struct Bench {
    explicit Bench(std::uint64_t seed = 1) : world{seed} {
        id = world.store.open_lane("account/acme-telegram")->id;
        policy.order = Order::keyed;
        world.store.on_append([this](store::LaneId) {
            if (lane) lane->wake();
        });
    }
    ~Bench() {
        ++lives;
        if (lane) lane->stop();
        world.drain();
        for (const auto& violation : memory.violations)
            ADD_FAILURE() << violation;
    }
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;

    void start() {
        KeyedLane::Setup setup;
        setup.name = "account/acme-telegram";
        setup.owner = "account/acme-telegram";
        setup.connector = "telegram";
        setup.policy = policy;
        setup.info = *world.store.lane(id);
        auto messenger = std::make_unique<FakeMessenger>(
            memory,
            [this, life = lives](store::Record record, std::uint32_t attempt) {
                return reply(std::move(record), attempt, life);
            }
        );
        memory.foreseen.clear();
        lane = std::make_shared<KeyedLane>(world.ground, std::move(setup), std::move(messenger));
        lane->start();
        world.settle();
    }
    async::Awaitable<KeyedVerdict> reply(store::Record record, std::uint32_t attempt, int life) {
        const auto takes = took;
        if (takes.count() > 0) co_await world.sleep(takes);
        if (life != lives) co_return of(KeyedKind::cancelled);
        auto verdict = answer(record, attempt);
        if (verdict.kind == KeyedKind::done) {
            memory.take(record);
            // Until the write is through, a kill would make it happen again.
            memory.repeats_allowed.insert(record.sequence);
        }
        co_return verdict;
    }
    void crash() {
        ++lives;
        lane->stop();
        lane.reset();
        world.store.failing = true;
        world.pass(2min);
        world.store.failing = false;
        world.store.crash();
        start();
    }
    void admit() {
        world.run([this]() -> async::Awaitable<> {
            [[maybe_unused]] const auto done = co_await lane->admit();
        });
        world.pass(1s);
    }
    store::Sequence add(const std::string& conversation, const std::string& body = "plain") {
        return world.add(id, conversation, body);
    }
    std::size_t held_rows() { return world.store.table(store::Table::held).size(); }
    const std::map<store::Sequence, store::DeadRecord>& dead() { return world.store.data(id).dead; }

    World world;
    MessengerMemory memory;
    LanePolicy policy;
    store::LaneId id = 0;
    std::shared_ptr<KeyedLane> lane;
    std::function<KeyedVerdict(const store::Record&, std::uint32_t)> answer =
        [](const store::Record&, std::uint32_t) { return of(KeyedKind::done); };
    Milliseconds took{0};
    int lives = 0;
};

}  // namespace

TEST(KeyedLaneTest, DeliversConversationsAtOnceAndEachInOrder) {
    Bench bench;
    bench.took = 1s;
    bench.policy.streams = 4;
    for (int i = 0; i < 60; ++i)
        bench.add("c" + std::to_string(i % 6));
    bench.start();
    bench.world.pass(1min);

    EXPECT_EQ(bench.memory.done.size(), 60U);
    EXPECT_EQ(bench.memory.most_at_once, 4);
    EXPECT_EQ(bench.world.store.lane(bench.id)->head, 61U);
    EXPECT_EQ(bench.lane->status().state, "idle");
}

TEST(KeyedLaneTest, AStuckConversationHoldsBackOnlyItself) {
    Bench bench;
    bool stuck = true;
    bench.answer = [&stuck](const store::Record& record, std::uint32_t) {
        return stuck && record.conversation == "stuck" ? later(10min) : of(KeyedKind::done);
    };
    bench.start();
    for (int i = 0; i < 2'000; ++i)
        bench.add(i % 5 == 0 ? "stuck" : "c" + std::to_string(i % 7));

    bench.world.pass(1min);

    EXPECT_EQ(bench.memory.done.size(), 1'600U);
    EXPECT_EQ(bench.lane->status().depth, 400U);
    EXPECT_GT(bench.lane->status().held, 100U);
    EXPECT_GT(bench.world.store.lane(bench.id)->head, 1'700U)
        << "the head moved on over what was set aside";

    bench.crash();
    bench.world.pass(1min);
    EXPECT_EQ(bench.lane->status().depth, 400U) << "set aside, not forgotten";
    bench.add("stuck", "newest");
    stuck = false;
    bench.world.pass(30min);
    EXPECT_EQ(bench.memory.got["stuck"].size(), 401U);
    EXPECT_EQ(bench.held_rows(), 0U);
    EXPECT_EQ(bench.world.store.lane(bench.id)->head, 2'002U);
}

TEST(KeyedLaneTest, WhoseTurnHasNotComeHasNotFailed) {
    Bench bench;
    bool come = false;
    bench.answer = [&come](const store::Record& record, std::uint32_t attempt) {
        EXPECT_EQ(attempt, 1U);
        return come || record.conversation != "a" ? of(KeyedKind::done) : not_yet(10s);
    };
    bench.add("a");
    bench.add("b");
    const auto before = bench.world.store.writes;
    bench.start();
    bench.world.pass(9s);
    EXPECT_EQ(bench.memory.done.size(), 1U) << "the other one does not wait with it";
    EXPECT_EQ(bench.world.store.writes - before, 1U) << "a wait is nothing to write down";
    EXPECT_EQ(bench.world.figures.failures, 0U);
    EXPECT_EQ(bench.world.figures.deliveries, 1U);
    EXPECT_EQ(bench.lane->status().failures, 0U);
    EXPECT_EQ(bench.lane->status().last_error, "");
    come = true;
    bench.world.pass(2s);
    EXPECT_EQ(bench.memory.done.size(), 2U);

    come = false;
    bench.answer = [&come](const store::Record&, std::uint32_t) {
        return come ? of(KeyedKind::done) : not_yet(10s, WaitScope::account);
    };
    bench.add("a");
    bench.world.pass(1s);
    bench.add("b");
    bench.world.pass(1s);
    EXPECT_EQ(bench.lane->status().state, "waiting");
    come = true;
    bench.world.pass(5s);
    EXPECT_EQ(bench.memory.done.size(), 2U) << "the whole lane waits";
    bench.world.pass(5s);
    EXPECT_EQ(bench.memory.done.size(), 4U);
}

TEST(KeyedLaneTest, WhatWaitsIsForeseenFarBeyondTheWindow) {
    Bench bench;
    bench.took = 1s;
    bench.policy.streams = 1;
    for (int i = 0; i < 1'000; ++i)
        bench.add("c" + std::to_string(i % 400));
    bench.start();
    EXPECT_EQ(bench.memory.foreseen.size(), 1'000U) << "before the first is through";
    EXPECT_TRUE(std::ranges::is_sorted(bench.memory.foreseen));
    bench.add("late");
    bench.world.pass(2s);
    EXPECT_EQ(bench.memory.foreseen.size(), 1'001U);
    bench.world.pass(20min);
    EXPECT_EQ(bench.memory.done.size(), 1'001U);
    EXPECT_EQ(bench.memory.foreseen.size(), 1'001U) << "each once";
}

TEST(KeyedLaneTest, ForesightHasABound) {
    Bench bench;
    bench.took = 1s;
    for (int i = 0; i < 11'000; ++i)
        bench.add("c");
    bench.start();
    EXPECT_GE(bench.memory.foreseen.size(), KeyedLane::kForesight);
    EXPECT_LE(bench.memory.foreseen.size(), KeyedLane::kForesight + KeyedLane::kWindow);
    bench.world.pass(30min);
    EXPECT_EQ(bench.memory.foreseen.size(), 11'000U) << "it moves on with the head";
}

TEST(KeyedLaneTest, AnAccountsWaitHoldsEveryoneBack) {
    Bench bench;
    bool told = false;
    bench.answer = [&told](const store::Record&, std::uint32_t) {
        return std::exchange(told, true) ? of(KeyedKind::done) : later(5min, WaitScope::account);
    };
    bench.policy.streams = 1;
    bench.add("a");
    bench.add("b");
    bench.start();
    bench.world.pass(4min);
    EXPECT_TRUE(bench.memory.done.empty());
    EXPECT_EQ(bench.lane->status().state, "waiting");

    bench.world.pass(2min);

    EXPECT_EQ(bench.memory.done.size(), 2U);
    EXPECT_TRUE(bench.world.connector_waits.empty());
}

TEST(KeyedLaneTest, AConnectorsWaitIsPassedOn) {
    Bench bench;
    bench.answer = [](const store::Record&, std::uint32_t) {
        return later(5min, WaitScope::connector);
    };
    bench.add("a");
    bench.start();
    ASSERT_EQ(bench.world.connector_waits.size(), 1U);
    EXPECT_EQ(bench.world.connector_waits[0].first, "telegram");
    EXPECT_EQ(bench.world.connector_waits[0].second, Milliseconds{5min});
}

TEST(KeyedLaneTest, ABrokenAccountStopsTheLaneAndKeepsItsCommand) {
    Bench bench;
    bench.answer = [](const store::Record&, std::uint32_t) { return of(KeyedKind::stop); };
    bench.add("a");
    bench.start();
    EXPECT_EQ(bench.lane->status().paused_reason, "account_broken");
    bench.crash();
    bench.world.pass(1h);
    EXPECT_EQ(bench.lane->status().depth, 1U);
    bench.answer = [](const store::Record&, std::uint32_t) { return of(KeyedKind::done); };

    bench.world.run([&bench]() -> async::Awaitable<> {
        [[maybe_unused]] const auto done = co_await bench.lane->resume();
    });
    bench.world.pass(1s);

    EXPECT_EQ(bench.memory.done.size(), 1U);
}

TEST(KeyedLaneTest, ARecoveredAccountGoesOnAlsoAfterARestart) {
    Bench bench;
    bench.answer = [](const store::Record&, std::uint32_t) { return of(KeyedKind::stop); };
    bench.add("a");
    bench.start();
    EXPECT_EQ(bench.lane->status().alarms.last.code, "account_broken");
    EXPECT_EQ(bench.lane->status().alarms.counts.at("account_broken"), 1U);
    bench.crash();
    EXPECT_EQ(bench.lane->status().paused_reason, "account_broken");
    bench.answer = [](const store::Record&, std::uint32_t) { return of(KeyedKind::done); };

    bench.admit();

    EXPECT_EQ(bench.lane->status().state, "idle");
    EXPECT_EQ(bench.memory.done.size(), 1U);
    bench.crash();
    EXPECT_EQ(bench.lane->status().paused_reason, "") << "that it went on is on disk";
}

TEST(KeyedLaneTest, ARecoveredAccountEndsNoPauseThatAPersonAskedFor) {
    Bench bench;
    bench.took = 1s;
    bench.answer = [](const store::Record&, std::uint32_t) { return of(KeyedKind::stop); };
    bench.add("a");
    bench.start();
    bench.world.run([&bench]() -> async::Awaitable<> {
        [[maybe_unused]] const auto done = co_await bench.lane->pause("operator");
    });
    bench.world.pass(2s);
    EXPECT_EQ(bench.lane->status().paused_reason, "operator") << "its account broke meanwhile";
    bench.admit();
    EXPECT_EQ(bench.lane->status().paused_reason, "operator");
    EXPECT_EQ(bench.lane->status().depth, 1U);
}

TEST(KeyedLaneTest, WhatIsTakenAndWhatIsToldAboutItAreOneWrite) {
    Bench bench;
    const auto portal = bench.world.store.open_lane("portal/acme/messages")->id;
    bench.answer = [&](const store::Record& record, std::uint32_t) {
        auto verdict = of(record.body == "bad" ? KeyedKind::dead : KeyedKind::done);
        verdict.reason = "rejected";
        verdict.code = "chat_not_found";
        verdict.with.append.push_back(bench.world.event(portal, record.conversation, "status"));
        return verdict;
    };
    bench.add("a");
    bench.add("b", "bad");
    const auto before = bench.world.store.writes;
    bench.start();
    bench.world.pass(1s);

    EXPECT_EQ(bench.world.store.writes - before, 2U);
    EXPECT_EQ(bench.world.store.lane(portal)->tail, 3U);
    ASSERT_EQ(bench.dead().size(), 1U);
    EXPECT_EQ(bench.dead().at(2).reason, "rejected");
    EXPECT_EQ(bench.dead().at(2).detail, "chat_not_found");
    EXPECT_EQ(bench.dead().at(2).record.body, "bad");
}

TEST(KeyedLaneTest, ACommandExpiresAtItsOwnTimeAlsoWhileTheLaneStandsStill) {
    Bench bench;
    bench.answer = [](const store::Record&, std::uint32_t) { return later(20min); };
    const auto brief = bench.add("a", "short");
    bench.add("b");
    bench.start();
    bench.world.pass(59s);
    EXPECT_TRUE(bench.memory.expired.empty());
    bench.world.pass(2s);
    EXPECT_EQ(bench.memory.expired, std::vector<store::Sequence>{brief});
    EXPECT_EQ(bench.dead().at(brief).reason, "retention");

    bench.world.run([&bench]() -> async::Awaitable<> {
        [[maybe_unused]] const auto done = co_await bench.lane->pause("operator");
    });
    const auto paused = bench.add("c", "short");
    bench.world.pass(3min);
    EXPECT_EQ(bench.memory.expired, (std::vector<store::Sequence>{brief, paused}));
    EXPECT_EQ(bench.dead().size(), 2U);
}

TEST(KeyedLaneTest, WhatTheDiskRefusesIsWrittenLaterAndNotSentAgain) {
    Bench bench;
    bench.add("a");
    bench.world.store.failing = true;
    bench.start();
    bench.world.pass(10s);
    EXPECT_EQ(bench.memory.done.size(), 1U);
    EXPECT_EQ(bench.world.store.lane(bench.id)->head, 1U);

    bench.world.store.failing = false;
    bench.world.pass(10s);

    EXPECT_EQ(bench.world.store.lane(bench.id)->head, 2U);
    EXPECT_EQ(bench.memory.got["a"].size(), 1U);
    EXPECT_TRUE(bench.memory.violations.empty());
}

TEST(KeyedLaneTest, SequentiallyNothingOvertakesAndOneIsOnItsWay) {
    Bench bench;
    bench.policy.order = Order::sequential;
    bench.took = 1s;
    bool ill = true;
    bench.answer = [&](const store::Record& record, std::uint32_t) {
        return ill && record.sequence == 5 ? later(10s) : of(KeyedKind::done);
    };
    for (int i = 0; i < 20; ++i)
        bench.add("c" + std::to_string(i % 6));
    bench.start();
    bench.world.pass(1min);
    EXPECT_EQ(bench.memory.done.size(), 4U) << "a conversation that waits holds back all";
    EXPECT_EQ(bench.memory.most_at_once, 1);
    EXPECT_EQ(bench.held_rows(), 0U);
    ill = false;
    bench.world.pass(1min);
    EXPECT_EQ(bench.memory.done.size(), 20U);
    EXPECT_EQ(bench.lane->status().order, "sequential");
}

TEST(KeyedLaneTest, WithOneTryWhatFailsIsDroppedAndWhoseTurnHasNotComeWaits) {
    Bench bench;
    bench.policy.one_try = true;
    std::map<store::Sequence, int> asked;
    bench.answer = [&](const store::Record& record, std::uint32_t) {
        const int times = ++asked[record.sequence];
        if (record.body == "fails") return later(10min);
        if (record.body == "broken") return of(KeyedKind::stop);
        return record.body == "limited" && times == 1 ? not_yet(5s) : of(KeyedKind::done);
    };
    for (const char* body : {"plain", "fails", "broken", "limited", "plain"})
        bench.add("c", body);
    bench.start();
    bench.world.pass(1min);
    EXPECT_EQ(bench.lane->status().depth, 0U);
    EXPECT_EQ(bench.lane->status().delivery, "best_effort");
    EXPECT_EQ(bench.memory.done, (std::set<store::Sequence>{1, 4, 5}));
    EXPECT_EQ(bench.memory.dropped, (std::vector<store::Sequence>{2, 3}));
    EXPECT_EQ(asked[2], 1);
    EXPECT_EQ(bench.world.figures.dropped, 2U);
    EXPECT_TRUE(bench.dead().empty());
}

TEST(KeyedLaneTest, SurvivesEveryKindOfTrouble) {
    const char* only = std::getenv("TRUNKLINE_SEED");
    const char* seeds = std::getenv("TRUNKLINE_SEEDS");
    const std::uint64_t first = only != nullptr ? std::strtoull(only, nullptr, 10) : 1;
    const std::uint64_t count = seeds != nullptr  ? std::strtoull(seeds, nullptr, 10)
                                : only != nullptr ? 1
                                                  : 200;
    for (std::uint64_t seed = first; seed < first + count && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE("TRUNKLINE_SEED=" + std::to_string(seed));
        Bench bench{seed};
        auto& world = bench.world;
        std::set<std::string> ill;
        bool broken = false;
        bench.answer = [&](const store::Record& record, std::uint32_t) {
            if (broken && world.chance(30))
                return later(
                    Milliseconds{static_cast<std::int64_t>(world.pick(100'000))}, WaitScope::account
                );
            if (ill.contains(record.conversation))
                return world.chance(30)
                           ? not_yet(Milliseconds{10min})
                           : later(world.chance(50) ? Milliseconds{0} : Milliseconds{10min});
            if (record.body == "bad") return of(KeyedKind::dead);
            return of(KeyedKind::done);
        };
        bench.policy.streams = static_cast<std::uint32_t>(1 + world.pick(8));
        bench.start();
        std::set<store::Sequence> all, bad;
        for (int step = 0; step < 20; ++step) {
            const auto events = world.pick(world.chance(20) ? 600 : 40);
            for (std::uint64_t i = 0; i < events; ++i) {
                const bool wrong = world.chance(2);
                const auto at =
                    bench.add("c" + std::to_string(world.pick(9)), wrong ? "bad" : "plain");
                all.insert(at);
                if (wrong) bad.insert(at);
            }
            ill.clear();
            for (auto i = world.pick(4); i > 0; --i)
                ill.insert("c" + std::to_string(world.pick(9)));
            broken = world.chance(20);
            bench.took = Milliseconds{static_cast<std::int64_t>(world.pick(300))};
            if (world.chance(15)) {
                world.store.failing = true;
                world.pass(5s);
                world.store.failing = false;
            }
            world.pass(Milliseconds{static_cast<std::int64_t>(world.pick(600'000))});
            if (world.chance(15)) bench.crash();
        }
        ill.clear();
        broken = false;
        world.pass(2h);
        EXPECT_EQ(bench.lane->status().depth, 0U)
            << bench.lane->status().state << " held " << bench.lane->status().held << " "
            << bench.lane->status().last_error << " "
            << (world.alarm_details.empty() ? "" : world.alarm_details.back()) << " timers "
            << world.timers.empty();
        EXPECT_EQ(bench.held_rows(), 0U);
        for (const auto sequence : all) {
            EXPECT_TRUE(
                bad.contains(sequence) ? bench.dead().contains(sequence)
                                       : bench.memory.done.contains(sequence)
            ) << sequence;
        }
        EXPECT_EQ(bench.dead().size(), bad.size());
    }
}

}  // namespace trunkline::lanes::test
