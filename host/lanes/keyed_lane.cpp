#include "host/lanes/keyed_lane.hpp"

#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "host/async/spawn.hpp"

namespace trunkline::lanes {

namespace {

constexpr Milliseconds kSweep{
    60'000};  // how late a record of a lane that stands still may run out of time

}  // namespace

KeyedLane::KeyedLane(Ground& ground, Setup setup, std::unique_ptr<KeyedDestination> destination)
    : ground_{ground},
      setup_{std::move(setup)},
      destination_{std::move(destination)},
      memory_{LaneMemory::from_text(setup_.info.state)},
      head_{setup_.info.head},
      done_(setup_.info.beyond.begin(), setup_.info.beyond.end()),
      next_read_{setup_.info.head},
      foreseen_{setup_.info.head} {
    setup_.info.state.clear();
    setup_.info.beyond.clear();
}

KeyedLane::~KeyedLane() {
    if (stopped_) return;
    ground_.timers.cancel(timer_);
    for (const auto& [name, line] : lines_)
        ground_.timers.cancel(line.timer);
}

void KeyedLane::start() {
    const auto left = std::clamp<WallMs>(
        memory_.next_attempt_ms - ground_.clock.wall_ms(), 0, RetryClock::kToldMax.count()
    );
    if (left > 0) not_before_ = ground_.clock.steady() + Milliseconds{left};
    loading_ = true;
    async::spawn(ground_.loop, "lane " + setup_.name, [self = shared_from_this()] {
        return self->find_held();
    });
}

void KeyedLane::wake() {
    pump();
}

async::Awaitable<Result<void>> KeyedLane::pause(std::string reason) {
    const auto self = shared_from_this();
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

async::Awaitable<Result<void>> KeyedLane::resume() {
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

async::Awaitable<Result<void>> KeyedLane::admit() {
    if (memory_.paused_reason != "account_broken") co_return Result<void>{};
    spdlog::info("lane.resumed lane={} reason=recovered", setup_.name);
    auto resumed = co_await resume();
    co_return resumed;
}

void KeyedLane::kick() {
    not_before_ = {};
    for (auto& [conversation, line] : lines_) {
        ground_.timers.cancel(std::exchange(line.timer, 0));
        line.not_before = {};
        make_ready(conversation, line);
    }
    pump();
}

void KeyedLane::hold(Milliseconds wait) {
    not_before_ = std::max(not_before_, ground_.clock.steady() + wait);
    pump();
}

void KeyedLane::stop() {
    stopped_ = true;
    ground_.timers.cancel(std::exchange(timer_, 0));
    for (auto& [conversation, line] : lines_)
        ground_.timers.cancel(std::exchange(line.timer, 0));
    for (auto* write : refused_writes_)
        write->cancel();
}

bool KeyedLane::blocked() const {
    return !memory_.paused_reason.empty() || ground_.clock.steady() < not_before_;
}

bool KeyedLane::room() const {
    return next_read_ - head_ < kWindow && loaded_bytes_ < kLoadedBytesMax;
}

store::Sequence KeyedLane::tail() const {
    const auto info = ground_.store.lane(setup_.info.id);
    return info ? info->tail : next_read_;
}

// Called whenever something changed. Starts what can be started and makes sure that something wakes
// the rest.
void KeyedLane::pump() {
    if (stopped_ || !found_held_) return;
    const bool more = next_read_ < tail();
    if (more && room() && !loading_ && !setting_aside_) {
        loading_ = true;
        async::spawn(ground_.loop, "lane " + setup_.name, [self = shared_from_this()] {
            return self->load();
        });
    }
    const auto at_once = std::max<std::size_t>(1, setup_.policy.conversations_at_once);
    // A coroutine may begin at once, so any of them may be the one that makes the lane wait.
    while (in_flight_ < at_once && !ready_.empty() && !blocked() && !stopped_) {
        const auto conversation = std::move(ready_.front());
        ready_.pop_front();
        const auto found = lines_.find(conversation);
        if (found == lines_.end()) continue;
        found->second.ready = false;
        if (found->second.in_flight) continue;
        found->second.in_flight = true;
        ++in_flight_;
        async::spawn(
            ground_.loop,
            "lane " + setup_.name,
            [self = shared_from_this(), conversation] { return self->work(conversation); }
        );
    }
    if (stopped_) return;
    if (more && !room() && !loading_ && foreseen_ < tail() && foreseen_ - head_ < kForesight &&
        memory_.paused_reason.empty()) {
        loading_ = true;
        async::spawn(ground_.loop, "lane " + setup_.name, [self = shared_from_this()] {
            return self->look_ahead();
        });
    }
    if (blocked()) {
        if (timer_ != 0 || lines_.empty()) return;
        const auto left = std::chrono::ceil<Milliseconds>(not_before_ - ground_.clock.steady());
        arm(memory_.paused_reason.empty() ? std::clamp(left, Milliseconds{1}, kSweep) : kSweep);
        return;
    }
    if (more && !room() && !loading_ && !setting_aside_ && !stuck().empty()) {
        setting_aside_ = true;
        async::spawn(ground_.loop, "lane " + setup_.name, [self = shared_from_this()] {
            return self->set_aside();
        });
    }
}

void KeyedLane::make_ready(const std::string& conversation, Line& line) {
    if (line.ready || line.in_flight || (line.queue.empty() && line.held == 0)) return;
    if (waits(line)) {
        if (line.timer == 0) wait_for(conversation, line);
        return;
    }
    line.ready = true;
    ready_.push_back(conversation);
}

bool KeyedLane::waits(const Line& line) const {
    if (line.due_ms != 0 && ground_.clock.wall_ms() >= line.due_ms && ground_.drift.trusted())
        return false;
    return ground_.clock.steady() < line.not_before;
}

// The conversation waits for its next try, or for its first record's time to run out.
void KeyedLane::wait_for(const std::string& conversation, Line& line) {
    ground_.timers.cancel(line.timer);
    auto delay = std::chrono::ceil<Milliseconds>(line.not_before - ground_.clock.steady());
    if (line.due_ms != 0 && ground_.drift.trusted()) {
        delay = std::min(delay, Milliseconds{line.due_ms - ground_.clock.wall_ms()});
    }
    line.timer = ground_.timers.after(
        std::max(delay, Milliseconds{1}),
        [weak = weak_from_this(), conversation] {
            const auto self = weak.lock();
            if (!self) return;
            const auto found = self->lines_.find(conversation);
            if (found == self->lines_.end()) return;
            found->second.timer = 0;
            if (self->waits(found->second) && !found->second.in_flight) {
                self->wait_for(conversation, found->second);
                return;
            }
            self->make_ready(conversation, found->second);
            self->pump();
        }
    );
}

void KeyedLane::arm(Milliseconds delay) {
    timer_ = ground_.timers.after(delay, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self) return;
        self->timer_ = 0;
        self->sweep();
        self->pump();
    });
}

// While the whole lane stands still its records still run out of time.
void KeyedLane::sweep() {
    if (!blocked()) return;
    const auto now = ground_.clock.wall_ms();
    std::vector<std::string>
        names;  // a coroutine may begin at once, and end a line that is being looked at
    for (auto& [conversation, line] : lines_) {
        if (line.in_flight || (line.queue.empty() && line.held == 0)) continue;
        if (line.due_ms != 0 && (now < line.due_ms || !ground_.drift.trusted())) continue;
        line.in_flight = true;
        ++in_flight_;
        names.push_back(conversation);
    }
    for (auto& name : names) {
        async::spawn(ground_.loop, "lane " + setup_.name, [self = shared_from_this(), name] {
            return self->work(name);
        });
    }
}

// Conversations whose waiting fills the window. One in flight is not among them: it will say itself
// how it goes on.
std::vector<std::string> KeyedLane::stuck() const {
    std::vector<std::string> out;
    for (const auto& [conversation, line] : lines_) {
        if (!line.in_flight && !line.ready && !line.queue.empty() && waits(line))
            out.push_back(conversation);
    }
    return out;
}

LaneStatus KeyedLane::status() const {
    LaneStatus status;
    status.id = setup_.info.id;
    status.name = setup_.name;
    status.owner = setup_.owner;
    status.order = "keyed";
    status.delivery = "guaranteed";
    status.epoch = setup_.info.epoch;
    status.held = held_;
    status.depth = tail() - head_ - done_.size() + held_;
    if (const auto info = ground_.store.lane(setup_.info.id))
        status.waiting_bytes = info->waiting_bytes;
    for (const auto& [conversation, line] : lines_) {
        if (!line.queue.empty() &&
            (status.oldest_ms == 0 || line.queue.front().accepted_ms < status.oldest_ms)) {
            status.oldest_ms = line.queue.front().accepted_ms;
        }
        status.failures = std::max(status.failures, line.clock.failures());
    }
    status.last_error = memory_.last_error;
    if (alarms_) status.alarms = *alarms_;
    status.paused_reason = memory_.paused_reason;
    const auto wait = not_before_ - ground_.clock.steady();
    if (stopped_) {
        status.state = "stopped";
    } else if (!memory_.paused_reason.empty()) {
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
