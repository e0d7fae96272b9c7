// So many at once, then one by one.
#include "trunkline/simulator/rates.hpp"

#include <gtest/gtest.h>

namespace trunkline::simulator {
namespace {

const std::map<std::string, RateLimit> kChat{{"chat", {3, milliseconds{1'000}}}};

TEST(RatesTest, AreOffUntilTheyAreOn) {
    Rates rates;
    for (int i = 0; i < 100; ++i)
        EXPECT_FALSE(rates.take(kChat, 0));
}

TEST(RatesTest, LetABurstThroughAndThenOneAtATime) {
    Rates rates;
    rates.on = true;
    const std::int64_t now = 1'000'000;
    for (int i = 0; i < 3; ++i)
        EXPECT_FALSE(rates.take(kChat, now));
    EXPECT_EQ(rates.take(kChat, now), 1);
    EXPECT_EQ(rates.take(kChat, now + 999), 1);
    EXPECT_FALSE(rates.take(kChat, now + 1'000));
    EXPECT_EQ(rates.take(kChat, now + 1'000), 1);
}

TEST(RatesTest, TheTightestOfSeveralCounts) {
    Rates rates;
    rates.on = true;
    const std::map<std::string, RateLimit> both{
        {"chat", {3, milliseconds{1'000}}}, {"group", {1, milliseconds{5'000}}}};
    EXPECT_FALSE(rates.take(both, 0));
    EXPECT_EQ(rates.take(both, 0), 5);
    EXPECT_FALSE(rates.take(kChat, 0)) << "what was refused does not count";
    rates.clear();
    EXPECT_FALSE(rates.take(both, 0));
}

}  // namespace
}  // namespace trunkline::simulator
