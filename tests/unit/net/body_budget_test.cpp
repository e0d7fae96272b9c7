#include "host/net/body_budget.hpp"

#include <gtest/gtest.h>

namespace trunkline::net {
namespace {

struct Held : BodyBudget::Body {
    explicit Held(std::size_t where) {
        place = where;
        give_way = [this] { ++gave_way; };
    }
    int gave_way = 0;
};

TEST(BodyBudget, TheOldestUnfinishedBodyOfAPeerThatIsOverItsShareGivesWay) {
    BodyBudget budget{1000, 100, 8};
    Held first{1};
    Held second{1};
    Held third{1};
    EXPECT_TRUE(budget.hold(first, 50, true));
    EXPECT_TRUE(budget.hold(second, 50, true));
    EXPECT_TRUE(budget.hold(third, 10, false));
    EXPECT_EQ(first.gave_way, 1);
    EXPECT_EQ(second.gave_way, 0);
    EXPECT_EQ(budget.held(), 60U) << "what gave way is not counted any more";
    EXPECT_FALSE(budget.hold(first, 1, true)) << "it gave way for good";
    for (Held* body : {&first, &second, &third})
        budget.let_go(*body);
    EXPECT_EQ(budget.held(), 0U);
    EXPECT_TRUE(budget.hold(first, 1, true)) << "the next body starts anew";
    budget.let_go(first);
}

TEST(BodyBudget, APeerOverItsShareHarmsNobodyElse) {
    BodyBudget budget{1000, 100, 8};
    Held other{2};
    Held greedy{1};
    EXPECT_TRUE(budget.hold(other, 90, true));
    EXPECT_FALSE(budget.hold(greedy, 101, true));
    EXPECT_EQ(greedy.gave_way, 0) << "the caller knows already";
    EXPECT_EQ(other.gave_way, 0);
    EXPECT_EQ(budget.held(), 90U);
    budget.let_go(other);
    budget.let_go(greedy);
}

TEST(BodyBudget, WhatIsBeingHandledDoesNotGiveWay) {
    BodyBudget budget{1000, 100, 8};
    Held handled{1};
    Held late{1};
    EXPECT_TRUE(budget.hold(handled, 60, true));
    EXPECT_TRUE(budget.hold(handled, 30, false));
    EXPECT_FALSE(budget.hold(late, 11, false));
    EXPECT_EQ(handled.gave_way, 0);
    budget.let_go(handled);
    budget.let_go(late);
    EXPECT_TRUE(budget.hold(late, 11, false));
    budget.let_go(late);
}

TEST(BodyBudget, OverTheWholeTheGreediestPeerGivesWay) {
    BodyBudget budget{200, 150, 8};
    Held modest{1};
    Held greedy_first{2};
    Held greedy_second{2};
    Held newcomer{3};
    EXPECT_TRUE(budget.hold(modest, 50, true));
    EXPECT_TRUE(budget.hold(greedy_first, 60, true));
    EXPECT_TRUE(budget.hold(greedy_second, 80, true));
    EXPECT_TRUE(budget.hold(newcomer, 40, true));
    EXPECT_EQ(modest.gave_way, 0);
    EXPECT_EQ(greedy_first.gave_way, 1);
    EXPECT_EQ(greedy_second.gave_way, 0);
    EXPECT_EQ(budget.held(), 170U);
    for (Held* body : {&modest, &greedy_first, &greedy_second, &newcomer})
        budget.let_go(*body);
}

TEST(BodyBudget, NobodyGivesWayToAGreedierOne) {
    BodyBudget budget{200, 150, 8};
    Held handled{2};
    Held modest{1};
    Held more{2};
    EXPECT_TRUE(budget.hold(handled, 120, false));
    EXPECT_TRUE(budget.hold(modest, 70, true));
    EXPECT_FALSE(budget.hold(more, 30, false));
    EXPECT_EQ(modest.gave_way, 0);
    for (Held* body : {&handled, &modest, &more})
        budget.let_go(*body);
}

}  // namespace
}  // namespace trunkline::net
