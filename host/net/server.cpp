#include "host/net/server.hpp"

#include <algorithm>
#include <random>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <openssl/ssl.h>
#include <spdlog/spdlog.h>

#include "host/async/spawn.hpp"
#include "host/net/connection.hpp"
#include "host/net/server_state.hpp"

namespace trunkline::net {

using asio::ip::tcp;
using async::kAsTuple;
using Code = boost::system::error_code;

void ServerLoop::add(Connection* connection) {
    connections.push_back(connection);
    connection->index_ = connections.size() - 1;
    connection->listed_ = true;
}

void ServerLoop::remove(Connection* connection) noexcept {
    auto* last = connections.back();
    connections[connection->index_] = last;
    last->index_ = connection->index_;
    connections.pop_back();
    connection->listed_ = false;
}

void ServerLoop::close_idle(std::size_t count) {
    std::vector<Connection*> idle;
    for (auto* connection : connections) {
        if (connection->idle()) idle.push_back(connection);
    }
    count = std::min(count, idle.size());
    const auto end = idle.begin() + static_cast<std::ptrdiff_t>(count);
    std::partial_sort(idle.begin(), end, idle.end(), [](const auto* a, const auto* b) {
        return a->idle_until() < b->idle_until();
    });
    for (auto at = idle.begin(); at != end; ++at)
        (*at)->cut();
}

std::string_view ServerLoop::date(const Clock& clock) {
    const auto now = clock.wall_ms();
    if (now / 1000 != date_second) {
        date_second = now / 1000;
        date_text = http_date(now);
    }
    return date_text;
}

PeerTable::PeerTable() {
    std::random_device device;
    seed_ = (static_cast<std::uint64_t>(device()) << 32U) | device();
}

std::size_t PeerTable::place_of(std::string_view bytes) const noexcept {
    // One IPv6 customer commands a whole /64, so that is what is counted.
    std::uint64_t hash = seed_;
    for (const char c : bytes.substr(0, 8)) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x9E3779B97F4A7C15ULL;
        hash ^= hash >> 29U;
    }
    return hash % counts_.size();
}

bool PeerTable::enter(std::size_t place, std::uint32_t most) noexcept {
    if (counts_[place].fetch_add(1, std::memory_order_relaxed) < most) return true;
    leave(place);
    return false;
}

namespace {

using State = std::shared_ptr<ServerState>;

// How many connections the loop must close now, so that newcomers find room. Each loop looks for
// itself, and takes its part of what is too much.
std::size_t too_many(ServerState& state) {
    const std::uint64_t most = state.limits.connections_max;
    const std::uint64_t open = state.connections.load(std::memory_order_relaxed);
    const std::uint64_t comfortable = most - most / 8;
    const std::uint64_t excess = state.out_of_descriptors.exchange(false, std::memory_order_relaxed)
                                     ? open / 8 + 1
                                 : open > comfortable ? open - comfortable
                                                      : 0;
    return (excess + state.loops.size() - 1) / state.loops.size();
}

// Closes late connections. One timer for a whole loop: a request moves a time point instead of
// setting a timer.
async::Awaitable<> sweep(State state, ServerLoop* loop) {
    const auto& limits = state->limits;
    const auto shortest = std::min(
        {limits.head_timeout, limits.body_timeout, limits.idle_timeout, limits.write_timeout}
    );
    using std::chrono::milliseconds;
    const auto tick = std::clamp(shortest / 4, milliseconds{5}, milliseconds{250});
    Timer timer{loop->executor};
    loop->ticker = &timer;
    while (!state->stopped) {
        timer.expires_after(tick);
        [[maybe_unused]] auto [error] = co_await timer.async_wait(kAsTuple);
        const auto now = state->clock.steady();
        for (auto* connection : loop->connections)
            connection->close_if_late(now);
        if (const auto excess = too_many(*state); excess > 0) loop->close_idle(excess);
    }
    loop->ticker = nullptr;
}

void welcome(const State& state, ServerLoop& loop, Socket socket) {
    count(state->accepted);
    Code error;
    const auto endpoint = socket.remote_endpoint(error);
    if (error) return;  // gone already
    Arrival arrival;
    arrival.peer = endpoint.address().to_string();
    const auto bytes = address_bytes(arrival.peer).value_or(std::string{});
    if (bytes.size() == 4 && endpoint.address().is_v6()) {
        arrival.peer =
            endpoint.address().to_string().substr(7);  // "::ffff:": the same client as without it
    }
    arrival.trusted_proxy = state->trusts(bytes);
    if (!arrival.trusted_proxy) {
        arrival.place = state->peers.place_of(bytes);
        arrival.counted = state->peers.enter(arrival.place, state->limits.connections_per_peer_max);
        if (!arrival.counted) arrival.refuse = "too many connections from this address";
    }
    if (state->connections.load(std::memory_order_relaxed) >= state->limits.connections_max)
        arrival.refuse = "too many connections";
    if (arrival.refuse != nullptr) {
        count(state->refused);
        spdlog::debug("net.connection_refused peer={} reason={}", arrival.peer, arrival.refuse);
    }
    // Only this coroutine counts up, so that looking first is enough.
    const bool told = state->refusals.load(std::memory_order_relaxed) < state->limits.refusals_max;
    count(arrival.refuse != nullptr ? state->refusals : state->connections);
    const bool drop = arrival.refuse != nullptr && !told;
    auto connection =
        std::make_shared<Connection>(state, loop, std::move(socket), std::move(arrival));
    if (drop) return;
    async::spawn(loop.executor, "net.connection", [connection = std::move(connection)] {
        return connection->run();
    });
}

// One acceptor deals connections to the loops in turn. That is more even than SO_REUSEPORT's
// hashing, and a port that another process listens on is an error instead of being shared in
// silence.
async::Awaitable<> accept(State state, std::shared_ptr<Acceptor> acceptor) {
    state->loops.front()->acceptor = acceptor.get();
    for (std::size_t next = 0; acceptor->is_open();) {
        auto& loop = *state->loops[next];
        auto [error, socket] = co_await acceptor->async_accept(loop.executor, kAsTuple);
        if (error == asio::error::operation_aborted || state->draining) break;
        if (!error) {
            welcome(state, loop, std::move(socket));
            next = (next + 1) % state->loops.size();
            continue;
        }
        if (error == asio::error::connection_aborted) continue;
        // Out of descriptors, most likely: the sweep gives some back, a busy loop would not help.
        spdlog::warn("net.accept_failed reason={}", error.message());
        state->out_of_descriptors = true;
        co_await async::pause(std::chrono::milliseconds{100});
    }
    state->loops.front()->acceptor = nullptr;
}

// Does `what` to every connection, on its own loop. `[any]`
void for_each_connection(const State& state, void (Connection::*what)() noexcept) {
    for (auto& loop : state->loops) {
        asio::post(loop->executor, [state, loop = loop.get(), what] {
            for (auto* connection : loop->connections)
                (connection->*what)();
        });
    }
}

class AsioServer final : public Server {
public:
    AsioServer(State state, std::uint16_t port) : state_{std::move(state)}, port_{port} {}

    ~AsioServer() override {
        stop_accepting();
        state_->draining = true;
        state_->stopped = true;
        for (auto& loop : state_->loops) {
            asio::post(loop->executor, [state = state_, loop = loop.get()] {
                if (loop->ticker != nullptr) loop->ticker->cancel();
            });
        }
        for_each_connection(state_, &Connection::cut);
    }

    std::uint16_t port() const noexcept override { return port_; }

    void stop_accepting() override {
        asio::post(state_->loops.front()->executor, [state = state_] {
            Code ignored;
            auto* acceptor = state->loops.front()->acceptor;
            if (acceptor != nullptr) acceptor->close(ignored);
        });
    }

    async::Awaitable<> drain(std::chrono::milliseconds at_most) override {
        stop_accepting();
        state_->draining = true;
        for_each_connection(state_, &Connection::close_if_idle);
        co_await wait_until_empty(state_, at_most);
        if (state_->connections + state_->refusals == 0) co_return;
        spdlog::warn("net.drain_cut connections={}", state_->connections.load());
        for_each_connection(state_, &Connection::cut);
        co_await wait_until_empty(state_, std::chrono::seconds{1});
    }

    Figures figures() const override {
        Figures figures;
        figures.connections = state_->connections;
        figures.accepted = state_->accepted;
        figures.refused = state_->refused;
        figures.bodies_cut = state_->bodies_cut;
        figures.body_bytes = state_->bodies.held();
        for (const auto& loop : state_->loops) {
            figures.requests += loop->requests;
            figures.bad += loop->bad;
        }
        return figures;
    }

private:
    static async::Awaitable<> wait_until_empty(State state, std::chrono::milliseconds at_most) {
        const auto end = std::chrono::steady_clock::now() + at_most;
        while (state->connections + state->refusals > 0 && std::chrono::steady_clock::now() < end) {
            co_await async::pause(std::chrono::milliseconds{5});
        }
    }

    State state_;
    std::uint16_t port_;
};

Result<tcp::endpoint> resolve(async::Loop& loop, const std::string& address) {
    const auto colon = address.rfind(':');
    const Error bad{Fault::malformed, "listen " + address + ": expected address:port"};
    if (colon == std::string::npos || colon + 1 == address.size()) return bad;
    auto host = address.substr(0, colon);
    const auto port = address.substr(colon + 1);
    if (port.find_first_not_of("0123456789") != std::string::npos) return bad;
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    }
    if (host == "*") host = "0.0.0.0";
    Code error;
    tcp::resolver resolver{loop};
    const auto found = resolver.resolve(host, port, tcp::resolver::passive, error);
    if (error || found.empty()) {
        return Error{Fault::unavailable, "listen " + address + ": " + error.message()};
    }
    return found.begin()->endpoint();
}

Result<std::shared_ptr<Acceptor>> open_acceptor(async::Loop& loop, const std::string& address) {
    auto endpoint = resolve(loop, address);
    if (!endpoint) return endpoint.error();
    auto acceptor = std::make_shared<Acceptor>(loop.get_executor());
    Code error;
    acceptor->open(endpoint->protocol(), error);
    if (!error) acceptor->set_option(Acceptor::reuse_address{true}, error);
    if (!error) acceptor->bind(*endpoint, error);
    if (!error) acceptor->listen(4096, error);
    if (error) return Error{Fault::unavailable, "listen " + address + ": " + error.message()};
    return acceptor;
}

// Error: which file, and OpenSSL's reason.
Result<void> set_up_tls(std::optional<asio::ssl::context>& out, const Listen& where) {
    if (where.certificate.empty()) return {};
    auto& context = out.emplace(asio::ssl::context::tls_server);
    auto* native = context.native_handle();
    Code error;
    context.use_certificate_chain_file(where.certificate, error);
    if (error) {
        return Error{Fault::rejected, "certificate " + where.certificate + ": " + error.message()};
    }
    const auto& key = where.key.empty() ? where.certificate : where.key;
    context.use_private_key_file(key, asio::ssl::context::pem, error);
    if (error) return Error{Fault::rejected, "key " + key + ": " + error.message()};
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    SSL_CTX_set_options(
        native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE
    );
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(
        native, SSL_SESS_CACHE_OFF
    );  // tickets do, and need no memory here
    return {};
}

}  // namespace

Result<std::unique_ptr<Server>> listen(
    async::Loops& loops,
    const Listen& where,
    const ServerLimits& limits,
    const Clock& clock,
    Handler& handler
) {
    auto state = std::make_shared<ServerState>(limits, clock, handler);
    auto proxies = parse_cidrs(where.trusted_proxies);
    if (!proxies) return proxies.error();
    state->trusted_proxies = *std::move(proxies);
    auto tls = set_up_tls(state->tls, where);
    if (!tls) return tls.error();
    auto acceptor = open_acceptor(loops.at(0), where.address);
    if (!acceptor) return acceptor.error();
    Code ignored;
    const auto port = (*acceptor)->local_endpoint(ignored).port();

    for (std::size_t i = 0; i < loops.size(); ++i) {
        state->loops.push_back(std::make_unique<ServerLoop>(loops.at(i).get_executor()));
    }
    for (auto& loop : state->loops) {
        async::spawn(loop->executor, "net.sweep", [state, loop = loop.get()] {
            return sweep(state, loop);
        });
    }
    const auto first = state->loops.front()->executor;
    async::spawn(first, "net.accept", [state, held = *acceptor] { return accept(state, held); });
    return std::unique_ptr<Server>{std::make_unique<AsioServer>(std::move(state), port)};
}

}  // namespace trunkline::net
