#include "host/store/progress.hpp"

#include <gtest/gtest.h>

namespace trunkline::store {

TEST(Progress, ClosesUpOverFinishedOnes) {
    Progress progress;
    progress.finish(3);
    progress.finish(2);
    progress.finish(5);
    EXPECT_EQ(progress.head, 1U);
    EXPECT_EQ(progress.beyond, (std::vector<Sequence>{2, 3, 5}));
    progress.finish_through(1);
    EXPECT_EQ(progress.head, 4U);
    EXPECT_EQ(progress.beyond, (std::vector<Sequence>{5}));
    progress.finish(4);
    EXPECT_EQ(progress.head, 6U);
    EXPECT_TRUE(progress.beyond.empty());
}

TEST(Progress, NeverGoesBack) {
    Progress progress;
    progress.finish_through(9);
    progress.finish_through(3);
    progress.finish(2);
    EXPECT_EQ(progress.head, 10U);
    EXPECT_TRUE(progress.beyond.empty());
    EXPECT_TRUE(progress.finished(9));
    EXPECT_FALSE(progress.finished(10));
}

TEST(Progress, MergesInAnyOrder) {
    Progress a;
    a.finish_through(4);
    a.finish(8);
    Progress b;
    b.finish(6);
    b.finish(5);
    auto ab = a;
    ab.merge(b);
    auto ba = b;
    ba.merge(a);
    EXPECT_EQ(ab, ba);
    EXPECT_EQ(ab.head, 7U);
    EXPECT_EQ(ab.beyond, (std::vector<Sequence>{8}));
}

}  // namespace trunkline::store
