#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/async/loops.hpp"
#include "host/net/address_guard.hpp"
#include "host/net/file_bytes.hpp"
#include "host/net/http.hpp"

/// The HTTP client: libcurl's multi interface driven by a loop's sockets. Keep-alive, TLS verified,
/// every wait bounded.
namespace trunkline::net {

/// A piece of a multipart/form-data body, or of a joined one. Exactly one of `bytes` and `file` is
/// used.
struct Part {
    std::string name;
    std::string filename;
    std::string mime;
    std::string bytes;
    std::shared_ptr<const FileBytes> file;  ///< streamed
    bool base64 = false;                    ///< the content is sent base64 encoded (joined bodies)
};

struct ClientRequest {
    std::string method = "GET";
    std::string url;
    Headers headers;
    std::string body;  ///< when `parts` is empty
    std::vector<Part> parts;
    bool joined = false;  ///< parts joined as the body instead of multipart/form-data
    /// At most 5, each hop guarded. Where scheme, host or port change, only Accept,
    /// Accept-Encoding, Range and User-Agent go on, and a body does not: the request then fails as
    /// `rejected`, unless the status turns it into a GET (RFC 9110 section 15.4).
    bool follow_redirects = false;
    /// Never sent a second time by the client itself, not even when a kept connection turns out
    /// dead after bytes left.
    bool once = false;
    std::chrono::milliseconds timeout{15'000};  ///< from start to last byte
    std::chrono::milliseconds connect_timeout{3'000};
    std::uint64_t reply_bytes_max = 1 << 20;
    bool allow_private =
        false;  ///< this destination may be private or loopback, whatever the guard says
    std::uint32_t in_flight_per_host_max = 64;  ///< 0 = no limit (long polls)
};

struct ClientReply {
    int status = 0;  ///< 0 = no answer; then `fault` and `reason` say why
    Headers headers;
    std::string body;
    bool truncated = false;            ///< the body was cut at `reply_bytes_max`
    bool timed_out = false;            ///< with status 0: because it took too long
    Fault fault = Fault::unavailable;  ///< with status 0: `unavailable` (nothing was sent),
                                       ///< `unknown` (it may have arrived), `rejected` (the address
                                       ///< guard or the URL), `cancelled`
    std::string reason;  ///< for logs: "connect refused", "time-out after 15000 ms", "certificate
                         ///< ..."; no URL query
};

/// A reply whose body is read piece by piece.
struct StreamedReply {
    ClientReply head;                  ///< body empty
    std::unique_ptr<BodySource> body;  ///< null when there was no answer
};

/// One per loop; used only on that loop. Owner: main. Destroying it cancels what is in flight.
class Client {
public:
    virtual ~Client() = default;
    virtual async::Awaitable<ClientReply> fetch(ClientRequest request) = 0;
    /// As fetch, but completes at the end of the reply's head; `timeout` then bounds each wait for
    /// a piece. Back pressure: nothing more is read from the network while the reader is behind.
    virtual async::Awaitable<StreamedReply> stream(ClientRequest request) = 0;

    struct Figures {
        std::uint64_t requests = 0, failures = 0, connections = 0, in_flight = 0;
    };
    virtual Figures figures() const = 0;
};

std::unique_ptr<Client> make_client(async::Loop& loop, const AddressGuard& guard);

}  // namespace trunkline::net
