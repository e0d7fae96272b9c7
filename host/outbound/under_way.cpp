#include "host/outbound/under_way.hpp"

#include <algorithm>
#include <list>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

namespace trunkline::outbound {

namespace {

using Waiting = std::list<async::net::steady_timer*>;  // each lives in its coroutine's frame

/// A place among those who wait, left also when the coroutine ends with its loop.
class Place {
public:
    Place(Waiting& list, async::Executor loop) : list_{list}, timer_{std::move(loop)} {
        timer_.expires_at(std::chrono::steady_clock::time_point::max());
        at_ = list_.insert(list_.end(), &timer_);
    }
    ~Place() { list_.erase(at_); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    async::net::steady_timer& timer() noexcept { return timer_; }

private:
    Waiting& list_;
    async::net::steady_timer timer_;
    Waiting::iterator at_;
};

}  // namespace

struct UnderWay::Room {
    std::set<std::string> ids;
    Waiting waiting;
};

UnderWay::Claim::~Claim() {
    if (!room_) return;
    for (const std::string& id : ids_)
        room_->ids.erase(id);
    for (auto* timer : room_->waiting)
        timer->cancel();
}

std::shared_ptr<UnderWay::Room> UnderWay::room_of(const std::string& portal) {
    const std::lock_guard lock{mutex_};
    auto& room = rooms_[portal];
    if (!room) room = std::make_shared<Room>();
    return room;
}

async::Awaitable<UnderWay::Claim> UnderWay::claim(std::string portal, std::set<std::string> ids) {
    const auto room = room_of(portal);
    const auto taken = [&room](const std::string& id) { return room->ids.contains(id); };
    while (std::any_of(ids.begin(), ids.end(), taken)) {
        auto loop = co_await async::net::this_coro::executor;
        Place place{room->waiting, std::move(loop)};
        [[maybe_unused]] auto [error] = co_await place.timer().async_wait(async::kAsTuple);
    }
    Claim claim;
    claim.room_ = room;
    claim.ids_ = std::move(ids);
    room->ids.insert(claim.ids_.begin(), claim.ids_.end());
    co_return claim;
}

}  // namespace trunkline::outbound
