#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "trunkline/json.hpp"
#include "trunkline/simulator/loop.hpp"

/// HTTP/1.1 for simulators. None of the host's code is in it: who checks the host must not share
/// its mistakes.
namespace trunkline::simulator {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// The first field called `name`, whatever its case; "" when there is none.
std::string_view find_header(const Headers& headers, std::string_view name) noexcept;

struct Request {
    std::string method;  ///< "GET", "POST", ...
    std::string path;    ///< begins with '/', not decoded
    std::string query;   ///< behind '?', or ""
    Headers headers;
    std::string body;

    std::string_view header(std::string_view name) const noexcept {
        return find_header(headers, name);
    }
};

struct Response {
    int status = 200;  ///< 0 = the connection is closed without an answer
    Headers headers;
    std::string body;

    static Response of_json(const json::value& value, int status = 200);
    static Response cut() { return {0, {}, {}}; }
};

/// Called once, now or later, on the loop.
using Reply = std::function<void(Response)>;
using Handler = std::function<void(Request, Reply)>;

/// Listens from construction until destruction. On `loop`.
class Server {
public:
    struct Limits {
        std::uint64_t body_bytes_max = 64ULL << 20U;  ///< over it: 413
        std::uint32_t head_bytes_max = 32 * 1024;
        milliseconds idle_timeout{75'000};     ///< a request not whole after it: closed
        milliseconds answer_timeout{120'000};  ///< a handler that never answers: closed
    };
    /// `address`: "127.0.0.1:8443"; port 0 is any free one. Throws std::runtime_error when it
    /// cannot be had.
    Server(Loop& loop, const std::string& address, Handler handler);
    Server(Loop& loop, const std::string& address, Handler handler, Limits limits);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    std::uint16_t port() const noexcept;

private:
    struct State;
    std::shared_ptr<State> state_;
};

struct ClientRequest {
    std::string method = "POST";
    std::string url;  ///< http or https; certificates are verified with the system's roots
    Headers headers;
    std::string body;
    milliseconds timeout{60'000};  ///< from start to last byte
};

struct ClientReply {
    int status = 0;  ///< 0 = no answer; `reason` says why
    Headers headers;
    std::string body;    ///< at most 1 MiB
    std::string reason;  ///< "Connection refused", "Read timeout expired", "Webhook connection
                         ///< closed", or the system's words
};

/// How a simulator calls somebody: a client's `send`, or what a test puts in its place.
using Send = std::function<void(ClientRequest, std::function<void(ClientReply)>)>;

/// Keeps connections open for the next request to the same place. A request goes a second time
/// only where a kept connection was closed before any byte of an answer. On `loop`.
class Client {
public:
    explicit Client(Loop& loop);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void send(ClientRequest request, std::function<void(ClientReply)> done);

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace trunkline::simulator
