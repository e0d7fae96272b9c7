#include "host/lanes/gate.hpp"

#include <deque>

#include <gtest/gtest.h>

#include "world.hpp"

namespace trunkline::lanes::test {
namespace {

class GateTest : public testing::Test {
protected:
    ~GateTest() override {
        gate.close();
        settle();
    }

    /// Asks for a pass and keeps it when it comes.
    void ask(Gate::Wish wish) {
        const auto index = passes.size();
        passes.emplace_back();
        async::spawn(loop.get_executor(), "ask", [this, wish, index]() -> async::Awaitable<> {
            auto pass = co_await gate.enter(wish);
            passes[index] = std::move(pass);
        });
        settle();
    }
    void settle() {
        loop.restart();
        while (loop.poll() > 0)
            loop.restart();
    }
    bool in(std::size_t index) const { return static_cast<bool>(passes[index]); }

    async::Loop loop{1};
    Gate gate{
        loop.get_executor(),
        {.in_flight_max = 4, .per_target_max = 2, .slow_percent_max = 50, .bytes_max = 100}};
    std::deque<Gate::Pass> passes;
};

}  // namespace

TEST_F(GateTest, LetsInUpToItsBoundAndThenInTurn) {
    for (int i = 0; i < 6; ++i)
        ask({.target = "t" + std::to_string(i), .bytes = 1});
    EXPECT_TRUE(in(3));
    EXPECT_FALSE(in(4));

    passes[0].release();
    settle();

    EXPECT_TRUE(in(4));
    EXPECT_FALSE(in(5));
    EXPECT_EQ(gate.in_flight(), 4U);
}

TEST_F(GateTest, OneTargetHoldsBackOnlyItself) {
    ask({.target = "a"});
    ask({.target = "a"});
    ask({.target = "a"});
    ask({.target = "b"});
    EXPECT_FALSE(in(2));
    EXPECT_TRUE(in(3));
}

TEST_F(GateTest, SlowOnesGetHalfAtMost) {
    for (int i = 0; i < 3; ++i)
        ask({.target = "s" + std::to_string(i), .slow = true});
    ask({.target = "quick"});
    EXPECT_TRUE(in(1));
    EXPECT_FALSE(in(2));
    EXPECT_TRUE(in(3));
}

TEST_F(GateTest, SlowOnesGetHalfOfATargetAtMost) {
    ask({.target = "a", .slow = true});
    ask({.target = "a", .slow = true});
    ask({.target = "a"});
    EXPECT_FALSE(in(1));
    EXPECT_TRUE(in(2)) << "of the same target, but quick";
    passes[0].release();
    settle();
    EXPECT_TRUE(in(1));
}

TEST_F(GateTest, SlowOnesGetHalfOfTheBytesAtMost) {
    ask({.target = "s", .bytes = 45, .slow = true});
    ask({.target = "t", .bytes = 10, .slow = true});
    ask({.target = "quick", .bytes = 50});
    EXPECT_FALSE(in(1));
    EXPECT_TRUE(in(2));

    passes[0].shrink(5);
    settle();

    EXPECT_TRUE(in(1));
}

TEST_F(GateTest, WhoeverCameFirstGoesFirstWhateverHisTarget) {
    for (const auto* target : {"a", "a", "b", "b", "b", "a", "c"})
        ask({.target = target});
    for (std::size_t waits : {4U, 5U, 6U})
        EXPECT_FALSE(in(waits));

    passes[0].release();
    settle();
    EXPECT_TRUE(in(5)) << "a has room, b has none";
    passes[2].release();
    settle();
    EXPECT_TRUE(in(4)) << "before c, who came later";
    EXPECT_FALSE(in(6));
    passes[1].release();
    settle();
    EXPECT_TRUE(in(6));
    EXPECT_EQ(gate.waiting(), 0U);
}

TEST_F(GateTest, WhoeverNeedsManyBytesIsNotOvertakenForEver) {
    ask({.target = "a", .bytes = 90});
    ask({.target = "b", .bytes = 50});
    ask({.target = "c", .bytes = 5});
    EXPECT_FALSE(in(1));
    EXPECT_FALSE(in(2));
    passes[0].release();
    settle();
    EXPECT_TRUE(in(1));
    EXPECT_TRUE(in(2));
}

TEST_F(GateTest, BytesAreBoundedButOneIsAlwaysLetIn) {
    ask({.target = "a", .bytes = 500});
    EXPECT_TRUE(in(0)) << "alone, or it could never pass";
    ask({.target = "b", .bytes = 60});
    EXPECT_FALSE(in(1));

    passes[0].shrink(40);
    settle();

    EXPECT_TRUE(in(1));
    EXPECT_EQ(gate.bytes(), 100U);
}

TEST_F(GateTest, ClosingSendsEveryoneAway) {
    for (int i = 0; i < 5; ++i)
        ask({.target = "t" + std::to_string(i)});
    gate.close();
    settle();
    EXPECT_EQ(gate.waiting(), 0U);
    EXPECT_FALSE(in(4));
    ask({.target = "late"});
    EXPECT_FALSE(in(5));
}

TEST_F(GateTest, SharesAreEvenAndNeverNothing) {
    const auto share = GateLimits{}.share_of(3);
    EXPECT_EQ(share.in_flight_max, 667U);
    EXPECT_EQ(share.per_target_max, 22U);
    EXPECT_EQ(GateLimits{}.share_of(64).bytes_max, 64U << 20U) << "several of the largest batches";
    EXPECT_EQ((GateLimits{.in_flight_max = 2}.share_of(8).in_flight_max), 1U);
}

}  // namespace trunkline::lanes::test
