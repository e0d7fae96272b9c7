#include <gtest/gtest.h>
#include <trunkline/json.hpp>

namespace {

using namespace trunkline;

TEST(Json, HostileDocumentsAreAbsentNotThrown) {
    EXPECT_FALSE(parsed(""));
    EXPECT_FALSE(parsed("{\"a\":"));
    EXPECT_FALSE(parsed(std::string(100'000, '[')));
    EXPECT_FALSE(parsed("\"\xFF\""));
    EXPECT_TRUE(parsed("[[[]]]", 3));
    EXPECT_FALSE(parsed("[[[[]]]]", 3));
}

TEST(Json, PathsOfAnotherShapeAreEmpty) {
    const auto value = parsed(
        R"({"a":{"b":"text","n":-5,"big":18446744073709551615,"f":1.5,"yes":true,"list":[1,2]}})"
    );
    ASSERT_TRUE(value);
    EXPECT_EQ(text_at(*value, "a", "b"), "text");
    EXPECT_EQ(text_at(*value, "a", "n"), "");
    EXPECT_EQ(text_at(*value, "a", "b", "c"), "");
    EXPECT_EQ(number_at(*value, "a", "n"), -5);
    EXPECT_EQ(number_at(*value, "a", "big"), std::nullopt);
    EXPECT_EQ(number_at(*value, "a", "f"), std::nullopt);
    EXPECT_EQ(number_at(*value, "a", "b"), std::nullopt);
    EXPECT_TRUE(flag_at(*value, "a", "yes"));
    EXPECT_FALSE(flag_at(*value, "a", "n"));
    EXPECT_EQ(list_at(*value, "a", "list").size(), 2U);
    EXPECT_TRUE(list_at(*value, "a", "b").empty());
    EXPECT_EQ(object_at(*value, "a", "list"), nullptr);
    EXPECT_EQ(at(*value, "x", "y"), nullptr);
}

TEST(Json, IdsAreTextWhateverTheyWereWrittenAs) {
    const auto value = parsed(R"({"s":"7","i":-7,"u":18446744073709551615,"f":7.5})");
    ASSERT_TRUE(value);
    EXPECT_EQ(id_at(*value, "s"), "7");
    EXPECT_EQ(id_at(*value, "i"), "-7");
    EXPECT_EQ(id_at(*value, "u"), "18446744073709551615");
    EXPECT_EQ(id_at(*value, "f"), "");
}

}  // namespace
