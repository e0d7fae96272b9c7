#include <optional>
#include <stdexcept>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "trunkline/simulator/http.hpp"
#include "trunkline/simulator/url.hpp"

#include "loop_parts.hpp"

namespace trunkline::simulator {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::asio::ip::tcp;

struct Server::State {
    State(asio::io_context& io, Handler takes, Limits bounds)
        : acceptor{io}, handler{std::move(takes)}, limits{bounds} {}

    tcp::acceptor acceptor;
    Handler handler;
    Limits limits;
};

namespace {

constexpr auto kServerToken = asio::as_tuple(asio::use_awaitable);

/// What a handler answers, and a timer to be woken by.
struct Pending {
    explicit Pending(asio::any_io_executor where) : timer{std::move(where)} {}
    asio::steady_timer timer;
    std::optional<Response> response;
};

Request request_of(http::request<http::string_body>& from) {
    Request out;
    out.method = std::string{from.method_string()};
    const std::string target{from.target()};
    const std::size_t mark = target.find('?');
    out.path = target.substr(0, mark);
    if (mark != std::string::npos) out.query = target.substr(mark + 1);
    for (const auto& field : from)
        out.headers.emplace_back(field.name_string(), field.value());
    out.body = std::move(from.body());
    return out;
}

http::response<http::string_body> response_of(Response from, unsigned version, bool keep_alive) {
    http::response<http::string_body> out;
    out.version(version);
    out.result(static_cast<unsigned>(from.status));
    for (const auto& [name, value] : from.headers)
        out.insert(name, value);
    out.body() = std::move(from.body);
    out.keep_alive(keep_alive);
    out.prepare_payload();
    return out;
}

}  // namespace

/// A connection until it closes. `state` is shared: connections may outlive their server.
template <class State>
asio::awaitable<void> serve(std::shared_ptr<State> state, tcp::socket socket) {
    beast::tcp_stream stream{std::move(socket)};
    beast::flat_buffer buffer;
    for (bool keep_alive = true; keep_alive;) {
        http::request_parser<http::string_body> parser;
        parser.body_limit(state->limits.body_bytes_max);
        parser.header_limit(state->limits.head_bytes_max);
        stream.expires_after(state->limits.idle_timeout);
        auto [head_error, head_bytes] =
            co_await http::async_read_header(stream, buffer, parser, kServerToken);
        (void)head_bytes;
        // A Content-Length beyond the limit is seen with the head already.
        beast::error_code error = head_error;
        if (error && error != http::error::body_limit) co_return;
        if (!error && parser.get()[http::field::expect] == "100-continue") {
            http::response<http::empty_body> go_on{http::status::continue_, 11};
            auto [go_error, go_bytes] = co_await http::async_write(stream, go_on, kServerToken);
            (void)go_bytes;
            if (go_error) co_return;
        }
        if (!error) {
            auto [body_error, body_bytes] =
                co_await http::async_read(stream, buffer, parser, kServerToken);
            (void)body_bytes;
            error = body_error;
        }
        const unsigned version = parser.get().version();
        Response answer;
        if (error == http::error::body_limit) {
            answer.status = 413;
            keep_alive = false;
        } else if (error) {
            co_return;
        } else {
            keep_alive = parser.get().keep_alive();
            auto whole = parser.release();
            auto pending = std::make_shared<Pending>(stream.get_executor());
            // A reply may come within the call, or when this connection is gone.
            Reply reply = [pending](Response given) {
                if (!pending->response) pending->response.emplace(std::move(given));
                pending->timer.cancel();
            };
            Request request = request_of(whole);
            pending->timer.expires_after(state->limits.answer_timeout);
            state->handler(std::move(request), std::move(reply));
            if (!pending->response) {
                auto [cancelled] = co_await pending->timer.async_wait(kServerToken);
                (void)cancelled;
            }
            if (pending->response)
                answer = *std::move(pending->response);
            else
                answer.status = 0;
        }
        if (answer.status == 0) co_return;
        auto response = response_of(std::move(answer), version, keep_alive);
        stream.expires_after(state->limits.idle_timeout);
        auto [write_error, written] = co_await http::async_write(stream, response, kServerToken);
        (void)written;
        if (write_error) co_return;
    }
    beast::error_code ignored;
    stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
}

template <class State>
asio::awaitable<void> accept(std::shared_ptr<State> state) {
    for (;;) {
        auto [error, socket] = co_await state->acceptor.async_accept(kServerToken);
        if (error == asio::error::operation_aborted || !state->acceptor.is_open()) co_return;
        if (error) continue;
        beast::error_code ignored;
        socket.set_option(tcp::no_delay{true}, ignored);
        auto executor = state->acceptor.get_executor();
        asio::co_spawn(executor, serve(state, std::move(socket)), asio::detached);
    }
}

Server::Server(Loop& loop, const std::string& address, Handler handler)
    : Server{loop, address, std::move(handler), Limits{}} {}

Server::Server(Loop& loop, const std::string& address, Handler handler, Limits limits)
    : state_{std::make_shared<State>(loop.parts().io, std::move(handler), limits)} {
    const std::size_t colon = address.rfind(':');
    const auto port =
        colon == std::string::npos ? std::nullopt : whole_number(address.substr(colon + 1));
    beast::error_code error;
    const auto host = asio::ip::make_address(address.substr(0, colon), error);
    if (error || !port || *port < 0 || *port > 65'535)
        throw std::runtime_error{address + " is no address like 127.0.0.1:8443"};
    const tcp::endpoint where{host, static_cast<std::uint16_t>(*port)};
    state_->acceptor.open(where.protocol(), error);
    if (!error) state_->acceptor.set_option(tcp::acceptor::reuse_address{true}, error);
    if (!error) state_->acceptor.bind(where, error);
    if (!error) state_->acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) throw std::runtime_error{address + ": " + error.message()};
    asio::co_spawn(loop.parts().io, accept(state_), asio::detached);
}

Server::~Server() {
    beast::error_code ignored;
    state_->acceptor.close(ignored);
}

std::uint16_t Server::port() const noexcept {
    beast::error_code ignored;
    return state_->acceptor.local_endpoint(ignored).port();
}

}  // namespace trunkline::simulator
