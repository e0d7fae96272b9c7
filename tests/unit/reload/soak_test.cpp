#include "host/reload/soak.hpp"

#include <gtest/gtest.h>

namespace trunkline::reload {
namespace {

TEST(SoakTest, AFewFailuresAloneSayNothing) {
    EXPECT_FALSE(worse({1000, 0}, {10, 2}));
    EXPECT_FALSE(worse({0, 0}, {0, 0}));
}

TEST(SoakTest, FailingMoreThanTheFormerOneIsWorse) {
    const auto why = worse({1000, 0}, {3, 3});
    ASSERT_TRUE(why);
    EXPECT_EQ(*why, "it failed in 3 of 3 calls, the former one in 0 of 1000 calls");
    EXPECT_TRUE(worse({0, 0}, {100, 3})) << "a former one that did nothing excuses nothing";
}

TEST(SoakTest, FailingAsTheFormerOneDidIsNot) {
    EXPECT_FALSE(worse({1000, 100}, {1000, 120}));
    EXPECT_FALSE(worse({1000, 0}, {1000, 9})) << "one in a hundred may be chance";
    EXPECT_TRUE(worse({1000, 100}, {1000, 400}));
}

}  // namespace
}  // namespace trunkline::reload
