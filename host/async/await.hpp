#pragma once

#include <chrono>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace trunkline::async {

namespace net = boost::asio;

using Loop = net::io_context;
using Executor = net::io_context::executor_type;

template <class T = void>
using Awaitable = net::awaitable<T>;

/// Peers vanish as a matter of course, so a socket's error is a value here, not an exception.
constexpr auto kAsTuple = net::as_tuple(net::use_awaitable);

/// Goes on at `loop`'s thread. The way for a coroutine to enter the loop that owns what it is about
/// to touch.
Awaitable<> enter(Executor loop);

/// Waits on the caller's own loop; returns early, without error, when cancelled.
Awaitable<> pause(std::chrono::milliseconds how_long);

}  // namespace trunkline::async
