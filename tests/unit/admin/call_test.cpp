#include "host/admin/call.hpp"

#include <gtest/gtest.h>

namespace trunkline::admin {
namespace {

TEST(CallTest, MatchesAPathPieceByPiece) {
    Call call;
    call.method = "POST";
    call.path = {"quarantine", "01ARZ", "replay"};
    EXPECT_TRUE(call.at("POST", {"quarantine", "*", "replay"}));
    EXPECT_FALSE(call.at("GET", {"quarantine", "*", "replay"}));
    EXPECT_FALSE(call.at("POST", {"quarantine", "*"}));
}

TEST(CallTest, APageIsNeverEmptyAndNeverAboveAThousand) {
    Call call;
    EXPECT_EQ(call.limit(), 100u);
    call.query = "limit=5000";
    EXPECT_EQ(call.limit(), 1'000u);
    call.query = "limit=0";
    EXPECT_EQ(call.limit(), 1u);
    call.query = "limit=x&after=a%2Fb";
    EXPECT_EQ(call.limit(), 100u);
    EXPECT_EQ(call.parameter("after"), "a/b");
}

TEST(CallTest, AFaultHasItsOwnStatus) {
    EXPECT_EQ(refusal(Error{Fault::not_found, "x"}).status, 404);
    EXPECT_EQ(refusal(Error{Fault::conflict, "x"}).status, 409);
    EXPECT_EQ(refusal(Error{Fault::storage, "x"}).status, 503);
}

}  // namespace
}  // namespace trunkline::admin
