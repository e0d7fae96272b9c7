#include <gtest/gtest.h>

#include "support.hpp"

namespace trunkline::net::test {

namespace {

using std::chrono::milliseconds;

const std::string kDescribe = "GET /describe HTTP/1.1\r\nHost: a\r\n\r\n";

TEST(ServerLimits, CutsAHeadThatDrips) {
    ServerLimits limits;
    limits.head_timeout = milliseconds{100};
    TestServer server{limits};
    RawClient client{server.port()};
    client.send("GET / HTTP/1.1\r\nHost: a\r\n");
    // Bytes keep coming, which must not renew the patience.
    EXPECT_TRUE(eventually([&] {
        return !client.send("X: y\r\n") || server.server->figures().connections == 0;
    }));
    EXPECT_EQ(server.server->figures().requests, 0U);
}

TEST(ServerLimits, CutsWhoSaysNothing) {
    ServerLimits limits;
    limits.head_timeout = milliseconds{50};
    TestServer server{limits};
    RawClient client{server.port()};
    EXPECT_EQ(client.read_to_end(), "");
    EXPECT_FALSE(client.timed_out());
}

TEST(ServerLimits, ClosesIdleConnections) {
    ServerLimits limits;
    limits.idle_timeout = milliseconds{50};
    TestServer server{limits};
    RawClient client{server.port()};
    client.send(kDescribe);
    EXPECT_EQ(status_of(client.read_reply()), 200);
    EXPECT_EQ(client.read_to_end(), "");
    EXPECT_FALSE(client.timed_out());
}

TEST(ServerLimits, CutsABodyThatStops) {
    ServerLimits limits;
    limits.body_timeout = milliseconds{50};
    TestServer server{limits};
    for (const char* path : {"/echo", "/upload"}) {
        RawClient client{server.port()};
        client.send(
            "POST " + std::string{path} + " HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf"
        );
        client.read_to_end();
        EXPECT_FALSE(client.timed_out()) << path;
    }
    EXPECT_TRUE(eventually([&] {
        return server.handler.upload_fault == static_cast<int>(Fault::unavailable);
    }));
}

TEST(ServerLimits, CutsABodyThatDripsPieceByPiece) {
    ServerLimits limits;
    limits.body_timeout = milliseconds{100};
    TestServer server{limits};
    RawClient client{server.port()};
    client.send("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n");
    EXPECT_TRUE(eventually([&] { return !client.send("x") || server.handler.upload_fault >= 0; }));
    EXPECT_TRUE(eventually([&] {
        return server.handler.upload_fault == static_cast<int>(Fault::unavailable);
    }));
}

TEST(ServerLimits, CutsAWholeBodyThatTricklesHoweverOftenItRenewsItself) {
    FakeClock clock;
    TestServer server{{}, {}, &clock};
    RawClient client{server.port()};
    client.send("POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 4194304\r\n\r\n");
    const std::string piece(64 * 1024, 'x');
    const auto figures = [&] { return server.server->figures(); };
    ASSERT_TRUE(eventually([&] { return figures().connections == 1; }));
    // Each piece comes within the time-out for one, and all together take twenty minutes.
    for (std::uint64_t sent = 1; sent <= 60 && client.send(piece); ++sent) {
        ASSERT_TRUE(eventually([&] {
            return figures().body_bytes == sent * piece.size() || figures().connections == 0;
        }));
        clock.advance(std::chrono::seconds{20});
    }
    EXPECT_TRUE(eventually([&] { return figures().connections == 0; }));
    EXPECT_EQ(figures().body_bytes, 0U);
}

TEST(ServerLimits, CutsWhoDoesNotRead) {
    ServerLimits limits;
    limits.write_timeout = milliseconds{100};
    TestServer server{limits};
    RawClient client{server.port()};
    client.send("GET /large-stream HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(eventually([&] { return server.server->figures().requests == 1; }));
    EXPECT_TRUE(eventually([&] { return server.server->figures().connections == 0; }));
    EXPECT_LT(client.read_to_end().size(), 20'000'000U);
}

TEST(ServerLimits, AHandlerMayTakeItsTime) {
    FakeClock clock;
    TestServer server{{}, {}, &clock};
    RawClient client{server.port()};
    client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return server.handler.waiting == 1; }));
    // One on each loop: when both are cut, both loops have looked at the clock.
    RawClient silent{server.port()};
    RawClient silent_too{server.port()};
    ASSERT_TRUE(eventually([&] { return server.server->figures().connections == 3; }));
    ASSERT_TRUE(eventually([&] {
        clock.advance(std::chrono::hours{1});
        return server.server->figures().connections == 1;
    }));
    server.handler.release = true;
    EXPECT_EQ(body_of(client.read_reply()), "waited");
}

TEST(ServerLimits, BoundsConnections) {
    ServerLimits limits;
    limits.connections_max = 2;
    TestServer server{limits};
    RawClient first{server.port()};
    RawClient second{server.port()};
    first.send(kDescribe);
    second.send(kDescribe);
    EXPECT_EQ(status_of(first.read_reply()), 200);
    EXPECT_EQ(status_of(second.read_reply()), 200);
    RawClient third{server.port()};
    const auto reply = third.read_to_end();
    EXPECT_EQ(status_of(reply), 503);
    EXPECT_NE(reply.find("Retry-After"), std::string::npos);
    EXPECT_EQ(server.server->figures().refused, 1U);
    first.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(status_of(first.read_to_end()), 200);
    EXPECT_TRUE(eventually([&] {
        RawClient again{server.port()};
        again.send(kDescribe);
        return status_of(again.read_reply()) == 200;
    }));
}

TEST(ServerLimits, BoundsConnectionsOfOnePeer) {
    ServerLimits limits;
    limits.connections_per_peer_max = 1;
    TestServer server{limits};
    RawClient first{server.port()};
    first.send(kDescribe);
    EXPECT_EQ(status_of(first.read_reply()), 200);
    RawClient second{server.port()};
    EXPECT_EQ(status_of(second.read_to_end()), 503);
    first.finish_sending();
    first.read_to_end();
    EXPECT_TRUE(eventually([&] {
        RawClient again{server.port()};
        again.send(kDescribe);
        return status_of(again.read_reply()) == 200;
    })) << "a place is given back";
}

TEST(ServerLimits, BoundsTheBodiesHeldTogether) {
    ServerLimits limits;
    limits.buffered_bytes_max = 100'000;
    TestServer server{limits};
    const std::string body(80'000, 'x');
    const auto request = [&](const char* path) {
        return "POST " + std::string{path} +
               " HTTP/1.1\r\nHost: a\r\nContent-Length: 80000\r\n\r\n" + body;
    };
    RawClient holder{server.port()};
    holder.send(request("/wait"));
    ASSERT_TRUE(eventually([&] { return server.handler.waiting == 1; }));
    RawClient second{server.port()};
    second.send(request("/echo"));
    EXPECT_EQ(status_of(second.read_to_end()), 503);
    server.handler.release = true;
    EXPECT_EQ(status_of(holder.read_reply()), 200);
    RawClient third{server.port()};
    third.send(request("/echo"));
    EXPECT_EQ(status_of(third.read_reply()), 200) << "what was held is given back";
}

TEST(ServerLimits, RefusedConnectionsTakeNoPlaceOfOthers) {
    ServerLimits limits;
    limits.connections_max = 3;
    limits.connections_per_peer_max = 1;
    limits.refusals_max = 4;
    TestServer server{limits};
    RawClient first{server.port()};
    first.send(kDescribe);
    EXPECT_EQ(status_of(first.read_reply()), 200);
    std::vector<std::unique_ptr<RawClient>> refused;
    for (int i = 0; i < 10; ++i)
        refused.push_back(std::make_unique<RawClient>(server.port()));
    EXPECT_TRUE(eventually([&] { return server.server->figures().refused == 10; }));
    EXPECT_EQ(server.server->figures().connections, 1U);
    first.send(kDescribe);
    EXPECT_EQ(status_of(first.read_reply()), 200);
}

TEST(ServerLimits, ClosesTheLongestIdleWhenPlacesRunShort) {
    ServerLimits limits;
    limits.connections_max = 8;
    TestServer server{limits};
    std::vector<std::unique_ptr<RawClient>> idle;
    for (int i = 0; i < 8; ++i) {
        idle.push_back(std::make_unique<RawClient>(server.port()));
        idle.back()->send(kDescribe);
        EXPECT_EQ(status_of(idle.back()->read_reply()), 200);
    }
    // Each loop closes its own oldest when it finds too many, and whichever looks first may do for
    // both.
    EXPECT_TRUE(eventually([&] { return server.server->figures().connections < 8; }));
    EXPECT_GE(server.server->figures().connections, 6U) << "no more than is needed, on each loop";
    for (auto younger = idle.begin() + 2; younger != idle.end(); ++younger) {
        (*younger)->send(kDescribe);
        EXPECT_EQ(status_of((*younger)->read_reply()), 200);
    }
    RawClient newcomer{server.port()};
    newcomer.send(kDescribe);
    EXPECT_EQ(status_of(newcomer.read_reply()), 200);
}

// Sends a head that promises 100,000 bytes, and 90,000 of them.
void start_a_body(RawClient& client, const std::string& header = {}) {
    client.send(
        "POST /echo HTTP/1.1\r\nHost: a\r\n" + header + "Content-Length: 100000\r\n\r\n" +
        std::string(90'000, 'x')
    );
}

TEST(ServerLimits, BodiesThatDoNotEndKeepNobodyOut) {
    ServerLimits limits;
    limits.buffered_bytes_max = 2'000'000;
    limits.buffered_bytes_per_peer_max = 500'000;
    TestServer server{limits};
    std::vector<std::unique_ptr<RawClient>> silent;
    for (int i = 0; i < 30; ++i) {
        silent.push_back(std::make_unique<RawClient>(server.port()));
        start_a_body(*silent.back());
    }
    // Who is itself the oldest when it asks for more is refused instead.
    ASSERT_TRUE(eventually([&] {
        const auto figures = server.server->figures();
        return figures.bodies_cut + figures.bad >= 25;
    })) << server.server->figures().bodies_cut
        << " cut, " << server.server->figures().bad;
    EXPECT_GT(server.server->figures().bodies_cut, 0U);
    EXPECT_LE(server.server->figures().body_bytes, 500'000U);
    RawClient honest{server.port()};
    honest.send(
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 80000\r\n\r\n" + std::string(80'000, 'y')
    );
    EXPECT_EQ(status_of(honest.read_reply()), 200);
    silent.front()->read_to_end();
    EXPECT_FALSE(silent.front()->timed_out()) << "the oldest was cut";
}

TEST(ServerLimits, ClientsBehindATrustedProxyHaveSharesOfTheirOwn) {
    ServerLimits limits;
    limits.buffered_bytes_per_peer_max = 100'000;
    Listen where;
    where.trusted_proxies = {"127.0.0.0/8"};
    TestServer server{limits, where};
    RawClient first{server.port()};
    start_a_body(first, "X-Forwarded-For: 192.0.2.1\r\n");
    RawClient second{server.port()};
    start_a_body(second, "X-Forwarded-For: 192.0.2.2\r\n");
    ASSERT_TRUE(eventually([&] { return server.server->figures().body_bytes == 180'000; }));
    EXPECT_EQ(server.server->figures().bodies_cut, 0U);
    RawClient again{server.port()};
    start_a_body(again, "X-Forwarded-For: 192.0.2.1\r\n");
    EXPECT_EQ(first.read_to_end(), "");
    second.send(std::string(10'000, 'x'));
    EXPECT_EQ(status_of(second.read_reply()), 200);
}

TEST(ServerLimits, DrainLetsOpenRequestsEnd) {
    TestServer server;
    RawClient idle{server.port()};
    idle.send(kDescribe);
    EXPECT_EQ(status_of(idle.read_reply()), 200);
    RawClient busy{server.port()};
    busy.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return server.handler.waiting == 1; }));
    std::thread drain{[&] {
        async::run_and_wait(server.loops.at(0).get_executor(), "drain", [&] {
            return server.server->drain(std::chrono::seconds{10});
        });
    }};
    EXPECT_EQ(idle.read_to_end(), "");
    EXPECT_FALSE(idle.timed_out());
    server.handler.release = true;
    const auto reply = busy.read_to_end();
    EXPECT_EQ(body_of(reply), "waited");
    EXPECT_NE(reply.find("Connection: close"), std::string::npos);
    drain.join();
    EXPECT_EQ(server.server->figures().connections, 0U);
}

TEST(ServerLimits, DrainCutsWhatDoesNotEnd) {
    TestServer server;
    RawClient stuck{server.port()};
    stuck.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return server.server->figures().requests == 1; }));
    async::run_and_wait(server.loops.at(0).get_executor(), "drain", [&] {
        return server.server->drain(milliseconds{20});
    });
    EXPECT_EQ(server.server->figures().connections, 0U);
    stuck.read_to_end();
    EXPECT_FALSE(stuck.timed_out());
}

TEST(ServerLimits, ManyPeersComeAndGo) {
    TestServer server;
    for (int round = 0; round < 20; ++round) {
        std::vector<std::unique_ptr<RawClient>> peers;
        for (int i = 0; i < 20; ++i)
            peers.push_back(std::make_unique<RawClient>(server.port()));
        for (auto& peer : peers)
            peer->send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
        for (std::size_t i = 0; i < peers.size(); i += 2)
            peers[i]->reset();
        for (std::size_t i = 1; i < peers.size(); i += 2) {
            peers[i]->send("llo");
            EXPECT_EQ(body_of(peers[i]->read_reply()), "hello");
        }
    }
    EXPECT_TRUE(eventually([&] { return server.server->figures().connections == 0; }));
}

}  // namespace

}  // namespace trunkline::net::test
