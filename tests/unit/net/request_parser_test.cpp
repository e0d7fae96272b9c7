#include "host/net/request_parser.hpp"

#include <gtest/gtest.h>

namespace trunkline::net {

namespace {

// The status that the bytes are refused with; 0 = a request, -1 = not complete.
int verdict(std::string_view bytes, std::size_t step) {
    RequestParser parser{{}};
    for (std::size_t seen = 0; seen < bytes.size();) {
        seen = std::min(bytes.size(), seen + step);
        const auto scan = parser.scan(bytes.substr(0, seen));
        if (scan == RequestParser::Scan::refused) return parser.refusal().status;
        if (scan == RequestParser::Scan::more) continue;
        const std::string head{bytes.substr(0, parser.head_bytes())};
        return parser.parse(head) ? 0 : parser.refusal().status;
    }
    return -1;
}

struct Row {
    const char* what;
    std::string bytes;
    int status;
};

std::string with(const std::string& headers) {
    return "POST /x HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
}

std::vector<Row> rows() {
    const std::string long_target(9000, 'a');
    std::string many;
    for (int i = 0; i < 200; ++i)
        many += "X-A: b\r\n";
    return {
        {"plain", with(""), 0},
        {"length", with("Content-Length: 5\r\n"), 0},
        {"chunked", with("Transfer-Encoding: Chunked\r\n"), 0},
        {"blank line first", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
        {"many blank lines first",
         "\r\n\r\n\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
         400},
        {"1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 0},
        {"absolute form", "GET http://b:81/p?q HTTP/1.1\r\nHost: a\r\n\r\n", 0},
        {"absolute form without path", "GET http://b HTTP/1.1\r\nHost: a\r\n\r\n", 0},
        {"obs-text value", with("X: \xe4\xbd\xa0\r\n"), 0},
        {"empty value", with("X:\r\n"), 0},
        {"tab in value", with("X: a\tb\r\n"), 0},
        {"not complete", "GET / HTTP/1.1\r\nHost: a\r\n", -1},
        {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
        {"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
        {"two Hosts in 1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        {"Host with comma", "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", 400},
        {"Host with blank", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
        {"Host with user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
        {"Host with path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
        {"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
        {"length and chunked", with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400},
        {"chunked and length", with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), 400},
        {"differing lengths", with("Content-Length: 5\r\nContent-Length: 6\r\n"), 400},
        {"length list", with("Content-Length: 5, 5\r\n"), 400},
        {"signed length", with("Content-Length: +5\r\n"), 400},
        {"negative length", with("Content-Length: -5\r\n"), 400},
        {"hex length", with("Content-Length: 0x5\r\n"), 400},
        {"empty length", with("Content-Length:\r\n"), 400},
        {"length with blank inside", with("Content-Length: 5 5\r\n"), 400},
        {"overflowing length", with("Content-Length: 18446744073709551616\r\n"), 400},
        {"gzip coding", with("Transfer-Encoding: gzip, chunked\r\n"), 501},
        {"identity coding", with("Transfer-Encoding: identity\r\n"), 501},
        {"chunked twice", with("Transfer-Encoding: chunked, chunked\r\n"), 501},
        {"two codings", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
        {"vertical tab before chunked",
         with("Transfer-Encoding: \x0b"
              "chunked\r\n"),
         400},
        {"chunked in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {"folded header", with("X: a\r\n b\r\n"), 400},
        {"first header folded", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
        {"blank before colon", with("Content-Length : 5\r\n"), 400},
        {"tab before colon", with("Content-Length\t: 5\r\n"), 400},
        {"no colon", with("nonsense\r\n"), 400},
        {"no name", with(": x\r\n"), 400},
        {"bad name", with("a(b: x\r\n"), 400},
        {"name with obs-text", with("\xe4: x\r\n"), 400},
        {"bare LF", "GET / HTTP/1.1\nHost: a\n\n", 400},
        {"bare LF in headers", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", 400},
        {"bare CR in value", with("X: a\rb\r\n"), 400},
        {"CR CR LF", with("X: a\r\r\n"), 400},
        {"NUL in value", with(std::string{"X: a\0b\r\n", 8}), 400},
        {"control in value",
         with("X: a\x01"
              "b\r\n"),
         400},
        {"DEL in value",
         with("X: a\x7f"
              "b\r\n"),
         400},
        {"NUL in target", std::string{"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 29}, 400},
        {"two blanks", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"blank in target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"tab as separator", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"no target", "GET HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"blank at the end", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400},
        {"fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"raw UTF-8 target", "GET /\xe4\xbd\xa0 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"relative target", "GET x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"asterisk", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"other scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"user in absolute form", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"absolute form without host", "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"method not a token", "G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"long method", std::string(40, 'G') + " / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 501},
        {"HTTP/0.9", "GET /\r\n\r\n", 400},
        {"HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
        {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505},
        {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        {"lower case version", "GET / http/1.1\r\nHost: a\r\n\r\n", 400},
        {"long version", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400},
        {"TLS", std::string{"\x16\x03\x01\x02\x00\x01", 6}, 400},
        {"expectation", with("Expect: 200-ok\r\n"), 417},
        {"long target", "GET /" + long_target + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
        {"endless request line", "GET /" + std::string(20'000, 'a'), 414},
        {"too many headers", with(many), 431},
        {"endless headers", with("X: " + std::string(40'000, 'a')), 431},
    };
}

TEST(RequestParser, JudgesEachRequest) {
    for (const auto& row : rows()) {
        EXPECT_EQ(verdict(row.bytes, row.bytes.size()), row.status) << row.what;
    }
}

TEST(RequestParser, JudgesAlikeByteByByte) {
    for (const auto& row : rows()) {
        // Sizes are judged while bytes arrive, so only the kind of refusal of over-long heads may
        // come sooner.
        EXPECT_EQ(verdict(row.bytes, 1), row.status) << row.what;
    }
}

TEST(RequestParser, ShowsWhatWasSent) {
    RequestParser parser{{}};
    const std::string bytes =
        "PUT /a%20b?x=1 HTTP/1.1\r\nhost: Example.org:81\r\nX-One:  padded \t\r\nContent-Length: "
        "12\r\n"
        "Expect: 100-Continue\r\n\r\nrest";
    ASSERT_EQ(parser.scan(bytes), RequestParser::Scan::done);
    EXPECT_EQ(bytes.substr(parser.head_bytes()), "rest");
    ASSERT_TRUE(parser.parse(std::string_view{bytes}.substr(0, parser.head_bytes())));
    EXPECT_EQ(parser.method(), "PUT");
    EXPECT_EQ(parser.target(), "/a%20b?x=1");
    EXPECT_EQ(find_header(parser.headers(), "HOST"), "Example.org:81");
    EXPECT_EQ(find_header(parser.headers(), "x-one"), "padded");
    EXPECT_EQ(parser.content_length(), 12U);
    EXPECT_TRUE(parser.expects_continue());
    EXPECT_TRUE(parser.keep_alive());
}

TEST(RequestParser, TakesTheAuthorityOfAnAbsoluteTarget) {
    RequestParser parser{{}};
    const std::string bytes = "GET HTTP://b:81?q=1 HTTP/1.1\r\nHost: a\r\n\r\n";
    ASSERT_EQ(parser.scan(bytes), RequestParser::Scan::done);
    ASSERT_TRUE(parser.parse(bytes));
    EXPECT_EQ(parser.target(), "/?q=1");
    EXPECT_EQ(find_header(parser.headers(), "host"), "b:81");
}

TEST(RequestParser, KnowsWhenAConnectionGoesOn) {
    const auto keeps = [](const std::string& bytes) {
        RequestParser parser{{}};
        EXPECT_EQ(parser.scan(bytes), RequestParser::Scan::done);
        EXPECT_TRUE(parser.parse(bytes));
        return parser.keep_alive();
    };
    EXPECT_TRUE(keeps("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n"));
    EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
    EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"));
    EXPECT_FALSE(keeps("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n"));
}

}  // namespace

}  // namespace trunkline::net
