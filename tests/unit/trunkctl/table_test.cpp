// Items as people read them.
#include "host/trunkctl/table.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace trunkline::trunkctl {
namespace {

std::string table(const char* items, const std::vector<std::string>& columns) {
    return to_table(boost::json::parse(items).as_array(), columns);
}

TEST(TableTest, ColumnsAreAlignedUnderTheirHeads) {
    EXPECT_EQ(
        table(
            R"([{"name":"messages","next_attempt":5},{"name":"a","next_attempt":12345678901234}])",
            {"name", "next_attempt"}
        ),
        "NAME      NEXT ATTEMPT\n"
        "messages  5\n"
        "a         12345678901234\n"
    );
    EXPECT_EQ(table("[]", {"id", "state"}), "ID  STATE\n");
}

TEST(TableTest, WhatIsNotThereIsADash) {
    EXPECT_EQ(table(R"([{"a":null},{"a":""},{"b":1},{"a":false}])", {"a"}), "A\n-\n-\n-\nfalse\n");
}

TEST(TableTest, WidthIsCountedInCharacters) {
    EXPECT_EQ(
        table(R"([{"a":"жук","b":1},{"a":"abc","b":2}])", {"a", "b"}),
        "A    B\n"
        "жук  1\n"
        "abc  2\n"
    );
}

TEST(TableTest, WhatCameFromOutsideMovesNoCursor) {
    const auto text = [](std::string raw) {
        return to_text(boost::json::value(boost::json::string{raw}));
    };
    EXPECT_EQ(text("a\x1b[2Jb\r\n\tc\x7f"), "a [2Jb   c ");
    EXPECT_EQ(text(std::string{"a\0b", 3}), "a b");
    // The same as a C1 control, which terminals that know them obey too.
    EXPECT_EQ(
        text("a\xC2\x9B"
             "2Jb"),
        "a 2Jb"
    );
    EXPECT_EQ(
        text("a\xC2\xA0"
             "b жук 😀"),
        "a\xC2\xA0"
        "b жук 😀"
    );
    EXPECT_EQ(table(R"([{"a":"one\ntwo","b":1}])", {"a", "b"}), "A        B\none two  1\n")
        << "one item, one line";
}

TEST(TableTest, OtherValuesAreJson) {
    EXPECT_EQ(to_text(boost::json::parse(R"({"a":[1,"x\u001b"]})")), R"({"a":[1,"x\u001b"]})");
    EXPECT_EQ(to_text(boost::json::parse("true")), "true");
    EXPECT_EQ(to_text(boost::json::parse("-5")), "-5");
    EXPECT_EQ(to_text(boost::json::parse("null")), "-");
}

}  // namespace
}  // namespace trunkline::trunkctl
