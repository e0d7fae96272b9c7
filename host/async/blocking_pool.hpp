#pragma once

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "host/async/await.hpp"

namespace trunkline::async {

/// Threads for calls that block (disk reads, files, name look-up), so that no loop ever does.
/// Owner: main.
class BlockingPool {
public:
    explicit BlockingPool(std::size_t threads) : pool_{threads} {}
    ~BlockingPool() { pool_.join(); }
    BlockingPool(const BlockingPool&) = delete;
    BlockingPool& operator=(const BlockingPool&) = delete;

    /// Runs `work` on the pool and goes on, with what it returned, on the caller's own loop.
    /// `[any]` Pass a named local: GCC 12 destroys a temporary closure twice when it stands in an
    /// awaited expression and owns something.
    template <class Work>
    auto run(Work&& work) -> Awaitable<std::invoke_result_t<std::remove_reference_t<Work>&>> {
        static_assert(
            std::is_lvalue_reference_v<Work> || std::is_trivially_destructible_v<Work>,
            "give the work a name first; see the comment"
        );
        using Value = std::invoke_result_t<std::remove_reference_t<Work>&>;
        static_assert(
            !std::is_void_v<Value>, "return something, so that the caller cannot forget to look"
        );
        auto* task = &work;  // stands in the caller's frame, which waits for us
        // The signature carries an optional because a completion argument must be
        // default-constructible.
        auto start = [this, task](auto handler) {
            auto work_guard = net::make_work_guard(handler);
            net::post(
                pool_,
                [task, handler = std::move(handler), guard = std::move(work_guard)]() mutable {
                    std::optional<Value> value;
                    std::exception_ptr failure;
                    try {
                        value.emplace((*task)());
                    } catch (...) {
                        failure = std::current_exception();
                    }
                    auto executor = guard.get_executor();
                    net::dispatch(
                        executor,
                        [handler = std::move(handler), value = std::move(value), failure](
                        ) mutable { std::move(handler)(failure, std::move(value)); }
                    );
                }
            );
        };
        auto value = co_await net::
            async_initiate<decltype(kAwait), void(std::exception_ptr, std::optional<Value>)>(
                start, kAwait
            );
        co_return *std::move(value);
    }

    /// Runs `work` on the pool; nobody waits for it. It must not throw. `[any]`
    template <class Work>
    void post(Work work) {
        net::post(pool_, std::move(work));
    }

    void join() { pool_.join(); }

private:
    net::thread_pool pool_;
};

}  // namespace trunkline::async
