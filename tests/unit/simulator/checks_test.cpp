// What the Bot API refuses in a text, its entities and its buttons.
#include "plugins/telegram/simulator/checks.hpp"

#include <gmock/gmock.h>

#include "bot.hpp"

namespace trunkline::telegram::simulator::test {
namespace {

using testing::HasSubstr;

/// "" when it is taken.
std::string text_refusal(
    const std::string& body, FormattedText* out = nullptr, bool may_be_empty = false
) {
    FormattedText mine;
    const auto refusal =
        read_text(from_json(body), "text", "entities", 4096, may_be_empty, out ? *out : mine);
    if (!refusal) return "";
    EXPECT_EQ(refusal->code, 400);
    return refusal->description;
}
std::string with_entity(const std::string& text, const std::string& entity) {
    return R"({"text":")" + text + R"(","entities":[)" + entity + "]}";
}
std::string bold(const std::string& text, int offset, int length) {
    return with_entity(
        text,
        R"({"type":"bold","offset":)" + std::to_string(offset) + R"(,"length":)" +
            std::to_string(length) + "}"
    );
}
std::string repeated(const std::string& piece, int times) {
    std::string out;
    for (int i = 0; i < times; ++i)
        out += piece;
    return out;
}

TEST(ChecksTest, LengthIsCountedInUtf16Units) {
    EXPECT_EQ(utf16_length(""), 0u);
    EXPECT_EQ(utf16_length("abc"), 3u);
    EXPECT_EQ(utf16_length("ж€"), 2u);
    EXPECT_EQ(utf16_length("😀"), 2u);

    EXPECT_EQ(text_refusal(R"({"text":")" + repeated("a", 4096) + "\"}"), "");
    EXPECT_EQ(
        text_refusal(R"({"text":")" + repeated("a", 4097) + "\"}"),
        "Bad Request: message is too long"
    );
    EXPECT_EQ(text_refusal(R"({"text":")" + repeated("€", 4096) + "\"}"), "");
    EXPECT_EQ(text_refusal(R"({"text":")" + repeated("😀", 2048) + "\"}"), "");
    EXPECT_EQ(
        text_refusal(R"({"text":")" + repeated("😀", 2048) + "a\"}"),
        "Bad Request: message is too long"
    );
}

TEST(ChecksTest, ATextMustSaySomething) {
    for (const char* body : {"{}", R"({"text":""})", R"({"text":" \n\t "})"})
        EXPECT_EQ(text_refusal(body), "Bad Request: message text is empty") << body;
    EXPECT_EQ(text_refusal("{}", nullptr, true), "");
}

TEST(ChecksTest, OnlyUtf8AndNoParseMode) {
    kit::Request request;
    for (const char* bad : {"%FF", "%C0%80", "%80", "%E2%82", "%F5%80%80%80", "a%C3"}) {
        request.query = std::string{"text="} + bad;
        FormattedText out;
        const auto refusal =
            read_text(*Parameters::read(request), "text", "entities", 4096, false, out);
        ASSERT_TRUE(refusal) << bad;
        EXPECT_THAT(refusal->description, HasSubstr("UTF-8")) << bad;
    }
    EXPECT_THAT(text_refusal(R"({"text":"a","parse_mode":"HTML"})"), HasSubstr("parse_mode"));
}

TEST(ChecksTest, EntitiesLieInsideTheText) {
    EXPECT_EQ(text_refusal(bold("hello", 0, 5)), "");
    EXPECT_EQ(text_refusal(bold("hello", 4, 1)), "");
    for (const auto& [offset, length] :
         {std::pair{0, 6}, {5, 1}, {-1, 2}, {0, 0}, {2, -1}, {100, 1}}) {
        EXPECT_EQ(
            text_refusal(bold("hello", offset, length)),
            "Bad Request: entity beyond the end of the text"
        ) << offset
          << " " << length;
    }
    EXPECT_EQ(text_refusal(bold("a😀b", 1, 2)), "");
    EXPECT_EQ(text_refusal(bold("a😀b", 3, 1)), "");
    for (const auto& [offset, length] : {std::pair{2, 1}, {1, 1}, {0, 2}, {2, 2}})
        EXPECT_THAT(text_refusal(bold("a😀b", offset, length)), HasSubstr("middle of a UTF-16"))
            << offset << " " << length;
}

TEST(ChecksTest, AnEntityIsWellFormed) {
    for (const char* entity :
         {"5",
          "{}",
          R"({"offset":0,"length":1})",
          R"({"type":5,"offset":0,"length":1})",
          R"({"type":"bold","length":1})",
          R"({"type":"bold","offset":"0","length":1})",
          R"({"type":"bold","offset":0})",
          R"({"type":"huge","offset":0,"length":1})"})
        EXPECT_THAT(text_refusal(with_entity("a", entity)), HasSubstr("can't parse MessageEntity"))
            << entity;
    EXPECT_THAT(text_refusal(R"({"text":"a","entities":{}})"), HasSubstr("can't parse entities"));
    EXPECT_THAT(text_refusal(R"({"text":"a","entities":"[{"})"), HasSubstr("can't parse entities"));
    const std::string link = R"({"type":"text_link","offset":0,"length":1)";
    EXPECT_EQ(text_refusal(with_entity("a", link + R"(,"url":"https://a.example"})")), "");
    for (const char* rest : {"}", R"(,"url":5})", R"(,"url":"nowhere"})", R"(,"url":"https://a"})"})
        EXPECT_THAT(text_refusal(with_entity("a", link + rest)), HasSubstr("text_link")) << rest;
}

TEST(ChecksTest, AHundredEntitiesAreKeptAndTheRestDropped) {
    std::string list;
    for (int i = 0; i < 120; ++i)
        list += std::string{i ? "," : ""} + R"({"type":"bold","offset":0,"length":1})";
    FormattedText out;
    EXPECT_EQ(text_refusal(with_entity("a", list), &out), "");
    EXPECT_EQ(out.text, "a");
    EXPECT_EQ(out.entities.size(), 100u);
}

std::string keyboard_refusal(const std::string& markup) {
    Markup out;
    const auto refusal = read_markup(from_json(R"({"reply_markup":)" + markup + "}"), out);
    EXPECT_NE(refusal.has_value(), out.inline_keyboard || out.reply) << markup;
    return refusal ? refusal->description : "";
}
std::string button(const std::string& members) {
    return R"({"inline_keyboard":[[{)" + members + "}]]}";
}

TEST(ChecksTest, AButtonHasATextAndOneMeaning) {
    EXPECT_EQ(keyboard_refusal(button(R"("text":"a","callback_data":"x")")), "");
    EXPECT_EQ(keyboard_refusal(button(R"("text":"a","url":"https://a.example")")), "");
    EXPECT_EQ(keyboard_refusal(button(R"("text":"a","url":"tg://user?id=1")")), "");
    for (const char* members :
         {R"("callback_data":"x")",
          R"("text":"","callback_data":"x")",
          R"("text":"a")",
          R"("text":"a","callback_data":"x","url":"https://a.example")"})
        EXPECT_THAT(keyboard_refusal(button(members)), HasSubstr("can't parse inline keyboard"))
            << members;
    const auto data = [](std::size_t size) {
        return button(R"("text":"a","callback_data":")" + std::string(size, 'x') + '"');
    };
    EXPECT_EQ(keyboard_refusal(data(64)), "");
    EXPECT_THAT(keyboard_refusal(data(65)), HasSubstr("BUTTON_DATA_INVALID"));
    EXPECT_THAT(keyboard_refusal(data(0)), HasSubstr("BUTTON_DATA_INVALID"));
    EXPECT_THAT(
        keyboard_refusal(button(R"("text":"a","url":"not an address")")),
        HasSubstr("BUTTON_URL_INVALID")
    );
}

TEST(ChecksTest, AKeyboardIsRowsOfButtons) {
    for (const char* markup :
         {"5",
          "{}",
          R"({"inline_keyboard":5})",
          R"({"inline_keyboard":[5]})",
          R"({"inline_keyboard":[[5]]})"})
        EXPECT_NE(keyboard_refusal(markup), "") << markup;
    const auto many = [](int count) {
        std::string row;
        for (int i = 0; i < count; ++i)
            row += std::string{i ? "," : ""} + R"({"text":"a","callback_data":"x"})";
        return R"({"inline_keyboard":[[)" + row + "]]}";
    };
    EXPECT_EQ(keyboard_refusal(many(100)), "");
    EXPECT_THAT(keyboard_refusal(many(101)), HasSubstr("too long"));
    Markup out;
    EXPECT_FALSE(read_markup(from_json("{}"), out));
    EXPECT_FALSE(out.inline_keyboard || out.reply);
}

TEST(ChecksTest, AReplyKeyboardIsRowsOfKeysAndEachAsksForOneThing) {
    const auto keys = [](const std::string& rows, const std::string& more = "") {
        return R"({"keyboard":)" + rows + more + "}";
    };
    EXPECT_EQ(keyboard_refusal(keys(R"([["Yes",{"text":"No"}]])")), "");
    EXPECT_EQ(keyboard_refusal(keys(R"([[{"text":"Phone","request_contact":true}]])")), "");
    EXPECT_EQ(keyboard_refusal(R"({"remove_keyboard":true})"), "");
    EXPECT_EQ(keyboard_refusal(R"({"force_reply":true})"), "");
    for (const char* rows : {"5", "[5]", "[[5]]", R"([[""]])", R"([[{"text":""}]])", "[[{}]]"})
        EXPECT_THAT(keyboard_refusal(keys(rows)), HasSubstr("can't parse")) << rows;
    EXPECT_THAT(
        keyboard_refusal(keys(R"([[{"text":"a","request_contact":"yes"}]])")), HasSubstr("Boolean")
    );
    EXPECT_THAT(
        keyboard_refusal(keys(R"([[{"text":"a","request_contact":true,"request_location":true}]])")
        ),
        HasSubstr("one kind")
    );
    EXPECT_THAT(keyboard_refusal(R"({"remove_keyboard":false})"), HasSubstr("remove_keyboard"));
    const auto hint = [&](std::size_t size) {
        return keys("[]", R"(,"input_field_placeholder":")" + std::string(size, 'a') + '"');
    };
    EXPECT_EQ(keyboard_refusal(hint(64)), "");
    EXPECT_THAT(keyboard_refusal(hint(65)), HasSubstr("placeholder is too long"));
}

}  // namespace
}  // namespace trunkline::telegram::simulator::test
