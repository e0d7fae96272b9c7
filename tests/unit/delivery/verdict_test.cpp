// The contract's table of a portal's answers, row by row.
#include "host/delivery/verdict.hpp"

#include <gtest/gtest.h>

namespace trunkline::delivery {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""h;
using Kind = lanes::Verdict::Kind;

constexpr WallMs kNow = 1'763'800'000'000;  // Sat, 22 Nov 2025 08:26:40 GMT

net::ClientReply reply(
    int status, std::string body = "", std::string type = "", std::string retry_after = ""
) {
    net::ClientReply out;
    out.status = status;
    out.body = std::move(body);
    if (!type.empty()) out.headers.push_back({"Content-Type", std::move(type)});
    if (!retry_after.empty()) out.headers.push_back({"Retry-After", std::move(retry_after)});
    return out;
}

lanes::Verdict read(const net::ClientReply& answer) {
    return read_answer(answer, {}, kNow);
}

struct Row {
    const char* name;
    net::ClientReply answer;
    Kind kind;
    bool alarm = false;
    std::optional<lanes::Milliseconds> wait = std::nullopt;
};

class AnswerTest : public testing::TestWithParam<Row> {};

}  // namespace

TEST_P(AnswerTest, MeansWhatTheContractSays) {
    const auto& row = GetParam();
    const auto verdict = read(row.answer);
    EXPECT_EQ(verdict.kind, row.kind);
    EXPECT_EQ(verdict.alarm, row.alarm);
    EXPECT_EQ(verdict.wait, row.wait);
    EXPECT_EQ(verdict.status, row.answer.status);
}

const auto kPage = std::string{"<html><body>This domain is for sale</body></html>"};

INSTANTIATE_TEST_SUITE_P(
    Table,
    AnswerTest,
    testing::Values(
        Row{"Empty", reply(200), Kind::accepted},
        Row{"NoContent", reply(204), Kind::accepted},
        Row{"Accepted", reply(202, "{}", "application/json"), Kind::accepted},
        Row{"JsonArray", reply(200, "[1,2]", "application/json"), Kind::accepted},
        Row{"PlainText", reply(200, "ok", "text/plain"), Kind::accepted},
        Row{"EmptyLabelledPage", reply(200, " \n", "text/html"), Kind::accepted},
        Row{"BrokenJson", reply(200, "{\"a\":", "application/json"), Kind::accepted},
        Row{"Page", reply(200, kPage, "text/html; charset=utf-8"), Kind::fault},
        Row{"PageInCapitals", reply(200, kPage, "Text/HTML"), Kind::fault},
        Row{"XhtmlPage", reply(200, "<x/>", "application/xhtml+xml"), Kind::fault},
        Row{"PageWithoutLabel", reply(200, "\xEF\xBB\xBF<!DOCTYPE html><p>x"), Kind::fault},
        Row{"PageOfAnother2xx", reply(201, kPage, "text/html"), Kind::fault},
        Row{"Moved", reply(301, kPage, "text/html"), Kind::fault},
        Row{"Found", reply(302), Kind::fault},
        Row{"NotModified", reply(304), Kind::fault},
        Row{"TemporaryRedirect", reply(307), Kind::fault},
        Row{"BadRequest", reply(400), Kind::unclear},
        Row{"BadRequestPage", reply(400, kPage, "text/html"), Kind::unclear},
        Row{"Unauthorized", reply(401), Kind::fault, true},
        Row{"Forbidden", reply(403, kPage), Kind::fault, true},
        Row{"PaymentRequired", reply(402), Kind::fault},
        Row{"NotFound", reply(404, kPage, "text/html"), Kind::fault},
        Row{"WrongMethod", reply(405), Kind::fault},
        Row{"RequestTimeout", reply(408), Kind::fault},
        Row{"Conflict", reply(409), Kind::fault},
        Row{"Gone", reply(410), Kind::gone},
        Row{"TooLarge", reply(413, kPage, "text/html"), Kind::too_large},
        Row{"Teapot", reply(418), Kind::fault},
        Row{"Unprocessable", reply(422), Kind::unclear},
        Row{"TooEarly", reply(425), Kind::fault},
        Row{"TooMany", reply(429), Kind::fault},
        Row{"TooManyTold", reply(429, "", "", "30"), Kind::fault, false, 30s},
        Row{"Unavailable", reply(503), Kind::fault},
        Row{"UnavailableTold", reply(503, kPage, "text/html", "120"), Kind::fault, false, 120s},
        Row{"RetryAfterElsewhere", reply(500, "", "", "30"), Kind::fault},
        Row{"BadGateway", reply(502), Kind::fault},
        Row{"GatewayTimeout", reply(504), Kind::fault},
        Row{"Odd", reply(599), Kind::fault},
        Row{"Informational", reply(102), Kind::fault}
    ),
    [](const auto& row) { return std::string{row.param.name}; }
);

TEST(ReadAnswerTest, NoAnswerIsAFaultAndAShutdownConcludesNothing) {
    auto answer = reply(0);
    answer.reason = "time-out after 15000 ms";
    for (const auto fault : {Fault::unavailable, Fault::unknown, Fault::rejected}) {
        answer.fault = fault;
        EXPECT_EQ(read(answer).kind, Kind::fault);
        EXPECT_EQ(read(answer).detail, "time-out after 15000 ms");
    }
    answer.fault = Fault::cancelled;
    EXPECT_EQ(read(answer).kind, Kind::cancelled);
}

TEST(ReadAnswerTest, APortalMayAnswerWithPagesWhenItSaysSo) {
    const AnswerRules rules{.html_is_acceptance = true};
    EXPECT_EQ(read_answer(reply(200, kPage, "text/html"), rules, kNow).kind, Kind::accepted);
    EXPECT_EQ(read_answer(reply(500, kPage, "text/html"), rules, kNow).kind, Kind::fault);
}

TEST(ReadAnswerTest, ReadsHowFarItWasAccepted) {
    EXPECT_EQ(read(reply(200, R"({"accepted_through":42})", "application/json")).through, 42U);
    EXPECT_EQ(read(reply(200, R"({"accepted_through":0})")).through, 0U);
    EXPECT_EQ(read(reply(200, R"({"accepted_through":18446744073709551615})")).through, UINT64_MAX);
    EXPECT_FALSE(read(reply(200, R"({"other":1})")).through);
    for (const char* bad :
         {R"({"accepted_through":-1})",
          R"({"accepted_through":"42"})",
          R"({"accepted_through":1.5})",
          R"({"accepted_through":null})"}) {
        EXPECT_EQ(read(reply(200, bad)).kind, Kind::fault) << bad;
    }
}

TEST(ReadAnswerTest, ACutAnswerIsNotAnAcceptance) {
    auto answer = reply(200, R"({"padding":"aaaa)", "application/json");
    answer.truncated = true;
    EXPECT_EQ(read(answer).kind, Kind::fault) << "it may have said how far";
}

TEST(ReadAnswerTest, ReadsWhichEventsWereRejected) {
    const auto id = make_ulid(kNow);
    const auto verdict = read(reply(
        422,
        R"({"rejected":[{"id":")" + id.text() +
            R"(","reason":"too old"},{"id":"nonsense"},{"reason":"x"},7]})",
        "application/json"
    ));
    EXPECT_EQ(verdict.kind, Kind::rejected);
    ASSERT_EQ(verdict.rejected.size(), 1U);
    EXPECT_EQ(verdict.rejected[0].id, id);
    EXPECT_EQ(verdict.rejected[0].reason, "too old");
}

TEST(ReadAnswerTest, ARejectionThatNamesNothingIsUnclear) {
    for (const char* body :
         {R"({"rejected":[]})",
          R"({"rejected":{}})",
          R"({"rejected":[{"id":1}]})",
          R"([])",
          "{",
          "<html>"}) {
        EXPECT_EQ(read(reply(422, body, "application/json")).kind, Kind::unclear) << body;
    }
    const auto deep = std::string(10'000, '[');
    EXPECT_EQ(read(reply(422, deep)).kind, Kind::unclear);
}

TEST(RetryAfterTest, ReadsSecondsWithinItsBounds) {
    EXPECT_EQ(read_retry_after("30", kNow), 30s);
    EXPECT_EQ(read_retry_after(" 30 ", kNow), 30s);
    EXPECT_EQ(read_retry_after("0", kNow), 1s);
    EXPECT_EQ(read_retry_after("3600", kNow), 1h);
    EXPECT_EQ(read_retry_after("3601", kNow), 1h);
    EXPECT_EQ(read_retry_after("99999999999999999999999", kNow), 1h);
}

TEST(RetryAfterTest, ReadsAllThreeDates) {
    EXPECT_EQ(read_retry_after("Sat, 22 Nov 2025 08:27:40 GMT", kNow), 60s);
    EXPECT_EQ(read_retry_after("Saturday, 22-Nov-25 08:27:40 GMT", kNow), 60s);
    EXPECT_EQ(read_retry_after("Sat Nov 22 08:27:40 2025", kNow), 60s);
    EXPECT_EQ(read_retry_after("Sat, 22 Nov 2025 08:00:00 GMT", kNow), 1s) << "passed";
    EXPECT_EQ(read_retry_after("Sun, 22 Nov 2026 08:00:00 GMT", kNow), 1h);
}

TEST(RetryAfterTest, RefusesEverythingElse) {
    for (const char* bad :
         {"",
          "soon",
          "-5",
          "1.5",
          "1e3",
          "0x10",
          "30 s",
          "Sat, 22 Nov 2025",
          "Sat, 22 Nov 2025 08:27:40 CET"}) {
        EXPECT_FALSE(read_retry_after(bad, kNow)) << bad;
    }
    EXPECT_FALSE(read_retry_after(std::string(10'000, '9') + "x", kNow));
}

}  // namespace trunkline::delivery
