#include <gtest/gtest.h>

#include "host/base/base64.hpp"
#include "support.hpp"

namespace trunkline::net::test {

namespace {

ClientRequest get(std::string url) {
    ClientRequest request;
    request.url = std::move(url);
    return request;
}

ClientRequest post(std::string url, std::string body) {
    auto request = get(std::move(url));
    request.method = "POST";
    request.body = std::move(body);
    return request;
}

// A file with known content, handed out in pieces of 10,000 bytes; unreadable from `broken_at` on.
class File final : public FileBytes {
public:
    explicit File(std::string content, std::uint64_t broken_at = UINT64_MAX)
        : content_{std::move(content)}, broken_at_{broken_at} {}
    std::uint64_t size() const override { return content_.size(); }
    bool read(std::uint64_t from, std::string& out) const override {
        if (from >= broken_at_) return false;
        out = content_.substr(from, 10'000);
        return true;
    }

private:
    const std::string content_;
    const std::uint64_t broken_at_;
};

TEST(Client, FetchesAndKeepsTheConnection) {
    TestServer server;
    TestClient client;
    for (int i = 0; i < 5; ++i) {
        const auto reply = client.fetch(get(server.url("/describe?n=" + std::to_string(i))));
        EXPECT_EQ(reply.status, 200) << reply.reason;
        EXPECT_NE(reply.body.find("query=n=" + std::to_string(i)), std::string::npos);
        EXPECT_EQ(find_header(reply.headers, "content-type"), "text/plain");
    }
    const auto big = client.fetch(post(server.url("/echo"), std::string(900'000, 'x')));
    EXPECT_EQ(big.body.size(), 900'000U);
    EXPECT_EQ(server.server->figures().accepted, 1U);
    EXPECT_EQ(client.figures().requests, 6U);
    EXPECT_EQ(client.figures().failures, 0U);
    EXPECT_EQ(client.figures().in_flight, 0U);
}

TEST(Client, SendsWhatItIsTold) {
    std::string seen;
    ScriptedServer server{[&](RawClient& peer, int) {
        seen = peer.read_until("\r\n\r\n") + peer.read_until("body");
        peer.send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    }};
    TestClient client;
    auto request = post(server.url("/p?q=1"), "the body");
    request.method = "PATCH";
    request.headers = {{"X-Own", "value"}, {"X-Empty", ""}, {"Content-Type", "text/x"}};
    EXPECT_EQ(client.fetch(request).status, 201);
    EXPECT_TRUE(seen.starts_with("PATCH /p?q=1 HTTP/1.1\r\n")) << seen;
    for (const char* part :
         {"X-Own: value\r\n",
          "X-Empty:\r\n",
          "Content-Type: text/x\r\n",
          "Content-Length: 8\r\n",
          "\r\n\r\nthe body"}) {
        EXPECT_NE(seen.find(part), std::string::npos) << part << " in " << seen;
    }
    EXPECT_EQ(seen.find("Expect"), std::string::npos);
}

TEST(Client, DoesNotLetHeadersSplitARequest) {
    TestServer server;
    TestClient client;
    for (const Header& header :
         {Header{"X", "a\r\nY: b"},
          Header{"X: y", "z"},
          Header{"Content-Length", "5"},
          Header{"Transfer-Encoding", "chunked"}}) {
        auto request = get(server.url("/"));
        request.headers.push_back(header);
        const auto reply = client.fetch(request);
        EXPECT_EQ(reply.status, 0);
        EXPECT_EQ(reply.fault, Fault::rejected);
    }
    EXPECT_EQ(server.server->figures().requests, 0U);
}

TEST(Client, HandlesHeadAndEmptyPost) {
    TestServer server;
    TestClient client;
    auto head = get(server.url("/big"));
    head.method = "HEAD";
    const auto reply = client.fetch(head);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(find_header(reply.headers, "content-length"), "1000000");
    EXPECT_TRUE(reply.body.empty());
    EXPECT_EQ(client.fetch(post(server.url("/describe"), "")).status, 200);
    auto remove = get(server.url("/describe"));
    remove.method = "DELETE";
    EXPECT_TRUE(client.fetch(remove).body.starts_with("DELETE "));
}

TEST(Client, CutsAReplyThatIsTooLarge) {
    TestServer server;
    TestClient client;
    auto request = get(server.url("/big"));
    request.reply_bytes_max = 1000;
    auto reply = client.fetch(request);
    EXPECT_EQ(reply.status, 200);
    EXPECT_TRUE(reply.truncated);
    EXPECT_EQ(reply.body, std::string(1000, 'b'));
    request.reply_bytes_max = 1'000'000;
    reply = client.fetch(request);
    EXPECT_FALSE(reply.truncated);
    EXPECT_EQ(reply.body.size(), 1'000'000U);
}

TEST(Client, SendsMultipartFromDisk) {
    TestServer server;
    TestClient client;
    const auto file = std::make_shared<const File>(std::string(200'000, 'f'));
    auto request = post(server.url("/echo"), "");
    request.parts = {
        {"chat_id", "", "", "42", nullptr, false},
        {"photo", "a.jpg", "image/jpeg", "", file, false}};
    const auto reply = client.fetch(request);
    ASSERT_EQ(reply.status, 200) << reply.reason;
    EXPECT_NE(reply.body.find("name=\"chat_id\"\r\n\r\n42\r\n"), std::string::npos);
    EXPECT_NE(
        reply.body.find("name=\"photo\"; filename=\"a.jpg\"\r\nContent-Type: image/jpeg\r\n\r\nfff"
        ),
        std::string::npos
    );
    EXPECT_EQ(std::count(reply.body.begin(), reply.body.end(), 'f') >= 200'000, true);
}

TEST(Client, JoinsPartsAndEncodes) {
    TestServer server;
    TestClient client;
    for (const std::size_t size : {0U, 1U, 2U, 3U, 24'575U, 24'576U, 24'577U, 100'000U}) {
        std::string content;
        for (std::size_t i = 0; i < size; ++i)
            content.push_back(static_cast<char>(i * 7));
        const auto file = std::make_shared<const File>(content);
        auto request = post(server.url("/echo"), "");
        request.joined = true;
        request.parts = {
            {"", "", "", "{\"file\":\"", nullptr, false},
            {"", "", "", "", file, true},
            {"", "", "", "\"}", nullptr, false}};
        const auto reply = client.fetch(request);
        EXPECT_EQ(reply.body, "{\"file\":\"" + base64_encode(content) + "\"}") << size;
    }
}

TEST(Client, BreaksOffWhenAPartCannotBeReadToItsEnd) {
    TestServer server;
    TestClient client;
    auto request = post(server.url("/echo"), "");
    request.parts = {
        {"photo",
         "",
         "",
         "",
         std::make_shared<const File>(std::string(200'000, 'f'), 100'000),
         false}};
    const auto reply = client.fetch(request);
    EXPECT_EQ(reply.status, 0) << "half a file is not taken for a whole one";
}

TEST(Client, StreamsWithBackPressure) {
    TestServer server;
    TestClient client;
    std::uint64_t bytes = 0;
    std::optional<std::uint64_t> size;
    client.run([&](Client& c) -> async::Awaitable<> {
        auto request = get(server.url("/large-stream"));
        request.reply_bytes_max = 1ULL << 30U;
        auto reply = co_await c.stream(std::move(request));
        EXPECT_EQ(reply.head.status, 200);
        if (!reply.body) co_return;
        size = reply.body->size();
        std::size_t largest = 0;
        while (true) {
            auto piece = co_await reply.body->read();
            EXPECT_TRUE(piece.has_value());
            if (!piece || piece->empty()) break;
            largest = std::max(largest, piece->size());
            bytes += piece->size();
            if (bytes < 3'000'000) co_await async::pause(std::chrono::milliseconds{1});
        }
        EXPECT_LE(largest, 512U * 1024U) << "no more is held than a few buffers";
    });
    EXPECT_EQ(bytes, 20'000'000U);
    EXPECT_EQ(size, 20'000'000U);
}

// True when the reply's body broke off instead of ending.
async::Awaitable<bool> breaks_off(Client& client, ClientRequest request) {
    auto reply = co_await client.stream(std::move(request));
    if (!reply.body) co_return reply.head.status == 0;  // cut before the head came through
    while (true) {
        auto piece = co_await reply.body->read();
        if (!piece) co_return true;
        if (piece->empty()) co_return false;
    }
}

// Must neither crash nor hang.
async::Awaitable<> drop_in_the_middle(Client& client, ClientRequest request) {
    auto reply = co_await client.stream(std::move(request));
    EXPECT_EQ(reply.head.status, 200);
    reply.body.reset();
}

bool broke_off(TestClient& client, ClientRequest request) {
    bool broke = false;
    client.run([&broke, request = std::move(request)](Client& c) -> async::Awaitable<> {
        broke = co_await breaks_off(c, request);
    });
    return broke;
}

TEST(Client, AStreamSaysWhenItBreaksOff) {
    TestServer server;
    TestClient client;
    EXPECT_TRUE(broke_off(client, get(server.url("/chunks-fail"))));
    EXPECT_TRUE(broke_off(client, get(server.url("/sized-fail"))));
    EXPECT_FALSE(broke_off(client, get(server.url("/chunks"))));
    auto limited = get(server.url("/big"));
    limited.reply_bytes_max = 5000;
    EXPECT_TRUE(broke_off(client, limited));
    client.run([&](Client& c) -> async::Awaitable<> {
        return drop_in_the_middle(c, get(server.url("/large-stream")));
    });
    EXPECT_EQ(client.figures().in_flight, 0U);
}

TEST(Client, BoundsRequestsPerHost) {
    TestServer server;
    TestClient client;
    std::atomic<int> done{0};
    constexpr int kRequests = 20;
    for (int i = 0; i < kRequests; ++i) {
        async::spawn(client.loops.at(0).get_executor(), "one", [&]() -> async::Awaitable<> {
            auto request = get(server.url("/wait"));
            request.in_flight_per_host_max = 3;
            const auto reply = co_await client.client->fetch(std::move(request));
            EXPECT_EQ(reply.status, 200);
            ++done;
        });
    }
    ASSERT_TRUE(eventually([&] { return server.handler.waiting == 3; }));
    server.handler.release = true;
    EXPECT_TRUE(eventually([&] { return done == kRequests; }));
    EXPECT_EQ(server.handler.most_waiting, 3) << "never more at a time, from the first to the last";
    EXPECT_LE(server.server->figures().accepted, 3U);
}

TEST(Client, ADeadlineHoldsWhileWaitingForAPlace) {
    TestServer server;
    TestClient client;
    std::atomic<bool> first_done{false};
    async::spawn(client.loops.at(0).get_executor(), "first", [&]() -> async::Awaitable<> {
        auto request = get(server.url("/wait"));
        request.in_flight_per_host_max = 1;
        const auto reply = co_await client.client->fetch(std::move(request));
        EXPECT_EQ(reply.status, 200);
        first_done = true;
    });
    ASSERT_TRUE(eventually([&] { return server.handler.waiting == 1; }));
    auto request = get(server.url("/describe"));
    request.in_flight_per_host_max = 1;
    request.timeout = std::chrono::milliseconds{30};
    const auto reply = client.fetch(request);
    EXPECT_EQ(reply.status, 0);
    EXPECT_EQ(reply.fault, Fault::unavailable);
    request.in_flight_per_host_max = 0;
    request.timeout = std::chrono::seconds{10};
    EXPECT_EQ(client.fetch(request).status, 200) << "without a bound nobody waits";
    server.handler.release = true;
    EXPECT_TRUE(eventually([&] { return first_done.load(); }));
}

TEST(Client, EndsWhatIsInFlightWhenDestroyed) {
    TestServer server;
    TestClient client;
    std::atomic<int> cancelled{0};
    for (int i = 0; i < 4; ++i) {
        async::spawn(client.loops.at(0).get_executor(), "one", [&]() -> async::Awaitable<> {
            auto request = get(server.url("/wait"));
            request.in_flight_per_host_max = 2;
            const auto reply = co_await client.client->fetch(std::move(request));
            if (reply.status == 0 && reply.fault == Fault::cancelled) ++cancelled;
        });
    }
    ASSERT_TRUE(eventually([&] { return server.handler.waiting == 2; }));
    client.client.reset();
    EXPECT_TRUE(eventually([&] { return cancelled == 4; }));
}

}  // namespace

}  // namespace trunkline::net::test
