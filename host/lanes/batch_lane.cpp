// Which lines go together, when, and what of them.
#include "host/lanes/batch_lane.hpp"

#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "host/async/spawn.hpp"

namespace trunkline::lanes {

namespace {

constexpr double kSlowBatchMs = 2'000;
constexpr std::uint64_t kReserveBytes = 64ULL << 10U;
constexpr Milliseconds kSpreadMax{30'000};

}  // namespace

BatchLane::BatchLane(
    Ground& ground, Setup setup, std::unique_ptr<SequentialDestination> destination
)
    : LinesLane{ground, std::move(setup)},
      destination_{std::move(destination)},
      clock_{setup_.policy.retry} {
    clock_.restore(memory_.failures);
}

void BatchLane::start() {
    trial_open_ = memory_.trial_sequence != 0;
    LinesLane::start();
    if (memory_.failures == 0) return;
    // Only lanes whose last try failed are spread, so that a restart is no stampede on receivers
    // that are down.
    const auto most = std::min(setup_.policy.retry.max, kSpreadMax);
    const auto extra = (ground_.jitter() + 1.0) / 2.0 * static_cast<double>(most.count());
    not_before_ = std::max(not_before_, ground_.clock.steady()) +
                  Milliseconds{static_cast<Milliseconds::rep>(extra)};
}

void BatchLane::stop() {
    ground_.timers.cancel(std::exchange(linger_, 0));
    LinesLane::stop();
}

void BatchLane::inherit(Heritage from) {
    clock_.restore(from.memory.failures);
    LinesLane::inherit(std::move(from));
}

async::Awaitable<Result<void>> BatchLane::turn(LanePolicy policy) {
    const auto self = shared_from_this();
    clock_.adopt(policy.retry);
    auto turned = co_await LinesLane::turn(policy);
    co_return turned;
}

void BatchLane::kicked() {
    lingered_ = true;
}

/// After a failure one request finds out whether the receiver is well again.
std::uint32_t BatchLane::at_once() const {
    return clock_.half_open() ? 1 : std::max(1U, setup_.policy.streams);
}

/// Whether there is a full batch, or what there is has waited long enough for more.
bool BatchLane::worth_sending() const {
    if (lingered_ || setup_.policy.batch.linger.count() <= 0) return true;
    const auto full = clock_.batch_max(setup_.policy.batch.max_messages);
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
    for (const auto& name : ready_) {
        const auto found = lines_.find(name);
        if (found == lines_.end()) continue;
        const Line& line = found->second;
        if (line.held > 0 || line.most > 0) return true;
        count += line.queue.size();
        for (const auto& record : line.queue)
            bytes += record.body.size();
        if (count >= full || bytes >= setup_.policy.batch.max_bytes) return true;
    }
    return false;
}

void BatchLane::launch() {
    if (ready_.empty()) lingered_ = false;
    while (requests_ < at_once() && !ready_.empty() && !blocked() && !stopped_) {
        if (!worth_sending()) {
            if (linger_ != 0) return;
            linger_ = ground_.timers.after(setup_.policy.batch.linger, [weak = weak_from_this()] {
                const auto self = std::static_pointer_cast<BatchLane>(weak.lock());
                if (!self) return;
                self->linger_ = 0;
                self->lingered_ = true;
                self->pump();
            });
            return;
        }
        auto names = take_lines();
        if (names.empty()) continue;
        lingered_ = false;
        ++requests_;
        const auto self = std::static_pointer_cast<BatchLane>(shared_from_this());
        auto work = [self, names = std::move(names)] { return self->work(names); };
        async::spawn(ground_.loop, "lane " + setup_.name, std::move(work));
    }
}

std::vector<std::string> BatchLane::take_lines() {
    const std::uint64_t full = clock_.batch_max(setup_.policy.batch.max_messages);
    if (clock_.half_open()) {
        // Who has not failed tells more about the receiver than who has.
        const auto fresh = std::ranges::find_if(ready_, [this](const std::string& name) {
            const auto found = lines_.find(name);
            return found != lines_.end() && !found->second.refused_at;
        });
        if (fresh != ready_.end()) std::rotate(ready_.begin(), fresh, fresh + 1);
    }
    std::vector<std::string> out;
    std::uint64_t count = 0;
    while (!ready_.empty() && count < full) {
        const auto found = lines_.find(ready_.front());
        if (found == lines_.end()) {
            ready_.pop_front();
            continue;
        }
        Line& line = found->second;
        if (line.most > 0 && !out.empty() && !line.in_flight) break;
        ready_.pop_front();
        line.ready = false;
        if (line.in_flight) continue;  // being looked at: it comes again
        line.in_flight = true;
        ++in_flight_;
        out.push_back(found->first);
        if (line.most > 0) break;
        count += line.held > 0 ? line.held : line.queue.size();
    }
    return out;
}

async::Awaitable<> BatchLane::work(std::vector<std::string> names) {
    const auto self = shared_from_this();
    Gate::Wish wish;
    wish.target = destination_->target();
    wish.bytes = std::min(
        setup_.policy.batch.max_bytes,
        ground_.store.lane(setup_.info.id).value_or(store::LaneInfo{}).waiting_bytes + kReserveBytes
    );
    wish.slow = clock_.half_open() || latency_ms_ > kSlowBatchMs;
    {
        auto pass = co_await ground_.gate.enter(std::move(wish));
        if (!pass) stopped_ = true;  // the gate is closed: everything ends
        if (!stopped_ && !blocked()) co_await send(names);
    }
    --requests_;
    for (const auto& name : names)
        let_go(name);
    // What came meanwhile has waited while this was on its way.
    if (requests_ == 0) lingered_ = true;
    if (!stopped_) pump();
}

async::Awaitable<> BatchLane::send(std::vector<std::string>& names) {
    for (const auto& name : names) {
        const bool given_up = co_await give_up_late(name);
        if (given_up) co_return;
    }
    Parcel parcel;
    parcel.records = co_await gather(names);
    if (parcel.records.empty()) co_return;
    auto late = out_of_time(parcel.records);
    if (!late.empty()) {
        co_await expire(std::move(late));
        co_return;
    }
    if (trial_ == parcel.records.front().sequence) {
        co_await try_without(names.front());
        co_return;
    }
    parcel.names = names;
    auto verdict = co_await ask(parcel);
    co_await conclude(std::move(parcel), std::move(verdict));
}

// What is due behind a notice does not come into the request that would show it.
async::Awaitable<bool> BatchLane::give_up_late(std::string name) {
    const WallMs now = ground_.clock.wall_ms();
    if (const auto due = lines_.at(name).due_ms; due == 0 || now < due || !time_is_trusted())
        co_return false;
    auto late = co_await late_of(name, now);
    lines_.at(name).due_ms = late.next_due_ms;
    if (late.records.empty()) co_return false;
    co_await expire(std::move(late.records));
    co_return true;
}

void BatchLane::look_at(std::vector<std::string> names) {
    const auto self = std::static_pointer_cast<BatchLane>(shared_from_this());
    auto work = [self, names = std::move(names)] { return self->look(names); };
    async::spawn(ground_.loop, "lane " + setup_.name, std::move(work));
}

// A lane that stands still: what runs out of time is given up, and of the rest is noted when it
// will.
async::Awaitable<> BatchLane::look(std::vector<std::string> names) {
    const auto self = shared_from_this();
    const bool trusted = time_is_trusted();
    for (const auto& name : names) {
        auto late = co_await late_of(name, trusted ? ground_.clock.wall_ms() : 0);
        const auto next_due = late.next_due_ms;
        if (!late.records.empty()) {
            // Their notices wait where they are in nobody's way.
            if (lines_.at(name).held == 0) co_await put_line_aside(name);
            if (stopped_) break;
            co_await expire(std::move(late.records));
        }
        // Nothing but notices: what comes is looked at anew.
        lines_.at(name).due_ms =
            next_due != 0 ? next_due : ground_.clock.wall_ms() + setup_.policy.retention.count();
        if (stopped_) break;
    }
    for (const auto& name : names)
        let_go(name);
    if (!stopped_) pump();
}

// What goes into one request. Lines there is no room for any more are let go.
async::Awaitable<std::vector<store::Record>> BatchLane::gather(std::vector<std::string>& names) {
    const std::size_t full = clock_.batch_max(setup_.policy.batch.max_messages);
    std::vector<store::Record> out;
    std::vector<std::string> used;
    std::uint64_t bytes = 0;
    for (const auto& name : names) {
        if (out.size() >= full || bytes >= setup_.policy.batch.max_bytes) break;
        const std::uint32_t most = lines_.at(name).most;
        const std::size_t count = std::min<std::size_t>(full - out.size(), most > 0 ? most : full);
        auto some = co_await first_of(name, count, setup_.policy.batch.max_bytes - bytes);
        if (some.empty()) {
            lines_.at(name).not_before = ground_.clock.steady() + kAgain;
            continue;
        }
        // What stands in the place of this one may have arrived, or is to be tried next: it never
        // goes as one among others.
        const auto left_out = memory_.trial_sequence != 0 ? memory_.trial_sequence : trial_;
        const auto tried = std::ranges::find(some, left_out, &store::Record::sequence);
        if (tried != some.begin()) some.erase(tried, some.end());
        if (some.front().sequence == left_out) {
            trial_ = left_out;
            lines_.at(name).most = std::max(1U, most);
            if (!out.empty()) continue;
            out = std::move(some);
            used.push_back(name);
            break;
        }
        std::uint64_t more = 0;
        for (const auto& record : some)
            more += record.body.size();
        if (!out.empty() && bytes + more > setup_.policy.batch.max_bytes) break;
        bytes += more;
        std::ranges::move(some, std::back_inserter(out));
        used.push_back(name);
    }
    std::ranges::sort(out, {}, &store::Record::sequence);
    for (const auto& name : names) {
        if (std::ranges::find(used, name) == used.end()) let_go(name);
    }
    names = std::move(used);
    co_return out;
}

// A notice has no time that could run out: it stands for what had.
std::vector<store::Record> BatchLane::out_of_time(const std::vector<store::Record>& records) {
    const WallMs now = ground_.clock.wall_ms();
    std::vector<store::Record> out;
    for (const auto& record : records) {
        if (!is_notice(record) && now >= record.accepted_ms + setup_.policy.retention.count())
            out.push_back(record);
    }
    if (!out.empty() && !time_is_trusted()) out.clear();
    return out;
}

// Of what is in sight. A line that is set aside and was never looked at does not count.
WallMs BatchLane::oldest_event_ms() const {
    WallMs oldest = 0;
    const auto take = [&oldest](WallMs accepted) {
        if (oldest == 0 || accepted < oldest) oldest = accepted;
    };
    for (const auto& [name, line] : lines_) {
        if (line.held > 0) {
            if (line.due_ms != 0) take(line.due_ms - setup_.policy.retention.count());
            continue;
        }
        const auto event = std::ranges::find_if_not(line.queue, store::is_notice);
        if (event != line.queue.end()) take(event->accepted_ms);
    }
    return oldest;
}

void BatchLane::look_at_patience() {
    constexpr std::chrono::seconds kEvery{1};
    const auto now = ground_.clock.steady();
    if (now < patience_after_ || !ground_.drift.trusted()) return;
    patience_after_ = now + kEvery;
    const auto oldest = oldest_event_ms();
    if (oldest == 0) return;
    const auto retention = setup_.policy.retention;
    const auto share = patience_.reached(oldest, ground_.clock.wall_ms(), retention);
    if (!share) return;
    const Warning warning{*share, depth(), oldest, oldest + retention.count()};
    alarm(code_of(warning), text_of(warning));
    destination_->warn(warning);
}

bool BatchLane::time_is_trusted() {
    if (ground_.drift.trusted()) {
        ground_.drift.calm();
        return true;
    }
    if (ground_.drift.first_alarm())
        alarm("clock_drift", "wall and monotonic clock differ: nothing expires");
    return false;
}

async::Awaitable<> BatchLane::expire(std::vector<store::Record> late) {
    Told told{};
    for (const auto& record : late) {
        if (record.sequence != trial_ && record.sequence != memory_.trial_sequence) continue;
        if (record.sequence == memory_.trial_sequence) told = {record.sequence, memory_.trial_id};
        memory_.trial_sequence = 0;
        trial_ = 0;
        trial_open_ = false;
    }
    const auto count = late.size();
    std::vector<std::string> details(count, memory_.last_error);
    std::string reason = "retention";
    const bool gone =
        co_await give_up(std::move(late), std::move(reason), std::move(details), 0, told);
    if (gone) ground_.figures.expired += count;
}

async::Awaitable<Verdict> BatchLane::ask(Parcel& parcel) {
    parcel.number = next_number_++;
    parcel.began = ground_.clock.steady();
    Delivery delivery;
    delivery.lane = setup_.info.id;
    delivery.epoch = setup_.info.epoch;
    delivery.attempt = memory_.failures + 1;
    delivery.backlog = backlog(parcel);
    delivery.timeout = setup_.policy.timeout;
    delivery.records = parcel.records;
    // While this was read its receiver may have moved to an address that has not been asked yet.
    if (!setup_.held.empty()) {
        Verdict not_asked;
        not_asked.kind = Verdict::Kind::cancelled;
        co_return not_asked;
    }
    ++ground_.figures.deliveries;
    ++ground_.figures.in_flight;
    auto verdict = co_await destination_->deliver(std::move(delivery));
    --ground_.figures.in_flight;
    const std::chrono::duration<double, std::milli> took = ground_.clock.steady() - parcel.began;
    latency_ms_ = latency_ms_ * 0.8 + took.count() * 0.2;
    co_return verdict;
}

// Only conversations in sight are counted.
std::optional<Backlog> BatchLane::backlog(const Parcel& parcel) const {
    const auto waiting = depth();
    if (waiting <= parcel.records.size()) return std::nullopt;
    Backlog out;
    out.count = waiting;
    std::set<std::string_view> distinct;
    for (const auto& [name, line] : lines_) {
        if (setup_.policy.order == Order::keyed)
            distinct.insert(name);
        else if (!line.queue.empty())
            distinct.insert(line.queue.front().conversation);
    }
    distinct.erase("");
    out.conversations = distinct.size();
    out.oldest_ms = std::ranges::min(parcel.records, {}, &store::Record::accepted_ms).accepted_ms;
    out.through = tail() - 1;
    return out;
}

}  // namespace trunkline::lanes
