#include "host/tasks/fingerprint.hpp"

#include <random>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace trunkline::tasks {
namespace {

std::uint64_t print(std::initializer_list<std::string_view> texts) {
    Fingerprint print{64};
    for (const auto text : texts)
        print.add(text);
    return print.value();
}

TEST(FingerprintTest, StaysWhatItIs) {
    // Stored with ONCE marks: another value would turn every open call into `unknown` at the next
    // start.
    EXPECT_EQ(
        print({"POST", "https://api.example/send", "{\"text\":\"hello\"}"}), 6044757370560153637U
    );
}

TEST(FingerprintTest, TellsPartsApart) {
    EXPECT_NE(print({"ab", "c"}), print({"a", "bc"}));
    EXPECT_NE(print({"", "a"}), print({"a", ""}));
    EXPECT_NE(print({std::string_view{"a\0", 2}}), print({"a"}));
    EXPECT_NE(Fingerprint{64}.value(), Fingerprint{65}.value());
}

TEST(FingerprintTest, TellsSimilarTextsApart) {
    std::set<std::uint64_t> seen;
    std::string text(40, 'a');
    for (std::size_t at = 0; at < text.size(); ++at) {
        for (int bit = 0; bit < 8; ++bit) {
            std::string other = text;
            other[at] = static_cast<char>(other[at] ^ (1 << bit));
            EXPECT_TRUE(seen.insert(print({other})).second);
        }
    }
    for (std::size_t size = 0; size < 200; ++size)
        EXPECT_TRUE(seen.insert(print({std::string(size, '\0')})).second);
}

}  // namespace
}  // namespace trunkline::tasks
