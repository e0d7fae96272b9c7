#include "host/net/url.hpp"

#include <gtest/gtest.h>

namespace trunkline::net {

namespace {

TEST(Url, IsTakenApart) {
    const auto url = parse_url("HTTPS://Api.Telegram.ORG/bot123/send?x=1#frag");
    ASSERT_TRUE(url.has_value());
    EXPECT_EQ(url->scheme, "https");
    EXPECT_EQ(url->host, "api.telegram.org");
    EXPECT_EQ(url->port, 443);
    EXPECT_EQ(url->target, "/bot123/send?x=1");
    EXPECT_EQ(url->authority(), "api.telegram.org:443");
}

TEST(Url, KnowsPortsAndIpv6) {
    EXPECT_EQ(parse_url("http://a:8080")->port, 8080);
    EXPECT_EQ(parse_url("http://a:8080")->target, "/");
    EXPECT_EQ(parse_url("http://a?q=1")->target, "/?q=1");
    const auto v6 = parse_url("http://[::1]:81/x");
    ASSERT_TRUE(v6.has_value());
    EXPECT_EQ(v6->host, "::1");
    EXPECT_EQ(v6->authority(), "[::1]:81");
}

TEST(Url, RefusesWithoutQuotingIt) {
    for (const char* text :
         {"",
          "/path",
          "ftp://a/secret",
          "file:///etc/secret",
          "http://",
          "http:///secret",
          "http://a:0/secret",
          "http://a:65536/secret",
          "http://a:x/secret",
          "http://user:secret@a/",
          "http://a b/secret",
          "http://a/sec ret",
          "http://a\r\nsecret: x/",
          "http://a\\@b/secret",
          "http://[::1/secret",
          "http://[x]/secret",
          "http://a%00b/secret",
          "javascript:secret"}) {
        const auto url = parse_url(text);
        ASSERT_FALSE(url.has_value()) << text;
        EXPECT_EQ(url.error().context.find("secret"), std::string::npos) << text;
    }
}

TEST(Url, ResolvesReferences) {
    const auto base = parse_url("http://a:81/b/c?d=e");
    ASSERT_TRUE(base.has_value());
    EXPECT_EQ(*resolve_reference(*base, "https://x/y"), "https://x/y");
    EXPECT_EQ(*resolve_reference(*base, "//x/y"), "http://x/y");
    EXPECT_EQ(*resolve_reference(*base, "/y?z"), "http://a:81/y?z");
    EXPECT_EQ(*resolve_reference(*base, "y"), "http://a:81/b/y");
    EXPECT_EQ(*resolve_reference(*base, "?q"), "http://a:81/b/c?q");
    EXPECT_EQ(*resolve_reference(*base, "/y?u=http://z/"), "http://a:81/y?u=http://z/");
    EXPECT_FALSE(resolve_reference(*base, "ftp://x/").has_value());
    EXPECT_FALSE(resolve_reference(*base, "http://u:p@x/").has_value());
}

TEST(Url, DecodesPercent) {
    EXPECT_EQ(percent_decode("a%20b%2Fc"), "a b/c");
    EXPECT_EQ(percent_decode("a+b"), "a+b");
    EXPECT_EQ(percent_decode("a+b", true), "a b");
    EXPECT_EQ(percent_decode("%e4%BD%a0"), "\xe4\xbd\xa0");
    EXPECT_EQ(percent_decode("%"), std::nullopt);
    EXPECT_EQ(percent_decode("%4"), std::nullopt);
    EXPECT_EQ(percent_decode("%zz"), std::nullopt);
    EXPECT_EQ(percent_decode(percent_encode("a b/\xff?&=")), "a b/\xff?&=");
}

TEST(Url, FindsQueryParameters) {
    EXPECT_EQ(query_parameter("a=1&hub.mode=subscribe&b", "hub.mode"), "subscribe");
    EXPECT_EQ(query_parameter("a=1&a=2", "a"), "1");
    EXPECT_EQ(query_parameter("a=x%26y+z", "a"), "x&y z");
    EXPECT_EQ(query_parameter("b", "b"), "");
    EXPECT_EQ(query_parameter("", "b"), std::nullopt);
    EXPECT_EQ(query_parameter("bb=1", "b"), std::nullopt);
    EXPECT_EQ(query_parameter("b=%zz", "b"), std::nullopt);
}

}  // namespace

}  // namespace trunkline::net
