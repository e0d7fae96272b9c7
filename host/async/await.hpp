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

/// Of our loops' own executor: what takes any executor costs an allocation and a virtual call at
/// every step.
template <class T = void>
using Awaitable = net::awaitable<T, Executor>;

constexpr net::use_awaitable_t<Executor> kAwait{};  ///< what is awaited instead of called back

/// Peers vanish as a matter of course, so a socket's error is a value here, not an exception.
constexpr auto kAsTuple = net::as_tuple(kAwait);

/// Goes on at `loop`'s thread. The way for a coroutine to enter the loop that owns what it is about
/// to touch.
Awaitable<> enter(Executor loop);

/// Waits on the caller's own loop; returns early, without error, when cancelled.
Awaitable<> pause(std::chrono::milliseconds how_long);

}  // namespace trunkline::async
