// What a method may be given, as a table: each fault is found and told through the messenger.
#include "trunkline/simulator/rules.hpp"

#include <gmock/gmock.h>

namespace trunkline::simulator {
namespace {

using testing::ElementsAre;
using What = Finding::What;

/// Says where and what, so that a test can read it.
class Plain : public RuleWords {
public:
    Refusal wrong(const Finding& finding) const override {
        static const char* const names[] = {
            "missing",
            "wrong type",
            "too short",
            "too long",
            "too small",
            "too large",
            "too few",
            "too many",
            "wrong value",
            "not UTF-8"};
        return {400, finding.path + " " + names[static_cast<int>(finding.what)], {}};
    }
};

const Rules& inside() {
    static const Rules rules{
        {.name = "type", .required = true, .values = "a|b"},
        {.name = "size", .type = Type::integer, .min = 1, .max = 5}};
    return rules;
}

const Rules kRules{
    {.name = "chat", .type = Type::name, .required = true},
    {.name = "text", .min = 1, .max = 4},
    {.name = "count", .type = Type::integer, .min = -1, .max = 3},
    {.name = "at", .type = Type::number},
    {.name = "loud", .type = Type::boolean},
    {.name = "file", .type = Type::file},
    {.name = "one", .type = Type::object, .inside = &inside()},
    {.name = "many", .type = Type::list, .min = 1, .max = 2, .inside = &inside()},
    {.name = "left", .group = "side"},
    {.name = "right", .group = "side"},
};

/// "" when it is taken.
std::string found(const std::string& members, const Rules& rules = kRules) {
    Request request;
    request.headers = {{"Content-Type", "application/json"}};
    request.body = "{" + members + "}";
    const auto refusal = check("method", rules, Parameters::read(request).value(), Plain{});
    return refusal ? refusal->description : "";
}
std::string with_chat(const std::string& members) {
    return found(R"("chat":5,)" + members);
}

TEST(RulesTest, WhatIsNeededMustBeThere) {
    EXPECT_EQ(found(R"("text":"a")"), "chat missing");
    EXPECT_EQ(found(R"("chat":5)"), "");
    EXPECT_EQ(found(R"("chat":"@name")"), "");
    EXPECT_EQ(found(R"("chat":1.5)"), "chat wrong type");
    EXPECT_EQ(found(R"("chat":[])"), "chat wrong type");
}

TEST(RulesTest, TextsHaveALengthInTheMessengersUnit) {
    EXPECT_EQ(with_chat(R"("text":"")"), "text too short");
    EXPECT_EQ(with_chat(R"("text":"abcd")"), "");
    EXPECT_EQ(with_chat(R"("text":"😀😀")"), "");
    EXPECT_EQ(with_chat(R"("text":"😀😀a")"), "text too long");
    EXPECT_EQ(with_chat(R"("text":["a"])"), "text wrong type");
    class Bytes : public Plain {
        std::size_t length(std::string_view text) const override { return text.size(); }
    };
    const auto given = Parameters::of({{"chat", 5}, {"text", "€€"}});
    EXPECT_FALSE(check("method", kRules, given, Plain{}));
    EXPECT_EQ(check("method", kRules, given, Bytes{})->description, "text too long");
    EXPECT_EQ(
        check("method", kRules, Parameters::of({{"chat", 5}, {"text", "a\xFF"}}), Plain{})
            ->description,
        "text not UTF-8"
    );
}

TEST(RulesTest, NumbersHaveBounds) {
    for (const char* good : {"-1", "3", R"("2")"})
        EXPECT_EQ(with_chat(R"("count":)" + std::string{good}), "") << good;
    EXPECT_EQ(with_chat(R"("count":-2)"), "count too small");
    EXPECT_EQ(with_chat(R"("count":4)"), "count too large");
    for (const char* bad : {"1.5", R"("x")", R"("")", "true", "{}"})
        EXPECT_EQ(with_chat(R"("count":)" + std::string{bad}), "count wrong type") << bad;
    EXPECT_EQ(with_chat(R"("at":"1.5")"), "");
    EXPECT_EQ(with_chat(R"("at":"1.5x")"), "at wrong type");
    EXPECT_EQ(with_chat(R"("loud":"true")"), "");
    EXPECT_EQ(with_chat(R"("loud":"yes")"), "loud wrong type");
}

TEST(RulesTest, AWholeNumberIsOneThatCanBeTaken) {
    const Rules rules{{.name = "id", .type = Type::integer}, {.name = "at", .type = Type::number}};
    for (const char* good :
         {"9223372036854775807",
          "-9223372036854775808",
          R"("9223372036854775807")",
          R"("-9223372036854775808")"}) {
        const std::string body = R"("id":)" + std::string{good};
        EXPECT_EQ(found(body, rules), "") << good;
    }
    for (const char* bad :
         {"9223372036854775808",
          "18446744073709551615",
          R"("9223372036854775808")",
          R"("9999999999999999999")",
          R"("-")",
          R"(" 5")"}) {
        EXPECT_EQ(found(R"("id":)" + std::string{bad}, rules), "id wrong type") << bad;
        EXPECT_EQ(with_chat(R"("count":)" + std::string{bad}), "count wrong type") << bad;
    }
    for (const char* bad :
         {R"("nan")", R"("inf")", R"("-inf")", R"("1e400")", "1e400", R"(" 1.5")"})
        EXPECT_EQ(found(R"("at":)" + std::string{bad}, rules), "at wrong type") << bad;
}

TEST(RulesTest, StructuresAreCheckedInside) {
    EXPECT_EQ(with_chat(R"("one":{"type":"a","size":5})"), "");
    EXPECT_EQ(with_chat(R"("one":"{\"type\":\"a\"}")"), "") << "as text, in forms";
    EXPECT_EQ(with_chat(R"("one":"{")"), "one wrong type");
    EXPECT_EQ(with_chat(R"("one":[])"), "one wrong type");
    EXPECT_EQ(with_chat(R"("one":{})"), "one.type missing");
    EXPECT_EQ(with_chat(R"("one":{"type":"c"})"), "one.type wrong value");
    EXPECT_EQ(with_chat(R"("one":{"type":"a","size":"5"})"), "one.size wrong type")
        << "within JSON a number is a number";
    EXPECT_EQ(with_chat(R"("one":{"type":"a","size":6})"), "one.size too large");
    EXPECT_EQ(with_chat(R"("many":[])"), "many too few");
    EXPECT_EQ(with_chat(R"("many":[{"type":"a"},{"type":"b"}])"), "");
    EXPECT_EQ(with_chat(R"("many":[{"type":"a"},{"type":"c"}])"), "many[1].type wrong value");
    EXPECT_EQ(with_chat(R"("many":[{"type":"a"},5])"), "many[1] wrong type");
    EXPECT_EQ(with_chat(R"("many":[{"type":"a"},{"type":"a"},{"type":"a"}])"), "many too many");
}

TEST(RulesTest, OfAGroupOneIsGiven) {
    EXPECT_EQ(with_chat(R"("left":"x")"), "");
    EXPECT_EQ(with_chat(R"("right":"x")"), "");
    EXPECT_EQ(with_chat(R"("left":"x","right":"y")"), "left too many");
    const Rules needed{
        {.name = "left", .required = true, .group = "side"},
        {.name = "right", .required = true, .group = "side"}};
    EXPECT_EQ(found("", needed), "left missing");
    EXPECT_EQ(found(R"("right":"y")", needed), "");
}

TEST(RulesTest, AFileIsUploadedOrNamed) {
    EXPECT_EQ(with_chat(R"("file":"id")"), "");
    EXPECT_EQ(with_chat(R"("file":5)"), "file wrong type");
    Request request;
    request.headers = {{"Content-Type", "multipart/form-data; boundary=X"}};
    request.body =
        "--X\r\nContent-Disposition: form-data; name=\"chat\"\r\n\r\n5\r\n"
        "--X\r\nContent-Disposition: form-data; name=\"file\"; "
        "filename=\"a\"\r\n\r\nbytes\r\n--X--";
    const auto given = Parameters::read(request);
    ASSERT_TRUE(given);
    EXPECT_FALSE(check("method", kRules, *given, Plain{}));
}

TEST(RulesTest, WhatNoRuleNamesIsTold) {
    const auto given = Parameters::of({{"chat", 5}, {"txet", "a"}, {"text", "a"}});
    EXPECT_THAT(unknown_names(kRules, given), ElementsAre("txet"));
}

}  // namespace
}  // namespace trunkline::simulator
