#include "host/net/host_places.hpp"

#include <algorithm>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/this_coro.hpp>

namespace trunkline::net {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kWaitingMax =
    16'384;  // per host; whoever asks bounds its own queue well below

}  // namespace

struct HostPlaces::Waiter {
    Waiter(std::shared_ptr<HostPlaces> owner, std::string host, std::uint32_t how_many)
        : places{std::move(owner)}, name{std::move(host)}, most{how_many}, timer{places->loop_} {}
    ~Waiter() { places->forget(name, this); }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    std::shared_ptr<HostPlaces> places;
    std::string name;
    std::uint32_t most;
    bool granted = false;
    bool claimed = false;  // the coroutine has seen the grant
    bool cancelled = false;
    asio::basic_waitable_timer<
        std::chrono::steady_clock,
        asio::wait_traits<std::chrono::steady_clock>,
        async::Executor>
        timer;
};

async::Awaitable<HostPlaces::Outcome> HostPlaces::enter(
    std::string name, std::uint32_t most, Time deadline
) {
    auto& host = hosts_[name];
    if (host.waiting.empty() && host.in_flight < most) {
        ++host.in_flight;
        co_return Outcome::granted;
    }
    if (host.waiting.size() >= kWaitingMax) co_return Outcome::crowded;
    Waiter waiter{shared_from_this(), std::move(name), most};
    host.waiting.push_back(&waiter);
    waiter.timer.expires_at(deadline);
    while (!waiter.granted && !waiter.cancelled) {
        auto [error] = co_await waiter.timer.async_wait(async::kAsTuple);
        if (waiter.granted) break;
        if (!error) co_return Outcome::late;
        const auto state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none) waiter.cancelled = true;
    }
    if (!waiter.granted) co_return Outcome::cancelled;
    waiter.claimed = true;
    co_return Outcome::granted;
}

void HostPlaces::forget(const std::string& name, Waiter* waiter) {
    const auto found = hosts_.find(name);
    if (found == hosts_.end()) return;
    std::erase(found->second.waiting, waiter);
    if (waiter->granted && !waiter->claimed) return leave(name);  // destroyed before it could go on
    admit(found->second);  // one with a larger bound may have stood behind it
}

void HostPlaces::leave(const std::string& name) {
    const auto found = hosts_.find(name);
    if (found == hosts_.end()) return;
    auto& host = found->second;
    --host.in_flight;
    admit(host);
    if (host.in_flight == 0 && host.waiting.empty()) hosts_.erase(found);
}

void HostPlaces::admit(Host& host) {
    while (!host.waiting.empty() && host.in_flight < host.waiting.front()->most) {
        auto* next = host.waiting.front();
        host.waiting.pop_front();
        next->granted = true;
        ++host.in_flight;
        next->timer.cancel();
    }
}

void HostPlaces::cancel_all() {
    for (auto& [name, host] : hosts_) {
        for (auto* waiter : host.waiting) {
            waiter->cancelled = true;
            waiter->timer.cancel();
        }
    }
}

}  // namespace trunkline::net
