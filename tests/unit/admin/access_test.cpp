#include "host/admin/access.hpp"

#include <gtest/gtest.h>

namespace trunkline::admin {
namespace {

const Access kAccess{
    {{"root", Secret{"0123456789abcdef"}, "admin"}, {"eyes", Secret{"fedcba9876543210"}, "read"}}};

TEST(AccessTest, FindsWhoATokenBelongsTo) {
    const auto who = kAccess.find("Bearer fedcba9876543210");
    ASSERT_TRUE(who);
    EXPECT_EQ(who->name, "eyes");
    EXPECT_EQ(who->role, "read");
    EXPECT_TRUE(kAccess.find("bearer 0123456789abcdef")) << "the scheme has no case";
}

TEST(AccessTest, RefusesEverythingElse) {
    for (const char* header :
         {"",
          "Bearer",
          "Bearer ",
          "Bearer x",
          "Basic 0123456789abcdef",
          "0123456789abcdef",
          "Bearer 0123456789abcde",
          "Bearer 0123456789abcdeff"}) {
        EXPECT_FALSE(kAccess.find(header)) << header;
    }
}

TEST(AccessTest, RolesIncludeWhatIsBelowThem) {
    EXPECT_TRUE(Access::may("admin", "operate"));
    EXPECT_TRUE(Access::may("operate", "read"));
    EXPECT_FALSE(Access::may("read", "operate"));
    EXPECT_FALSE(Access::may("nobody", "read"));
}

}  // namespace
}  // namespace trunkline::admin
