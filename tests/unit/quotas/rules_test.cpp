// What a manifest says about how much may be called.
#include "host/quotas/rules.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace trunkline::quotas {
namespace {

using std::chrono::milliseconds;

Result<Rules> read(const std::string& members) {
    return Rules::parse(boost::json::parse("{" + members + "}").as_object());
}

TEST(RulesTest, ReadsWhatAConnectorDeclares) {
    const auto rules = read(
        R"("limits":[{"scope":"chat","rate":20,"per":"1m","burst":3,"kinds":["group","comments"]},
                     {"scope":"account","rate":30}],
           "quotas":[{"bucket":"uploads","scope":"connector","rate":1000,"per":"1d"}])"
    );
    ASSERT_TRUE(rules) << rules.error().context;
    ASSERT_EQ(rules->all.size(), 3u);
    const Rule& chat = rules->all[0];
    EXPECT_EQ(chat.scope, Scope::chat);
    EXPECT_DOUBLE_EQ(chat.per_second(), 20.0 / 60);
    EXPECT_DOUBLE_EQ(chat.burst, 3);
    EXPECT_TRUE(chat.counts({"", "group"}));
    EXPECT_TRUE(chat.counts({"", kAnyKind}));
    EXPECT_FALSE(chat.counts({"", "direct"}));
    EXPECT_FALSE(chat.counts({"uploads", "group"})) << "a named call is no command";
    const Rule& account = rules->all[1];
    EXPECT_DOUBLE_EQ(account.burst, 30) << "a second's worth unless told";
    EXPECT_TRUE(account.counts({"", "direct"}));
    const Rule& uploads = rules->all[2];
    EXPECT_EQ(uploads.bucket, "uploads");
    EXPECT_EQ(uploads.per, milliseconds{24 * 3'600'000});
    EXPECT_TRUE(uploads.counts({"uploads", ""}));
    EXPECT_FALSE(uploads.counts({"", "direct"}));
    EXPECT_EQ(rules->of(Scope::connector).size(), 1u);
    EXPECT_TRUE(read(""));
}

TEST(RulesTest, KeepsWhatTakesLongToComeBack) {
    const auto rules = read(
        R"("limits":[{"scope":"chat","rate":1,"burst":3},{"scope":"account","rate":30},
                     {"scope":"chat","rate":20,"per":"1m","burst":20},
                     {"scope":"account","rate":1000,"per":"1d","burst":1}])"
    );
    ASSERT_TRUE(rules) << rules.error().context;
    EXPECT_FALSE(rules->all[0].kept());
    EXPECT_FALSE(rules->all[1].kept());
    EXPECT_TRUE(rules->all[2].kept());
    EXPECT_TRUE(rules->all[3].kept()) << "one call needs 86 seconds to come back";
}

TEST(RulesTest, RefusesWhatMeansNothing) {
    for (const char* limits :
         {R"({})",
          R"([{"scope":"chat"}])",
          R"([{"scope":"moon","rate":1}])",
          R"([{"rate":1}])",
          R"([{"scope":"chat","rate":0}])",
          R"([{"scope":"chat","rate":-1}])",
          R"([{"scope":"chat","rate":1e300}])",
          R"([{"scope":"chat","rate":"1"}])",
          R"([{"scope":"chat","rate":1,"burst":0}])",
          R"([{"scope":"chat","rate":1,"burst":"3"}])",
          R"([{"scope":"chat","rate":1,"per":"soon"}])",
          R"([{"scope":"chat","rate":1,"per":"0s"}])",
          R"([{"scope":"chat","rate":1,"per":"400d"}])",
          R"([{"scope":"chat","rate":1,"kinds":[]}])",
          R"([{"scope":"chat","rate":1,"kinds":"group"}])",
          R"([{"scope":"chat","rate":1},{"scope":"chat","rate":2}])",
          R"([1])"}) {
        EXPECT_FALSE(read(std::string{R"("limits":)"} + limits)) << limits;
    }
    EXPECT_FALSE(read(R"("quotas":[{"scope":"account","rate":1}])")) << "no name";
    EXPECT_FALSE(read(R"("quotas":[{"bucket":"b","scope":"chat","rate":1,"kinds":["group"]}])"));
    std::string many = R"("limits":[)";
    for (int i = 1; i <= 33; ++i)
        many += R"({"scope":"chat","rate":1,"per":")" + std::to_string(i) + R"(s"},)";
    many.back() = ']';
    EXPECT_FALSE(read(many));
}

TEST(RulesTest, TheSameRuleHasTheSameNameInEveryVersion) {
    const auto one = read(R"("limits":[{"scope":"chat","rate":1,"per":"60s","kinds":["b","a"]}])");
    const auto two = read(R"("limits":[{"scope":"account","rate":1},
                          {"scope":"chat","rate":5,"per":"1m","kinds":["a","b"],"burst":9}])");
    ASSERT_TRUE(one && two);
    EXPECT_EQ(one->all[0].id, two->all[1].id);
    EXPECT_NE(two->all[0].id, two->all[1].id);
}

}  // namespace
}  // namespace trunkline::quotas
