#include <algorithm>
#include <exception>
#include <future>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <spdlog/spdlog.h>

#include "host/async/await.hpp"
#include "host/async/loops.hpp"
#include "host/async/spawn.hpp"
#include "host/base/assert.hpp"

namespace trunkline::async {

Awaitable<> enter(Executor loop) {
    if (loop.running_in_this_thread()) co_return;
    co_await net::post(net::bind_executor(loop, kAwait));
}

Awaitable<> pause(std::chrono::milliseconds how_long) {
    net::steady_timer timer{co_await net::this_coro::executor, how_long};
    [[maybe_unused]] auto [error] = co_await timer.async_wait(kAsTuple);
}

Loops::Loops(std::size_t count) {
    // The committer and the disk have a core to themselves: with a loop on every core it waits for
    // its turn, and everybody for it. On two cores that costs a fifth of the throughput.
    if (count == 0) count = std::max(2U, std::thread::hardware_concurrency()) - 1;
    for (std::size_t i = 0; i < count; ++i) {
        loops_.push_back(std::make_unique<Loop>(1));
        guards_.push_back(net::make_work_guard(*loops_.back()));
    }
}

Loops::~Loops() {
    stop();
}

void Loops::start() {
    for (auto& loop : loops_) {
        threads_.emplace_back([&loop = *loop] { loop.run(); });
    }
}

void Loops::stop() {
    for (auto& loop : loops_)
        loop->stop();
    for (auto& thread : threads_)
        thread.join();
    threads_.clear();
}

std::size_t Loops::index_of(const Loop& loop) const {
    const auto at = std::find_if(loops_.begin(), loops_.end(), [&](const auto& entry) {
        return entry.get() == &loop;
    });
    TRUNKLINE_ASSERT(at != loops_.end());
    return static_cast<std::size_t>(at - loops_.begin());
}

Loop& Loops::home_of(std::string_view key) {
    return *loops_[std::hash<std::string_view>{}(key) % loops_.size()];
}

namespace {

void report(const std::string& name, const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& error) {
        spdlog::error("async.escaped name={} reason={}", name, error.what());
    } catch (...) {
        spdlog::error("async.escaped name={} reason=unknown", name);
    }
}

}  // namespace

void spawn(Executor loop, std::string name, std::function<Awaitable<>()> work) {
    net::co_spawn(
        loop,
        std::move(work),
        [name = std::move(name)](const std::exception_ptr& failure) {
            if (failure) report(name, failure);
        }
    );
}

void run_and_wait(Executor loop, std::string name, std::function<Awaitable<>()> work) {
    std::promise<void> done;
    auto future = done.get_future();
    net::co_spawn(loop, std::move(work), [&done, &name](const std::exception_ptr& failure) {
        if (failure) report(name, failure);
        done.set_value();
    });
    future.wait();
}

}  // namespace trunkline::async
