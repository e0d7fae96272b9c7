#include "host/lanes/retry_clock.hpp"

#include <gtest/gtest.h>

namespace trunkline::lanes {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""h;

TEST(RetryClockTest, DoublesFromFirstUpToMax) {
    RetryClock clock{{.first = 1s, .max = 300s}};
    std::vector<Milliseconds> waits;

    for (int i = 0; i < 11; ++i)
        waits.push_back(clock.failed(std::nullopt, 0.0));

    const std::vector<Milliseconds> expected{1s, 2s, 4s, 8s, 16s, 32s, 64s, 128s, 256s, 300s, 300s};
    EXPECT_EQ(waits, expected);
}

TEST(RetryClockTest, SpreadsByTwentyPercentAndNoMore) {
    EXPECT_EQ(RetryClock{{}}.failed(std::nullopt, 1.0), 1'200ms);
    EXPECT_EQ(RetryClock{{}}.failed(std::nullopt, -1.0), 800ms);
    EXPECT_EQ(RetryClock{{}}.failed(std::nullopt, 7.0), 1'200ms);
}

TEST(RetryClockTest, ObeysWhatItIsToldWithinOneSecondAndOneHour) {
    EXPECT_EQ(RetryClock{{}}.failed(90s, 1.0), 90s) << "told waits are not spread";
    EXPECT_EQ(RetryClock{{}}.failed(0s, 0.0), 1s);
    EXPECT_EQ(RetryClock{{}}.failed(999ms, 0.0), 1s);
    EXPECT_EQ(RetryClock{{}}.failed(2h, 0.0), 1h);
}

TEST(RetryClockTest, ProbesWithOneEventAndGrowsAfterwards) {
    RetryClock clock{{}};
    EXPECT_EQ(clock.batch_max(64), 64U);

    clock.failed(std::nullopt, 0.0);
    EXPECT_TRUE(clock.half_open());
    EXPECT_EQ(clock.batch_max(64), 1U);
    std::vector<std::uint32_t> sizes;
    for (int i = 0; i < 7; ++i) {
        clock.succeeded();
        sizes.push_back(clock.batch_max(64));
    }

    const std::vector<std::uint32_t> expected{2, 4, 8, 16, 32, 64, 64};
    EXPECT_EQ(sizes, expected);
    EXPECT_FALSE(clock.half_open());
}

TEST(RetryClockTest, AFailureWhileGrowingStartsOver) {
    RetryClock clock{{}};
    clock.failed(std::nullopt, 0.0);
    clock.succeeded();
    clock.succeeded();

    EXPECT_EQ(clock.failed(std::nullopt, 0.0), 1s) << "successes reset the wait";
    clock.succeeded();
    EXPECT_EQ(clock.batch_max(64), 2U);
}

TEST(RetryClockTest, GoesOnWhereItWasRestored) {
    RetryClock clock{{.first = 1s, .max = 300s}};

    clock.restore(5);

    EXPECT_TRUE(clock.half_open());
    EXPECT_EQ(clock.failed(std::nullopt, 0.0), 32s);
    EXPECT_EQ(clock.failures(), 6U);
}

TEST(RetryClockTest, NeverWaitsShorterThanTheClockCanTell) {
    RetryClock clock{{.first = 0ms, .max = 0ms}};
    EXPECT_GE(clock.failed(std::nullopt, -1.0), 1ms);
    for (int i = 0; i < 100; ++i)
        EXPECT_LE(clock.failed(std::nullopt, 0.0), 1ms);
}

}  // namespace trunkline::lanes
