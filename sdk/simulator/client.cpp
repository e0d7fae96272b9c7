#include <deque>
#include <map>
#include <optional>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include "trunkline/simulator/http.hpp"
#include "trunkline/simulator/url.hpp"

#include "loop_parts.hpp"

namespace trunkline::simulator {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::asio::ip::tcp;

namespace {

constexpr auto kClientToken = asio::as_tuple(asio::use_awaitable);
constexpr std::uint64_t kReplyBytesMax = 1 << 20;
constexpr std::size_t kIdleMax = 128;

using Plain = beast::tcp_stream;
using Secure = beast::ssl_stream<beast::tcp_stream>;

/// An open connection; one of the two streams is there.
struct Connection {
    std::unique_ptr<Plain> plain;
    std::unique_ptr<Secure> secure;
    beast::flat_buffer buffer;

    Plain& lowest() { return secure ? secure->next_layer() : *plain; }
};

std::string words_for(const beast::error_code& error) {
    if (error == beast::error::timeout) return "Read timeout expired";
    if (error == asio::error::connection_refused) return "Connection refused";
    if (error == http::error::end_of_stream || error == http::error::partial_message ||
        error == asio::error::connection_reset || error == asio::error::eof ||
        error == asio::error::broken_pipe)
        return "Webhook connection closed";
    if (error.category() == asio::error::get_ssl_category())
        return "SSL error {" + error.message() + "}";
    return error.message();
}

/// One request and its answer. `begun` is set once anything of an answer was there.
template <class Stream>
asio::awaitable<beast::error_code> exchange(
    Stream& stream,
    beast::flat_buffer& buffer,
    http::request<http::string_body>& request,
    http::response_parser<http::string_body>& parser,
    bool& begun
) {
    auto [write_error, written] = co_await http::async_write(stream, request, kClientToken);
    (void)written;
    if (write_error) co_return write_error;
    auto [error, bytes] = co_await http::async_read(stream, buffer, parser, kClientToken);
    begun = bytes > 0 || parser.got_some();
    co_return error;
}

http::request<http::string_body> request_of(const ClientRequest& from, const Url& url) {
    http::request<http::string_body> out;
    out.version(11);
    out.method_string(from.method);
    out.target(url.target);
    const bool usual = url.port == (url.secure ? 443 : 80);
    out.set(http::field::host, usual ? url.host : url.host + ":" + std::to_string(url.port));
    for (const auto& [name, value] : from.headers)
        out.insert(name, value);
    out.body() = from.body;
    out.keep_alive(true);
    out.prepare_payload();
    return out;
}

}  // namespace

struct Client::State {
    explicit State(asio::io_context& where) : io{where}, resolver{where} {
        beast::error_code ignored;
        tls.set_default_verify_paths(ignored);
        tls.set_verify_mode(asio::ssl::verify_peer, ignored);
    }

    asio::io_context& io;
    tcp::resolver resolver;
    asio::ssl::context tls{asio::ssl::context::tls_client};
    std::map<std::string, std::deque<std::unique_ptr<Connection>>> idle;  ///< by scheme and host
    bool open = true;
};

namespace {

/// Opens a connection within the time that its stream is given.
template <class State>
asio::awaitable<beast::error_code> open_connection(
    State& state, const Url& url, milliseconds timeout, std::unique_ptr<Connection>& out
) {
    out = std::make_unique<Connection>();
    if (url.secure)
        out->secure = std::make_unique<Secure>(Plain{state.io}, state.tls);
    else
        out->plain = std::make_unique<Plain>(state.io);
    const std::string port = std::to_string(url.port);
    auto [resolve_error, places] =
        co_await state.resolver.async_resolve(url.host, port, kClientToken);
    if (resolve_error) co_return resolve_error;
    out->lowest().expires_after(timeout);
    auto [connect_error, where] = co_await out->lowest().async_connect(places, kClientToken);
    (void)where;
    if (connect_error) co_return connect_error;
    beast::error_code ignored;
    out->lowest().socket().set_option(tcp::no_delay{true}, ignored);
    if (!url.secure) co_return beast::error_code{};
    out->secure->set_verify_callback(asio::ssl::host_name_verification{url.host});
    // What SSL_set_tlsext_host_name does, without its cast.
    SSL_ctrl(
        out->secure->native_handle(),
        SSL_CTRL_SET_TLSEXT_HOSTNAME,
        TLSEXT_NAMETYPE_host_name,
        const_cast<char*>(url.host.c_str())
    );
    auto [shake_error] =
        co_await out->secure->async_handshake(asio::ssl::stream_base::client, kClientToken);
    co_return shake_error;
}

ClientReply reply_of(http::response<http::string_body> from) {
    ClientReply out;
    out.status = static_cast<int>(from.result_int());
    for (const auto& field : from)
        out.headers.emplace_back(field.name_string(), field.value());
    out.body = std::move(from.body());
    return out;
}

}  // namespace

template <class State>
asio::awaitable<void> fetch(
    std::shared_ptr<State> state, ClientRequest request, std::function<void(ClientReply)> done
) {
    ClientReply reply;
    const auto url = parse_url(request.url);
    if (!url) {
        reply.reason = "no http or https address";
        done(std::move(reply));
        co_return;
    }
    const std::string key =
        (url->secure ? "https " : "http ") + url->host + " " + std::to_string(url->port);
    auto message = request_of(request, *url);
    for (bool again = true; again;) {
        again = false;
        auto& idle = state->idle[key];
        std::unique_ptr<Connection> connection;
        beast::error_code error;
        const bool kept = !idle.empty();
        if (kept) {
            connection = std::move(idle.back());
            idle.pop_back();
        } else {
            error = co_await open_connection(*state, *url, request.timeout, connection);
        }
        http::response_parser<http::string_body> parser;
        parser.body_limit(kReplyBytesMax);
        bool begun = false;
        if (!error) {
            connection->lowest().expires_after(request.timeout);
            if (connection->secure)
                error = co_await exchange(
                    *connection->secure, connection->buffer, message, parser, begun
                );
            else
                error = co_await exchange(
                    *connection->plain, connection->buffer, message, parser, begun
                );
        }
        if (error && kept && !begun && error != beast::error::timeout) {
            again = true;
            continue;
        }
        if (error) {
            reply.reason = words_for(error);
            continue;
        }
        const bool keep = parser.get().keep_alive();
        reply = reply_of(parser.release());
        if (keep && state->open && idle.size() < kIdleMax) {
            connection->lowest().expires_never();
            idle.push_back(std::move(connection));
        }
    }
    if (state->open) done(std::move(reply));
}

Client::Client(Loop& loop) : state_{std::make_shared<State>(loop.parts().io)} {}

Client::~Client() {
    state_->open = false;
    state_->idle.clear();
}

void Client::send(ClientRequest request, std::function<void(ClientReply)> done) {
    asio::co_spawn(state_->io, fetch(state_, std::move(request), std::move(done)), asio::detached);
}

}  // namespace trunkline::simulator
