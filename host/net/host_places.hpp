#pragma once

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

#include "host/async/await.hpp"

namespace trunkline::net {

/// Bounds the requests in flight to each host; who comes too many waits in line, first come, first
/// served. Lives on one loop. Shared ownership: a place may be given back after the client is gone.
class HostPlaces : public std::enable_shared_from_this<HostPlaces> {
public:
    using Time = std::chrono::steady_clock::time_point;

    /// One request's right to be in flight; given back when destroyed.
    class Place {
    public:
        Place() = default;
        Place(std::shared_ptr<HostPlaces> owner, std::string host)
            : owner_{std::move(owner)}, host_{std::move(host)} {}
        Place(Place&& other) noexcept = default;
        Place& operator=(Place&& other) noexcept = delete;
        ~Place() {
            if (owner_) owner_->leave(host_);
        }

    private:
        std::shared_ptr<HostPlaces> owner_;
        std::string host_;
    };

    enum class Outcome { granted, late, crowded, cancelled };

    explicit HostPlaces(async::Executor loop) : loop_{loop} {}

    /// Waits for a place among `most`; when granted, make a `Place` of it before the next await.
    async::Awaitable<Outcome> enter(std::string host, std::uint32_t most, Time deadline);
    void cancel_all();

private:
    struct Waiter;
    struct Host {
        std::uint32_t in_flight = 0;
        std::deque<Waiter*> waiting;  // borrowed from their coroutines
    };

    void leave(const std::string& host);
    void admit(Host& host);
    void forget(const std::string& name, Waiter* waiter);

    async::Executor loop_;
    std::unordered_map<std::string, Host> hosts_;
};

}  // namespace trunkline::net
