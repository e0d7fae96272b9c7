#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "host/async/loops.hpp"
#include "host/async/spawn.hpp"
#include "host/net/client.hpp"
#include "host/net/server.hpp"

namespace trunkline::net::test {

/// True when `condition` came true within ten seconds; looks again and again.
bool eventually(const std::function<bool()>& condition);

/// A blocking socket that gives up after ten seconds, so that a broken server fails a test instead
/// of hanging it.
class RawClient {
public:
    explicit RawClient(std::uint16_t port);
    explicit RawClient(int socket) : socket_{socket} {}
    ~RawClient();
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    bool send(std::string_view bytes);
    void finish_sending();
    std::string read_until(std::string_view mark);  ///< up to and with `mark`, or to the end
    std::string read_reply();                       ///< head and Content-Length body
    std::string read_to_end();
    std::string read_some();
    bool ended_cleanly() const {
        return ended_cleanly_;
    }  ///< the end was an end, not a reset or a time-out
    bool timed_out() const { return timed_out_; }
    void reset();  ///< closes with a reset

private:
    bool fill();
    int socket_;
    std::string pending_;
    bool ended_cleanly_ = false;
    bool timed_out_ = false;
};

int status_of(std::string_view reply);
std::string body_of(std::string_view reply);

/// A handler with one path per behaviour.
class TestHandler final : public Handler {
public:
    BodyPlan plan(const RequestHead& head) override;
    async::Awaitable<Response> handle(Request request) override;

    async::Loops* loops = nullptr;           ///< for /hop
    std::atomic<bool> release{false};        ///< lets /wait end
    std::atomic<int> waiting{0};             ///< requests in /wait
    std::atomic<int> most_waiting{0};        ///< the most there were at one moment
    std::atomic<std::uint64_t> uploaded{0};  ///< bytes read by /upload
    std::atomic<int> upload_fault{-1};
};

/// A server on a free port with two loops.
class TestServer {
public:
    explicit TestServer(
        ServerLimits limits = {}, Listen where = {}, const Clock* other_clock = nullptr
    );
    ~TestServer();
    std::uint16_t port() const { return server->port(); }
    std::string url(const std::string& path) const;

    SystemClock clock;
    TestHandler handler;
    async::Loops loops{2};
    std::unique_ptr<Server> server;
};

/// A peer under the test's control: runs `serve` in a thread for each connection it accepts, one
/// after the other.
class ScriptedServer {
public:
    using Script = std::function<void(RawClient& peer, int connection)>;
    explicit ScriptedServer(Script script);
    ~ScriptedServer();
    std::string url(const std::string& path) const;
    std::uint16_t port() const { return port_; }
    int connections() const { return connections_; }

private:
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<int> connections_{0};
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

/// A client on a loop of its own, driven from the test's thread.
class TestClient {
public:
    explicit TestClient(bool allow_private = true, std::vector<std::string> allow = {});
    ~TestClient();
    ClientReply fetch(ClientRequest request);
    void run(std::function<async::Awaitable<>(Client&)> work);
    Client::Figures figures();

    async::Loops loops{1};
    std::unique_ptr<Client> client;
};

}  // namespace trunkline::net::test
