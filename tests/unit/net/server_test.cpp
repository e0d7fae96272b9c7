#include <gtest/gtest.h>

#include "support.hpp"

namespace trunkline::net::test {

namespace {

const std::string kGet = "GET /describe HTTP/1.1\r\nHost: a\r\n\r\n";

std::string post(const std::string& path, const std::string& body, const std::string& more = {}) {
    return "POST " + path + " HTTP/1.1\r\nHost: a\r\n" + more +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

TEST(Server, AnswersWithDateAndLength) {
    TestServer server;
    RawClient client{server.port()};
    client.send("GET /describe?a=1 HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto reply = client.read_reply();
    EXPECT_EQ(status_of(reply), 200);
    EXPECT_NE(reply.find("\r\nDate: "), std::string::npos);
    EXPECT_NE(reply.find(" GMT\r\n"), std::string::npos);
    EXPECT_EQ(
        body_of(reply),
        "GET /describe?a=1 path=/describe query=a=1 host=a peer=127.0.0.1 secure=0 body="
    );
}

TEST(Server, TakesARequestByteByByte) {
    TestServer server;
    RawClient client{server.port()};
    for (const char c : post("/echo", "hello") + kGet)
        ASSERT_TRUE(client.send({&c, 1}));
    EXPECT_EQ(body_of(client.read_reply()), "hello");
    EXPECT_EQ(status_of(client.read_reply()), 200);
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
    TestServer server;
    RawClient client{server.port()};
    std::string all;
    for (int i = 0; i < 50; ++i)
        all += post("/echo", "body " + std::to_string(i));
    client.send(all);
    for (int i = 0; i < 50; ++i)
        EXPECT_EQ(body_of(client.read_reply()), "body " + std::to_string(i));
    EXPECT_EQ(server.server->figures().requests, 50U);
}

TEST(Server, RefusesHostileRequestsAndCloses) {
    const std::vector<std::pair<std::string, int>> table{
        {"GET / HTTP/1.1\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: "
         "chunked\r\n\r\n0\r\n\r\n",
         400},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
        {"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 501},
        {"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505},
        {"GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", 417},
        {"GET /" + std::string(10'000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
        {"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(40'000, 'a') + "\r\n\r\n", 431},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n", 413},
        {std::string{"\x16\x03\x01\0\0\0\0", 7}, 400},
    };
    TestServer server;
    for (const auto& [bytes, status] : table) {
        RawClient client{server.port()};
        client.send(bytes);
        const auto reply = client.read_to_end();
        EXPECT_EQ(status_of(reply), status) << bytes.substr(0, 60);
        EXPECT_NE(reply.find("application/problem+json"), std::string::npos);
        EXPECT_NE(reply.find("Connection: close"), std::string::npos);
        EXPECT_TRUE(client.ended_cleanly());
    }
    EXPECT_EQ(server.server->figures().bad, table.size());
}

TEST(Server, NothingSmuggledIsServed) {
    TestServer server;
    RawClient client{server.port()};
    client.send(
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 60\r\n\r\nhello" +
        kGet
    );
    const auto reply = client.read_to_end();
    EXPECT_EQ(status_of(reply), 400);
    EXPECT_EQ(reply.find("HTTP/1.1", 9), std::string::npos) << "one answer, for one connection";
    EXPECT_EQ(server.server->figures().requests, 0U);
}

TEST(Server, ReadsChunkedBodies) {
    TestServer server;
    RawClient client{server.port()};
    client.send(
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
        "chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: x\r\n\r\n" +
        kGet
    );
    EXPECT_EQ(body_of(client.read_reply()), "abcde");
    EXPECT_EQ(status_of(client.read_reply()), 200);
}

TEST(Server, RefusesAChunkedBodyThatGrowsTooLarge) {
    TestServer server;
    RawClient client{server.port()};
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string chunk = "10000\r\n" + std::string(65536, 'x') + "\r\n";
    for (int i = 0; i < 17 && client.send(chunk); ++i) {
    }
    EXPECT_EQ(status_of(client.read_to_end()), 413);
}

TEST(Server, SaysContinueOnlyWhenTheBodyIsWanted) {
    TestServer server;
    const std::string head =
        " HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    RawClient wanted{server.port()};
    wanted.send("POST /echo" + head);
    EXPECT_EQ(wanted.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    wanted.send("hello");
    EXPECT_EQ(body_of(wanted.read_reply()), "hello");

    RawClient refused{server.port()};
    refused.send("POST /refuse" + head);
    const auto reply = refused.read_to_end();
    EXPECT_EQ(status_of(reply), 403);
    EXPECT_NE(reply.find("Connection: close"), std::string::npos);

    RawClient ignored{server.port()};
    ignored.send("POST /ignore" + head);
    EXPECT_EQ(status_of(ignored.read_to_end()), 200);
}

TEST(Server, SendsStreamsChunkedOrSized) {
    TestServer server;
    RawClient client{server.port()};
    client.send("GET /chunks HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto head = client.read_until("\r\n\r\n");
    EXPECT_NE(head.find("Transfer-Encoding: chunked"), std::string::npos);
    EXPECT_EQ(head.find("Content-Length"), std::string::npos);
    std::string expected;
    for (char c = 'j'; c >= 'a'; --c)
        expected += "3\r\n" + std::string(3, c) + "\r\n";
    EXPECT_EQ(client.read_until("\r\n0\r\n\r\n"), expected + "0\r\n\r\n");

    client.send("GET /empty-chunks HTTP/1.1\r\nHost: a\r\n\r\n");
    client.read_until("\r\n\r\n");
    EXPECT_EQ(client.read_until("\r\n\r\n"), "0\r\n\r\n");

    client.send("GET /sized HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(body_of(client.read_reply()).size(), 300'000U);
}

TEST(Server, GivesOldClientsAStreamThatEndsWithTheConnection) {
    TestServer server;
    RawClient client{server.port()};
    client.send("GET /chunks HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const auto reply = client.read_to_end();
    EXPECT_EQ(reply.find("chunked"), std::string::npos);
    EXPECT_NE(reply.find("Connection: close"), std::string::npos);
    EXPECT_EQ(body_of(reply), "jjjiiihhhgggfffeeedddcccbbbaaa");
    EXPECT_TRUE(client.ended_cleanly());
}

TEST(Server, CutsTheConnectionWhenASourceFails) {
    TestServer server;
    for (const char* path : {"/chunks-fail", "/sized-fail"}) {
        RawClient client{server.port()};
        client.send("GET " + std::string{path} + " HTTP/1.1\r\nHost: a\r\n\r\n");
        const auto reply = client.read_to_end();
        EXPECT_FALSE(client.ended_cleanly()) << path;
        EXPECT_FALSE(client.timed_out()) << path;
        EXPECT_EQ(reply.find("0\r\n\r\n", reply.find("\r\n\r\n") + 4), std::string::npos) << path;
    }
}

TEST(Server, AnswersHeadAndNoContentWithoutBody) {
    TestServer server;
    RawClient client{server.port()};
    client.send(
        "HEAD /big HTTP/1.1\r\nHost: a\r\n\r\nGET /no-content HTTP/1.1\r\nHost: a\r\n\r\n" + kGet
    );
    EXPECT_NE(client.read_until("\r\n\r\n").find("Content-Length: 1000000"), std::string::npos);
    const auto none = client.read_until("\r\n\r\n");
    EXPECT_EQ(status_of(none), 204);
    EXPECT_EQ(none.find("Content-Length"), std::string::npos);
    EXPECT_EQ(body_of(client.read_reply()).substr(0, 13), "GET /describe");
}

TEST(Server, StreamsUploads) {
    TestServer server;
    RawClient client{server.port()};
    client.send(post("/upload", std::string(3'000'000, 'u')));
    EXPECT_EQ(body_of(client.read_reply()), "uploaded");
    EXPECT_EQ(server.handler.uploaded, 3'000'000U);
    client.send(kGet);
    EXPECT_EQ(status_of(client.read_reply()), 200)
        << "the connection goes on after a body that was read";
}

TEST(Server, TellsTheHandlerWhyAnUploadFailed) {
    TestServer server;
    RawClient large{server.port()};
    large.send(
        "POST /upload-small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" +
        std::string(2000, 'x') + "\r\n0\r\n\r\n"
    );
    EXPECT_EQ(status_of(large.read_to_end()), 400);
    EXPECT_EQ(server.handler.upload_fault, static_cast<int>(Fault::throttled));

    RawClient broken{server.port()};
    broken.send("POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n"
    );
    EXPECT_EQ(status_of(broken.read_to_end()), 400);
    EXPECT_EQ(server.handler.upload_fault, static_cast<int>(Fault::malformed));

    RawClient gone{server.port()};
    gone.send("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf");
    gone.finish_sending();
    EXPECT_TRUE(eventually([&] {
        return server.handler.upload_fault == static_cast<int>(Fault::unavailable);
    }));
}

TEST(Server, ClosesAfterAnUploadThatNobodyRead) {
    TestServer server;
    RawClient client{server.port()};
    client.send(post("/ignore", std::string(10'000, 'x')));
    const auto reply = client.read_to_end();
    EXPECT_EQ(status_of(reply), 200);
    EXPECT_NE(reply.find("Connection: close"), std::string::npos);
}

TEST(Server, SurvivesHandlersThatThrow) {
    TestServer server;
    RawClient client{server.port()};
    for (const char* path : {"/throw", "/throw-int", "/plan-throws", "/split"}) {
        RawClient each{server.port()};
        each.send("GET " + std::string{path} + " HTTP/1.1\r\nHost: a\r\n\r\n");
        const auto reply = each.read_reply();
        EXPECT_EQ(status_of(reply), 500) << path;
        EXPECT_NE(reply.find("application/problem+json"), std::string::npos) << path;
        EXPECT_EQ(reply.find("Set-Cookie"), std::string::npos);
    }
    client.send(kGet);
    EXPECT_EQ(status_of(client.read_reply()), 200);
}

TEST(Server, ComesBackFromAHandlerOnAnotherLoop) {
    TestServer server;
    RawClient client{server.port()};
    for (int i = 0; i < 20; ++i) {
        client.send("GET /hop HTTP/1.1\r\nHost: a\r\n\r\n");
        EXPECT_EQ(body_of(client.read_reply()), "hopped");
    }
}

TEST(Server, StatesItsOwnLength) {
    TestServer server;
    RawClient client{server.port()};
    client.send("GET /own HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto reply = client.read_reply();
    EXPECT_NE(reply.find("Content-Length: 0\r\n"), std::string::npos);
    EXPECT_EQ(reply.find("999"), std::string::npos);
}

TEST(Server, BelievesForwardedHeadersOfTrustedProxiesOnly) {
    const std::string request =
        "GET /describe HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6, "
        "1.2.3.4\r\nX-Forwarded-For: 10.0.0.7\r\n"
        "X-Forwarded-Proto: https\r\n\r\n";
    Listen where;
    where.trusted_proxies = {"127.0.0.0/8", "10.0.0.0/8"};
    TestServer trusting{{}, where};
    RawClient through{trusting.port()};
    through.send(request);
    EXPECT_NE(through.read_reply().find("peer=1.2.3.4 secure=1"), std::string::npos);
    through.send("GET /describe HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6, junk\r\n\r\n");
    EXPECT_NE(through.read_reply().find("peer=127.0.0.1 secure=0"), std::string::npos);

    TestServer strict;
    RawClient direct{strict.port()};
    direct.send(request);
    EXPECT_NE(direct.read_reply().find("peer=127.0.0.1 secure=0"), std::string::npos);
}

TEST(Server, NamesTheAddressItCannotListenOn) {
    TestServer server;
    const auto address = "127.0.0.1:" + std::to_string(server.port());
    Listen where;
    for (const auto& text : {address, std::string{"nonsense"}, std::string{"127.0.0.1:x"}}) {
        where.address = text;
        const auto second = listen(server.loops, where, {}, server.clock, server.handler);
        ASSERT_FALSE(second.has_value()) << text;
        EXPECT_NE(second.error().context.find(text), std::string::npos);
    }
    where.address = "127.0.0.1:0";
    where.trusted_proxies = {"x/8"};
    EXPECT_FALSE(listen(server.loops, where, {}, server.clock, server.handler).has_value());
}

}  // namespace

}  // namespace trunkline::net::test
