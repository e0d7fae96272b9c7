// The kit's own HTTP, over real sockets.
#include "trunkline/simulator/http.hpp"

#include <gmock/gmock.h>

#include "trunkline/simulator/parameters.hpp"

namespace trunkline::simulator {
namespace {

using testing::HasSubstr;

class HttpTest : public testing::Test {
protected:
    /// What an answer is made of; an empty function never answers.
    void listen(Handler handler, Server::Limits limits = {}) {
        server.emplace(loop, "127.0.0.1:0", std::move(handler), limits);
    }
    std::string url(const std::string& rest = "/") const {
        return "http://127.0.0.1:" + std::to_string(server->port()) + rest;
    }
    ClientReply send(ClientRequest request) {
        std::optional<ClientReply> out;
        client.send(std::move(request), [&out](ClientReply reply) {
            out.emplace(std::move(reply));
        });
        EXPECT_TRUE(loop.run_until([&] { return out.has_value(); }));
        return out.value_or(ClientReply{});
    }
    ClientReply post(const std::string& rest, const std::string& body = "") {
        ClientRequest request;
        request.url = url(rest);
        request.headers = {{"Content-Type", "text/plain"}};
        request.body = body;
        return send(std::move(request));
    }
    Loop loop;
    std::optional<Server> server;
    Client client{loop};
};

TEST_F(HttpTest, ARequestArrivesWhole) {
    Request got;
    listen([&got](Request request, const Reply& reply) {
        got = std::move(request);
        reply({201, {{"X-Mine", "yes"}}, "answer"});
    });
    const std::string body(300'000, 'x');
    const ClientReply reply = post("/a%20b?c=d", body);
    EXPECT_EQ(reply.status, 201);
    EXPECT_EQ(reply.body, "answer");
    EXPECT_EQ(find_header(reply.headers, "x-mine"), "yes");
    EXPECT_EQ(got.method, "POST");
    EXPECT_EQ(got.path, "/a%20b");
    EXPECT_EQ(got.query, "c=d");
    EXPECT_EQ(got.header("content-TYPE"), "text/plain");
    EXPECT_EQ(got.body, body);
}

TEST_F(HttpTest, AnAnswerMayComeLater) {
    listen([this](const Request&, const Reply& reply) {
        loop.after(milliseconds{5}, [reply] { reply({200, {}, "late"}); });
    });
    EXPECT_EQ(post("/").body, "late");
    EXPECT_EQ(post("/").body, "late") << "on the connection that was kept";
}

TEST_F(HttpTest, AConnectionIsCutWithoutAnAnswer) {
    int asked = 0;
    listen([&asked](const Request&, const Reply& reply) {
        ++asked;
        reply(asked == 2 ? Response::cut() : Response{200, {}, "ok"});
    });
    EXPECT_EQ(post("/").status, 200);
    const ClientReply cut = post("/");
    // The kept connection was closed before an answer began, so the client asked once more.
    EXPECT_EQ(cut.status, 200);
    EXPECT_EQ(asked, 3);

    asked = 1;
    Client fresh{loop};
    std::optional<ClientReply> got;
    ClientRequest request;
    request.url = url();
    fresh.send(request, [&got](ClientReply reply) { got.emplace(std::move(reply)); });
    ASSERT_TRUE(loop.run_until([&] { return got.has_value(); }));
    EXPECT_EQ(got->status, 0);
    EXPECT_EQ(got->reason, "Webhook connection closed");
}

TEST_F(HttpTest, WhoIsNotThereIsToldOf) {
    listen([](const Request&, const Reply& reply) { reply({}); });
    const std::string gone = url();
    server.reset();
    ClientRequest request;
    request.url = gone;
    EXPECT_EQ(send(request).reason, "Connection refused");
    request.url = "nonsense";
    EXPECT_THAT(send(request).reason, HasSubstr("no http"));
}

TEST_F(HttpTest, PatienceEnds) {
    listen([](const Request&, const Reply&) {});
    ClientRequest request;
    request.url = url();
    request.timeout = milliseconds{30};
    const ClientReply reply = send(request);
    EXPECT_EQ(reply.status, 0);
    EXPECT_EQ(reply.reason, "Read timeout expired");
}

TEST_F(HttpTest, ABodyIsBounded) {
    Server::Limits limits;
    limits.body_bytes_max = 10;
    listen([](const Request&, const Reply& reply) { reply({}); }, limits);
    EXPECT_EQ(post("/", "0123456789").status, 200);
    EXPECT_EQ(post("/", "0123456789a").status, 413);
}

TEST_F(HttpTest, AnAddressIsAnAddress) {
    for (const char* bad : {"", "nonsense", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:65536"})
        EXPECT_THROW((Server{loop, bad, {}}), std::runtime_error) << bad;
    listen({});
    EXPECT_THROW(
        (Server{loop, "127.0.0.1:" + std::to_string(server->port()), {}}), std::runtime_error
    );
}

}  // namespace
}  // namespace trunkline::simulator
