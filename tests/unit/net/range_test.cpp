#include "host/net/range.hpp"

#include <gtest/gtest.h>

namespace trunkline::net {
namespace {

struct Case {
    const char* header;
    std::uint64_t size;
    bool satisfiable;
    std::optional<Range> range;
};

TEST(RangeTest, ReadsOneRangeAsRfc9110Says) {
    const Case cases[] = {
        {"bytes=0-9", 100, true, Range{0, 9}},
        {"bytes=90-", 100, true, Range{90, 99}},
        {"bytes=-10", 100, true, Range{90, 99}},
        {"bytes=-500", 100, true, Range{0, 99}},
        {"bytes=0-500", 100, true, Range{0, 99}},
        {"bytes=99-99", 100, true, Range{99, 99}},
        {"bytes=100-", 100, false, std::nullopt},
        {"bytes=-0", 100, false, std::nullopt},
        {"", 100, true, std::nullopt},
        {"bytes=9-0", 100, true, std::nullopt},
        {"bytes=a-b", 100, true, std::nullopt},
        {"items=0-1", 100, true, std::nullopt},
        {"bytes=0-1,5-6", 100, true, std::nullopt},
        {"bytes=0-0", 0, false, std::nullopt},
        {"bytes=0-", 0, false, std::nullopt},
        {"bytes=-5", 0, false, std::nullopt},
    };
    for (const Case& c : cases) {
        bool unsatisfiable = false;
        const auto range = parse_range(c.header, c.size, &unsatisfiable);
        EXPECT_EQ(unsatisfiable, !c.satisfiable) << c.header;
        ASSERT_EQ(range.has_value(), c.range.has_value()) << c.header;
        if (!range) continue;
        EXPECT_EQ(range->first, c.range->first) << c.header;
        EXPECT_EQ(range->last, c.range->last) << c.header;
    }
}

TEST(RangeTest, SaysWhichPartItIs) {
    EXPECT_EQ((Range{0, 9}.content_range(100)), "bytes 0-9/100");
    EXPECT_EQ((Range{5, 5}.count()), 1U);
}

}  // namespace
}  // namespace trunkline::net
