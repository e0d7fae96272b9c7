#include "host/quotas/token_bucket.hpp"

#include <gtest/gtest.h>

namespace trunkline::quotas {
namespace {

using std::chrono::milliseconds;
const TokenBucket::Time kBucketStart{milliseconds{1'000'000}};

TEST(TokenBucketTest, GivesItsBurstAtOnceAndThenItsRate) {
    TokenBucket bucket{2, 3};

    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(bucket.take(kBucketStart).count(), 0);
    EXPECT_GT(bucket.take(kBucketStart), milliseconds{400});
    EXPECT_LE(bucket.take(kBucketStart), milliseconds{502});
    EXPECT_EQ(bucket.take(kBucketStart + milliseconds{501}).count(), 0);
}

TEST(TokenBucketTest, AWaitThatWasToldIsLongEnough) {
    TokenBucket bucket{7, 1};
    auto now = kBucketStart;
    for (int i = 0; i < 50; ++i) {
        const auto wait = bucket.take(now);
        if (wait.count() == 0) continue;
        now += wait;
        EXPECT_EQ(bucket.take(now).count(), 0) << i;
    }
}

TEST(TokenBucketTest, NeverHoldsMoreThanItsBurst) {
    TokenBucket bucket{1'000, 2};
    EXPECT_EQ(bucket.take(kBucketStart).count(), 0);
    const auto later = kBucketStart + std::chrono::hours{1};
    EXPECT_TRUE(bucket.full(later));
    EXPECT_EQ(bucket.take(later, 2).count(), 0);
    EXPECT_GT(bucket.take(later).count(), 0);
}

TEST(TokenBucketTest, GivesMoreThanItsBurstOutOfAFullBucketAsDebt) {
    TokenBucket bucket{10, 20};
    EXPECT_EQ(bucket.take(kBucketStart, 100).count(), 0);
    const auto wait = bucket.take(kBucketStart, 100);
    EXPECT_GE(wait, milliseconds{10'000}) << "80 owed and 20 to be full, at 10 a second";
    EXPECT_LE(wait, milliseconds{10'002});
    EXPECT_GT(bucket.take(kBucketStart + milliseconds{7'000}).count(), 0)
        << "a debt holds up small ones, too";
    EXPECT_EQ(bucket.take(kBucketStart + wait, 100).count(), 0);
}

TEST(TokenBucketTest, AskingTakesNothing) {
    TokenBucket bucket{1, 1};
    EXPECT_EQ(bucket.wait(kBucketStart).count(), 0);
    EXPECT_EQ(bucket.wait(kBucketStart).count(), 0);
    EXPECT_EQ(bucket.take(kBucketStart).count(), 0);
    EXPECT_GT(bucket.wait(kBucketStart).count(), 0);
}

TEST(TokenBucketTest, AWaitWithoutEndIsStillATime) {
    const TokenBucket::Time now{std::chrono::hours{1}};
    TokenBucket bucket{1e-300, 1};
    EXPECT_EQ(bucket.take(now).count(), 0);
    EXPECT_GT(now + bucket.until(now, 1e9), now + std::chrono::hours{24 * 365});
}

}  // namespace
}  // namespace trunkline::quotas
