#include <gtest/gtest.h>
#include <trunkline/text.hpp>

namespace {

using namespace trunkline;

TEST(Text, OffsetsAgreeInAllUnits) {
    const TextOffsets offsets{"aж😀b"};  // 1 + 2 + 4 + 1 bytes, 1 + 1 + 2 + 1 UTF-16 units
    EXPECT_EQ(offsets.code_points(), 4U);
    EXPECT_EQ(offsets.code_point_of_utf16(2), 2U);
    EXPECT_EQ(offsets.code_point_of_utf16(4), 3U);
    EXPECT_EQ(offsets.code_point_of_byte(3), 2U);
    EXPECT_EQ(offsets.code_point_of_byte(7), 3U);
    EXPECT_EQ(offsets.utf16_of_code_point(3), 4U);
    EXPECT_EQ(offsets.byte_of_code_point(3), 7U);
}

TEST(Text, HostileOffsetsStayInTheText) {
    const TextOffsets offsets{"😀b"};
    EXPECT_EQ(offsets.code_point_of_utf16(1), 0U) << "inside a surrogate pair";
    EXPECT_EQ(offsets.code_point_of_byte(2), 0U) << "inside a sequence";
    EXPECT_EQ(offsets.code_point_of_utf16(999), 2U);
    EXPECT_EQ(offsets.byte_of_code_point(SIZE_MAX), 5U);
    EXPECT_EQ(TextOffsets{""}.code_point_of_utf16(7), 0U);
}

TEST(Text, OffsetsOfAsciiAreAllTheSame) {
    const TextOffsets offsets{"plain"};
    EXPECT_EQ(offsets.code_points(), 5U);
    EXPECT_EQ(offsets.code_point_of_utf16(3), 3U);
    EXPECT_EQ(offsets.code_point_of_byte(5), 5U);
    EXPECT_EQ(offsets.code_point_of_byte(999), 5U);
    EXPECT_EQ(offsets.utf16_of_code_point(4), 4U);
    EXPECT_EQ(offsets.byte_of_code_point(SIZE_MAX), 5U);
}

TEST(Text, LengthsCountEveryUnit) {
    const TextLength length = text_length("aж😀");
    EXPECT_EQ(length.bytes, 7U);
    EXPECT_EQ(length.code_points, 3U);
    EXPECT_EQ(length.utf16, 4U);
}

TEST(Text, MalformedUtf8IsSeenAndRepaired) {
    EXPECT_TRUE(valid_utf8("aж😀\xEF\xBF\xBD"));
    for (const std::string_view bad :
         {"\x80",
          "\xC0\xAF",
          "\xE0\x80\x80",
          "\xED\xA0\x80",
          "\xF4\x90\x80\x80",
          "\xF5\x80\x80\x80",
          "\xC3"}) {
        EXPECT_FALSE(valid_utf8(bad));
        EXPECT_TRUE(valid_utf8(repaired_utf8(bad)));
    }
    EXPECT_EQ(repaired_utf8("a\xC3(ж"), "a\xEF\xBF\xBD(ж");
}

TEST(Text, SecretsCompareByContent) {
    EXPECT_TRUE(equal_secrets("s3cret", "s3cret"));
    EXPECT_FALSE(equal_secrets("s3cret", "s3creT"));
    EXPECT_FALSE(equal_secrets("s3cret", "s3cre"));
    EXPECT_FALSE(equal_secrets("s3cret", ""));
}

TEST(Text, PercentCodingIsUndone) {
    std::string every;
    for (int c = 0; c < 256; ++c)
        every.push_back(static_cast<char>(c));
    EXPECT_EQ(percent_decoded(percent_encoded(every)), every);
    EXPECT_EQ(percent_encoded("a b/ж"), "a%20b%2F%D0%B6");
    EXPECT_EQ(percent_decoded("100%, a+b%2"), "100%, a b%2");
}

TEST(Text, QueryValuesAreFoundByName) {
    EXPECT_EQ(query_value("/x?a=1&hub.mode=subscribe&empty=&flag#a=2", "hub.mode"), "subscribe");
    EXPECT_EQ(query_value("/x?a=1&empty=&flag", "empty"), "");
    EXPECT_EQ(query_value("/x?a=1&empty=&flag", "flag"), "");
    EXPECT_EQ(query_value("/x?a=1", "b"), std::nullopt);
    EXPECT_EQ(query_value("/x", "a"), std::nullopt);
}

TEST(Text, HexIsLowerCase) {
    EXPECT_EQ(hex_of(std::string_view{"\x00\xAB\x7F", 3}), "00ab7f");
}

}  // namespace
