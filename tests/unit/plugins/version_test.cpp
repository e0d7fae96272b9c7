#include "host/plugins/version.hpp"

#include <gtest/gtest.h>

namespace trunkline::plugins {
namespace {

Version version(const std::string& text) {
    const auto parsed = Version::parse(text);
    EXPECT_TRUE(parsed) << parsed.error().context;
    return *parsed;
}

TEST(VersionTest, OrdersAsTheStandardDoes) {
    // Section 11 of Semantic Versioning 2.0.0, and numbers beyond any machine word.
    const std::vector<std::string> ascending{
        "0.0.0-0",
        "0.0.0",
        "0.0.9",
        "0.0.10",
        "0.9.0",
        "1.0.0-0",
        "1.0.0-9",
        "1.0.0-10",
        "1.0.0-99999999999999999999998",
        "1.0.0-99999999999999999999999",
        "1.0.0--",
        "1.0.0-RC",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-alpha-",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
        "1.0.1-0",
        "1.0.1",
        "2.0.0",
        "2.1.0",
        "2.1.1",
        "10.0.0",
        "18446744073709551616.0.0",
        "18446744073709551617.0.0"};
    for (std::size_t i = 0; i < ascending.size(); ++i) {
        for (std::size_t j = 0; j < ascending.size(); ++j) {
            EXPECT_EQ(version(ascending[i]) <=> version(ascending[j]), i <=> j)
                << ascending[i] << " and " << ascending[j];
        }
    }
}

TEST(VersionTest, ABuildDoesNotCount) {
    EXPECT_EQ(version("1.2.3+001"), version("1.2.3+git.abc-1"));
    EXPECT_EQ(version("1.2.3-rc.1+x"), version("1.2.3-rc.1"));
    EXPECT_LT(version("1.2.3-rc.1+9"), version("1.2.3+1"));
}

TEST(VersionTest, RefusesWhatIsNone) {
    for (const char* text :
         {"",           "1",        "1.2",    "1.2.3.4",    "v1.2.3",         "1.2.x",
          "01.2.3",     "1.02.3",   "1.2.03", "1..3",       "1.2.3-",         "1.2.3-01",
          "1.2.3-a..b", "1.2.3-a.", "1.2.3+", "1.2.3+a..b", "1.2.3+a+b",      "1.2.3-a_b",
          " 1.2.3",     "1.2.3 ",   "-1.2.3", "1.-2.3",     "1.2.3-\xc3\xa4", "+1.2.3"}) {
        const auto parsed = Version::parse(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().fault, Fault::malformed);
        EXPECT_NE(parsed.error().context.find(text), std::string::npos);
    }
}

}  // namespace
}  // namespace trunkline::plugins
