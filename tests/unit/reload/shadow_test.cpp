#include "host/reload/shadow.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trunkline::reload {
namespace {

using plugins::CaseResult;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string item(
    const std::string& type, const std::string& dedup, const std::string& text = "hi"
) {
    return R"({"input":0,"effect":"item","task":1,"conversation":"c1","dedup":")" + dedup +
           R"(","item":{"type":")" + type + R"(","message":{"id":"1","text":")" + text + R"("}}})";
}
std::string answer(int status) {
    return R"({"input":0,"effect":"answer","task":1,"status":)" + std::to_string(status) + "}";
}

CaseResult result(std::vector<std::string> transcript, std::vector<int> statuses = {0}) {
    CaseResult out;
    out.name = "recent 1 of acme";
    out.statuses = std::move(statuses);
    out.transcript = std::move(transcript);
    return out;
}

TEST(ShadowTest, TheSameIsNoDifference) {
    const auto one = result({item("message", "1"), answer(200)});
    const Comparison comparison = compare({one}, {one});
    EXPECT_EQ(comparison.tasks, 1U);
    EXPECT_EQ(comparison.same, 1U);
    EXPECT_THAT(comparison.differences, IsEmpty());
    EXPECT_EQ(comparison.stop(), nullptr);
}

struct Stop {
    const char* name;
    CaseResult before, after;
    const char* what;
};
class ShadowStops : public ::testing::TestWithParam<Stop> {};

TEST_P(ShadowStops, WhatWouldHurtStopsIt) {
    const Comparison comparison = compare({GetParam().before}, {GetParam().after});
    ASSERT_NE(comparison.stop(), nullptr);
    EXPECT_THAT(comparison.stop()->what, HasSubstr(GetParam().what));
    EXPECT_EQ(comparison.same, 0U);
}

CaseResult without_instance() {
    CaseResult out = result({}, {});
    out.created = -3;
    return out;
}
CaseResult with_fault() {
    CaseResult out = result({item("message", "1")});
    out.faults.emplace_back("task 1 ended without an outcome");
    return out;
}

INSTANTIATE_TEST_SUITE_P(
    All,
    ShadowStops,
    ::testing::Values(
        Stop{
            "Understood",
            result({item("message", "1")}),
            result({}, {-5}),
            "was understood, and is not any more: status -5"},
        Stop{
            "Missing",
            result({item("message", "1"), item("message", "2")}),
            result({item("message", "1")}),
            "reports 1 events instead of 2"},
        Stop{
            "Type",
            result({item("message", "1")}),
            result({item("unsupported", "1")}),
            "the event's type changes"},
        Stop{
            "Dedup",
            result({item("message", "1")}),
            result({item("message", "2")}),
            "the event's dedup key changes"},
        Stop{"Answer", result({answer(200)}), result({answer(403)}), "another answer"},
        Stop{
            "Outcome",
            result({R"({"input":0,"effect":"outcome","task":1,"kind":0})"}),
            result({R"({"input":0,"effect":"outcome","task":1,"kind":2})"}),
            "another outcome"},
        Stop{"Create", result({item("message", "1")}), without_instance(), "create answers -3"},
        Stop{
            "Fault",
            result({item("message", "1")}),
            with_fault(),
            "task 1 ended without an outcome"}
    ),
    [](const auto& each) { return each.param.name; }
);

TEST(ShadowTest, AnotherTextIsToldAndStopsNothing) {
    const Comparison comparison =
        compare({result({item("message", "1", "hi")})}, {result({item("message", "1", "hello")})});
    ASSERT_THAT(comparison.differences, SizeIs(1));
    EXPECT_EQ(comparison.stop(), nullptr);
    EXPECT_THAT(comparison.differences[0].was, HasSubstr("hi"));
    EXPECT_THAT(comparison.differences[0].is, HasSubstr("hello"));
}

TEST(ShadowTest, WhatIsUnderstoodNowIsWelcome) {
    EXPECT_EQ(compare({result({}, {-5})}, {result({item("message", "1")})}).stop(), nullptr);
    EXPECT_EQ(
        compare({result({item("unsupported", "1")})}, {result({item("message", "7")})}).stop(),
        nullptr
    );
}

TEST(ShadowTest, AnAnswerToAnotherStepIsNotJudged) {
    const std::string other = R"({"input":0,"effect":"http","task":1,"step":1,"url":"https://b"})";
    const std::string one = R"({"input":0,"effect":"http","task":1,"step":1,"url":"https://a"})";
    const std::string end = R"({"input":1,"effect":"outcome","task":1,"kind":0})";
    const Comparison comparison = compare({result({one, end}, {0, 0})}, {result({other}, {0, -4})});
    EXPECT_EQ(comparison.stop(), nullptr) << "its reply belonged to another request";
    EXPECT_THAT(comparison.differences, SizeIs(1));
}

TEST(ShadowTest, ManyDifferencesAreBounded) {
    std::vector<CaseResult> before, after;
    for (int i = 0; i < 150; ++i) {
        auto one = result({item("message", "1")});
        one.name = std::to_string(i);
        before.push_back(one);
        one.transcript = {item("message", "2")};
        after.push_back(one);
    }
    const Comparison comparison = compare(before, after);
    EXPECT_THAT(comparison.differences, SizeIs(100));
    EXPECT_EQ(comparison.left_out, 50U);
}

}  // namespace
}  // namespace trunkline::reload
