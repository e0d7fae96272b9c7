#include <gtest/gtest.h>
#include <trunkline/effects.hpp>

namespace {

using namespace trunkline;

HttpReply reply(int status, std::string retry_after = {}) {
    HttpReply answer;
    answer.status = status;
    if (!retry_after.empty()) answer.headers.push_back({"Retry-After", std::move(retry_after)});
    return answer;
}

TEST(Effects, FailuresAreReadTheUsualWay) {
    const auto kind = [](int status) { return failure_of(reply(status)).kind(); };
    EXPECT_EQ(kind(0), TL_RETRY);
    EXPECT_EQ(kind(301), TL_REJECTED);
    EXPECT_EQ(kind(400), TL_REJECTED);
    EXPECT_EQ(kind(401), TL_ACCOUNT_BROKEN);
    EXPECT_EQ(kind(408), TL_RETRY);
    EXPECT_EQ(kind(429), TL_RETRY);
    EXPECT_EQ(kind(500), TL_RETRY);
    HttpReply lost;
    lost.unknown = true;
    EXPECT_EQ(failure_of(lost).kind(), TL_UNKNOWN);
}

TEST(Effects, RetryAfterIsBounded) {
    EXPECT_EQ(reply(429, "7").retry_after_ms(), 7'000);
    EXPECT_EQ(reply(429, "99999999999999999999").retry_after_ms(), 24 * 3'600'000);
    EXPECT_EQ(reply(429, "Wed, 21 Oct 2026 07:28:00 GMT").retry_after_ms(), std::nullopt);
    EXPECT_EQ(reply(429, "-1").retry_after_ms(), std::nullopt);
    EXPECT_EQ(reply(429).retry_after_ms(), std::nullopt);
}

TEST(Effects, IdsAreAJsonArrayWhateverTheyContain) {
    Outcome::done({"1", "a\"b\\c", std::string{"\x01"}}).lend([](const tl_outcome& outcome) {
        EXPECT_EQ(view(outcome.value), R"(["1","a\"b\\c","\u0001"])");
        return 0;
    });
    Outcome::rejected("split", "The second half was refused.")
        .ids({})
        .lend([](const tl_outcome& outcome) {
            EXPECT_EQ(view(outcome.value), "[]");
            EXPECT_EQ(outcome.kind, TL_REJECTED);
            EXPECT_EQ(view(outcome.code), "split");
            return 0;
        });
}

TEST(Effects, RequestsAreLentAsWritten) {
    Request request = Request::post("https://x.example/a");
    request.field("a", "1 2")
        .field("b", "&")
        .once()
        .long_poll()
        .bucket("q")
        .timeout(5)
        .reply_max(6);
    request.lend([](const tl_http& http) {
        EXPECT_EQ(view(http.method), "POST");
        EXPECT_EQ(view(http.body), "a=1%202&b=%26");
        EXPECT_EQ(http.flags, static_cast<unsigned>(TL_HTTP_ONCE | TL_HTTP_LONG));
        EXPECT_EQ(http.header_count, 1U);
        EXPECT_EQ(view(http.headers[0].value), "application/x-www-form-urlencoded");
        EXPECT_EQ(view(http.bucket), "q");
        EXPECT_EQ(http.timeout_ms, 5);
        EXPECT_EQ(http.reply_max, 6U);
    });
    Part part{
        .name = "file",
        .filename = "a.jpg",
        .mime = "image/jpeg",
        .bytes = "",
        .file = "f1",
        .base64 = true};
    Request::post("https://x.example/a").part(part).concatenated().lend([](const tl_http& http) {
        ASSERT_EQ(http.part_count, 1U);
        EXPECT_EQ(view(http.parts[0].file), "f1");
        EXPECT_EQ(http.parts[0].flags, std::uint64_t{TL_PART_BASE64});
        EXPECT_EQ(http.flags, static_cast<unsigned>(TL_HTTP_CONCAT));
    });
}

}  // namespace
