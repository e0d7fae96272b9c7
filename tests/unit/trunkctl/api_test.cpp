// The admin API as trunkctl reaches it.
#include "host/trunkctl/api.hpp"

#include <gmock/gmock.h>

#include "admin.hpp"

namespace trunkline::trunkctl::test {
namespace {

using testing::HasSubstr;

using ApiTest = AdminTest;

TEST_F(ApiTest, AsksWithItsTokenAndReadsTheAnswer) {
    answers(200, R"({"ready":true})");
    const Api api{url(), "the token"};
    const auto answer = api.get("/v1/status");
    ASSERT_TRUE(answer) << answer.error().context;
    EXPECT_EQ(answer->at("ready"), true);
    ASSERT_EQ(seen().size(), 1u);
    EXPECT_EQ(seen()[0].method, "GET");
    EXPECT_EQ(seen()[0].target, "/v1/status");
    EXPECT_EQ(seen()[0].authorization, "Bearer the token");

    ASSERT_TRUE(api.post("/v1/lanes/pause", {{"lane", "a/b"}}));
    EXPECT_EQ(seen()[1].method, "POST");
    EXPECT_EQ(seen()[1].body, R"({"lane":"a/b"})");
}

TEST_F(ApiTest, SaysWhatTheServerSaid) {
    const Api api{url(), "wrong"};
    answers(401, R"({"status":401,"detail":"a bearer token is needed"})");
    auto answer = api.get("/v1/status");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().fault, Fault::rejected);
    EXPECT_EQ(answer.error().context, "status 401: a bearer token is needed");

    answers(404, R"({"detail":"no such lane"})");
    EXPECT_EQ(api.get("/x").error().fault, Fault::not_found);
    for (const char* body : {"", "<html>", "[]", R"({"detail":5})"}) {
        answers(502, body);
        EXPECT_EQ(api.get("/x").error().context, "status 502") << body;
    }
    answers(200, "<html>parked</html>");
    EXPECT_FALSE(api.get("/x")) << "a page is no answer";
}

TEST_F(ApiTest, SaysWhichHostCannotBeReached) {
    const Api api{"http://127.0.0.1:1", "t"};
    const auto answer = api.get("/v1/status");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().fault, Fault::unavailable);
    EXPECT_THAT(answer.error().context, HasSubstr("http://127.0.0.1:1: "));
    EXPECT_FALSE(Api("nonsense", "t").get("/v1/status"));
}

TEST_F(ApiTest, AListIsReadToItsLastPage) {
    answers([](const Seen& seen) {
        net::Response response;
        response.body = seen.target.find("after=") == std::string::npos
                            ? R"({"items":[{"id":1},{"id":2}],"next":"a/b&c"})"
                            : R"({"items":[{"id":3}]})";
        return response;
    });
    const auto items = Api{url(), "t"}.list("/v1/lanes");
    ASSERT_TRUE(items);
    EXPECT_EQ(boost::json::serialize(*items), R"([{"id":1},{"id":2},{"id":3}])");
    ASSERT_EQ(seen().size(), 2u);
    EXPECT_EQ(seen()[0].target, "/v1/lanes?limit=1000");
    EXPECT_EQ(seen()[1].target, "/v1/lanes?limit=1000&after=a%2Fb%26c");
    Api{url(), "t"}.list("/v1/dead-letters?lane=x").has_value();
    EXPECT_EQ(seen()[2].target, "/v1/dead-letters?lane=x&limit=1000");
}

TEST_F(ApiTest, WhatIsNoListIsAnErrorAndNoEnd) {
    for (const char* body :
         {"{}",
          "[]",
          "5",
          R"({"items":5})",
          R"({"items":[5]})",
          R"({"items":[],"next":5})",
          R"({"items":[],"next":""})",
          R"({"items":[],"next":"x"})"}) {
        answers(200, body);
        const auto items = Api{url(), "t"}.list("/v1/lanes");
        ASSERT_FALSE(items) << body;
        EXPECT_EQ(items.error().fault, Fault::malformed) << body;
        EXPECT_THAT(items.error().context, HasSubstr("/v1/lanes")) << body;
    }
}

}  // namespace
}  // namespace trunkline::trunkctl::test
