#include "host/lanes/lines_lane.hpp"

#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "host/async/spawn.hpp"

namespace trunkline::lanes {

namespace {

constexpr Milliseconds kSweep{
    60'000};  // how late a record of a lane that stands still may run out of time

}  // namespace

LinesLane::LinesLane(Ground& ground, Setup setup)
    : ground_{ground},
      setup_{std::move(setup)},
      memory_{LaneMemory::from_text(setup_.info.state)},
      head_{setup_.info.head},
      done_(setup_.info.beyond.begin(), setup_.info.beyond.end()),
      next_read_{setup_.info.head},
      foreseen_{setup_.info.head} {
    setup_.info.state.clear();
    setup_.info.beyond.clear();
}

LinesLane::~LinesLane() {
    if (stopped_) return;
    ground_.timers.cancel(timer_);
    for (const auto& [name, line] : lines_)
        ground_.timers.cancel(line.timer);
}

void LinesLane::start() {
    const auto left = std::clamp<WallMs>(
        memory_.next_attempt_ms - ground_.clock.wall_ms(), 0, RetryClock::kToldMax.count()
    );
    if (left > 0) not_before_ = ground_.clock.steady() + Milliseconds{left};
    loading_ = true;
    async::spawn(ground_.loop, "lane " + setup_.name, [self = shared_from_this()] {
        return self->find_held();
    });
}

void LinesLane::wake() {
    pump();
}

async::Awaitable<Result<void>> LinesLane::pause(std::string reason) {
    const auto self = shared_from_this();
    if (reason == "opening") {
        setup_.held = std::move(reason);  // not kept: at every start it is told anew
        pump();
        co_return Result<void>{};
    }
    // A person's pause stays: unlike this one it does not end by itself.
    if (reason == "gone" && !memory_.paused_reason.empty()) co_return Result<void>{};
    if (memory_.paused_reason == reason) co_return Result<void>{};
    memory_.paused_reason = std::move(reason);
    spdlog::info("lane.paused lane={} reason={}", setup_.name, memory_.paused_reason);
    store::Batch batch;
    remember_in(batch);
    pump();
    const auto written = co_await ground_.store.commit(std::move(batch));
    if (!written) co_return written.error();
    co_return Result<void>{};
}

async::Awaitable<> LinesLane::foresee(std::span<const store::Record> records) {
    (void)records;
    co_return;
}

async::Awaitable<Result<void>> LinesLane::resume() {
    const auto self = shared_from_this();
    memory_.paused_reason.clear();
    memory_.next_attempt_ms = 0;
    store::Batch batch;
    remember_in(batch);
    kick();
    const auto written = co_await ground_.store.commit(std::move(batch));
    if (!written) co_return written.error();
    co_return Result<void>{};
}

async::Awaitable<Result<void>> LinesLane::admit() {
    const auto self = shared_from_this();
    setup_.held.clear();
    if (memory_.paused_reason != "account_broken" && memory_.paused_reason != "gone") {
        kick();
        co_return Result<void>{};
    }
    spdlog::info("lane.resumed lane={} reason=recovered", setup_.name);
    auto resumed = co_await resume();
    co_return resumed;
}

void LinesLane::kick() {
    not_before_ = {};
    kicked();
    for (auto& [name, line] : lines_) {
        ground_.timers.cancel(std::exchange(line.timer, 0));
        line.not_before = {};
        make_ready(name, line);
    }
    pump();
}

void LinesLane::hold(Milliseconds wait) {
    not_before_ = std::max(not_before_, ground_.clock.steady() + wait);
    pump();
}

void LinesLane::stop() {
    stopped_ = true;
    ground_.timers.cancel(std::exchange(timer_, 0));
    for (auto& [name, line] : lines_)
        ground_.timers.cancel(std::exchange(line.timer, 0));
    for (auto* write : refused_writes_)
        write->cancel();
}

std::string LinesLane::paused_reason() const {
    return setup_.held.empty() ? memory_.paused_reason : setup_.held;
}

async::Awaitable<Result<void>> LinesLane::turn(LanePolicy policy) {
    const auto self = shared_from_this();
    const Order own = setup_.policy.order;
    const Order last = memory_.turns.empty() ? own : memory_.turns.back().order;
    const Order wanted = std::exchange(policy.order, own);
    if (last != wanted && memory_.turns.size() >= kTurnsMax)
        co_return Error{Fault::throttled, "lane " + setup_.name + " has earlier changes before it"};
    const bool other_time = policy.retention != setup_.policy.retention;
    setup_.policy = policy;
    for (auto& [name, line] : lines_) {
        line.clock.adopt(policy.retry);
        if (other_time) line.due_ms = 0;
    }
    if (last == wanted) {
        pump();
        co_return Result<void>{};
    }
    // What was read already is delivered here.
    const auto info = ground_.store.lane(setup_.info.id);
    memory_.turns.push_back({std::max(info ? info->tail : 1, next_read_) - 1, wanted});
    told_drained_ = false;
    store::Batch batch;
    remember_in(batch);
    const auto written = co_await ground_.store.commit(std::move(batch));
    pump();
    if (!written) co_return written.error();
    co_return Result<void>{};
}

Heritage LinesLane::heritage() const {
    Heritage out{setup_.policy, memory_, setup_.held, not_before_, nullptr};
    if (alarms_) out.alarms = std::make_unique<Alarms>(*alarms_);
    return out;
}

void LinesLane::inherit(Heritage from) {
    memory_ = std::move(from.memory);
    setup_.held = std::move(from.held);
    not_before_ = from.not_before;
    alarms_ = std::move(from.alarms);
}

// What is another lane's already, as it comes after a turn, waits here too for whoever looks.
std::uint64_t LinesLane::depth() const {
    const auto info = ground_.store.lane(setup_.info.id);
    return (info ? info->tail : next_read_) - head_ - done_.size() + held_;
}

bool LinesLane::drained() const {
    return !memory_.turns.empty() && found_held_ && head_ > drain_through() && held_ == 0;
}

bool LinesLane::blocked() const {
    return !memory_.paused_reason.empty() || !setup_.held.empty() ||
           ground_.clock.steady() < not_before_;
}

bool LinesLane::room() const {
    return next_read_ - head_ < kWindow && loaded_bytes_ < kLoadedBytesMax;
}

store::Sequence LinesLane::tail() const {
    const auto info = ground_.store.lane(setup_.info.id);
    const auto end = info ? info->tail : next_read_;
    return memory_.turns.empty() ? end : std::min(end, drain_through() + 1);
}

void LinesLane::let_later_ones_tell() {
    if (memory_.turns.empty() || next_read_ < tail() || held_ > 0) return;
    const auto info = ground_.store.lane(setup_.info.id);
    if (!info || info->tail <= drain_through() + 1) return;
    const bool all_refused = std::ranges::all_of(lines_, [](const auto& each) {
        return each.second.refused_at.has_value();
    });
    if (all_refused) memory_.turn_before(head_);
}

std::string LinesLane::line_of(const store::Record& record) const {
    switch (setup_.policy.order) {
        case Order::sequential:
            return {};
        case Order::keyed:
            return record.conversation;
        case Order::parallel:
            break;
    }
    return std::to_string(record.sequence);
}

// Called whenever something changed. Starts what can be started and makes sure that something wakes
// the rest.
void LinesLane::pump() {
    if (stopped_ || !found_held_) return;
    const bool more = next_read_ < tail();
    const Time now = ground_.clock.steady();
    const bool may_read = now >= read_after_;
    if (more && room() && may_read && !loading_ && !setting_aside_) {
        loading_ = true;
        async::spawn(ground_.loop, "lane " + setup_.name, [self = shared_from_this()] {
            return self->load();
        });
    }
    if (!blocked()) launch();
    if (stopped_) return;
    if (more && !room() && may_read && !loading_ && foresees() && foreseen_ < tail() &&
        foreseen_ - head_ < kForesight && memory_.paused_reason.empty()) {
        loading_ = true;
        async::spawn(ground_.loop, "lane " + setup_.name, [self = shared_from_this()] {
            return self->look_ahead();
        });
    }
    if (drained()) {
        if (!std::exchange(told_drained_, true) && ground_.drained) ground_.drained(setup_.name);
        return;
    }
    if (more && !room() && !loading_ && !setting_aside_ && paused_reason().empty() &&
        !stuck().empty()) {
        setting_aside_ = true;
        async::spawn(ground_.loop, "lane " + setup_.name, [self = shared_from_this()] {
            return self->set_aside();
        });
    }
    if (blocked()) {
        if (lines_.empty()) return;
        if (now >= sweep_after_) {
            sweep_after_ = now + kSweep;
            sweep();
        }
        const auto left = std::chrono::ceil<Milliseconds>(not_before_ - now);
        const auto wait =
            paused_reason().empty() ? std::clamp(left, Milliseconds{1}, kSweep) : kSweep;
        if (timer_ == 0 || now + wait < timer_due_) arm(wait);
        return;
    }
}

void LinesLane::make_ready(const std::string& name, Line& line) {
    if (line.ready || line.in_flight || line.empty()) return;
    if (waits(line)) {
        if (line.timer == 0) wait_for(name, line);
        return;
    }
    line.ready = true;
    ready_.push_back(name);
}

// The line is not in flight any more: it waits, is ready again, or is over and forgotten.
void LinesLane::let_go(const std::string& name) {
    --in_flight_;
    const auto found = lines_.find(name);
    if (found == lines_.end()) return;
    Line& line = found->second;
    line.in_flight = false;
    if (stopped_) return;
    if (line.empty()) {
        ground_.timers.cancel(line.timer);
        lines_.erase(found);
    } else if (waits(line)) {
        wait_for(name, line);
    } else {
        make_ready(name, line);
    }
}

bool LinesLane::waits(const Line& line) const {
    if (line.due_ms != 0 && ground_.clock.wall_ms() >= line.due_ms && ground_.drift.trusted())
        return false;
    return ground_.clock.steady() < line.not_before;
}

// The line waits for its next try, or for its first record's time to run out.
void LinesLane::wait_for(const std::string& name, Line& line) {
    ground_.timers.cancel(line.timer);
    auto delay = std::chrono::ceil<Milliseconds>(line.not_before - ground_.clock.steady());
    if (line.due_ms != 0 && ground_.drift.trusted()) {
        delay = std::min(delay, Milliseconds{line.due_ms - ground_.clock.wall_ms()});
    }
    line.timer =
        ground_.timers.after(std::max(delay, Milliseconds{1}), [weak = weak_from_this(), name] {
            const auto self = weak.lock();
            if (!self) return;
            const auto found = self->lines_.find(name);
            if (found == self->lines_.end()) return;
            found->second.timer = 0;
            if (self->waits(found->second) && !found->second.in_flight) {
                self->wait_for(name, found->second);
                return;
            }
            self->make_ready(name, found->second);
            self->pump();
        });
}

void LinesLane::read_again_later() {
    read_after_ = ground_.clock.steady() + kAgain;
    ground_.timers.after(kAgain, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->pump();
    });
}

void LinesLane::arm(Milliseconds delay) {
    ground_.timers.cancel(timer_);
    timer_due_ = ground_.clock.steady() + delay;
    timer_ = ground_.timers.after(delay, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self) return;
        self->timer_ = 0;
        self->pump();
    });
}

// While the whole lane stands still its records still run out of time.
void LinesLane::sweep() {
    if (!blocked()) return;
    swept();
    const auto now = ground_.clock.wall_ms();
    std::vector<std::string>
        names;  // a coroutine may begin at once, and end a line that is being looked at
    for (auto& [name, line] : lines_) {
        if (line.in_flight || line.empty()) continue;
        if (line.due_ms != 0 && (now < line.due_ms || !ground_.drift.trusted())) continue;
        line.in_flight = true;
        ++in_flight_;
        names.push_back(name);
    }
    if (!names.empty()) look_at(std::move(names));
}

// Lines whose waiting fills the window. One in flight is not among them: it will say itself how it
// goes on. While the whole lane waits, all of them are when each has failed: only what is behind
// them can tell whether that is the receiver's fault.
std::vector<std::string> LinesLane::stuck() const {
    std::vector<std::string> out;
    if (setup_.policy.order == Order::sequential) return out;  // there is nobody it keeps waiting
    if (blocked()) {
        const bool all = std::ranges::all_of(lines_, [](const auto& each) {
            return each.second.refused_at && !each.second.in_flight;
        });
        for (const auto& [name, line] : lines_) {
            if (all && !line.queue.empty()) out.push_back(name);
        }
        return out;
    }
    for (const auto& [name, line] : lines_) {
        if (!line.in_flight && !line.ready && !line.queue.empty() && waits(line))
            out.push_back(name);
    }
    return out;
}

LaneStatus LinesLane::status() const {
    LaneStatus status;
    status.id = setup_.info.id;
    status.name = setup_.name;
    status.owner = setup_.owner;
    status.order = to_string(setup_.policy.order);
    status.delivery = setup_.policy.one_try ? "best_effort" : "guaranteed";
    status.epoch = setup_.info.epoch;
    status.held = held_;
    status.depth = depth();
    if (const auto info = ground_.store.lane(setup_.info.id))
        status.waiting_bytes = info->waiting_bytes;
    for (const auto& [name, line] : lines_) {
        if (!line.queue.empty() &&
            (status.oldest_ms == 0 || line.queue.front().accepted_ms < status.oldest_ms)) {
            status.oldest_ms = line.queue.front().accepted_ms;
        }
        status.failures = std::max(status.failures, line.clock.failures());
    }
    status.failures = std::max(status.failures, memory_.failures);
    status.failing_since_ms = memory_.failing_since_ms;
    status.last_status = memory_.last_status;
    status.last_error = memory_.last_error;
    if (alarms_) status.alarms = *alarms_;
    status.paused_reason = paused_reason();
    const auto wait = not_before_ - ground_.clock.steady();
    if (stopped_) {
        status.state = "stopped";
    } else if (!status.paused_reason.empty()) {
        status.state = "paused";
    } else if (wait.count() > 0) {
        status.state = "waiting";
        status.next_attempt_ms =
            ground_.clock.wall_ms() + std::chrono::ceil<Milliseconds>(wait).count();
    } else if (in_flight_ > 0) {
        status.state = "delivering";
    } else {
        status.state = status.depth > 0 ? "waiting" : "idle";
    }
    return status;
}

}  // namespace trunkline::lanes
