#include "host/base/clock.hpp"

#include <gtest/gtest.h>

namespace trunkline {
namespace {

TEST(ClockTest, WritesTimesAsTheWireDoes) {
    EXPECT_EQ(rfc3339(1'795'334'400'123), "2026-11-22T08:00:00.123Z");
    EXPECT_EQ(rfc3339(0), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(rfc3339(-1), "1969-12-31T23:59:59.999Z");
    EXPECT_EQ(http_date(1'795'334'400'123), "Sun, 22 Nov 2026 08:00:00 GMT");
}

TEST(ClockTest, ReadsTimesWithAndWithoutFractionAndOffset) {
    WallMs ms = 0;
    ASSERT_TRUE(parse_rfc3339("2026-11-22T08:00:00.123Z", ms));
    EXPECT_EQ(ms, 1'795'334'400'123);
    ASSERT_TRUE(parse_rfc3339("2026-11-22T08:00:00Z", ms));
    EXPECT_EQ(ms, 1'795'334'400'000);
    ASSERT_TRUE(parse_rfc3339("2026-11-22T11:00:00.5+03:00", ms));
    EXPECT_EQ(ms, 1'795'334'400'500);
}

TEST(ClockTest, RefusesEverythingElse) {
    WallMs ms = 0;
    for (const char* text :
         {"",
          "2026-11-22",
          "2026-13-22T08:00:00Z",
          "2026-11-22T08:00:00",
          "2026-11-22T08:00:00.Z",
          "2026-11-22T25:00:00Z",
          "2026-11-22T08:00:00Zx"}) {
        EXPECT_FALSE(parse_rfc3339(text, ms)) << text;
    }
}

}  // namespace
}  // namespace trunkline
