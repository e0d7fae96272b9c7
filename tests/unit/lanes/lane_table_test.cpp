// The table over a real store (in memory), real loops and real time: only what the parts cannot
// show alone.
#include "host/lanes/lane_table.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

#include "host/async/spawn.hpp"
#include "host/base/clock.hpp"

namespace trunkline::lanes {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

/// What arrived, seen from any thread.
class Inbox {
public:
    void add(store::Record record) {
        const std::lock_guard lock{mutex_};
        records_.push_back(std::move(record));
        changed_.notify_all();
    }
    std::vector<store::Record> wait_for(std::size_t count) {
        std::unique_lock lock{mutex_};
        changed_.wait_for(lock, 20s, [&] { return records_.size() >= count; });
        return records_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<store::Record> records_;
};

class Portal final : public SequentialDestination {
public:
    explicit Portal(Inbox& inbox) : inbox_{inbox} {}
    async::Awaitable<Verdict> deliver(Delivery delivery) override {
        Verdict verdict;
        verdict.kind = Verdict::Kind::accepted;
        if (delivery.records.front().body == "large" &&
            (delivery.records.front().flags & store::kRequeued) == 0) {
            verdict.kind = Verdict::Kind::too_large;
        } else if (delivery.records.size() > 1) {
            verdict.through = delivery.records.front().sequence;
        }
        if (verdict.kind == Verdict::Kind::accepted) inbox_.add(delivery.records.front());
        co_return verdict;
    }
    store::Append gap_notice(const Gap&, const store::Record*) override {
        store::Append notice;
        notice.id = make_ulid(1);
        notice.body = "notice";
        return notice;
    }
    std::optional<Gap> gap_of(const store::Record&) override { return std::nullopt; }
    std::string target() const override { return "portal.test"; }

private:
    Inbox& inbox_;
};

class Messenger final : public KeyedDestination {
public:
    explicit Messenger(Inbox& inbox) : inbox_{inbox} {}
    async::Awaitable<KeyedVerdict> deliver(store::Record record, std::uint32_t) override {
        KeyedVerdict verdict;
        verdict.kind = record.body == "bad" ? KeyedVerdict::Kind::dead : KeyedVerdict::Kind::done;
        verdict.reason = "rejected";
        if (record.body == "stuck") {
            verdict.kind = KeyedVerdict::Kind::retry;
            verdict.delay = std::chrono::hours{1};
        }
        if (verdict.kind == KeyedVerdict::Kind::done) inbox_.add(std::move(record));
        co_return verdict;
    }
    async::Awaitable<store::Batch> expired(store::Record) override { co_return store::Batch{}; }
    std::optional<WallMs> expires_ms(const store::Record&) override { return std::nullopt; }

private:
    Inbox& inbox_;
};

class LaneTableTest : public testing::Test {
protected:
    LaneTableTest() { loops.start(); }
    ~LaneTableTest() override {
        run([this]() -> async::Awaitable<> { co_await table->stop(5s); });
        loops.stop();
        table.reset();
        store->close();
    }
    void run(std::function<async::Awaitable<>()> work) {
        async::run_and_wait(loops.at(0).get_executor(), "test", std::move(work));
    }
    store::LaneId add_portal(const std::string& name) {
        store::LaneId id = 0;
        run([&]() -> async::Awaitable<> {
            LaneSpec spec;
            spec.name = name;
            spec.owner = "portal/acme";
            const auto added =
                co_await table->add(std::move(spec), std::make_unique<Portal>(inbox), false);
            if (added) id = *added;
        });
        return id;
    }
    void append(
        store::LaneId lane, const std::string& body, const std::string& conversation = "c"
    ) {
        store::Batch batch;
        store::Append append;
        append.lane = lane;
        append.conversation = conversation;
        append.id = make_ulid(clock.wall_ms());
        append.accepted_ms = clock.wall_ms();
        append.body = body;
        batch.append.push_back(std::move(append));
        ASSERT_TRUE(store->commit_and_wait(std::move(batch)));
    }
    LaneStatus status(const std::string& name) {
        LaneStatus out;
        run([&]() -> async::Awaitable<> {
            const auto found = co_await table->find(name);
            if (found) out = *found;
        });
        return out;
    }
    template <class Condition>
    bool becomes(Condition condition) {
        const auto deadline = std::chrono::steady_clock::now() + 20s;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            std::this_thread::yield();
        }
        return true;
    }

    SystemClock clock;
    async::Loops loops{2};
    async::BlockingPool pool{2};
    std::unique_ptr<store::Store> store = store::make_memory_store(clock);
    std::unique_ptr<LaneTable> table =
        std::make_unique<LaneTable>(LaneTable::Services{loops, *store, pool, clock, {}, {}});
    Inbox inbox;
};

}  // namespace

TEST_F(LaneTableTest, WakesTheLaneWhoseEventsWereAppended) {
    const auto one = add_portal("portal/acme/messages");
    const auto two = add_portal("portal/other/messages");
    ASSERT_NE(one, two);
    for (int i = 0; i < 20; ++i)
        append(one, "event");
    append(two, "event");

    EXPECT_EQ(inbox.wait_for(21).size(), 21U);
    EXPECT_TRUE(becomes([&] { return status("portal/acme/messages").state == "idle"; }));
}

TEST_F(LaneTableTest, RefusesASecondLaneOfOneName) {
    ASSERT_NE(add_portal("portal/acme/messages"), 0U);
    EXPECT_EQ(add_portal("portal/acme/messages"), 0U);
}

TEST_F(LaneTableTest, PausesAnOwnersLanesAndListsThem) {
    const auto lane = add_portal("portal/acme/messages");
    run([this]() -> async::Awaitable<> { co_await table->pause_owner("portal/acme", "operator"); });
    append(lane, "event");
    EXPECT_EQ(status("portal/acme/messages").state, "paused");
    EXPECT_EQ(status("portal/acme/messages").depth, 1U);

    run([this]() -> async::Awaitable<> { co_await table->resume_owner("portal/acme"); });

    EXPECT_EQ(inbox.wait_for(1).size(), 1U);
    std::size_t count = 0;
    run([&]() -> async::Awaitable<> {
        std::string from_the_start;
        const auto listed = co_await table->list(std::move(from_the_start), 10);
        count = listed.size();
    });
    EXPECT_EQ(count, 1U);
}

// Its sibling was told that the receiver is gone; when that one is back, this lane still waits for
// the person who paused it.
TEST_F(LaneTableTest, APersonsPauseOutlivesAReceiverThatWasGone) {
    const std::string name = "portal/acme/messages";
    const auto lane = add_portal(name);
    run([&]() -> async::Awaitable<> {
        const auto paused = co_await table->pause(name, "operator");
        EXPECT_TRUE(paused);
        co_await table->pause_owner("portal/acme", "gone");
    });
    EXPECT_EQ(status(name).paused_reason, "operator");
    run([this]() -> async::Awaitable<> { co_await table->admit_owner("portal/acme"); });
    append(lane, "event");
    EXPECT_EQ(status(name).state, "paused");

    run([&]() -> async::Awaitable<> {
        const auto resumed = co_await table->resume(name);
        EXPECT_TRUE(resumed);
    });
    EXPECT_EQ(inbox.wait_for(1).size(), 1U);
}

TEST_F(LaneTableTest, RequeuesADeadLetterAtTheTailWithItsOldSequence) {
    const std::string name = "portal/acme/messages";
    const auto lane = add_portal(name);
    append(lane, "large");
    append(lane, "event");
    ASSERT_EQ(inbox.wait_for(2).size(), 2U);
    Ulid id;
    run([&]() -> async::Awaitable<> {
        const auto dead = co_await table->dead_letters(name, 0, 10);
        if (dead && dead->size() == 1) id = dead->front().record.id;
        std::vector<store::Sequence> missing{1, 2};
        const auto refused = co_await table->requeue(name, std::move(missing));
        EXPECT_FALSE(refused) << "2 is no dead letter: nothing is done";
        std::vector<store::Sequence> wanted{1};
        const auto count = co_await table->requeue(name, std::move(wanted));
        EXPECT_TRUE(count && *count == 1);
    });

    const auto records = inbox.wait_for(3);

    ASSERT_EQ(records.size(), 3U);
    EXPECT_EQ(records[2].id, id);
    EXPECT_EQ(records[2].sequence, 3U);
    EXPECT_EQ(records[2].requeued, 1U);
    EXPECT_NE(records[2].flags & store::kRequeued, 0U);
    run([&]() -> async::Awaitable<> {
        const auto dead = co_await table->dead_letters(name, 0, 10);
        EXPECT_TRUE(dead && dead->empty());
    });
}

TEST_F(LaneTableTest, AKeyedLaneGivesUpBehindAStuckHead) {
    store::LaneId lane = 0;
    run([&]() -> async::Awaitable<> {
        LaneSpec spec;
        spec.name = "account/acme-telegram";
        spec.policy.order = Order::keyed;
        const auto added =
            co_await table->add_keyed(std::move(spec), std::make_unique<Messenger>(inbox));
        if (added) lane = *added;
    });
    append(lane, "stuck", "a");
    append(lane, "bad", "b");
    append(lane, "good", "c");
    ASSERT_EQ(inbox.wait_for(1).size(), 1U);

    EXPECT_TRUE(becomes([&] { return store->dead(lane, 0, 10)->size() == 1; }));
    EXPECT_EQ(store->dead(lane, 0, 10)->front().record.body, "bad");
    EXPECT_TRUE(becomes([&] { return store->lane(lane)->beyond.size() == 2; }));
    EXPECT_EQ(store->lane(lane)->head, 1U);
}

TEST_F(LaneTableTest, RemovesALaneAndKeepsWhatItStores) {
    const auto lane = add_portal("portal/acme/messages");
    run([&]() -> async::Awaitable<> {
        const auto removed = co_await table->remove("portal/acme/messages");
        EXPECT_TRUE(removed);
        const auto again = co_await table->remove("portal/acme/messages");
        EXPECT_FALSE(again);
    });
    append(lane, "event");
    EXPECT_EQ(add_portal("portal/acme/messages"), lane);
    EXPECT_EQ(inbox.wait_for(1).size(), 1U);
}

}  // namespace trunkline::lanes
