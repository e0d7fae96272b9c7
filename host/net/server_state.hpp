#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include "host/net/body_budget.hpp"
#include "host/net/cidr.hpp"
#include "host/net/server.hpp"

namespace trunkline::net {

class Connection;

namespace asio = boost::asio;
using Socket = asio::basic_stream_socket<asio::ip::tcp, async::Executor>;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, async::Executor>;
using Timer = asio::basic_waitable_timer<
    std::chrono::steady_clock,
    asio::wait_traits<std::chrono::steady_clock>,
    async::Executor>;

/// The part of a server that lives on one loop. Touched on that loop only, but for the counters,
/// which are written there and read anywhere.
struct alignas(64) ServerLoop {
    explicit ServerLoop(async::Executor where) : executor{where} {}

    void add(Connection* connection);
    void remove(Connection* connection) noexcept;
    std::string_view date(const Clock& clock);
    void close_idle(std::size_t count);  ///< at most so many, the longest idle first

    async::Executor executor;
    std::vector<Connection*> connections;  // borrowed; each takes itself out when it ends
    Timer* ticker = nullptr;               // borrowed from the coroutine that sweeps
    Acceptor* acceptor =
        nullptr;  // borrowed from the coroutine that accepts; on the first loop only
    std::int64_t date_second = -1;
    std::string date_text;
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint64_t> bad{0};
};

/// Counts connections by peer address in a fixed table: no lock and no growth. Two addresses may
/// share a place; the seed is random, so nobody can choose whom to share with.
class PeerTable {
public:
    static constexpr std::size_t kPlaces = 4096;

    PeerTable();
    std::size_t place_of(std::string_view address_bytes) const noexcept;
    /// False, and nothing counted, when `place` holds `most` already.
    bool enter(std::size_t place, std::uint32_t most) noexcept;
    void leave(std::size_t place) noexcept {
        counts_[place].fetch_sub(1, std::memory_order_relaxed);
    }

private:
    std::uint64_t seed_;
    std::array<std::atomic<std::uint32_t>, kPlaces> counts_{};
};

/// What the server and its connections share. Shared ownership: a connection's last step may come
/// after the server is gone, and the server may outlive any connection.
struct ServerState {
    ServerState(const ServerLimits& how_much, const Clock& time, Handler& who)
        : limits{how_much},
          clock{time},
          handler{who},
          bodies{
              how_much.buffered_bytes_max,
              how_much.buffered_bytes_per_peer_max,
              PeerTable::kPlaces} {}

    bool trusts(std::string_view address_bytes) const noexcept {
        return any_contains(trusted_proxies, address_bytes);
    }

    const ServerLimits limits;
    const Clock& clock;  // owner: main
    Handler& handler;    // owner: main
    std::vector<Cidr> trusted_proxies;
    std::optional<asio::ssl::context> tls;
    std::vector<std::unique_ptr<ServerLoop>> loops;
    PeerTable peers;
    BodyBudget bodies;
    std::atomic<bool> draining{false};
    std::atomic<bool> stopped{false};
    std::atomic<std::uint64_t> connections{0};  // without those being refused
    std::atomic<std::uint64_t> refusals{0};     // under way
    std::atomic<bool> out_of_descriptors{false};
    std::atomic<std::uint64_t> accepted{0};
    std::atomic<std::uint64_t> refused{0};
    std::atomic<std::uint64_t> bodies_cut{0};
};

inline void count(std::atomic<std::uint64_t>& counter) noexcept {
    counter.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace trunkline::net
