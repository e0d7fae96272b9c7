#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support.hpp"

namespace trunkline::net::test {

namespace {

using std::chrono::milliseconds;

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

ClientRequest post_to(std::string url, std::string body) {
    ClientRequest request;
    request.method = "POST";
    request.url = std::move(url);
    request.body = std::move(body);
    return request;
}

// A port that nobody listens on: bound, but closed.
class ClosedPort {
public:
    ClosedPort() : socket_{::socket(AF_INET, SOCK_STREAM, 0)} {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        EXPECT_EQ(0, ::bind(socket_, reinterpret_cast<const sockaddr*>(&address), size));
        EXPECT_EQ(0, ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size));
        port = ntohs(address.sin_port);
    }
    ~ClosedPort() { ::close(socket_); }
    ClosedPort(const ClosedPort&) = delete;
    ClosedPort& operator=(const ClosedPort&) = delete;
    std::uint16_t port = 0;

private:
    int socket_;
};

TEST(ClientFaults, RefusedIsUnavailable) {
    TestClient client;
    const ClosedPort closed;
    const auto reply = client.fetch(
        post_to("http://127.0.0.1:" + std::to_string(closed.port) + "/bot:token/x?q=secret", "x")
    );
    EXPECT_EQ(reply.status, 0);
    EXPECT_EQ(reply.fault, Fault::unavailable);
    EXPECT_NE(reply.reason.find("refused"), std::string::npos) << reply.reason;
    EXPECT_EQ(reply.reason.find("token"), std::string::npos) << reply.reason;
    EXPECT_EQ(reply.reason.find("secret"), std::string::npos) << reply.reason;
    EXPECT_EQ(client.figures().failures, 1U);
}

TEST(ClientFaults, ANameThatDoesNotResolveIsUnavailable) {
    TestClient client;
    const auto reply = client.fetch(post_to("http://no-such-host.invalid/token", "x"));
    EXPECT_EQ(reply.status, 0);
    EXPECT_EQ(reply.fault, Fault::unavailable);
    EXPECT_EQ(reply.reason.find("token"), std::string::npos);
}

TEST(ClientFaults, EveryBrokenAnswerIsUnknown) {
    using Script = std::function<void(RawClient&)>;
    const std::vector<std::pair<const char*, Script>> table{
        {"drops after the request", [](RawClient&) {}},
        {"resets after the request", [](RawClient& peer) { peer.reset(); }},
        {"half a head", [](RawClient& peer) { peer.send("HTTP/1.1 200 OK\r\nContent-Le"); }},
        {"half a body",
         [](RawClient& peer) { peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"); }},
        {"half a chunk",
         [](RawClient& peer) {
             peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe");
         }},
        {"broken chunk",
         [](RawClient& peer) {
             peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
         }},
        {"garbage", [](RawClient& peer) { peer.send("\x01\x02\x03 nonsense\r\n\r\n"); }},
        {"another protocol", [](RawClient& peer) { peer.send("220 mail ready\r\n"); }},
        {"endless head",
         [](RawClient& peer) {
             peer.send("HTTP/1.1 200 OK\r\n");
             while (peer.send("X-Y: " + std::string(1000, 'z') + "\r\n")) {
             }
         }},
        {"hangs", [](RawClient& peer) { peer.read_to_end(); }},
        {"hangs in the body",
         [](RawClient& peer) {
             peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
             peer.read_to_end();
         }},
    };
    for (const auto& [what, script] : table) {
        ScriptedServer server{[&script = script](RawClient& peer, int) {
            peer.read_until("\r\n\r\nx");
            script(peer);
        }};
        TestClient client;
        auto request = post_to(server.url("/bot:token/x"), "x");
        if (std::string_view{what}.starts_with("hangs")) request.timeout = milliseconds{150};
        const auto reply = client.fetch(request);
        EXPECT_EQ(reply.status, 0) << what;
        EXPECT_EQ(reply.fault, Fault::unknown) << what << ": " << reply.reason;
        EXPECT_FALSE(reply.reason.empty()) << what;
        EXPECT_EQ(reply.reason.find("token"), std::string::npos) << reply.reason;
        EXPECT_TRUE(reply.body.empty()) << "half an answer is none";
        EXPECT_EQ(server.connections(), 1) << what << ": it was sent once";
    }
}

TEST(ClientFaults, HtmlIsAnAnswerLikeAnyOther) {
    ScriptedServer server{[](RawClient& peer, int) {
        peer.read_until("\r\n\r\n");
        peer.send(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: "
            "close\r\n\r\n<html>parked</html>"
        );
    }};
    TestClient client;
    const auto reply = client.fetch(post_to(server.url("/"), ""));
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "<html>parked</html>");
    EXPECT_EQ(find_header(reply.headers, "Content-Type"), "text/html");
}

TEST(ClientFaults, TheGuardStandsAtTheSocket) {
    TestServer server;
    TestClient client{false};
    const auto port = ":" + std::to_string(server.port()) + "/token";
    for (const std::string host :
         {"127.0.0.1",
          "localhost",
          "[::1]",
          "10.0.0.1",
          "[::ffff:127.0.0.1]",
          "0.0.0.0",
          "169.254.169.254",
          "127.1",
          "2130706433",
          "0x7f000001",
          "0177.0.0.1"}) {
        const auto reply = client.fetch(post_to("http://" + host + port, "x"));
        EXPECT_EQ(reply.status, 0) << host;
        EXPECT_EQ(reply.fault, Fault::rejected) << host << ": " << reply.reason;
        EXPECT_EQ(reply.reason.find("token"), std::string::npos);
    }
    EXPECT_EQ(server.server->figures().accepted, 0U);
}

TEST(ClientFaults, AnAllowedConnectionServesNobodyElse) {
    TestServer server;
    TestClient client{false};
    auto request = post_to(server.url("/echo"), "x");
    request.allow_private = true;
    EXPECT_EQ(client.fetch(request).status, 200);
    request.allow_private = false;
    const auto reply = client.fetch(request);
    EXPECT_EQ(reply.status, 0) << "the kept connection must not be used";
    EXPECT_EQ(reply.fault, Fault::rejected);
    EXPECT_EQ(server.server->figures().requests, 1U);
}

TEST(ClientFaults, AllowedRangesAreOpen) {
    TestServer server;
    TestClient client{false, {"127.0.0.0/8"}};
    EXPECT_EQ(client.fetch(post_to(server.url("/echo"), "x")).status, 200);
}

TEST(ClientFaults, BadUrlsAreRejected) {
    TestClient client;
    for (const char* url :
         {"",
          "x",
          "ftp://a/",
          "file:///etc/passwd",
          "http://u:p@a/",
          "http://a b/",
          "gopher://a:1/"}) {
        const auto reply = client.fetch(post_to(url, "x"));
        EXPECT_EQ(reply.status, 0);
        EXPECT_EQ(reply.fault, Fault::rejected) << url;
    }
}

TEST(ClientFaults, RedirectsAreFollowedOnlyWhenAsked) {
    ScriptedServer server{[](RawClient& peer, int) {
        peer.read_until("\r\n\r\n");
        peer.send(
            "HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\nConnection: "
            "close\r\n\r\n"
        );
    }};
    TestClient client;
    ClientRequest request;
    request.url = server.url("/");
    EXPECT_EQ(client.fetch(request).status, 302);
    EXPECT_EQ(server.connections(), 1);
    request.follow_redirects = true;
    const auto reply = client.fetch(request);
    EXPECT_EQ(reply.status, 0);
    EXPECT_EQ(reply.fault, Fault::rejected) << "it never ends";
    EXPECT_EQ(server.connections(), 7) << "the first and five more";
}

TEST(ClientFaults, ARedirectToAnotherOriginTakesNothingAlongThatCouldBeASecret) {
    std::string seen;
    ScriptedServer target{[&](RawClient& peer, int) {
        seen = peer.read_until("\r\n\r\n");
        peer.send(kOk);
    }};
    ScriptedServer first{[&](RawClient& peer, int) {
        peer.read_until("\r\n\r\nx");
        peer.send(
            "HTTP/1.1 302 Found\r\nLocation: " + target.url("/t") + "\r\nContent-Length: 0\r\n\r\n"
        );
    }};
    TestClient client;
    auto request = post_to(first.url("/"), "x");
    request.follow_redirects = true;
    request.headers = {
        {"Authorization", "Bearer secret"},
        {"Cookie", "secret"},
        {"X-Viber-Auth-Token", "secret"},
        {"ApiKey", "secret"},
        {"accept", "image/png"},
        {"Accept-Encoding", "identity"},
        {"RANGE", "bytes=0-1"},
        {"User-Agent", "Tester"}};
    EXPECT_EQ(client.fetch(request).status, 200);
    EXPECT_TRUE(seen.starts_with("GET /t ")) << seen;
    EXPECT_EQ(seen.find("secret"), std::string::npos) << seen;
    for (const char* kept :
         {"accept: image/png",
          "Accept-Encoding: identity",
          "RANGE: bytes=0-1",
          "User-Agent: Tester"})
        EXPECT_NE(seen.find(kept), std::string::npos) << kept;
}

TEST(ClientFaults, ARedirectWithinOneOriginKeepsHeadersAndBody) {
    std::string seen;
    ScriptedServer server{[&](RawClient& peer, int connection) {
        seen = peer.read_until("\r\n\r\nx");
        peer.send(
            connection == 0
                ? "HTTP/1.1 307 Go\r\nLocation: /next\r\nContent-Length: 0\r\nConnection: "
                  "close\r\n\r\n"
                : kOk
        );
    }};
    TestClient client;
    auto request = post_to(server.url("/"), "x");
    request.follow_redirects = true;
    request.headers = {{"X-Viber-Auth-Token", "secret"}};
    EXPECT_EQ(client.fetch(request).status, 200);
    EXPECT_TRUE(seen.starts_with("POST /next ")) << seen;
    EXPECT_NE(seen.find("X-Viber-Auth-Token: secret"), std::string::npos) << seen;
}

TEST(ClientFaults, ABodyDoesNotGoOnToAnotherOrigin) {
    TestServer target;
    for (const char* status : {"307", "308"}) {
        ScriptedServer first{[&](RawClient& peer, int) {
            peer.read_until("\r\n\r\nx");
            peer.send(
                std::string{"HTTP/1.1 "} + status + " Go\r\nLocation: " + target.url("/echo") +
                "\r\nContent-Length: 0\r\n\r\n"
            );
        }};
        TestClient client;
        auto request = post_to(first.url("/"), "x");
        request.follow_redirects = true;
        const auto reply = client.fetch(request);
        EXPECT_EQ(reply.status, 0);
        EXPECT_EQ(reply.fault, Fault::rejected) << reply.reason;
    }
    EXPECT_EQ(target.server->figures().accepted, 0U);
}

TEST(ClientFaults, EachHopIsGuarded) {
    TestServer inside;
    ScriptedServer first{[&](RawClient& peer, int) {
        peer.read_until("\r\n\r\n");
        peer.send(
            "HTTP/1.1 307 Go\r\nLocation: " + inside.url("/echo") + "\r\nContent-Length: 0\r\n\r\n"
        );
    }};
    TestClient client{false};
    ClientRequest request;
    request.url = first.url("/");
    request.follow_redirects = true;
    request.allow_private = true;  // said of the first destination
    const auto reply = client.fetch(request);
    EXPECT_EQ(reply.status, 0);
    EXPECT_EQ(reply.fault, Fault::rejected);
    EXPECT_EQ(inside.server->figures().accepted, 0U);
}

// Answers the first request on a connection, keeps it, and drops it as soon as the second has been
// read.
class KeepThenDrop {
public:
    std::atomic<int> copies{0};
    ScriptedServer server{[this](RawClient& peer, int) {
        for (int n = 0;; ++n) {
            const auto head = peer.read_until("\r\n\r\n");
            if (head.empty()) return;
            if (head.starts_with("POST ") && head.find("Content-Length: 0") == std::string::npos)
                peer.read_until("!");
            if (head.find("/unsafe") != std::string::npos) ++copies;
            if (n > 0) return;
            peer.send(kOk);
        }
    }};
};

TEST(ClientFaults, OnceIsNeverSentTwice) {
    for (const std::string& body : {std::string{"pay!"}, std::string(300'000, 'x') + "!"}) {
        KeepThenDrop peer;
        TestClient client;
        ASSERT_EQ(client.fetch(post_to(peer.server.url("/first"), "first!")).status, 200);
        auto request = post_to(peer.server.url("/unsafe"), body);
        request.once = true;
        const auto reply = client.fetch(request);
        EXPECT_EQ(reply.status, 0);
        EXPECT_EQ(reply.fault, Fault::unknown) << reply.reason;
        EXPECT_EQ(peer.copies, 1);
        EXPECT_EQ(peer.server.connections(), 1) << "not on a second connection either";
    }
}

TEST(ClientFaults, OnceWithoutABodyTakesAFreshConnection) {
    KeepThenDrop peer;
    TestClient client;
    ASSERT_EQ(client.fetch(post_to(peer.server.url("/first"), "first!")).status, 200);
    auto request = post_to(peer.server.url("/unsafe"), "");
    request.once = true;
    // The peer serves one connection at a time, so the kept one must end first; the client gives it
    // up when it ends.
    request.timeout = milliseconds{200};
    const auto reply = client.fetch(request);
    EXPECT_LE(peer.copies, 1);
    EXPECT_EQ(reply.status, 0);
}

TEST(ClientFaults, OtherRequestsAreSentAgainOnAFreshConnection) {
    KeepThenDrop peer;
    TestClient client;
    ASSERT_EQ(client.fetch(post_to(peer.server.url("/first"), "first!")).status, 200);
    const auto reply = client.fetch(post_to(peer.server.url("/unsafe"), "again!"));
    EXPECT_EQ(reply.status, 200) << reply.reason;
    EXPECT_EQ(peer.copies, 2) << "this is what `once` is there to prevent";
}

}  // namespace

}  // namespace trunkline::net::test
