#include "host/lanes/memory_lane.hpp"

#include <utility>

#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include "host/async/spawn.hpp"

namespace trunkline::lanes {

namespace {

constexpr std::uint64_t kReserve = 64ULL << 10U;

}  // namespace

MemoryLane::MemoryLane(
    Ground& ground, Setup setup, std::unique_ptr<SequentialDestination> destination
)
    : ground_{ground},
      loop_{ground.loop},
      setup_{std::move(setup)},
      destination_{std::move(destination)} {}

MemoryLane::~MemoryLane() = default;

void MemoryLane::offer(std::string kind, store::Record record) {
    boost::asio::post(
        loop_,
        [weak = weak_from_this(), kind = std::move(kind), record = std::move(record)]() mutable {
            if (const auto self = weak.lock()) self->take(std::move(kind), std::move(record));
        }
    );
}

void MemoryLane::take(std::string kind, store::Record record) {
    if (stopped_ || !paused_reason_.empty()) {
        if (!stopped_) ++ground_.figures.dropped;
        return;
    }
    const auto key = kind + '\0' + record.conversation;
    const auto [at, added] = latest_.insert_or_assign(key, std::move(record));
    if (added) {
        turn_.push_back(key);
    } else {
        ++ground_.figures.dropped;
    }
    if (turn_.size() > setup_.policy.waiting_max) {
        latest_.erase(turn_.front());
        turn_.pop_front();
        ++ground_.figures.dropped;
    }
    wake();
}

void MemoryLane::wake() {
    if (running_ || stopped_ || turn_.empty() || linger_ != 0) return;
    linger_ = ground_.timers.after(setup_.policy.batch.linger, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self) return;
        self->linger_ = 0;
        if (self->running_ || self->stopped_ || self->turn_.empty()) return;
        self->running_ = true;
        async::spawn(self->loop_, "lane " + self->setup_.name, [self] { return self->run(); });
    });
}

// One request at a time, the next with whatever has gathered meanwhile. Whatever it is answered, it
// is not sent again.
async::Awaitable<> MemoryLane::run() {
    while (!stopped_ && !turn_.empty()) {
        Gate::Wish wish;
        wish.target = destination_->target();
        wish.bytes = kReserve;
        wish.slow = !last_error_.empty();
        auto pass = co_await ground_.gate.enter(std::move(wish));
        if (!pass || stopped_) break;
        Delivery delivery;
        delivery.epoch = setup_.epoch;
        std::uint64_t bytes = 0;
        while (!turn_.empty() && delivery.records.size() < setup_.policy.batch.max_messages) {
            auto next = latest_.extract(turn_.front());
            if (!delivery.records.empty() &&
                bytes + next.mapped().body.size() > setup_.policy.batch.max_bytes) {
                latest_.insert(std::move(next));
                break;
            }
            turn_.pop_front();
            bytes += next.mapped().body.size();
            next.mapped().sequence = next_sequence_++;
            delivery.records.push_back(std::move(next.mapped()));
        }
        if (delivery.records.empty()) break;
        const auto count = delivery.records.size();
        ++ground_.figures.deliveries;
        ++ground_.figures.in_flight;
        const auto verdict = co_await destination_->deliver(std::move(delivery));
        --ground_.figures.in_flight;
        if (verdict.kind == Verdict::Kind::accepted) {
            ground_.figures.delivered += count;
            last_error_.clear();
            alarmed_ = false;
        } else {
            ground_.figures.dropped += count;
            ++ground_.figures.failures;
            last_error_ = verdict.detail.empty() ? "refused" : verdict.detail;
            spdlog::debug(
                "lane.dropped lane={} count={} status={}", setup_.name, count, verdict.status
            );
        }
        last_status_ = verdict.status;
        if (verdict.kind == Verdict::Kind::gone) co_await gone(verdict.detail);
        if (verdict.alarm && !std::exchange(alarmed_, true)) alarm("unauthorized", verdict.detail);
    }
    running_ = false;
    wake();
}

// 410 is about the whole receiver, whichever lane is told first.
async::Awaitable<> MemoryLane::gone(std::string detail) {
    alarm("gone", detail);
    if (ground_.gone) ground_.gone(setup_.owner);
    std::string reason = "gone";
    [[maybe_unused]] const auto paused = co_await pause(std::move(reason));
}

void MemoryLane::alarm(const std::string& code, const std::string& detail) {
    spdlog::error("lane.alarmed lane={} code={} detail={}", setup_.name, code, detail);
    if (!alarms_) alarms_ = std::make_unique<Alarms>();
    alarms_->raise(code, detail, ground_.clock.wall_ms());
    if (ground_.alarm) ground_.alarm(setup_.name, code, detail);
}

async::Awaitable<Result<void>> MemoryLane::pause(std::string reason) {
    paused_reason_ = std::move(reason);
    ground_.figures.dropped += turn_.size();
    turn_.clear();
    latest_.clear();
    co_return Result<void>{};
}

async::Awaitable<Result<void>> MemoryLane::resume() {
    if (paused_reason_ != "opening") paused_reason_.clear();
    co_return Result<void>{};
}

async::Awaitable<Result<void>> MemoryLane::admit() {
    if (paused_reason_ == "opening" || paused_reason_ == "gone") paused_reason_.clear();
    co_return Result<void>{};
}

void MemoryLane::stop() {
    stopped_ = true;
    ground_.timers.cancel(std::exchange(linger_, 0));
    turn_.clear();
    latest_.clear();
}

LaneStatus MemoryLane::status() const {
    LaneStatus status;
    status.name = setup_.name;
    status.owner = setup_.owner;
    status.order = "keyed";
    status.delivery = "best_effort";
    status.epoch = setup_.epoch;
    status.depth = turn_.size();
    status.paused_reason = paused_reason_;
    status.last_status = last_status_;
    status.last_error = last_error_;
    if (alarms_) status.alarms = *alarms_;
    status.state = stopped_                  ? "stopped"
                   : !paused_reason_.empty() ? "paused"
                   : running_                ? "delivering"
                   : turn_.empty()           ? "idle"
                                             : "gathering";
    return status;
}

}  // namespace trunkline::lanes
