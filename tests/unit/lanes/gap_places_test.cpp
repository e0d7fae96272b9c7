// One event that is given up leaves no hole in its conversation: the notice stands there too.
#include <gtest/gtest.h>

#include "sequential_bench.hpp"

namespace trunkline::lanes::test {
namespace {

using std::chrono_literals::operator""min;
using Kind = Verdict::Kind;

class GapPlacesTest : public SequentialLaneTest {
protected:
    /// Takes everything but what is "bad", which is answered with `fate`.
    void refuse(Kind fate) {
        answer = [this, fate](const Delivery& delivery) {
            for (const auto& record : delivery.records) {
                if (record.body != "bad") continue;
                auto verdict = of(fate, 400);
                if (fate == Kind::rejected) verdict.rejected.push_back({record.id, "not allowed"});
                return verdict;
            }
            return note(delivery);
        };
    }
    Verdict note(const Delivery& delivery) {
        for (const auto& record : delivery.records)
            places[record.conversation].push_back(record.conversation_sequence);
        return take(delivery);
    }
    void five_with_a_bad_one() {
        for (const char* body : {"good", "good", "bad", "good", "good"})
            world.add(id, "ann", body);
        world.add(id, "bob", "good");
    }
    void expect_no_hole() {
        EXPECT_EQ(places["ann"], (std::vector<store::Sequence>{1, 2, 3, 4, 5}));
        EXPECT_EQ(places["bob"], (std::vector<store::Sequence>{1}));
        EXPECT_FALSE(places.contains("")) << "the notice is of the conversation";
        EXPECT_EQ(dead().size(), 1U);
        EXPECT_EQ(memory.gaps.size(), 1U);
    }

    std::map<std::string, std::vector<store::Sequence>> places;
};

}  // namespace

TEST_F(GapPlacesTest, OfARejectedEvent) {
    refuse(Kind::rejected);
    five_with_a_bad_one();
    start();
    world.pass(1min);
    expect_no_hole();
}

TEST_F(GapPlacesTest, OfAnEventThatIsTooLarge) {
    refuse(Kind::too_large);
    five_with_a_bad_one();
    start();
    world.pass(1min);
    expect_no_hole();
}

TEST_F(GapPlacesTest, OfAnEventAtFaultAlsoWhileItsNoticeIsTried) {
    refuse(Kind::unclear);
    five_with_a_bad_one();
    start();
    world.pass(1min);
    expect_no_hole();
}

TEST_F(GapPlacesTest, OfOneEventOutOfTime) {
    policy.retention = 10min;
    answer = [](const Delivery&) { return of(Kind::fault, 503); };
    world.add(id, "ann", "good");
    start();
    world.pass(9min);
    world.add(id, "ann", "good");
    world.pass(2min);
    ASSERT_EQ(dead().size(), 1U);

    answer = [this](const Delivery& delivery) { return note(delivery); };
    world.pass(5min);
    EXPECT_EQ(places["ann"], (std::vector<store::Sequence>{1, 2}));
}

TEST_F(GapPlacesTest, AGapOfManyIsOfNoConversation) {
    policy.retention = 10min;
    answer = [](const Delivery&) { return of(Kind::fault, 503); };
    world.add(id, "ann", "good");
    world.add(id, "bob", "good");
    start();
    world.pass(11min);
    ASSERT_EQ(dead().size(), 2U);

    answer = [this](const Delivery& delivery) { return note(delivery); };
    world.pass(5min);
    EXPECT_EQ(places[""], (std::vector<store::Sequence>{0}));
    EXPECT_EQ(places.size(), 1U);
}

}  // namespace trunkline::lanes::test
