// The helpers for connectors in C say the same as those for C++.
#include "c_face.h"

#include <array>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <trunkline/effects.hpp>
#include <trunkline/json.hpp>
#include <trunkline/testing/input.hpp>
#include <trunkline/text.hpp>

namespace {

using namespace trunkline;

std::string taken(int (*call)(tl_view, char*, int), tl_view value) {
    std::string out(4096, '\0');
    const int size = call(value, out.data(), static_cast<int>(out.size()));
    return size < 0 ? "none" : out.substr(0, static_cast<std::size_t>(size));
}

const std::vector<std::string>& documents() {
    static const std::vector<std::string> all{
        R"({})",
        R"([])",
        R"( {"a" : [1, -2.5e+3, 0.1E-2, true, false, null, "x"] } )",
        R"({"message":{"chat":{"id":-100123},"text":"\u0416\ud83d\ude00\n\"\\\/\b\f\r\t"}})",
        "{\"a\":\"\xF0\x9F\x98\x80 \xD0\x96\"}",
        R"([[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]])",
        R"({"a":{"b":{"c":[{"d":1},{"d":2}]}},"list":[[],{},""]})",
        R"(12)",
        R"("text")",
        R"(null)"};
    return all;
}

TEST(CJson, RefusesWhatIsNoDocument) {
    for (const std::string& text : std::vector<std::string>{
             "",
             " ",
             "{",
             "}",
             "[1,]",
             "{\"a\":}",
             "{\"a\"}",
             "{a:1}",
             "{\"a\":1,}",
             "[1 2]",
             "01",
             "1.",
             ".5",
             "-",
             "+1",
             "1e",
             "tru",
             "nullx",
             "\"",
             "\"\\x\"",
             "\"\\u12g4\"",
             "\"\\ud83d\"",
             "\"\\ude00\"",
             "\"\\ud83d\\u0041\"",
             "\"\n\"",
             std::string{"\"\0\"", 3},
             std::string{"\"\\\0\"", 4},
             "\"\xC0\x80\"",
             "\"\xED\xA0\x80\"",
             "\"\xF4\x90\x80\x80\"",
             "\"\x80\"",
             "\"\xE2\x82\"",
             "{} x",
             std::string(33, '[') + std::string(33, ']'),
             std::string(100'000, '[')}) {
        EXPECT_FALSE(c_json_valid(raw(text))) << text.substr(0, 60);
        EXPECT_FALSE(parsed(text)) << text.substr(0, 60);
    }
    for (const std::string& text : documents())
        EXPECT_TRUE(c_json_valid(raw(text))) << text;
}

TEST(CJson, JudgesMutatedDocumentsAsBoostDoes) {
    // What is put over a byte, and what is put between two.
    constexpr std::string_view over = "{}[]\",:\\u0123456789eE+-. \n\xC3\xA9\xFF\x01tfn";
    constexpr std::string_view between = "{}[]\",:\\u019e";
    std::mt19937 random{7};
    int sound = 0;
    for (int round = 0; round < 60'000; ++round) {
        std::string text = documents()[random() % documents().size()];
        for (auto edits = 1 + random() % 3; edits > 0 && !text.empty(); --edits) {
            const std::size_t at = random() % text.size();
            switch (random() % 3) {
                case 0:
                    text[at] = over[random() % over.size()];
                    break;
                case 1:
                    text.erase(at, 1 + random() % 3);
                    break;
                default:
                    text.insert(at, 1, between[random() % between.size()]);
            }
        }
        const auto boost = parsed(text);
        ASSERT_EQ(c_json_valid(raw(text)) == 1, boost.has_value()) << text;
        sound += boost.has_value() ? 1 : 0;
        // Never asked of what is no document, but bounded all the same.
        c_json_at(raw(text), "a.b.c");
    }
    EXPECT_GT(sound, 3000) << "the mutations must leave some whole";
}

TEST(CJson, FindsWhatAPathNames) {
    const std::string text =
        R"({"a":{"b":{"c":[ {"d":1} , "two",[3] ]}}, "\u006eame" : "Ann", "twice":1,"twice":"2", "":0})";
    const tl_view document = raw(text);
    ASSERT_TRUE(c_json_valid(document));
    EXPECT_EQ(view(c_json_at(document, "a.b")), R"({"c":[ {"d":1} , "two",[3] ]})");
    EXPECT_EQ(view(c_json_at(document, "name")), R"("Ann")");
    EXPECT_EQ(view(c_json_at(document, "twice")), R"("2")") << "the last one, as with C++";
    EXPECT_EQ(view(c_json_at(document, "")), "0");
    for (const char* missing : {"b", "a.c", "name.x", "a.b.c.d", "nam", "names", "a..b"})
        EXPECT_EQ(c_json_at(document, missing).data, nullptr) << missing;

    std::vector<std::string_view> elements;
    const tl_view list = c_json_at(document, "a.b.c");
    for (tl_view each = c_json_next(list, {}); each.data != nullptr; each = c_json_next(list, each))
        elements.push_back(view(each));
    EXPECT_EQ(elements, (std::vector<std::string_view>{R"({"d":1})", R"("two")", "[3]"}));
    EXPECT_EQ(c_json_next(raw("[]"), {}).data, nullptr);
    EXPECT_EQ(c_json_next(raw("{}"), {}).data, nullptr);
    EXPECT_EQ(c_json_next({}, {}).data, nullptr);
}

TEST(CJson, DecodesStringsAndIds) {
    EXPECT_EQ(taken(c_json_string, raw(R"("\u0416\ud83d\ude00\n\u00e9")")), "Ж😀\né");
    EXPECT_EQ(taken(c_json_string, raw(R"("")")), "");
    for (const char* none : {"5", "{}", "true", "null"})
        EXPECT_EQ(taken(c_json_string, raw(none)), "none") << none;
    EXPECT_EQ(taken(c_json_string, {}), "none");
    EXPECT_EQ(taken(c_json_id, raw("-100123")), "-100123");
    EXPECT_EQ(taken(c_json_id, raw(R"("a\"b")")), "a\"b");
    for (const char* none : {"1.5", "1e3", R"("")", "true", "[1]"})
        EXPECT_EQ(taken(c_json_id, raw(none)), "none") << none;
    EXPECT_EQ(taken(c_json_id, {}), "none");
    EXPECT_TRUE(c_json_equals(raw(R"("s\u0065nd")"), "send"));
    EXPECT_FALSE(c_json_equals(raw(R"("sen")"), "send"));
    EXPECT_FALSE(c_json_equals(raw(R"("sends")"), "send"));
    EXPECT_FALSE(c_json_equals({}, "send"));
}

TEST(CFace, QuotesWhatJsonCannotCarryAsItIs) {
    const std::string text{"a\"b\\c\n\x01\0 Ж😀", 15};
    const std::string quoted = taken(c_quoted, raw(text));
    const auto back = parsed(quoted);
    ASSERT_TRUE(back) << quoted;
    EXPECT_EQ(std::string{back->as_string()}, text);
    EXPECT_EQ(taken(c_quoted, raw("")), "\"\"");
    EXPECT_EQ(taken(c_quoted, raw("plain")), "\"plain\"");
}

TEST(CFace, AGrowingTextKeepsAllPieces) {
    std::string out(4096, '\0');
    const int size = c_grown(raw("0123456789"), 400, out.data(), static_cast<int>(out.size()));
    ASSERT_EQ(size, 4000);
    std::string wanted;
    for (int i = 0; i < 400; ++i)
        wanted += "0123456789";
    EXPECT_EQ(out.substr(0, 4000), wanted);
}

TEST(CFace, ComparesSecrets) {
    EXPECT_TRUE(c_equal_secrets(raw("s3cret"), raw("s3cret")));
    EXPECT_FALSE(c_equal_secrets(raw("s3cret"), raw("s3creT")));
    EXPECT_FALSE(c_equal_secrets(raw("s3cret"), raw("s3cre")));
    EXPECT_FALSE(c_equal_secrets(raw(""), raw("x")));
}

TEST(CFace, ReadsFailuresAsTheCppFaceDoes) {
    using trunkline::testing::Input;
    for (const int status : {0, 301, 400, 401, 403, 404, 408, 413, 425, 429, 500, 502, 503, 599}) {
        for (const char* wait : {"", "0", "7", "99999999999999999999", "Fri, 31 Dec 1999", "-1"}) {
            for (const bool unknown : {false, true}) {
                Input input = Input::reply(1, 1, status, "", {{"retry-after", wait}});
                if (unknown) input.flags = TL_INPUT_UNKNOWN;
                const std::array batch{input};
                const trunkline::testing::LentBatch lent{batch};
                std::array<char, 24> code{};
                const tl_outcome c = c_failure_of(lent.data(), code.data());
                HttpReply reply;
                reply.status = status;
                reply.unknown = unknown;
                reply.headers = {{"retry-after", wait}};
                failure_of(reply, Scope::connector).lend([&](const tl_outcome& cpp) {
                    EXPECT_EQ(c.kind, cpp.kind) << status << wait;
                    EXPECT_EQ(c.delay_ms, cpp.delay_ms) << status << wait;
                    EXPECT_TRUE(c.kind != TL_RETRY || c.scope == cpp.scope) << status;
                    EXPECT_EQ(view(c.code), view(cpp.code)) << status;
                    EXPECT_EQ(view(c.text), view(cpp.text)) << status;
                });
            }
        }
    }
}

}  // namespace
