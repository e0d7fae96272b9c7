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

/// Of each loop: some of the largest batches there may be, or one of them would have to wait until
/// it is alone, and all others behind it.
constexpr std::uint64_t kBytesFloor = 64ULL << 20U;

}  // namespace

GateLimits GateLimits::share_of(std::size_t loops) const noexcept {
    return GateLimits{
        .in_flight_max = share(in_flight_max, loops),
        .per_target_max = share(per_target_max, loops),
        .slow_percent_max = slow_percent_max,
        .bytes_max = std::max(share(bytes_max, loops), std::min(bytes_max, kBytesFloor)),
    };
}

// A waiter sleeps on a timer that never fires by itself; being let in cancels it.
struct Gate::Waiter {
    Waiter(Gate& owner, Line& at, const Wish& wanted)
        : gate{owner},
          line{at},
          wish{wanted},
          ticket{owner.next_ticket_++},
          place{queue().insert(queue().end(), this)},
          timer{owner.loop_} {
        timer.expires_at(std::chrono::steady_clock::time_point::max());
        ++gate.waiting_;
    }
    ~Waiter() {
        if (!decided) gate.leave(*this);
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    std::list<Waiter*>& queue() const { return line.waiting.at(wish.slow ? 1 : 0); }

    Gate& gate;
    Line& line;
    Wish wish;
    Ticket ticket;
    std::list<Waiter*>::iterator place;
    boost::asio::steady_timer timer;
    Pass pass;
    bool decided = false;
};

Gate::Gate(async::Executor loop, GateLimits limits) : loop_{std::move(loop)}, limits_{limits} {}

bool Gate::fits_target(const Line& line, bool slow) const {
    const auto slow_most = std::max<std::uint64_t>(
        1, std::uint64_t{limits_.per_target_max} * limits_.slow_percent_max / 100
    );
    return line.in_flight < limits_.per_target_max && (!slow || line.slow < slow_most);
}

bool Gate::fits_slow(std::uint64_t bytes) const {
    const auto most = std::max<std::uint64_t>(
        1, std::uint64_t{limits_.in_flight_max} * limits_.slow_percent_max / 100
    );
    const auto bytes_most = limits_.bytes_max / 100 * limits_.slow_percent_max;
    return slow_ < most && (slow_ == 0 || slow_bytes_ + bytes <= bytes_most);
}

void Gate::take(Line& line, const Wish& wish, Pass& pass) {
    ++in_flight_;
    ++line.in_flight;
    bytes_ += wish.bytes;
    if (wish.slow) {
        ++slow_;
        ++line.slow;
        slow_bytes_ += wish.bytes;
    }
    pass.gate_ = this;
    pass.target_ = wish.target;
    pass.bytes_ = wish.bytes;
    pass.slow_ = wish.slow;
}

void Gate::give_back(Pass& pass) {
    --in_flight_;
    bytes_ -= pass.bytes_;
    if (pass.slow_) {
        --slow_;
        slow_bytes_ -= pass.bytes_;
    }
    const auto found = lines_.find(pass.target_);
    auto& line = found->second;
    --line.in_flight;
    if (pass.slow_) --line.slow;
    if (line.in_flight == 0 && line.waiting[0].empty() && line.waiting[1].empty())
        lines_.erase(found);
    else
        show(line);
    let_in();
}

// The first of each class may be the next one, if the target has room.
void Gate::show(Line& line) {
    for (std::size_t i = 0; i < ready_.size(); ++i) {
        if (!line.waiting[i].empty() && fits_target(line, i == 1))
            ready_[i].emplace(line.waiting[i].front()->ticket, line.waiting[i].front());
    }
}

void Gate::hide(const Line& line) {
    for (std::size_t i = 0; i < ready_.size(); ++i) {
        if (!line.waiting[i].empty()) ready_[i].erase(line.waiting[i].front()->ticket);
    }
}

void Gate::leave(Waiter& waiter) {
    hide(waiter.line);
    waiter.queue().erase(waiter.place);
    --waiting_;
    auto& line = waiter.line;
    if (line.in_flight == 0 && line.waiting[0].empty() && line.waiting[1].empty())
        lines_.erase(waiter.wish.target);
    else
        show(line);
    if (!closed_) let_in();  // he may have stood in the way of others
}

Gate::Waiter* Gate::next() const {
    const auto first = [](const auto& of) { return of.empty() ? nullptr : of.begin()->second; };
    Waiter* const quick = first(ready_[0]);
    Waiter* slow = first(ready_[1]);
    if (slow != nullptr && !fits_slow(slow->wish.bytes)) slow = nullptr;
    if (quick == nullptr || slow == nullptr) return quick == nullptr ? slow : quick;
    return quick->ticket < slow->ticket ? quick : slow;
}

void Gate::let_in() {
    while (in_flight_ < limits_.in_flight_max) {
        Waiter* const waiter = next();
        // Whoever needs many bytes waits until they are there; smaller ones do not pass him.
        if (waiter == nullptr || !fits_bytes(waiter->wish.bytes)) return;
        auto& line = waiter->line;
        hide(line);
        waiter->queue().erase(waiter->place);
        --waiting_;
        waiter->decided = true;
        take(line, waiter->wish, waiter->pass);
        show(line);
        waiter->timer.cancel();
    }
}

async::Awaitable<Gate::Pass> Gate::enter(Wish wish) {
    Pass pass;
    if (closed_) co_return pass;
    auto& line = lines_[wish.target];
    // Nobody overtakes: with others waiting for what this one needs too, it queues behind them.
    if (waiting_ == 0 && in_flight_ < limits_.in_flight_max && fits_target(line, wish.slow) &&
        (!wish.slow || fits_slow(wish.bytes)) && fits_bytes(wish.bytes)) {
        take(line, wish, pass);
        co_return pass;
    }
    Waiter waiter{*this, line, wish};
    show(line);
    let_in();
    while (!waiter.decided) {
        [[maybe_unused]] auto [error] = co_await waiter.timer.async_wait(async::kAsTuple);
    }
    co_return std::move(waiter.pass);
}

void Gate::close() {
    closed_ = true;
    for (auto& ready : ready_)
        ready.clear();
    for (auto& [target, line] : lines_) {
        for (auto& queue : line.waiting) {
            for (Waiter* waiter : std::exchange(queue, {})) {
                waiter->decided = true;
                waiter->timer.cancel();
            }
        }
    }
    waiting_ = 0;
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
    if (slow_) gate_->slow_bytes_ -= bytes_ - bytes;
    bytes_ = bytes;
    gate_->let_in();
}

}  // namespace trunkline::lanes
