#pragma once

#include <chrono>

#include <boost/asio/steady_timer.hpp>

#include "host/async/await.hpp"

namespace trunkline::portal::wire {

/// Lets one coroutine sleep until something happens or time is up. A resource of one loop; a call
/// while nobody sleeps is remembered, so nothing is missed between looking and sleeping.
class Wake {
public:
    explicit Wake(async::Loop& loop) : timer_{loop} {}

    void call() {
        called_ = true;
        timer_.cancel();
    }

    async::Awaitable<> wait(std::chrono::milliseconds at_most) {
        if (!called_) {
            timer_.expires_after(at_most);
            [[maybe_unused]] auto [error] = co_await timer_.async_wait(async::kAsTuple);
        }
        called_ = false;
    }

private:
    boost::asio::steady_timer timer_;
    bool called_ = false;
};

}  // namespace trunkline::portal::wire
