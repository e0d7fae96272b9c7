#include "trunkline/simulator/url.hpp"

#include <gtest/gtest.h>

namespace trunkline::simulator {
namespace {

TEST(UrlTest, IsTakenApart) {
    const auto url = parse_url("https://shop.example:8443/hook?a=1#x");
    ASSERT_TRUE(url);
    EXPECT_TRUE(url->secure);
    EXPECT_EQ(url->host, "shop.example");
    EXPECT_EQ(url->port, 8443);
    EXPECT_EQ(url->target, "/hook?a=1");
    EXPECT_EQ(parse_url("http://a?b")->target, "/?b");
    EXPECT_EQ(parse_url("http://a")->port, 80);
    EXPECT_EQ(parse_url("https://[::1]:1/")->host, "::1");
    for (const char* bad :
         {"",
          "nonsense",
          "ftp://a",
          "https://",
          "https://a b",
          "https://u:p@a/",
          "https://a:0/",
          "https://a:65536/",
          "https://a:x/",
          "https://::1/",
          "https://[::1"})
        EXPECT_FALSE(parse_url(bad)) << bad;
}

TEST(UrlTest, EscapesAreUndone) {
    EXPECT_EQ(percent_decode("a%20b%2B+"), "a b++");
    EXPECT_EQ(percent_decode("a+b", true), "a b");
    EXPECT_FALSE(percent_decode("%2"));
    EXPECT_FALSE(percent_decode("%zz"));
    EXPECT_EQ(query_parameter("a=1&b=x%20y&b=2", "b"), "x y");
    EXPECT_EQ(query_parameter("a", "a"), "");
    EXPECT_FALSE(query_parameter("a=1", "b"));
}

TEST(UrlTest, AddressesThatNobodyCallsFromOutside) {
    for (const char* reserved :
         {"127.0.0.1",
          "10.1.2.3",
          "172.16.0.1",
          "192.168.1.1",
          "169.254.169.254",
          "0.0.0.0",
          "100.64.0.1",
          "224.0.0.1",
          "255.255.255.255"})
        EXPECT_TRUE(is_reserved_ipv4(reserved)) << reserved;
    for (const char* open : {"8.8.8.8", "172.32.0.1", "100.128.0.1", "shop.example", "1.2.3", ""})
        EXPECT_FALSE(is_reserved_ipv4(open)) << open;
}

TEST(UrlTest, Base64IsReadWithOrWithoutItsEnd) {
    EXPECT_EQ(base64_decode("aGVsbG8="), "hello");
    EXPECT_EQ(base64_decode("aGVsbG8"), "hello");
    EXPECT_EQ(base64_decode(""), "");
    EXPECT_FALSE(base64_decode("a"));
    EXPECT_FALSE(base64_decode("a b="));
}

}  // namespace
}  // namespace trunkline::simulator
