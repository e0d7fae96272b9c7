#include <atomic>
#include <future>
#include <thread>

#include "fixture.hpp"
#include "host/async/loops.hpp"
#include "host/async/spawn.hpp"

namespace trunkline::store {

class ConcurrencyTest : public StoreTest {
protected:
    void SetUp() override {
        StoreTest::SetUp();
        loops_.start();
    }
    void TearDown() override {
        loops_.stop();
        store_.reset();
    }

    async::Loops loops_{2};
};
INSTANTIATE_TEST_SUITE_P(
    Concurrency, ConcurrencyTest, testing::Values(Kind::rocksdb, Kind::memory), name_of
);

TEST_P(ConcurrencyTest, ManyCoroutinesOnTwoLoopsCommitAtOnce) {
    constexpr int kProducers = 64;
    constexpr int kEach = 50;
    const std::vector<LaneId> lanes{lane("a"), lane("b"), lane("c")};
    std::atomic<int> left{kProducers};
    std::atomic<int> strangers{0};
    std::atomic<int> failed{0};
    std::promise<void> done;
    for (int p = 0; p < kProducers; ++p) {
        auto& loop = loops_.at(static_cast<std::size_t>(p) % 2);
        async::spawn(loop.get_executor(), "producer", [&, p]() -> async::Awaitable<> {
            const auto home = std::this_thread::get_id();
            Sequence last = 0;
            for (int i = 0; i < kEach; ++i) {
                Batch batch;
                batch.append.push_back(record(
                    lanes[static_cast<std::size_t>(p) % 3],
                    std::to_string(p) + "/" + std::to_string(i),
                    std::to_string(p)
                ));
                const auto receipt = co_await store_->commit(std::move(batch));
                if (std::this_thread::get_id() != home) ++strangers;
                if (!receipt || receipt->positions.at(0).sequence <= last ||
                    receipt->positions.at(0).conversation_sequence !=
                        static_cast<Sequence>(i) + 1) {
                    ++failed;
                    continue;
                }
                last = receipt->positions.at(0).sequence;
            }
            if (--left == 0) done.set_value();
        });
    }
    done.get_future().wait();
    EXPECT_EQ(strangers, 0);
    EXPECT_EQ(failed, 0);
    std::size_t total = 0;
    for (const auto which : lanes) {
        const auto records = store_->read(which, 1, 100'000, 1U << 30U);
        ASSERT_TRUE(records);
        for (std::size_t i = 0; i < records->size(); ++i)
            EXPECT_EQ(records->at(i).sequence, i + 1);
        total += records->size();
    }
    EXPECT_EQ(total, static_cast<std::size_t>(kProducers * kEach));
    const auto figures = store_->figures();
    EXPECT_EQ(figures.appended, static_cast<std::uint64_t>(kProducers * kEach));
    EXPECT_LT(figures.commits, figures.appended);
}

TEST_P(ConcurrencyTest, RepeatsInFlightAtTheSameTimeAreFoundOut) {
    const auto a = lane();
    std::atomic<int> left{32};
    std::atomic<int> written{0};
    std::promise<void> done;
    for (std::size_t p = 0; p < 32; ++p) {
        async::spawn(loops_.at(p % 2).get_executor(), "producer", [&]() -> async::Awaitable<> {
            for (int i = 0; i < 20; ++i) {
                Batch batch;
                batch.append.push_back(record(a, "x", "c", "update " + std::to_string(i)));
                const auto receipt = co_await store_->commit(std::move(batch));
                if (receipt && !receipt->positions.at(0).repeat) ++written;
            }
            if (--left == 0) done.set_value();
        });
    }
    done.get_future().wait();
    EXPECT_EQ(written, 20);
    EXPECT_EQ(store_->lane(a)->tail, 21U);
}

TEST_P(ConcurrencyTest, AcknowledgingWhileAppendingLosesNeither) {
    const auto a = lane();
    std::promise<void> done;
    std::atomic<int> left{2};
    async::spawn(loops_.at(0).get_executor(), "producer", [&]() -> async::Awaitable<> {
        for (int i = 0; i < 500; ++i) {
            Batch batch;
            batch.append.push_back(record(a, "x", "c"));
            const auto receipt = co_await store_->commit(std::move(batch));
            EXPECT_TRUE(receipt);
        }
        if (--left == 0) done.set_value();
    });
    async::spawn(loops_.at(1).get_executor(), "consumer", [&]() -> async::Awaitable<> {
        Sequence next = 1;
        while (next <= 500) {
            const auto records = store_->read(a, next, 8, 1U << 20U);
            EXPECT_TRUE(records);
            if (!records) break;
            for (const auto& one : *records)
                EXPECT_EQ(one.sequence, next++);
            if (!records->empty()) {
                Batch batch;
                batch.advance.push_back({a, next - 1, {}});
                batch.durable = next % 3 == 0;
                const auto receipt = co_await store_->commit(std::move(batch));
                EXPECT_TRUE(receipt);
            }
            co_await async::pause(std::chrono::milliseconds{0});
        }
        if (--left == 0) done.set_value();
    });
    done.get_future().wait();
    EXPECT_EQ(store_->lane(a)->head, 501U);
    EXPECT_EQ(store_->lane(a)->tail, 501U);
    if (reopen()) {
        EXPECT_EQ(store_->lane(a)->head, 501U);
    }
}

}  // namespace trunkline::store
