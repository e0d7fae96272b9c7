#include "spans.hpp"

#include <gtest/gtest.h>

#include "json_read.hpp"

namespace trunkline::telegram {
namespace {

json::array list(std::string_view text) {
    return parse(text)->as_array();
}

std::string in(std::string_view text, std::string_view entities) {
    return json::serialize(spans_from_entities(text, list(entities)));
}
std::string out(std::string_view text, std::string_view spans) {
    return json::serialize(entities_from_spans(text, list(spans)));
}

TEST(TelegramSpansTest, CountCodePointsWhereTelegramCountsUtf16) {
    EXPECT_EQ(
        in("👋👋 жир", R"([{"type":"bold","offset":5,"length":3}])"),
        R"([{"type":"bold","offset":3,"length":3}])"
    );
    EXPECT_EQ(
        out("👋👋 жир", R"([{"type":"bold","offset":3,"length":3}])"),
        R"([{"type":"bold","offset":5,"length":3}])"
    );
}

TEST(TelegramSpansTest, CoverAFamilyEmojiWhole) {
    // Four people and three joiners: 7 code points, 11 UTF-16 units.
    constexpr std::string_view kFamily = "👨‍👩‍👧‍👦!";
    EXPECT_EQ(
        in(kFamily, R"([{"type":"italic","offset":0,"length":11}])"),
        R"([{"type":"italic","offset":0,"length":7}])"
    );
    EXPECT_EQ(
        out(kFamily, R"([{"type":"italic","offset":7,"length":1}])"),
        R"([{"type":"italic","offset":11,"length":1}])"
    );
}

TEST(TelegramSpansTest, RoundOutwardsInsideASurrogatePair) {
    EXPECT_EQ(
        in("a👋b", R"([{"type":"code","offset":2,"length":1}])"),
        R"([{"type":"code","offset":1,"length":1}])"
    );
    EXPECT_EQ(
        in("a👋b", R"([{"type":"code","offset":0,"length":2}])"),
        R"([{"type":"code","offset":0,"length":2}])"
    );
}

TEST(TelegramSpansTest, StayInsideTheText) {
    EXPECT_EQ(
        in("abc", R"([{"type":"bold","offset":1,"length":99}])"),
        R"([{"type":"bold","offset":1,"length":2}])"
    );
    EXPECT_EQ(in("abc", R"([{"type":"bold","offset":3,"length":1}])"), "[]");
    EXPECT_EQ(in("abc", R"([{"type":"bold","offset":0,"length":0}])"), "[]");
    EXPECT_EQ(in("abc", R"([{"type":"bold","offset":-1,"length":2}])"), "[]");
    EXPECT_EQ(
        in("abc", R"([{"type":"bold","offset":9223372036854775807,"length":9223372036854775807}])"),
        "[]"
    );
    EXPECT_EQ(in("", R"([{"type":"bold","offset":0,"length":1}])"), "[]");
    EXPECT_EQ(
        out("abc", R"([{"type":"bold","offset":1,"length":99}])"),
        R"([{"type":"bold","offset":1,"length":2}])"
    );
    EXPECT_EQ(out("abc", R"([{"type":"bold","offset":3,"length":1}])"), "[]");
}

TEST(TelegramSpansTest, SurviveTheRoundTrip) {
    constexpr std::string_view kText = "Я 🧑🏽‍💻 и 𝕏 — ok";
    constexpr std::string_view kSpans =
        R"([{"type":"bold","offset":2,"length":4},{"type":"strike","offset":9,"length":1},{"type":"link","url":"https://x.example","offset":0,"length":15}])";
    const auto entities = entities_from_spans(kText, list(kSpans));
    EXPECT_EQ(entities.size(), 3U);
    EXPECT_EQ(json::serialize(spans_from_entities(kText, entities)), kSpans);
}

TEST(TelegramSpansTest, KeepAtMostAHundredEntities) {
    json::array spans;
    for (int i = 0; i < 300; ++i)
        spans.push_back(json::object{{"type", "bold"}, {"offset", i}, {"length", 1}});
    EXPECT_EQ(entities_from_spans(std::string(300, 'x'), spans).size(), 100U);
}

TEST(TelegramSpansTest, NeverCutACharacterInTwo) {
    EXPECT_EQ(
        in("𝕏", R"([{"type":"mention","offset":0,"length":2}])"),
        R"([{"type":"mention","offset":0,"length":1}])"
    ) << "a mention that begins with no @ names nobody; half of its first letter would be no UTF-8";
}

TEST(TelegramSpansTest, LeaveOutWhatHasNoEquivalent) {
    EXPECT_EQ(
        out("abc",
            R"([{"type":"glow","offset":0,"length":1},{"type":"link","offset":0,"length":1},{"type":"mention","offset":0,"length":1},7,null])"
        ),
        "[]"
    );
    EXPECT_EQ(
        out("abc", R"([{"type":"mention","user":"15","offset":0,"length":3}])"),
        R"([{"type":"text_mention","user":{"id":15},"offset":0,"length":3}])"
    );
    EXPECT_EQ(in("a b", R"([{"type":"url","offset":0,"length":3}])"), "[]")
        << "no address has a blank in it";
}

}  // namespace
}  // namespace trunkline::telegram
