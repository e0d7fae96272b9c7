// Long polls: they wait until something comes, and a second one ends the first.
#include "trunkline/simulator/polls.hpp"

#include <gmock/gmock.h>

namespace trunkline::simulator {
namespace {

using End = Polls::End;

class PollsTest : public testing::Test {
protected:
    struct Got {
        End how;
        json::array list;
    };
    std::shared_ptr<std::optional<Got>> begin(Polls& polls, milliseconds timeout) {
        auto out = std::make_shared<std::optional<Got>>();
        polls.begin(10, timeout, [out](End how, json::array list) {
            out->emplace(Got{how, std::move(list)});
        });
        return out;
    }
    void put() {
        Item item;
        item.id = outbox.next_id();
        item.queue = "a";
        item.body = {{"id", item.id}};
        item.expires_ms = 1'000;
        outbox.put(std::move(item));
    }
    Loop loop;
    Outbox outbox{[] { return std::int64_t{0}; }};
};

TEST_F(PollsTest, WhatIsThereComesAtOnce) {
    Polls polls{loop, outbox, true};
    put();
    const auto got = begin(polls, milliseconds{50'000});
    ASSERT_TRUE(got->has_value());
    EXPECT_EQ((*got)->list.size(), 1u);
    const auto again = begin(polls, milliseconds{0});
    ASSERT_TRUE(again->has_value()) << "without a time it never waits";
}

TEST_F(PollsTest, NothingIsWaitedFor) {
    Polls polls{loop, outbox, true};
    const auto got = begin(polls, milliseconds{50'000});
    loop.run_until([turns = 0]() mutable { return ++turns > 3; });
    EXPECT_FALSE(got->has_value());
    put();
    ASSERT_TRUE(loop.run_until([&] { return got->has_value(); }));
    EXPECT_EQ((*got)->list.size(), 1u);
}

TEST_F(PollsTest, TheTimeEndsIt) {
    Polls polls{loop, outbox, true};
    const auto got = begin(polls, milliseconds{60});
    ASSERT_TRUE(loop.run_until([&] { return got->has_value(); }));
    EXPECT_EQ((*got)->how, End::answered);
    EXPECT_TRUE((*got)->list.empty());
}

TEST_F(PollsTest, ASecondEndsTheFirstWhereOneIsAllowed) {
    Polls polls{loop, outbox, true};
    const auto first = begin(polls, milliseconds{50'000});
    const auto second = begin(polls, milliseconds{50'000});
    ASSERT_TRUE(first->has_value());
    EXPECT_EQ((*first)->how, End::replaced);
    EXPECT_FALSE(second->has_value());
    polls.stop();
    ASSERT_TRUE(second->has_value());
    EXPECT_EQ((*second)->how, End::stopped);
}

TEST_F(PollsTest, SeveralGetTheSameWhereTheyAreAllowed) {
    Polls polls{loop, outbox, false};
    const auto first = begin(polls, milliseconds{50'000});
    const auto second = begin(polls, milliseconds{50'000});
    EXPECT_FALSE(first->has_value());
    put();
    ASSERT_TRUE(loop.run_until([&] { return first->has_value() && second->has_value(); }));
    EXPECT_EQ((*first)->list, (*second)->list);
}

}  // namespace
}  // namespace trunkline::simulator
