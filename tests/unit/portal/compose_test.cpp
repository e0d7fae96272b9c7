// What an operator may ask for.
#include "portal/desk/compose.hpp"

#include "tests/unit/portal/support.hpp"

namespace trunkline::portal::test {
namespace {

std::string times(std::size_t count, const std::string& text) {
    std::string out;
    for (std::size_t at = 0; at < count; ++at)
        out += text;
    return out;
}

TEST(ComposeTest, TakesATextAsLongAsTheWireTakesWhateverItsLetters) {
    for (const std::string letter : {"x", "ж", "漢", "👋"}) {
        const auto longest = times(desk::kTextPointsMax, letter);
        EXPECT_TRUE(desk::parse_draft({{"text", longest}})) << letter;

        const auto refused = desk::parse_draft({{"text", longest + letter}});
        ASSERT_FALSE(refused) << letter;
        EXPECT_EQ(refused.error().fault, Fault::malformed);
    }
}

TEST(ComposeTest, RefusesWhatSaysNothing) {
    EXPECT_FALSE(desk::parse_draft({{"text", " \n\t"}}));
    EXPECT_FALSE(desk::parse_draft({{"txt", "hello"}}));
    EXPECT_FALSE(desk::parse_draft({{"files", json::array{"a", "a"}}}));
}

}  // namespace
}  // namespace trunkline::portal::test
