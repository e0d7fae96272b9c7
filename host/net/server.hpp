#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/async/loops.hpp"
#include "host/base/clock.hpp"
#include "host/net/http.hpp"

/// The HTTP/1.1 server behind one door: bytes in, a request view out. Nothing above this header
/// knows the parser.
namespace trunkline::net {

/// A request's line and headers, borrowed from the connection; dies when the handler's coroutine
/// ends.
struct RequestHead {
    std::string_view method;  ///< "GET", ... as sent
    std::string_view target;  ///< as sent: path and query, always starting with '/'
    std::string_view path;    ///< the part before '?', not decoded
    std::string_view query;   ///< the part after '?', or ""
    std::span<const HeaderView> headers;
    std::string peer;     ///< address of the client, behind trusted proxies the one they name
    bool secure = false;  ///< TLS here, or in front as told by a trusted proxy

    std::string_view header(std::string_view name) const noexcept {
        return find_header(headers, name);
    }
};

/// Reads a body piece by piece (uploads). Empty piece = the end.
class BodyReader {
public:
    virtual ~BodyReader() = default;
    virtual async::Awaitable<Result<std::string>> read(
    ) = 0;  ///< `malformed`, `unavailable` (slow, gone), `throttled` (too large)
};

struct Request {
    const RequestHead& head;
    std::string body;              ///< whole, when the plan asked for it
    BodyReader* stream = nullptr;  ///< otherwise; owned by the connection
};

struct Response {
    int status = 200;  ///< 0 = cut the connection without an answer (what a simulated peer does)
    Headers headers;   ///< Date, Content-Length, Connection are the server's own
    std::string body;
    std::unique_ptr<BodySource> stream;  ///< instead of `body`
};

/// `application/problem+json` (RFC 9457). `code` is a stable word such as "not_found"; `detail` is
/// for people.
Response problem(int status, std::string_view code, std::string_view detail);

/// How much of a body is accepted, decided from the head alone, before a byte of it is read.
struct BodyPlan {
    std::uint64_t bytes_max = 0;  ///< over it: 413, connection closed
    bool streamed = false;
    std::optional<Response> refuse;  ///< answer this at once, without reading
};

class Handler {
public:
    virtual ~Handler() = default;
    virtual BodyPlan plan(const RequestHead& head) = 0;  ///< on a connection's loop; must not block
    virtual async::Awaitable<Response> handle(Request request
    ) = 0;  ///< starts on the connection's loop
};

struct ServerLimits {
    /// Beyond it a new connection gets 503 and is closed. Above seven eighths of it those that wait
    /// for a next request are closed, the longest waiting first.
    std::uint32_t connections_max = 10'000;
    std::uint32_t connections_per_peer_max = 1'000;
    std::uint32_t refusals_max = 256;  ///< being told 503 at a time, on top; more are just closed
    std::uint32_t head_bytes_max = 32 * 1024;
    std::uint32_t headers_max = 100;
    std::chrono::milliseconds head_timeout{10'000};  ///< whole head, however slowly it drips
    /// A streamed body: for each 64 KiB. A body read whole: for all of it, and as much longer as
    /// its bytes take at `body_bytes_per_second`. Counts the time spent waiting for the client.
    std::chrono::milliseconds body_timeout{30'000};
    std::uint64_t body_bytes_per_second = 64 * 1024;
    std::chrono::milliseconds idle_timeout{75'000};   ///< between requests
    std::chrono::milliseconds write_timeout{30'000};  ///< per 64 KiB written
    /// Bodies being held by all connections together, and by those of one peer (behind a trusted
    /// proxy: the client that it names). Beyond it the oldest unfinished body of the peer that
    /// holds the most is cut off; 503 when there is none.
    std::uint64_t buffered_bytes_max = 256ULL << 20U;
    std::uint64_t buffered_bytes_per_peer_max = 16ULL << 20U;
};

struct Listen {
    std::string address;      ///< "127.0.0.1:8080"; port 0 = any free one
    std::string certificate;  ///< PEM file; empty = clear
    std::string key;
    std::vector<std::string>
        trusted_proxies;  ///< CIDR ranges whose X-Forwarded-For/-Proto are believed
};

/// Owner: main. Deals connections to the loops in turn; a connection stays on its loop for life.
class Server {
public:
    virtual ~Server() = default;
    virtual std::uint16_t port() const noexcept = 0;
    virtual void stop_accepting() = 0;
    virtual async::Awaitable<> drain(std::chrono::milliseconds at_most
    ) = 0;  ///< lets open requests end, then cuts

    struct Figures {
        std::uint64_t connections = 0, accepted = 0, requests = 0, refused = 0, bad = 0;
        std::uint64_t bodies_cut = 0;  ///< gave way to others
        std::uint64_t body_bytes = 0;  ///< being held
    };
    virtual Figures figures() const = 0;
};

/// Binds and starts. Fails with the address and the system's reason. `handler` must outlive the
/// server.
Result<std::unique_ptr<Server>> listen(
    async::Loops& loops,
    const Listen& where,
    const ServerLimits& limits,
    const Clock& clock,
    Handler& handler
);

}  // namespace trunkline::net
