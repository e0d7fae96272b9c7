#pragma once

#include <memory>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>

#include "host/async/await.hpp"

namespace trunkline::async {

/// A flag that one coroutine waits for. Notifying before the wait is kept; notifying twice counts
/// once. One loop only. Destroying it with somebody waiting destroys the waiter.
class Signal {
public:
    void notify() {
        set_ = true;
        if (waiter_) std::exchange(waiter_, nullptr)->resume();
    }

    Awaitable<> wait() {
        while (!set_) {
            co_await net::async_initiate<decltype(kAwait), void()>(
                [this](auto handler) {
                    waiter_ = std::make_unique<Waiter<decltype(handler)>>(std::move(handler));
                },
                kAwait
            );
        }
        set_ = false;
    }

private:
    struct AnyWaiter {
        virtual ~AnyWaiter() = default;
        virtual void resume() = 0;
    };
    template <class Handler>
    struct Waiter final : AnyWaiter {
        explicit Waiter(Handler waiting) : handler{std::move(waiting)} {}
        // Posted, never called in place: the notifier is in the middle of its own work.
        void resume() override { net::post(std::move(handler)); }
        Handler handler;
    };

    bool set_ = false;
    std::unique_ptr<AnyWaiter> waiter_;
};

}  // namespace trunkline::async
