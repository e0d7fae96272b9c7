#include "host/base/stored_row.hpp"

#include <gtest/gtest.h>

namespace trunkline {
namespace {

TEST(StoredRow, ReadsWhatWasWritten) {
    StoredRow row{
        "portal keys/acme", R"({"next":"k","since":-5,"size":18,"promoted":true,"of":{"a":1}})"};
    EXPECT_EQ(row.text("next"), "k");
    EXPECT_EQ(row.number("since"), -5);
    EXPECT_EQ(row.number("size"), 18);
    EXPECT_TRUE(row.flag("promoted"));
    EXPECT_EQ(row.object("of").at("a"), 1);
    EXPECT_TRUE(row.has("since"));
    EXPECT_FALSE(row.has("until"));
    EXPECT_TRUE(row.whole());
}

TEST(StoredRow, NamesTheRowAndTheFieldOfADamagedOne) {
    for (const char* json :
         {"",
          "[]",
          "{",
          "{}",
          R"({"next":1})",
          R"({"next":"k","since":"x"})",
          R"({"next":"k","since":1.5})"}) {
        StoredRow row{"portal keys/acme", json};
        row.text("next");
        row.number("since");
        ASSERT_FALSE(row.whole()) << json;
        EXPECT_EQ(row.whole().error().fault, Fault::storage);
        EXPECT_NE(row.whole().error().context.find("portal keys/acme"), std::string::npos);
    }
    StoredRow list{"portal keys/acme", R"({"of":[]})"};
    EXPECT_TRUE(list.object("of").empty());
    EXPECT_EQ(list.whole().error().context, "stored row portal keys/acme is damaged: of");
    StoredRow row{"portal keys/acme", R"({"promoted":"secret"})"};
    EXPECT_FALSE(row.flag("promoted"));
    EXPECT_EQ(row.whole().error().context, "stored row portal keys/acme is damaged: promoted");
}

}  // namespace
}  // namespace trunkline
