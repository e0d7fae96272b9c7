#include "host/lanes/gate.hpp"

#include <algorithm>
#include <utility>

namespace trunkline::lanes {

namespace {

template <class Number>
Number share(Number whole, std::size_t loops) {
    const auto parts = static_cast<Number>(std::max<std::size_t>(loops, 1));
    return std::max<Number>(1, (whole + parts - 1) / parts);
}

}  // namespace

GateLimits GateLimits::share_of(std::size_t loops) const noexcept {
    return GateLimits{
        .in_flight_max = share(in_flight_max, loops),
        .per_target_max = share(per_target_max, loops),
        .slow_percent_max = slow_percent_max,
        .bytes_max = share(bytes_max, loops),
    };
}

// A waiter sleeps on a timer that never fires by itself; being let in cancels it.
struct Gate::Waiter {
    Waiter(Gate& owner, const Wish& wanted) : gate{owner}, wish{wanted}, timer{owner.loop_} {
        timer.expires_at(std::chrono::steady_clock::time_point::max());
    }
    ~Waiter() {
        if (!decided) gate.waiting_.remove(this);
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    Gate& gate;
    Wish wish;
    boost::asio::steady_timer timer;
    Pass pass;
    bool decided = false;
};

Gate::Gate(async::Executor loop, GateLimits limits) : loop_{std::move(loop)}, limits_{limits} {}

bool Gate::fits(const Wish& wish) const {
    if (in_flight_ >= limits_.in_flight_max) return false;
    const auto target = per_target_.find(wish.target);
    if (target != per_target_.end() && target->second >= limits_.per_target_max) return false;
    const auto slow_max = std::max<std::uint64_t>(
        1, std::uint64_t{limits_.in_flight_max} * limits_.slow_percent_max / 100
    );
    if (wish.slow && slow_ >= slow_max) return false;
    return bytes_ == 0 || bytes_ + wish.bytes <= limits_.bytes_max;
}

void Gate::take(const Wish& wish, Pass& pass) {
    ++in_flight_;
    ++per_target_[wish.target];
    if (wish.slow) ++slow_;
    bytes_ += wish.bytes;
    pass.gate_ = this;
    pass.target_ = wish.target;
    pass.bytes_ = wish.bytes;
    pass.slow_ = wish.slow;
}

void Gate::give_back(Pass& pass) {
    --in_flight_;
    bytes_ -= pass.bytes_;
    if (pass.slow_) --slow_;
    const auto target = per_target_.find(pass.target_);
    if (--target->second == 0) per_target_.erase(target);
    let_in();
}

void Gate::let_in() {
    for (auto at = waiting_.begin(); at != waiting_.end() && in_flight_ < limits_.in_flight_max;) {
        Waiter& waiter = **at;
        if (!fits(waiter.wish)) {
            ++at;
            continue;
        }
        take(waiter.wish, waiter.pass);
        waiter.decided = true;
        at = waiting_.erase(at);
        waiter.timer.cancel();
    }
}

async::Awaitable<Gate::Pass> Gate::enter(Wish wish) {
    Pass pass;
    if (closed_) co_return pass;
    // Nobody overtakes: with others waiting for what this one needs too, it queues behind them.
    if (waiting_.empty() && fits(wish)) {
        take(wish, pass);
        co_return pass;
    }
    Waiter waiter{*this, wish};
    waiting_.push_back(&waiter);
    let_in();
    while (!waiter.decided) {
        [[maybe_unused]] auto [error] = co_await waiter.timer.async_wait(async::kAsTuple);
    }
    co_return std::move(waiter.pass);
}

void Gate::close() {
    closed_ = true;
    for (Waiter* waiter : waiting_) {
        waiter->decided = true;
        waiter->timer.cancel();
    }
    waiting_.clear();
}

Gate::Pass::Pass(Pass&& other) noexcept
    : gate_{std::exchange(other.gate_, nullptr)},
      target_{std::move(other.target_)},
      bytes_{other.bytes_},
      slow_{other.slow_} {}

Gate::Pass& Gate::Pass::operator=(Pass&& other) noexcept {
    if (this == &other) return *this;
    release();
    gate_ = std::exchange(other.gate_, nullptr);
    target_ = std::move(other.target_);
    bytes_ = other.bytes_;
    slow_ = other.slow_;
    return *this;
}

Gate::Pass::~Pass() {
    release();
}

void Gate::Pass::release() {
    if (auto* gate = std::exchange(gate_, nullptr)) gate->give_back(*this);
}

void Gate::Pass::shrink(std::uint64_t bytes) {
    if (gate_ == nullptr || bytes >= bytes_) return;
    gate_->bytes_ -= bytes_ - bytes;
    bytes_ = bytes;
    gate_->let_in();
}

}  // namespace trunkline::lanes
