#pragma once

#include <memory>
#include <string_view>

#include <boost/asio/ssl/stream.hpp>

#include "host/net/server_state.hpp"

namespace trunkline::net {

/// A socket, with TLS on top or without. Belongs to its connection's loop. Has no time-outs: the
/// connection's deadline closes the socket, which ends any wait here with an error.
class Wire {
public:
    using Code = boost::system::error_code;

    Wire(Socket socket, asio::ssl::context* tls);

    async::Awaitable<Code> handshake();
    /// Reads at least one byte into `into`; `error` tells the end of the stream too.
    async::Awaitable<std::size_t> read_some(asio::mutable_buffer into, Code& error);
    /// Writes at least one byte of `first` then `second`.
    async::Awaitable<std::size_t> write_some(
        std::string_view first, std::string_view second, Code& error
    );
    async::Awaitable<> shut_down();  ///< says goodbye; the peer may still send
    void close() noexcept;
    void abort() noexcept;  ///< with a reset, so that nobody takes a part for the whole
    bool secure() const noexcept { return tls_ != nullptr; }
    Socket& socket() noexcept { return socket_; }

private:
    Socket socket_;
    std::unique_ptr<asio::ssl::stream<Socket&>> tls_;
};

}  // namespace trunkline::net
