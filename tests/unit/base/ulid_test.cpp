#include "host/base/ulid.hpp"

#include <set>
#include <thread>

#include <gtest/gtest.h>

namespace trunkline {
namespace {

TEST(UlidTest, ReadsBackWhatItWrote) {
    const Ulid id = make_ulid(1'795'334'400'123);
    Ulid back;
    ASSERT_EQ(id.text().size(), 26u);
    ASSERT_TRUE(Ulid::parse(id.text(), back));
    EXPECT_EQ(back, id);
}

TEST(UlidTest, KeepsTheTimeInItsFirstTenCharacters) {
    // The example of the ULID specification: 1469918176385 is 01ARYZ6S41.
    // On a thread of its own, because a thread's ids never go back in time.
    std::string text;
    std::thread{[&] { text = make_ulid(1'469'918'176'385).text(); }}.join();
    EXPECT_EQ(text.substr(0, 10), "01ARYZ6S41");
}

TEST(UlidTest, AscendsWithinOneMillisecondAndNeverRepeats) {
    std::set<std::string> seen;
    std::string last;
    for (int i = 0; i < 10'000; ++i) {
        const std::string text = make_ulid(1'800'000'000'000 + i / 1000).text();
        EXPECT_GT(text, last);
        last = text;
        seen.insert(text);
    }
    EXPECT_EQ(seen.size(), 10'000u);
}

TEST(UlidTest, RefusesWrongLengthAlphabetAndOverflow) {
    Ulid out;
    EXPECT_FALSE(Ulid::parse("", out));
    EXPECT_FALSE(Ulid::parse("01ARYZ6S41TSV4RRFFQ69G5FA", out));
    EXPECT_FALSE(Ulid::parse("81ARYZ6S41TSV4RRFFQ69G5FAV", out));
    EXPECT_FALSE(Ulid::parse("01ARYZ6S41TSV4RRFFQ69G5FAU", out)) << "U is not in the alphabet";
}

}  // namespace
}  // namespace trunkline
