// Counting and cutting text as messengers and people do.

#include "host/universal/unicode.hpp"

#include <gtest/gtest.h>

namespace trunkline::universal {
namespace {

TEST(UnicodeTest, CountsInEveryUnit) {
    const std::string_view text = "aП漢👋";
    EXPECT_EQ(count_units(text, TextUnit::code_points), 4u);
    EXPECT_EQ(count_units(text, TextUnit::utf16), 5u);
    EXPECT_EQ(count_units(text, TextUnit::bytes), 10u);
    EXPECT_EQ(count_units("", TextUnit::utf16), 0u);
}

TEST(UnicodeTest, RefusesOverlongSurrogatesAndWhatIsBeyond) {
    for (const char* text :
         {"\xC0\x80",
          "\xC1\xBF",
          "\xE0\x80\x80",
          "\xED\xA0\x80",
          "\xF0\x80\x80\x80",
          "\xF4\x90\x80\x80",
          "\xF5\x80\x80\x80",
          "\x80",
          "\xFF",
          "\xC3",
          "\xE2\x82",
          "\xF0\x9F\x98"}) {
        EXPECT_FALSE(first_code_point(text).valid) << text;
        EXPECT_GE(first_code_point(text).bytes, 1);
    }
    EXPECT_EQ(first_code_point("\xF0\x9F\x98").bytes, 3)
        << "the whole beginning is one broken character";
    EXPECT_EQ(first_code_point("\xF4\x8F\xBF\xBF").value, 0x10FFFFu);
    EXPECT_EQ(first_code_point("\xED\x9F\xBF").value, 0xD7FFu);
}

TEST(UnicodeTest, FindsTheBytesOfCodePoints) {
    EXPECT_EQ(bytes_of_code_points("aП漢👋", 0), 0u);
    EXPECT_EQ(bytes_of_code_points("aП漢👋", 2), 3u);
    EXPECT_EQ(bytes_of_code_points("aП漢👋", 4), 10u);
    EXPECT_EQ(bytes_of_code_points("aП漢👋", 99), 10u);
}

TEST(UnicodeTest, KeepsWhatPeopleSeeAsOne) {
    for (const std::string one :
         {"a",
          "П",
          "👋",
          "👋🏽",
          "👩‍👩‍👧",
          "🇩🇪",
          "e\xCC\x81",
          "❤️",
          "1️⃣",
          "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
          "한",
          "\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB",
          "नि",
          "\r\n",
          "👨🏽‍🚀",
          "🏳️‍🌈"}) {
        EXPECT_EQ(first_grapheme_bytes(one), one.size()) << one;
        EXPECT_EQ(first_grapheme_bytes(one + "x"), one.size()) << one;
    }
    EXPECT_EQ(first_grapheme_bytes("ab"), 1u);
    EXPECT_EQ(first_grapheme_bytes("👋👋"), 4u);
    EXPECT_EQ(first_grapheme_bytes("🇩🇪🇫🇷"), 8u) << "two flags, not one of four letters";
    EXPECT_EQ(first_grapheme_bytes("\n\xCC\x81"), 1u) << "a mark does not join a line break";
    EXPECT_EQ(first_grapheme_bytes("\xFF\xFF"), 1u);
}

}  // namespace
}  // namespace trunkline::universal
