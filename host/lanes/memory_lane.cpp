#include "host/lanes/memory_lane.hpp"

#include <algorithm>
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

void MemoryLane::offer(std::string kind, store::Record record, std::string dedup) {
    boost::asio::post(
        loop_,
        [weak = weak_from_this(),
         kind = std::move(kind),
         record = std::move(record),
         dedup = std::move(dedup)]() mutable {
            if (const auto self = weak.lock())
                self->take(std::move(kind), std::move(record), dedup);
        }
    );
}

void MemoryLane::take(std::string kind, store::Record record, const std::string& dedup) {
    if (stopped_ || !paused_reason_.empty() || !held_.empty()) {
        if (!stopped_) ++ground_.figures.dropped;
        return;
    }
    if (!dedup.empty()) {
        if (!known_.insert(dedup).second) return;
        known_in_order_.push_back(dedup);
        if (known_in_order_.size() > setup_.policy.waiting_max) {
            known_.erase(known_in_order_.front());
            known_in_order_.pop_front();
        }
    }
    const bool keyed = setup_.policy.order == Order::keyed;
    const auto key = keyed ? kind + '\0' + record.conversation : std::to_string(++offered_) + '\0';
    bytes_ += record.body.size();
    const auto known = waiting_.find(key);
    if (known != waiting_.end()) {
        bytes_ -= known->second.body.size();
        known->second = std::move(record);
        ++ground_.figures.dropped;
    } else {
        waiting_.emplace(key, std::move(record));
        turn_.push_back(key);
    }
    while (turn_.size() > 1 &&
           (turn_.size() > setup_.policy.waiting_max || bytes_ > setup_.policy.memory_bytes_max))
        drop_oldest();
    wake();
}

void MemoryLane::drop_oldest() {
    const auto oldest = waiting_.find(turn_.front());
    bytes_ -= oldest->second.body.size();
    waiting_.erase(oldest);
    turn_.pop_front();
    ++ground_.figures.dropped;
}

void MemoryLane::wake() {
    if (stopped_ || turn_.empty() || linger_ != 0) return;
    linger_ = ground_.timers.after(setup_.policy.batch.linger, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self) return;
        self->linger_ = 0;
        self->send_what_waits();
    });
}

void MemoryLane::send_what_waits() {
    const std::size_t at_once =
        setup_.policy.order == Order::sequential ? 1 : std::max(1U, setup_.policy.streams);
    if (requests_ >= at_once || stopped_ || turn_.empty()) return;
    ++requests_;
    async::spawn(loop_, "lane " + setup_.name, [self = shared_from_this()] { return self->run(); });
}

bool MemoryLane::may_go(const store::Record& record) const {
    return setup_.policy.order != Order::keyed || !on_the_way_.contains(record.conversation);
}

std::vector<store::Record> MemoryLane::next_batch() {
    std::vector<store::Record> out;
    std::uint64_t bytes = 0;
    for (auto at = turn_.begin();
         at != turn_.end() && out.size() < setup_.policy.batch.max_messages;) {
        const auto found = waiting_.find(*at);
        store::Record& record = found->second;
        if (!may_go(record)) {
            ++at;
            continue;
        }
        if (!out.empty() && bytes + record.body.size() > setup_.policy.batch.max_bytes) break;
        bytes += record.body.size();
        record.sequence = next_sequence_++;
        out.push_back(std::move(record));
        waiting_.erase(found);
        at = turn_.erase(at);
    }
    bytes_ -= bytes;
    if (setup_.policy.order == Order::keyed) {
        for (const auto& record : out)
            on_the_way_.insert(record.conversation);
    }
    return out;
}

// The next one goes with whatever has gathered meanwhile.
async::Awaitable<> MemoryLane::run() {
    bool behind_others = false;  // whose end lets it go on
    while (!stopped_ && !turn_.empty()) {
        Gate::Wish wish;
        wish.target = destination_->target();
        wish.bytes = kReserve;
        wish.slow = !last_error_.empty();
        auto pass = co_await ground_.gate.enter(std::move(wish));
        if (!pass || stopped_) break;
        auto records = next_batch();
        behind_others = records.empty();
        if (behind_others) break;
        // What may go beside it need not wait for it.
        if (!turn_.empty()) wake();
        co_await send(std::move(records));
    }
    --requests_;
    if (!behind_others) wake();
}

// Whatever it is answered, it is not sent again.
async::Awaitable<> MemoryLane::send(std::vector<store::Record> records) {
    Delivery delivery;
    delivery.epoch = setup_.epoch;
    delivery.timeout = setup_.policy.timeout;
    std::vector<std::string> conversations;
    for (const auto& record : records)
        conversations.push_back(record.conversation);
    const auto count = records.size();
    delivery.records = std::move(records);
    ++ground_.figures.deliveries;
    ++ground_.figures.in_flight;
    const auto verdict = co_await destination_->deliver(std::move(delivery));
    --ground_.figures.in_flight;
    for (const auto& conversation : conversations)
        on_the_way_.erase(conversation);
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
    if (reason == "opening")
        held_ = std::move(reason);
    else if (reason != "gone" || paused_reason_.empty())  // a person's pause stays
        paused_reason_ = std::move(reason);
    ground_.figures.dropped += turn_.size();
    turn_.clear();
    waiting_.clear();
    bytes_ = 0;
    co_return Result<void>{};
}

async::Awaitable<Result<void>> MemoryLane::resume() {
    paused_reason_.clear();
    co_return Result<void>{};
}

async::Awaitable<Result<void>> MemoryLane::admit() {
    held_.clear();
    if (paused_reason_ == "gone") paused_reason_.clear();
    co_return Result<void>{};
}

// What waits goes by the rules it came under; at once, since nothing of it is written.
async::Awaitable<Result<void>> MemoryLane::turn(LanePolicy policy) {
    setup_.policy = policy;
    co_return Result<void>{};
}

void MemoryLane::stop() {
    stopped_ = true;
    ground_.timers.cancel(std::exchange(linger_, 0));
    turn_.clear();
    waiting_.clear();
    bytes_ = 0;
}

LaneStatus MemoryLane::status() const {
    LaneStatus status;
    status.name = setup_.name;
    status.owner = setup_.owner;
    status.order = to_string(setup_.policy.order);
    status.delivery = "best_effort";
    status.epoch = setup_.epoch;
    status.depth = turn_.size();
    status.paused_reason = held_.empty() ? paused_reason_ : held_;
    status.last_status = last_status_;
    status.last_error = last_error_;
    if (alarms_) status.alarms = *alarms_;
    status.state = stopped_                        ? "stopped"
                   : !status.paused_reason.empty() ? "paused"
                   : requests_ > 0                 ? "delivering"
                   : turn_.empty()                 ? "idle"
                                                   : "gathering";
    return status;
}

}  // namespace trunkline::lanes
