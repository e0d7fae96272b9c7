#include "host/accounts/rate_limits.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace trunkline::accounts {
namespace {

using std::chrono::milliseconds;
const TokenBucket::Time kStart{milliseconds{1'000'000}};

boost::json::object manifest(const char* limits) {
    return boost::json::parse(std::string{R"({"limits":)"} + limits + "}").as_object();
}

TEST(RatesTest, ReadsWhatAConnectorDeclares) {
    const auto rates = Rates::parse(manifest(
        R"([{"scope":"chat","rate":20,"per":"1m","burst":3},{"scope":"account","rate":30}])"
    ));
    ASSERT_TRUE(rates);
    EXPECT_DOUBLE_EQ(rates->chat->per_second, 20.0 / 60);
    EXPECT_DOUBLE_EQ(rates->chat->burst, 3);
    EXPECT_DOUBLE_EQ(rates->account->burst, 30) << "a second's worth unless told";
    EXPECT_FALSE(rates->connector);
    EXPECT_TRUE(Rates::parse({}));
}

TEST(RatesTest, RefusesLimitsThatMeanNothing) {
    for (const char* limits :
         {R"({})",
          R"([{"scope":"chat"}])",
          R"([{"scope":"moon","rate":1}])",
          R"([{"scope":"chat","rate":0}])",
          R"([{"scope":"chat","rate":1,"per":"soon"}])",
          R"([{"scope":"chat","rate":1,"per":"0s"}])",
          R"([1])"}) {
        EXPECT_FALSE(Rates::parse(manifest(limits))) << limits;
    }
}

TEST(RateLimitsTest, HoldsBackOneChatWithoutTheOthers) {
    const auto rates = Rates::parse(
        manifest(R"([{"scope":"chat","rate":1,"burst":1},{"scope":"account","rate":10}])")
    );
    RateLimits limits{*rates, nullptr};

    EXPECT_EQ(limits.take("a", kStart).count(), 0);
    EXPECT_GT(limits.take("a", kStart).count(), 0);
    EXPECT_EQ(limits.take("b", kStart).count(), 0);
}

TEST(RateLimitsTest, AChatThatMustWaitUsesNothingUpOfItsAccount) {
    const auto rates = Rates::parse(
        manifest(R"([{"scope":"chat","rate":1,"burst":1},{"scope":"account","rate":2}])")
    );
    RateLimits limits{*rates, nullptr};

    EXPECT_EQ(limits.take("a", kStart).count(), 0);
    for (int i = 0; i < 100; ++i)
        EXPECT_GT(limits.take("a", kStart).count(), 0);
    EXPECT_EQ(limits.take("b", kStart).count(), 0);
    EXPECT_GT(limits.take("c", kStart).count(), 0) << "two a second for the whole account";
}

TEST(RateLimitsTest, AccountsOfOneConnectorShareItsBucket) {
    const auto rates = Rates::parse(manifest(R"([{"scope":"connector","rate":1,"burst":1}])"));
    const auto shared = std::make_shared<SharedBucket>(*rates->connector);
    RateLimits one{*rates, shared};
    RateLimits two{*rates, shared};

    EXPECT_EQ(one.take("a", kStart).count(), 0);
    EXPECT_GT(two.take("a", kStart).count(), 0);
}

}  // namespace
}  // namespace trunkline::accounts
