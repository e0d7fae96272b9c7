#include "host/config/units.hpp"

#include <gtest/gtest.h>

namespace trunkline::config {
namespace {

using std::chrono::milliseconds;

TEST(UnitsTest, ReadsDurationsWithTheirUnit) {
    EXPECT_EQ(parse_duration("250ms"), milliseconds{250});
    EXPECT_EQ(parse_duration("20s"), milliseconds{20'000});
    EXPECT_EQ(parse_duration("5m"), milliseconds{300'000});
    EXPECT_EQ(parse_duration("24h"), milliseconds{86'400'000});
    EXPECT_EQ(parse_duration("14d"), milliseconds{1'209'600'000});
}

TEST(UnitsTest, RefusesDurationsWithoutUnitSignOrBound) {
    for (const char* text :
         {"",
          "5",
          "s",
          "-5s",
          "5 s",
          "5sec",
          "1.5h",
          "99999999999999999999d",
          "9223372036854775807d"}) {
        EXPECT_FALSE(parse_duration(text)) << text;
    }
}

TEST(UnitsTest, ReadsAndWritesSizes) {
    EXPECT_EQ(parse_size("64KiB"), 65'536u);
    EXPECT_EQ(parse_size("1GiB"), 1ULL << 30U);
    EXPECT_FALSE(parse_size("64KB"));
    EXPECT_EQ(format_size(1 << 20), "1MiB");
    EXPECT_EQ(format_size(1500), "1500B");
    EXPECT_EQ(format_duration(milliseconds{86'400'000}), "1d");
    EXPECT_EQ(format_duration(milliseconds{0}), "0ms");
}

TEST(UnitsTest, CountsEditsBetweenWords) {
    EXPECT_EQ(distance("portal", "portals"), 1u);
    EXPECT_EQ(distance("abc", "abc"), 0u);
    EXPECT_EQ(distance("", "abc"), 3u);
}

}  // namespace
}  // namespace trunkline::config
