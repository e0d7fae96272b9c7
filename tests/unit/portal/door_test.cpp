// How much of a request is read before anything is known of it but its head.
#include "portal/desk/door.hpp"

#include <gtest/gtest.h>

namespace trunkline::portal::test {
namespace {

constexpr std::uint64_t kFileMax = 5ULL << 30U;

net::BodyPlan plan(
    std::string_view method, std::string_view path, std::vector<net::HeaderView> headers
) {
    const desk::Origin origin{"http://desk.example", false};
    headers.push_back({"Host", "desk.example"});
    net::RequestHead head;
    head.method = method;
    head.path = path;
    head.target = path;
    head.headers = headers;
    return desk::body_plan(head, origin, kFileMax);
}

const std::vector<net::HeaderView> kSigned{
    {"webhook-id", "01BATCH"}, {"webhook-timestamp", "1763800000"}, {"webhook-signature", "v1,x"}};
const std::vector<net::HeaderView> kJson{{"Content-Type", "application/json"}};
const std::vector<net::HeaderView> kBytes{{"Content-Type", "application/octet-stream"}};

TEST(DoorTest, AFewSilentConnectionsCannotFillWhatAllMayHoldTogether) {
    constexpr std::uint64_t kFew = 30;
    const auto budget = net::ServerLimits{}.buffered_bytes_max;

    for (const auto& held :
         {plan("POST", "/trunkline/events", kSigned),
          plan("POST", "/api/conversations/1/messages", kJson),
          plan("PUT", "/api/conversations/1/messages/2", kJson)}) {
        EXPECT_FALSE(held.refuse);
        EXPECT_FALSE(held.streamed);
        EXPECT_LT(held.bytes_max * kFew, budget);
    }
}

TEST(DoorTest, TakesABatchOfTheDefaultSizeEncryptedAndAnOperatorsLongestText) {
    EXPECT_GE(plan("POST", "/trunkline/events", kSigned).bytes_max, 2ULL << 20U);
    // 65,536 code points of four bytes each, and something around them.
    EXPECT_GT(plan("POST", "/api/conversations/1/messages", kJson).bytes_max, 256ULL << 10U);
}

TEST(DoorTest, OnlyAnUploadMayBeLargeAndItIsStreamed) {
    const auto upload = plan("POST", "/api/files", kBytes);

    EXPECT_FALSE(upload.refuse);
    EXPECT_TRUE(upload.streamed);
    EXPECT_EQ(upload.bytes_max, kFileMax);
}

TEST(DoorTest, ReadsNothingOfWhatNoHostWouldSend) {
    for (std::size_t missing = 0; missing < kSigned.size(); ++missing) {
        auto headers = kSigned;
        headers.erase(headers.begin() + static_cast<std::ptrdiff_t>(missing));
        const auto refused = plan("POST", "/trunkline/events", headers);
        ASSERT_TRUE(refused.refuse) << kSigned[missing].name;
        EXPECT_EQ(refused.refuse->status, 401);
    }
    const auto read = plan("GET", "/trunkline/events", kSigned);
    ASSERT_TRUE(read.refuse);
    EXPECT_EQ(read.refuse->status, 405);
    EXPECT_NE(read.refuse->body.find("\"method_not_allowed\""), std::string::npos);
}

}  // namespace
}  // namespace trunkline::portal::test
