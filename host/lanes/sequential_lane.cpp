#include "host/lanes/sequential_lane.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include <spdlog/spdlog.h>

#include "host/async/spawn.hpp"

namespace trunkline::lanes {

namespace {

constexpr std::size_t kLookAhead = 1'024;  // events in which conversations are counted
constexpr std::uint64_t kLookAheadBytes = 4ULL << 20U;
constexpr std::size_t kSeenAhead = 16;
constexpr std::size_t kExpireAtOnce = 256;
constexpr double kSlowMs = 2'000;
constexpr std::uint64_t kReserveMin = 64ULL << 10U;
constexpr std::chrono::minutes kDriftCheck{1};
constexpr Milliseconds kRestartSpreadMax{30'000};

std::uint64_t size_of(const std::vector<store::Record>& records) {
    std::uint64_t bytes = 0;
    for (const auto& record : records)
        bytes += record.body.size();
    return bytes;
}

}  // namespace

SequentialLane::SequentialLane(
    Ground& ground, Setup setup, std::unique_ptr<SequentialDestination> destination
)
    : ground_{ground},
      setup_{std::move(setup)},
      destination_{std::move(destination)},
      clock_{setup_.policy.retry},
      memory_{LaneMemory::from_text(setup_.info.state)},
      next_{setup_.info.head} {
    clock_.restore(memory_.failures);
    setup_.info.state.clear();
}

SequentialLane::~SequentialLane() {
    if (!stopped_) ground_.timers.cancel(timer_);
}

void SequentialLane::start() {
    trial_due_ = trial_open_ = memory_.trial_sequence == next_;
    if (memory_.failures > 0) {
        // Only lanes whose last try failed are spread, so that a restart is no stampede on
        // receivers that are down.
        const auto left = std::clamp<WallMs>(
            memory_.next_attempt_ms - ground_.clock.wall_ms(), 0, RetryClock::kToldMax.count()
        );
        const auto spread = std::min<double>(
            static_cast<double>(setup_.policy.retry.max.count()),
            static_cast<double>(kRestartSpreadMax.count())
        );
        const auto extra = static_cast<WallMs>((ground_.jitter() + 1.0) / 2.0 * spread);
        not_before_ = ground_.clock.steady() + Milliseconds{left + extra};
    }
    if (next_ < tail())
        run_soon();
    else
        settle();
}

void SequentialLane::wake() {
    if (running_ || stopped_ || next_ >= tail()) return;
    if (!may_deliver()) {
        if (timer_ == 0) run_soon();  // nothing waited until now: learn when its time runs out
        return;
    }
    const auto& batch = setup_.policy.batch;
    const bool full = tail() - next_ >= batch.max_messages || waiting_bytes() >= batch.max_bytes;
    if (full || batch.linger.count() <= 0) {
        run_soon();
        return;
    }
    if (gathering_) return;
    gathering_ = true;
    arm(batch.linger);
}

async::Awaitable<Result<void>> SequentialLane::pause(std::string reason) {
    const auto self = shared_from_this();
    if (reason == "opening") {
        setup_.held = std::move(reason);  // not kept: at every start it is told anew
        if (!running_) settle();
        co_return Result<void>{};
    }
    // A person's pause stays: unlike this one it does not end by itself.
    if (reason == "gone" && !memory_.paused_reason.empty()) co_return Result<void>{};
    if (memory_.paused_reason == reason) co_return Result<void>{};
    memory_.paused_reason = std::move(reason);
    spdlog::info("lane.paused lane={} reason={}", setup_.name, memory_.paused_reason);
    if (!running_) settle();
    auto written = co_await write_down();
    co_return written;
}

async::Awaitable<Result<void>> SequentialLane::resume() {
    const auto self = shared_from_this();
    const bool was_paused = !memory_.paused_reason.empty();
    memory_.paused_reason.clear();
    kick();
    if (!was_paused) co_return Result<void>{};
    spdlog::info("lane.resumed lane={}", setup_.name);
    auto written = co_await write_down();
    co_return written;
}

async::Awaitable<Result<void>> SequentialLane::admit() {
    const auto self = shared_from_this();
    setup_.held.clear();
    if (memory_.paused_reason == "gone") {
        auto resumed = co_await resume();
        co_return resumed;
    }
    kick();
    co_return Result<void>{};
}

async::Awaitable<Result<void>> SequentialLane::write_down() {
    store::Batch batch;
    remember_in(batch);
    const auto written = co_await ground_.store.commit(std::move(batch));
    if (written) co_return Result<void>{};
    dirty_ = true;  // with the next write, then
    co_return written.error();
}

void SequentialLane::kick() {
    not_before_ = {};
    run_soon();
}

void SequentialLane::hold(Milliseconds wait) {
    not_before_ = std::max(not_before_, ground_.clock.steady() + wait);
    if (!running_) settle();
}

void SequentialLane::stop() {
    stopped_ = true;
    ground_.timers.cancel(std::exchange(timer_, 0));
    if (refused_write_ != nullptr) refused_write_->cancel();
}

bool SequentialLane::may_deliver() const {
    return !stopped_ && memory_.paused_reason.empty() && setup_.held.empty() &&
           ground_.clock.steady() >= not_before_;
}

store::Sequence SequentialLane::tail() const {
    const auto info = ground_.store.lane(setup_.info.id);
    const auto end = info ? info->tail : next_;
    return memory_.turns.empty() ? end : std::min(end, drain_through() + 1);
}

async::Awaitable<Result<void>> SequentialLane::turn(LanePolicy policy) {
    const auto self = shared_from_this();
    const Order wanted = std::exchange(policy.order, Order::sequential);
    const Order last = memory_.turns.empty() ? Order::sequential : memory_.turns.back().order;
    if (last != wanted && memory_.turns.size() >= kTurnsMax)
        co_return Error{Fault::throttled, "lane " + setup_.name + " has earlier changes before it"};
    if (policy.retention != setup_.policy.retention) head_known_ = 0;  // its time is another one
    setup_.policy = policy;
    clock_.adopt(policy.retry);
    Result<void> written;
    if (last != wanted) {
        const auto info = ground_.store.lane(setup_.info.id);
        memory_.turns.push_back({std::max(info ? info->tail : 1, next_) - 1, wanted});
        told_drained_ = false;
        written = co_await write_down();
    }
    if (!running_) settle();
    co_return written;
}

Heritage SequentialLane::heritage() const {
    Heritage out{setup_.policy, memory_, setup_.held, not_before_, nullptr};
    if (alarms_) out.alarms = std::make_unique<Alarms>(*alarms_);
    return out;
}

void SequentialLane::inherit(Heritage from) {
    memory_ = std::move(from.memory);
    clock_.restore(memory_.failures);
    setup_.held = std::move(from.held);
    not_before_ = from.not_before;
    alarms_ = std::move(from.alarms);
}

/// Without those that are another lane's.
std::vector<store::Record> SequentialLane::mine(std::vector<store::Record> records) const {
    if (!memory_.turns.empty())
        std::erase_if(records, [last = drain_through()](const store::Record& record) {
            return record.sequence > last;
        });
    return records;
}

bool SequentialLane::drained() const {
    return !memory_.turns.empty() && next_ > drain_through() && unwritten_ == 0;
}

std::uint64_t SequentialLane::waiting_bytes() const {
    const auto info = ground_.store.lane(setup_.info.id);
    return info ? info->waiting_bytes : 0;
}

bool SequentialLane::slow() const {
    return clock_.half_open() || latency_ms_ > kSlowMs;
}

void SequentialLane::run_soon() {
    if (running_ || stopped_) return;
    ground_.timers.cancel(std::exchange(timer_, 0));
    gathering_ = false;
    running_ = true;
    async::spawn(ground_.loop, "lane " + setup_.name, [self = shared_from_this()] {
        return self->run();
    });
}

void SequentialLane::arm(Milliseconds delay) {
    ground_.timers.cancel(timer_);
    timer_ = ground_.timers.after(delay, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self) return;
        self->timer_ = 0;
        self->run_soon();
    });
}

// Decides when to move next: at the end of a wait, or when the first event's time runs out,
// whichever is first.
void SequentialLane::settle() {
    ground_.timers.cancel(std::exchange(timer_, 0));
    gathering_ = false;
    if (stopped_) return;
    if (drained() && !std::exchange(told_drained_, true) && ground_.drained)
        ground_.drained(setup_.name);
    if (unwritten_ != 0 && next_ >= tail()) {
        const auto again = std::chrono::ceil<Milliseconds>(look_after_ - ground_.clock.steady());
        arm(std::max(again, Milliseconds{1}));
        return;
    }
    if (next_ >= tail()) return;
    const Time now = ground_.clock.steady();
    const bool unknown = head_known_ != next_;
    if (may_deliver() || (unknown && now >= look_after_)) {
        run_soon();
        return;
    }
    auto delay = std::chrono::ceil<Milliseconds>(look_after_ - now);
    if (!unknown) {
        delay = Milliseconds{head_due_ms_ - ground_.clock.wall_ms()};
        if (delay.count() <= 0 && !ground_.drift.trusted()) delay = kDriftCheck;
        const WallMs warned = oldest_event_ms_ == 0
                                  ? 0
                                  : patience_.next_ms(oldest_event_ms_, setup_.policy.retention);
        if (warned != 0 && ground_.drift.trusted())
            delay = std::min(delay, Milliseconds{warned - ground_.clock.wall_ms()});
    }
    if (memory_.paused_reason.empty() && setup_.held.empty()) {
        delay = std::min(delay, std::chrono::ceil<Milliseconds>(not_before_ - now));
    }
    arm(std::max(delay, Milliseconds{1}));
}

// Ends when nothing can be done at once: empty, waiting, paused or stopped. Each step either moves
// the lane or waits.
async::Awaitable<> SequentialLane::run() {
    for (auto next = Next::again; next == Next::again && !stopped_;) {
        next = co_await step();
    }
    while (dirty_) {
        store::Batch batch;
        batch.durable = false;
        remember_in(batch);
        [[maybe_unused]] const auto written = co_await ground_.store.commit(std::move(batch));
    }
    running_ = false;
    settle();
}

async::Awaitable<SequentialLane::Next> SequentialLane::step() {
    if (unwritten_ != 0) {
        const auto next = co_await advance(unwritten_);
        if (unwritten_ != 0) co_return next;
    }
    if (next_ >= tail()) co_return Next::rest;
    if (!may_deliver()) {
        const auto next = co_await look_at_head();
        co_return next;
    }
    Gate::Wish wish;
    wish.target = destination_->target();
    wish.bytes = std::min(setup_.policy.batch.max_bytes, waiting_bytes() + kReserveMin);
    wish.slow = slow();
    struct Leaving {
        Gate::Pass& pass;
        ~Leaving() { pass.release(); }
    } leaving{pass_};
    pass_ = co_await ground_.gate.enter(std::move(wish));
    if (!pass_) stopped_ = true;  // the gate is closed: everything ends
    if (!may_deliver()) co_return Next::again;

    // A few more than are sent, so that an event behind a notice is seen to run out of time.
    const std::size_t count = trial_due_ ? 1 : batch_count();
    // A trial needs the event after this one, however large both are.
    auto read = co_await ground_.reads.records(
        setup_.info.id,
        next_,
        trial_due_ ? kLookAhead : std::max(count, kSeenAhead),
        trial_due_ ? kLookAheadBytes : setup_.policy.batch.max_bytes
    );
    if (!read) {
        const auto next = co_await storage_failed(read.error().context);
        co_return next;
    }
    auto records = mine(*std::move(read));
    if (records.empty()) {
        std::string what = "a waiting event cannot be read";
        const auto next = co_await storage_failed(std::move(what));
        co_return next;
    }
    note_head(records);
    if (expired_run(records) > 0) {
        const auto next = co_await expire(std::move(records));
        co_return next;
    }
    if (trial_due_) {
        const auto next = co_await try_without(std::move(records));
        co_return next;
    }
    if (records.size() > count) records.resize(count);
    pass_.shrink(size_of(records));
    const auto next = co_await deliver(std::move(records));
    co_return next;
}

// While waiting or paused the first event may still run out of time.
async::Awaitable<SequentialLane::Next> SequentialLane::look_at_head() {
    const bool known = head_known_ == next_;
    if (known) look_at_patience();
    if (known && (ground_.clock.wall_ms() < head_due_ms_ || !clock_trusted())) co_return Next::rest;
    if (ground_.clock.steady() < look_after_) co_return Next::rest;
    auto read =
        co_await ground_.reads.records(setup_.info.id, next_, kExpireAtOnce, kLookAheadBytes);
    if (!read) {
        const auto next = co_await storage_failed(read.error().context);
        co_return next;
    }
    auto records = mine(*std::move(read));
    if (records.empty()) {
        std::string what = "a waiting event cannot be read";
        const auto next = co_await storage_failed(std::move(what));
        co_return next;
    }
    note_head(records);
    if (expired_run(records) == 0) co_return Next::rest;
    const auto next = co_await expire(std::move(records));
    co_return next;
}

std::uint32_t SequentialLane::batch_count() const {
    auto count = clock_.batch_max(setup_.policy.batch.max_messages);
    if (refused_through_ >= next_) {
        // Fewer than there are places, where a lane of several streams has left some behind.
        const auto most = std::min<store::Sequence>(refused_through_ - next_ + 1, refused_count_);
        const auto half = std::max<store::Sequence>(1, most / 2);
        count = static_cast<std::uint32_t>(std::min<store::Sequence>(count, half));
    }
    return count;
}

async::Awaitable<SequentialLane::Next> SequentialLane::deliver(std::vector<store::Record> records) {
    auto verdict = co_await ask(records);
    const auto next = co_await conclude(std::move(records), std::move(verdict));
    co_return next;
}

async::Awaitable<Verdict> SequentialLane::ask(std::vector<store::Record> records) {
    Delivery delivery;
    delivery.lane = setup_.info.id;
    delivery.epoch = setup_.info.epoch;
    delivery.attempt = memory_.failures + 1;
    delivery.backlog = co_await backlog(records.front().accepted_ms, records.size());
    delivery.records = std::move(records);
    delivery.timeout = setup_.policy.timeout;
    // While this was read its receiver may have moved to an address that has not been asked yet.
    if (!setup_.held.empty()) {
        Verdict not_asked;
        not_asked.kind = Verdict::Kind::cancelled;
        co_return not_asked;
    }
    const auto began = ground_.clock.steady();
    ++ground_.figures.deliveries;
    ++ground_.figures.in_flight;
    delivering_ = true;
    auto verdict = co_await destination_->deliver(std::move(delivery));
    delivering_ = false;
    --ground_.figures.in_flight;
    const std::chrono::duration<double, std::milli> took = ground_.clock.steady() - began;
    latency_ms_ = latency_ms_ * 0.8 + took.count() * 0.2;
    co_return verdict;
}

// Conversations are counted once per kLookAhead events, not per batch: reading ahead costs as much
// as delivering.
async::Awaitable<std::optional<Backlog>> SequentialLane::backlog(
    WallMs oldest_ms, std::size_t sending
) {
    const auto end = tail();
    if (end - next_ <= sending) co_return std::nullopt;
    if (next_ >= conversations_counted_) {
        auto read =
            co_await ground_.reads.records(setup_.info.id, next_, kLookAhead, kLookAheadBytes);
        if (read && !read->empty()) {
            std::unordered_set<std::string_view> distinct;
            for (const auto& record : *read) {
                if (!record.conversation.empty()) distinct.insert(record.conversation);
            }
            conversations_ = distinct.size();
            conversations_counted_ = read->back().sequence + 1;
        }
    }
    co_return Backlog{
        .count = end - next_,
        .conversations = conversations_,
        .oldest_ms = oldest_ms,
        .through = end - 1};
}

void SequentialLane::remember_in(store::Batch& batch) {
    auto memory = memory_;
    if (trial_over_ && !batch.dead.empty()) memory.trial_sequence = 0;
    batch.states.push_back({.lane = setup_.info.id, .state = memory.to_text()});
    dirty_ = false;
}

LaneStatus SequentialLane::status() const {
    LaneStatus status;
    status.id = setup_.info.id;
    status.name = setup_.name;
    status.owner = setup_.owner;
    status.order = "sequential";
    status.delivery = "guaranteed";
    status.epoch = setup_.info.epoch;
    // What comes after a turn waits here too for whoever looks.
    const auto info = ground_.store.lane(setup_.info.id);
    const auto end = info ? info->tail : next_;
    status.depth = end - std::min(end, next_);
    status.waiting_bytes = waiting_bytes();
    status.oldest_ms = status.depth > 0 && head_known_ == next_ ? head_accepted_ms_ : 0;
    status.failures = memory_.failures;
    status.failing_since_ms = memory_.failing_since_ms;
    status.last_status = memory_.last_status;
    status.last_error = memory_.last_error;
    if (alarms_) status.alarms = *alarms_;
    status.paused_reason = setup_.held.empty() ? memory_.paused_reason : setup_.held;
    const auto wait = not_before_ - ground_.clock.steady();
    const bool waiting = status.depth > 0 && wait.count() > 0;
    if (stopped_) {
        status.state = "stopped";
    } else if (!status.paused_reason.empty()) {
        status.state = "paused";
    } else if (delivering_) {
        status.state = "delivering";
    } else if (waiting) {
        status.state = "waiting";
        status.next_attempt_ms =
            ground_.clock.wall_ms() + std::chrono::ceil<Milliseconds>(wait).count();
    } else {
        status.state = status.depth > 0 ? "gathering" : "idle";
    }
    return status;
}

}  // namespace trunkline::lanes
