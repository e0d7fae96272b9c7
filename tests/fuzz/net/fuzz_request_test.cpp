// The fuzz target's entry as an ordinary test: the seeds, and every one of them cut short or with
// one byte changed.
#include "fuzz_request.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

namespace trunkline::net {

namespace {

TEST(FuzzRequest, HoldsForTheSeedsAndTheirNeighbours) {
    std::size_t seeds = 0;
    for (const auto& entry : std::filesystem::directory_iterator{TRUNKLINE_SEEDS}) {
        std::ifstream file{entry.path(), std::ios::binary};
        const std::string seed{std::istreambuf_iterator<char>{file}, {}};
        ASSERT_FALSE(seed.empty()) << entry.path();
        ++seeds;
        fuzz_request(seed);
        for (std::size_t i = 0; i < seed.size(); ++i) {
            fuzz_request(std::string_view{seed}.substr(0, i));
            for (const char c : {'\0', '\r', '\n', ' ', ':', '\x7f', '\xff', '0'}) {
                auto changed = seed;
                changed[i] = c;
                fuzz_request(changed);
                changed = seed;
                changed.insert(i, 1, c);
                fuzz_request(changed);
            }
        }
    }
    EXPECT_GE(seeds, 8U);
}

}  // namespace

}  // namespace trunkline::net
