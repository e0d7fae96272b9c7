#include "host/net/wire.hpp"

#include <array>
#include <utility>

#include <boost/asio/ssl/impl/src.hpp>

namespace trunkline::net {

using async::kAsTuple;

Wire::Wire(Socket socket, asio::ssl::context* tls) : socket_{std::move(socket)} {
    Code ignored;  // both only cost time when they fail
    socket_.non_blocking(true, ignored);
    socket_.set_option(asio::ip::tcp::no_delay{true}, ignored);
    if (tls != nullptr) tls_ = std::make_unique<asio::ssl::stream<Socket&>>(socket_, *tls);
}

async::Awaitable<Wire::Code> Wire::handshake() {
    auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::server, kAsTuple);
    co_return error;
}

async::Awaitable<std::size_t> Wire::read_some(asio::mutable_buffer into, Code& error) {
    if (tls_) {
        auto [tls_error, tls_bytes] = co_await tls_->async_read_some(into, kAsTuple);
        error = tls_error;
        co_return tls_bytes;
    }
    auto [read_error, bytes] = co_await socket_.async_read_some(into, kAsTuple);
    error = read_error;
    co_return bytes;
}

async::Awaitable<std::size_t> Wire::write_some(
    std::string_view first, std::string_view second, Code& error
) {
    if (first.empty()) std::swap(first, second);
    const std::array<asio::const_buffer, 2> both{
        asio::const_buffer{first.data(), first.size()},
        asio::const_buffer{second.data(), second.size()}};
    if (tls_) {
        auto [tls_error, tls_bytes] = co_await tls_->async_write_some(both, kAsTuple);
        error = tls_error;
        co_return tls_bytes;
    }
    // Nearly always the kernel has room: then the reply leaves without a trip through the loop.
    const auto bytes = second.empty() ? socket_.write_some(asio::const_buffer{both[0]}, error)
                                      : socket_.write_some(both, error);
    if (error != asio::error::would_block && error != asio::error::try_again) co_return bytes;
    auto [write_error, written] = co_await socket_.async_write_some(both, kAsTuple);
    error = write_error;
    co_return written;
}

async::Awaitable<> Wire::shut_down() {
    if (tls_) [[maybe_unused]]
        auto [said] = co_await tls_->async_shutdown(kAsTuple);
    Code ignored;  // a failed goodbye changes nothing
    socket_.shutdown(Socket::shutdown_send, ignored);
}

void Wire::close() noexcept {
    Code ignored;
    socket_.close(ignored);
}

void Wire::abort() noexcept {
    Code ignored;
    socket_.set_option(asio::socket_base::linger{true, 0}, ignored);
    socket_.close(ignored);
}

}  // namespace trunkline::net
