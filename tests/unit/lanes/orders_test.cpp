// A lane that changes its order while events come, over a real store (in memory), real loops and
// real time.
#include <algorithm>
#include <array>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "host/async/spawn.hpp"
#include "host/base/clock.hpp"
#include "host/lanes/lane_table.hpp"

namespace trunkline::lanes {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

/// What arrived, and how. Each event says in its body which order it was accepted under.
class Judge {
public:
    void enter(const std::vector<store::Record>& records) {
        const std::lock_guard lock{mutex_};
        for (const auto& record : records) {
            if (record.body == "sequential" && !in_flight_.empty())
                wrong_.push_back("beside another: " + std::to_string(record.sequence));
            if (!seen_.insert(record.sequence).second)
                wrong_.push_back("twice: " + std::to_string(record.sequence));
            if (record.body == "sequential" && record.sequence < highest_)
                wrong_.push_back("overtaken: " + std::to_string(record.sequence));
            auto& last = last_[record.conversation];
            if (record.body != "parallel" && record.sequence < last)
                wrong_.push_back(
                    "overtaken in its conversation: " + std::to_string(record.sequence)
                );
            last = std::max(last, record.sequence);
            highest_ = std::max(highest_, record.sequence);
        }
        for (const auto& record : records)
            in_flight_.insert(record.sequence);
        most_at_once = std::max(most_at_once, ++requests_);
    }
    void leave(const std::vector<store::Record>& records) {
        const std::lock_guard lock{mutex_};
        --requests_;
        for (const auto& record : records)
            in_flight_.erase(record.sequence);
        changed_.notify_all();
    }
    bool wait_for(std::size_t count) {
        std::unique_lock lock{mutex_};
        return changed_.wait_for(lock, 60s, [&] {
            return seen_.size() >= count && in_flight_.empty();
        });
    }
    std::vector<std::string> wrong() {
        const std::lock_guard lock{mutex_};
        return wrong_;
    }
    std::size_t seen() {
        const std::lock_guard lock{mutex_};
        return seen_.size();
    }

    int most_at_once = 0;

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::set<store::Sequence> seen_;
    std::set<store::Sequence> in_flight_;
    std::map<std::string, store::Sequence> last_;
    store::Sequence highest_ = 0;
    int requests_ = 0;
    std::vector<std::string> wrong_;
};

class OrderedPortal final : public SequentialDestination {
public:
    explicit OrderedPortal(Judge& judge) : judge_{judge} {}
    async::Awaitable<Verdict> deliver(Delivery delivery) override {
        Verdict verdict;
        verdict.status = 422;
        verdict.kind = Verdict::Kind::unclear;
        if (std::ranges::any_of(delivery.records, is_bad)) co_return verdict;
        judge_.enter(delivery.records);
        co_await async::pause(2ms);
        judge_.leave(delivery.records);
        verdict.kind = Verdict::Kind::accepted;
        co_return verdict;
    }
    store::Append gap_notice(const Gap&, const store::Record*) override {
        store::Append notice;
        notice.id = make_ulid(SystemClock{}.wall_ms());
        return notice;
    }
    std::optional<Gap> gap_of(const store::Record&) override { return std::nullopt; }
    std::string target() const override { return "portal.test"; }

private:
    static bool is_bad(const store::Record& record) { return record.body == "bad"; }

    Judge& judge_;
};

class OrderedMessenger final : public KeyedDestination {
public:
    explicit OrderedMessenger(Judge& judge) : judge_{judge} {}
    async::Awaitable<KeyedVerdict> deliver(store::Record record, std::uint32_t) override {
        std::vector<store::Record> one;
        one.push_back(std::move(record));
        judge_.enter(one);
        co_await async::pause(1ms);
        judge_.leave(one);
        KeyedVerdict verdict;
        verdict.kind = KeyedVerdict::Kind::done;
        co_return verdict;
    }
    async::Awaitable<store::Batch> expired(store::Record) override { co_return store::Batch{}; }
    std::optional<WallMs> expires_ms(const store::Record&) override { return std::nullopt; }

private:
    Judge& judge_;
};

class OrdersTest : public testing::TestWithParam<bool> {
protected:
    OrdersTest() { loops.start(); }
    ~OrdersTest() override {
        stop();
        loops.stop();
        table.reset();
        store->close();
    }
    void stop() {
        run([this]() -> async::Awaitable<> { co_await table->stop(5s); });
    }
    void run(std::function<async::Awaitable<>()> work) {
        async::run_and_wait(loops.at(0).get_executor(), "test", std::move(work));
    }
    store::LaneId add(Order order) {
        store::LaneId id = 0;
        run([&]() -> async::Awaitable<> {
            LaneSpec spec;
            spec.name = kName;
            spec.owner = kName;
            spec.policy = policy(order);
            if (GetParam()) {
                const auto added = co_await table->add(
                    std::move(spec), std::make_unique<OrderedPortal>(judge), false
                );
                if (added) id = *added;
            } else {
                const auto added = co_await table->add_keyed(
                    std::move(spec), std::make_unique<OrderedMessenger>(judge)
                );
                if (added) id = *added;
            }
        });
        return id;
    }
    static LanePolicy policy(Order order) {
        LanePolicy out;
        out.order = order;
        out.streams = 4;
        out.batch.max_messages = 8;
        out.batch.linger = 1ms;
        out.retry.first = 5ms;
        out.retry.max = 20ms;
        return out;
    }
    void change(Order order) {
        run([&]() -> async::Awaitable<> {
            const auto changed = co_await table->change(kName, policy(order));
            EXPECT_TRUE(changed);
        });
    }
    void remove() {
        run([&]() -> async::Awaitable<> {
            const auto removed = co_await table->remove(kName);
            EXPECT_TRUE(removed);
        });
    }
    void append(store::LaneId lane, Order order, int count) {
        append(lane, to_string(order), count);
    }
    void append(store::LaneId lane, const std::string& body, int count) {
        for (int i = 0; i < count; ++i) {
            store::Batch batch;
            store::Append append;
            append.lane = lane;
            append.conversation = "c" + std::to_string(i % 5);
            append.id = make_ulid(clock.wall_ms());
            append.accepted_ms = clock.wall_ms();
            append.body = body;
            batch.append.push_back(std::move(append));
            ASSERT_TRUE(store->commit_and_wait(std::move(batch)));
        }
    }
    LaneStatus status() {
        LaneStatus out;
        run([&]() -> async::Awaitable<> {
            const auto found = co_await table->find(kName);
            if (found) out = *found;
        });
        return out;
    }
    bool becomes(Order order) {
        const auto deadline = std::chrono::steady_clock::now() + 60s;
        while (status().order != to_string(order)) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            std::this_thread::sleep_for(1ms);
        }
        return true;
    }

    const std::string kName = "portal/acme/messages";
    SystemClock clock;
    async::Loops loops{2};
    async::BlockingPool pool{2};
    std::unique_ptr<store::Store> store = store::make_memory_store(clock);
    std::unique_ptr<LaneTable> table =
        std::make_unique<LaneTable>(LaneTable::Services{loops, *store, pool, clock, {}, {}});
    Judge judge;
};

constexpr std::array kRound{
    Order::sequential,
    Order::keyed,
    Order::parallel,
    Order::sequential,
    Order::parallel,
    Order::keyed,
    Order::sequential,
};

}  // namespace

// What was accepted under one order is delivered in it, whatever comes later.
TEST_P(OrdersTest, ChangeWhileEventsComeAndNothingIsLostOrOutOfPlace) {
    const auto lane = add(kRound.front());
    std::size_t all = 0;
    for (const Order order : kRound) {
        change(order);
        append(lane, order, 150);
        all += 150;
    }
    EXPECT_TRUE(judge.wait_for(all));
    EXPECT_TRUE(becomes(kRound.back()));
    EXPECT_EQ(judge.wrong(), std::vector<std::string>{});
    EXPECT_EQ(judge.seen(), all);
    EXPECT_GT(judge.most_at_once, 1);
}

TEST_P(OrdersTest, AnEmptyLaneChangesAtOnce) {
    const auto lane = add(Order::keyed);
    EXPECT_EQ(status().order, "keyed");
    append(lane, Order::keyed, 20);
    ASSERT_TRUE(judge.wait_for(20));
    change(Order::sequential);
    EXPECT_TRUE(becomes(Order::sequential));
    append(lane, Order::sequential, 20);
    EXPECT_TRUE(judge.wait_for(40));
    EXPECT_EQ(judge.wrong(), std::vector<std::string>{});
}

// As a configuration that was changed between two runs of the host.
TEST_P(OrdersTest, WhatWaitsFromBeforeARestartGoesInItsOldOrder) {
    auto lane = add(Order::parallel);
    append(lane, Order::parallel, 100);
    remove();
    const auto before = judge.seen();
    append(lane, Order::parallel, 100);
    lane = add(Order::sequential);
    EXPECT_EQ(status().order, "parallel");
    append(lane, Order::sequential, 100);
    EXPECT_TRUE(judge.wait_for(300)) << before;
    EXPECT_TRUE(becomes(Order::sequential));
    EXPECT_EQ(judge.wrong(), std::vector<std::string>{});
    remove();
    EXPECT_EQ(add(Order::sequential), lane);
    EXPECT_EQ(status().order, "sequential") << "and that is remembered";
}

// Each order holds for what was accepted under it, also when several wait one behind the other.
TEST_P(OrdersTest, AChangeIsChangedBackWhileNothingMoves) {
    const auto lane = add(Order::keyed);
    run([&]() -> async::Awaitable<> {
        const auto paused = co_await table->pause(kName, "operator");
        EXPECT_TRUE(paused);
    });
    append(lane, Order::keyed, 50);
    change(Order::sequential);
    append(lane, Order::sequential, 50);
    change(Order::keyed);
    append(lane, Order::keyed, 50);
    EXPECT_EQ(status().order, "keyed");
    run([&]() -> async::Awaitable<> {
        const auto resumed = co_await table->resume(kName);
        EXPECT_TRUE(resumed);
    });
    EXPECT_TRUE(judge.wait_for(150));
    EXPECT_TRUE(becomes(Order::keyed));
    EXPECT_EQ(judge.wrong(), std::vector<std::string>{});
}

// Whether it or the portal is at fault only an event after it can tell, and that comes after the
// change.
TEST_P(OrdersTest, WhatIsRefusedLastBeforeAChangeIsGivenUpAndHoldsNothingBack) {
    if (!GetParam()) GTEST_SKIP() << "messengers refuse by name";
    const auto lane = add(Order::keyed);
    std::size_t good = 0;
    for (const Order order : {Order::sequential, Order::parallel, Order::keyed}) {
        append(lane, "bad", 1);
        change(order);
        append(lane, order, 20);
        good += 20;
    }
    const std::size_t notices = 3;
    EXPECT_TRUE(judge.wait_for(good + notices)) << status().state;
    EXPECT_TRUE(becomes(Order::keyed));
    run([&]() -> async::Awaitable<> {
        const auto dead = co_await table->dead_letters(kName, 0, 10);
        EXPECT_EQ(dead ? dead->size() : 0, notices);
        EXPECT_EQ(dead && !dead->empty() ? dead->front().reason : "", "at_fault");
    });
}

INSTANTIATE_TEST_SUITE_P(Receivers, OrdersTest, testing::Bool(), [](const auto& one) {
    return one.param ? "Portal" : "Messenger";
});

}  // namespace trunkline::lanes
