#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#include <boost/asio/co_spawn.hpp>

#include "host/async/await.hpp"

namespace trunkline::async {

/// Runs `work`, a coroutine function, wholly on `loop` and goes on with its result on the caller's
/// own loop. The way to touch what belongs to another loop: a coroutine stays for all its life on
/// the loop it was started on. `[any]` Pass a named local when it captures by value: see
/// BlockingPool::run.
template <class Work>
auto on(Executor loop, Work&& work) -> std::invoke_result_t<std::remove_reference_t<Work>&> {
    static_assert(
        std::is_lvalue_reference_v<Work> || std::is_trivially_destructible_v<Work>,
        "give the work a name first"
    );
    using Value = typename std::invoke_result_t<std::remove_reference_t<Work>&>::value_type;
    if (loop.running_in_this_thread()) {
        auto here = work();
        co_return co_await std::move(here);
    }
    if constexpr (std::is_void_v<Value>) {
        co_await net::co_spawn(
            loop, [&work]() -> Awaitable<> { co_await work(); }, kAwait
        );
    } else {
        std::optional<Value>
            value;  // a spawned result must be default-constructible; a Result is not
        co_await net::co_spawn(
            loop, [&work, &value]() -> Awaitable<> { value.emplace(co_await work()); }, kAwait
        );
        co_return *std::move(value);
    }
}

}  // namespace trunkline::async
