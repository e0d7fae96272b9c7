#include "support.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace trunkline::net::test {

bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (std::chrono::steady_clock::now() < end) {
        if (condition()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    return condition();
}

namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

void give_up_after_ten_seconds(int socket) {
    const timeval limit{10, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

}  // namespace

RawClient::RawClient(std::uint16_t port)
    : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    give_up_after_ten_seconds(socket_);
    const auto address = loopback(port);
    EXPECT_EQ(0, ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address));
}

RawClient::~RawClient() {
    if (socket_ >= 0) ::close(socket_);
}

bool RawClient::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
}

void RawClient::finish_sending() {
    ::shutdown(socket_, SHUT_WR);
}

void RawClient::reset() {
    const linger hard{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    ::close(socket_);
    socket_ = -1;
}

bool RawClient::fill() {
    std::array<char, 65536> buffer{};
    const auto n = ::recv(socket_, buffer.data(), buffer.size(), 0);
    ended_cleanly_ = n == 0;
    timed_out_ = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    if (n <= 0) return false;
    pending_.append(buffer.data(), static_cast<std::size_t>(n));
    return true;
}

std::string RawClient::read_until(std::string_view mark) {
    std::size_t at = 0;
    while ((at = pending_.find(mark)) == std::string::npos) {
        if (!fill()) return std::exchange(pending_, {});
    }
    auto out = pending_.substr(0, at + mark.size());
    pending_.erase(0, out.size());
    return out;
}

std::string RawClient::read_reply() {
    auto out = read_until("\r\n\r\n");
    const auto at = out.find("Content-Length: ");
    if (at == std::string::npos) return out;
    const auto length = std::stoul(out.substr(at + 16));
    while (pending_.size() < length && fill()) {
    }
    out += pending_.substr(0, length);
    pending_.erase(0, length);
    return out;
}

std::string RawClient::read_to_end() {
    while (fill()) {
    }
    return std::exchange(pending_, {});
}

std::string RawClient::read_some() {
    if (pending_.empty()) fill();
    return std::exchange(pending_, {});
}

int status_of(std::string_view reply) {
    return reply.size() > 12 && reply.starts_with("HTTP/1.1 ")
               ? std::stoi(std::string{reply.substr(9, 3)})
               : 0;
}

std::string body_of(std::string_view reply) {
    const auto at = reply.find("\r\n\r\n");
    return at == std::string_view::npos ? std::string{} : std::string{reply.substr(at + 4)};
}

namespace {

// Gives `pieces` pieces of `bytes` each, then ends or fails.
class Pieces final : public BodySource {
public:
    Pieces(int pieces, std::size_t bytes, bool sized, bool fails)
        : left_{pieces},
          bytes_{bytes},
          total_{static_cast<std::size_t>(pieces) * bytes},
          sized_{sized},
          fails_{fails} {}
    std::optional<std::uint64_t> size() const override {
        if (!sized_) return std::nullopt;
        return total_;
    }
    async::Awaitable<Result<std::string>> read() override {
        if (left_ == (fails_ ? 1 : 0)) {
            if (fails_) co_return Error{Fault::unavailable, "made to fail"};
            co_return std::string{};
        }
        --left_;
        co_return std::string(bytes_, static_cast<char>('a' + left_ % 26));
    }

private:
    int left_;
    std::size_t bytes_;
    std::size_t total_;
    bool sized_;
    bool fails_;
};

Response text(std::string body) {
    Response response;
    response.headers.push_back({"Content-Type", "text/plain"});
    response.body = std::move(body);
    return response;
}

std::string describe(const Request& request) {
    const auto& head = request.head;
    return std::string{head.method} + " " + std::string{head.target} +
           " path=" + std::string{head.path} + " query=" + std::string{head.query} +
           " host=" + std::string{head.header("HOST")} + " peer=" + head.peer +
           " secure=" + (head.secure ? "1" : "0") + " body=" + request.body;
}

}  // namespace

BodyPlan TestHandler::plan(const RequestHead& head) {
    BodyPlan plan;
    plan.bytes_max = head.path == "/large" ? 4 << 20 : 1 << 20;
    if (head.path == "/upload" || head.path == "/ignore") {
        plan.bytes_max = 64 << 20;
        plan.streamed = true;
    }
    if (head.path == "/upload-small") {
        plan.bytes_max = 1000;
        plan.streamed = true;
    }
    if (head.path == "/refuse") plan.refuse = problem(403, "forbidden", "not here");
    if (head.path == "/plan-throws") throw std::runtime_error{"plan"};
    return plan;
}

async::Awaitable<Response> TestHandler::handle(Request request) {
    const auto path = request.head.path;
    if (path == "/throw") throw std::runtime_error{"handler"};
    if (path == "/throw-int") throw 42;
    if (path == "/describe") co_return text(describe(request));
    if (path == "/big") co_return text(std::string(1'000'000, 'b'));
    if (path == "/hop") {
        co_await async::enter(loops->at(0).get_executor());
        co_await async::enter(loops->at(1).get_executor());
        co_return text("hopped");
    }
    if (path == "/wait") {
        const int now = ++waiting;
        for (int most = most_waiting;
             most < now && !most_waiting.compare_exchange_weak(most, now);) {
        }
        while (!release)
            co_await async::pause(std::chrono::milliseconds{2});
        --waiting;
        co_return text("waited");
    }
    if (path == "/upload" || path == "/upload-small") {
        while (true) {
            auto piece = co_await request.stream->read();
            if (!piece) {
                upload_fault = static_cast<int>(piece.error().fault);
                co_return problem(400, "upload_failed", "the upload broke off");
            }
            if (piece->empty()) break;
            uploaded += piece->size();
        }
        co_return text("uploaded");
    }
    Response response = text({});
    if (path == "/chunks") response.stream = std::make_unique<Pieces>(10, 3, false, false);
    if (path == "/sized") response.stream = std::make_unique<Pieces>(10, 30'000, true, false);
    if (path == "/large-stream")
        response.stream = std::make_unique<Pieces>(200, 100'000, true, false);
    if (path == "/chunks-fail") response.stream = std::make_unique<Pieces>(5, 10, false, true);
    if (path == "/sized-fail") response.stream = std::make_unique<Pieces>(5, 10, true, true);
    if (path == "/empty-chunks") response.stream = std::make_unique<Pieces>(0, 1, false, false);
    if (path == "/no-content") response.status = 204;
    if (path == "/split") response.headers.push_back({"X-Bad", "a\r\nSet-Cookie: b"});
    if (path == "/own") response.headers.push_back({"Content-Length", "999"});
    if (path == "/echo" || path == "/") response.body = std::move(request.body);
    co_return response;
}

TestServer::TestServer(ServerLimits limits, Listen where, const Clock* other_clock) {
    if (where.address.empty()) where.address = "127.0.0.1:0";
    handler.loops = &loops;
    auto made =
        listen(loops, where, limits, other_clock != nullptr ? *other_clock : clock, handler);
    EXPECT_TRUE(made.has_value()) << (made ? "" : made.error().context);
    server = *std::move(made);
    loops.start();
}

TestServer::~TestServer() {
    handler.release = true;
    async::run_and_wait(loops.at(1).get_executor(), "drain", [this] {
        return server->drain(std::chrono::seconds{2});
    });
    loops.stop();
    server.reset();
}

std::string TestServer::url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port()) + path;
}

ScriptedServer::ScriptedServer(Script script)
    : listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    auto address = loopback(0);
    socklen_t size = sizeof address;
    EXPECT_EQ(0, ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size));
    EXPECT_EQ(0, ::listen(listener_, 16));
    EXPECT_EQ(0, ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size));
    port_ = ntohs(address.sin_port);
    thread_ = std::thread{[this, script = std::move(script)] {
        while (!stop_) {
            pollfd wait{listener_, POLLIN, 0};
            if (::poll(&wait, 1, 20) <= 0) continue;
            const int accepted = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (accepted < 0) continue;
            give_up_after_ten_seconds(accepted);
            RawClient peer{accepted};
            script(peer, connections_++);
        }
    }};
}

ScriptedServer::~ScriptedServer() {
    stop_ = true;
    thread_.join();
    ::close(listener_);
}

std::string ScriptedServer::url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
}

TestClient::TestClient(bool allow_private, std::vector<std::string> allow) {
    loops.start();
    auto guard = AddressGuard::make(allow_private, allow);
    EXPECT_TRUE(guard.has_value());
    client = make_client(loops.at(0), *guard);
}

TestClient::~TestClient() {
    client.reset();
    loops.stop();
}

ClientReply TestClient::fetch(ClientRequest request) {
    // A loaded machine may take its time; no test is about this limit.
    request.connect_timeout = std::chrono::seconds{10};
    ClientReply reply;
    run([&reply, request = std::move(request)](Client& c) -> async::Awaitable<> {
        reply = co_await c.fetch(request);
    });
    return reply;
}

void TestClient::run(std::function<async::Awaitable<>(Client&)> work) {
    async::run_and_wait(loops.at(0).get_executor(), "test", [this, &work] {
        return work(*client);
    });
}

Client::Figures TestClient::figures() {
    Client::Figures figures;
    run([&figures](Client& c) -> async::Awaitable<> {
        figures = c.figures();
        co_return;
    });
    return figures;
}

}  // namespace trunkline::net::test
