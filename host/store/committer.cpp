#include "host/store/committer.hpp"

#include <algorithm>
#include <limits>

#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include "host/store/recovery.hpp"

namespace trunkline::store {

namespace {

constexpr std::size_t kGroupAppendsMax = 4096;
constexpr std::uint64_t kGroupBytesMax = 4U << 20U;
constexpr std::uint64_t kWaitingBytesMax = 64U << 20U;
constexpr std::size_t kOtherHeadsMax = 4096;

// A head that was written without sync is synced after this time at the latest, even if nothing
// else is: otherwise a lane that only drains would never get its space back.
constexpr std::chrono::seconds kSyncWithin{1};

}  // namespace

Committer::Committer(
    LaneTable& lanes,
    Medium& medium,
    const Vault& vault,
    const ExpiryClock& clock,
    Limits limits,
    Internals internals
)
    : lanes_{lanes},
      medium_{medium},
      limits_{limits},
      internals_{std::move(internals)},
      planner_{Planner::Tools{lanes, medium, vault, clock}},
      writes_{medium.writes()},
      thread_{[this] { run(); }} {}

Committer::~Committer() {
    stop();
}

void Committer::stop() {
    {
        const std::lock_guard guard{mutex_};
        stopping_ = true;
    }
    arrived_.notify_all();
    if (thread_.joinable()) thread_.join();
}

Result<void> Committer::submit(std::unique_ptr<Job>& job) {
    if (read_only()) return Error{Fault::storage, "the disk refuses writes"};
    {
        const std::lock_guard guard{mutex_};
        if (stopping_) return Error{Fault::cancelled, "the store is closed"};
        if (waiting_bytes_ > kWaitingBytesMax) {
            return Error{Fault::throttled, "the store is behind", std::chrono::seconds{1}};
        }
        waiting_bytes_ += job->prepared.bytes;
        waiting_.push_back(std::move(job));
    }
    arrived_.notify_one();
    return {};
}

Result<void> Committer::acknowledge(const Prepared& job) {
    auto taken = lanes_.acknowledge(
        job.batch.advance, job.batch.states, job.ticket, limits_.memory_acks_bytes_max
    );
    if (!taken) return taken;
    bool first = false;
    {
        const std::lock_guard guard{mutex_};
        first = !acknowledged_;
        if (first) acknowledged_ = Clock::now();
    }
    if (first) arrived_.notify_one();
    return {};
}

// Waits for work, and takes as much as one write should hold. False when there will be no more.
bool Committer::gather(Jobs& jobs) {
    std::unique_lock lock{mutex_};
    while (waiting_.empty() && !stopping_) {
        if (!acknowledged_) {
            arrived_.wait(lock);
            continue;
        }
        const auto due = *acknowledged_ + internals_.acknowledgement_wait;
        if (arrived_.wait_until(lock, due) == std::cv_status::timeout) break;
    }
    if (waiting_.empty() && stopping_) return false;
    std::size_t appends = 0;
    std::uint64_t bytes = 0;
    while (!waiting_.empty() && appends < kGroupAppendsMax && bytes < kGroupBytesMax) {
        appends += waiting_.front()->prepared.batch.append.size();
        bytes += waiting_.front()->prepared.bytes;
        jobs.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
    }
    waiting_bytes_ -= bytes;
    acknowledged_.reset();
    return true;
}

void Committer::put_back(Jobs& jobs, std::size_t from) {
    const std::lock_guard guard{mutex_};
    for (std::size_t i = jobs.size(); i-- > from;) {
        waiting_bytes_ += jobs[i]->prepared.bytes;
        waiting_.push_front(std::move(jobs[i]));
    }
    jobs.resize(from);
}

void Committer::run() {
    Jobs jobs;
    while (true) {
        jobs.clear();
        if (!gather(jobs)) break;
        if (read_only()) {
            refuse(jobs);
            answer(jobs);
            wait_before_trying();
            if (try_again()) spdlog::info("store.writable_again");
            continue;
        }
        write(jobs);
        answer(jobs);
    }
    // What was acknowledged in memory only would be delivered a second time.
    try_again();
}

void Committer::write(Jobs& jobs) {
    planner_.begin(*writes_);
    bool synced = Clock::now() - last_sync_ >= kSyncWithin;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        auto& job = *jobs[i];
        job.answer = planner_.take(job.prepared);
        if (!job.answer) {
            put_back(jobs, i);
            break;
        }
        if (*job.answer && job.prepared.batch.durable) synced = true;
    }
    planner_.finish(kOtherHeadsMax);
    if (writes_->empty()) {
        repeats_ += planner_.tally().repeats;
        planner_.commit();
        return;
    }
    if (!apply(synced)) refuse(jobs);
    if (lanes_.anything_due()) {
        const std::lock_guard guard{mutex_};
        if (!acknowledged_) acknowledged_ = Clock::now();
    }
}

bool Committer::apply(bool synced) {
    reached(Moment::before_write);
    const auto done = medium_.apply(*writes_, synced);
    writes_->clear();
    if (!done) {
        planner_.roll_back();
        enter_read_only(done.error());
        return false;
    }
    reached(Moment::after_write);
    written(synced);
    return true;
}

void Committer::written(bool synced) {
    const auto heads = planner_.heads();
    const auto appended = planner_.appended();
    const auto& tally = planner_.tally();
    ++commits_;
    appended_ += tally.appended;
    repeats_ += tally.repeats;
    bytes_ += tally.bytes;
    dead_ += tally.dead;
    planner_.commit();
    unsynced_heads_.insert(unsynced_heads_.end(), heads.begin(), heads.end());
    if (synced) {
        ++syncs_;
        last_sync_ = Clock::now();
        medium_.heads_synced(unsynced_heads_);
        unsynced_heads_.clear();
    }
    if (listener_) {
        for (const auto lane : appended)
            listener_(lane);
    }
    reached(Moment::after_publish);
}

// Nothing of these was written. What only acknowledges goes on in memory; the rest is told.
void Committer::refuse(Jobs& jobs) {
    for (auto& job : jobs) {
        if (job->answer && !*job->answer) continue;  // it had failed for a reason of its own
        if (only_acknowledges(job->prepared.batch)) {
            const auto taken = acknowledge(job->prepared);
            if (taken) {
                job->answer.emplace(Receipt{});
            } else {
                job->answer.emplace(taken.error());
            }
            continue;
        }
        ++failures_;
        job->answer.emplace(Error{Fault::storage, "the disk refuses writes"});
    }
}

void Committer::enter_read_only(const Error& why) {
    read_only_.store(true, std::memory_order_release);
    spdlog::error("store.read_only reason=\"{}\"", why.context);
    const std::lock_guard guard{mutex_};
    acknowledged_ = Clock::now();  // wakes the thread to try again
}

// It is tried every second, perhaps for days, and the log may be on the disk that is full.
void Committer::still_read_only(const Error& why) {
    if (why.context == told_) return;
    told_ = why.context;
    spdlog::warn("store.still_read_only reason=\"{}\"", told_);
}

void Committer::wait_before_trying() {
    std::unique_lock lock{mutex_};
    arrived_.wait_for(lock, internals_.resume_every, [this] {
        return stopping_ || !waiting_.empty();
    });
    acknowledged_ = Clock::now();
}

// What was reported as failed may have reached the disk after all; then it is there whole, and its
// sender, who tries again, is found to repeat himself. So it is kept.
bool Committer::adopt() {
    planner_.forget_all();
    const auto lanes = adopt_tails(medium_, lanes_);
    if (!lanes) {
        still_read_only(lanes.error());
        return false;
    }
    if (listener_) {
        for (const auto lane : *lanes)
            listener_(lane);
    }
    return true;
}

// Writes all heads that are due, synced, and with them a row that proves that the disk takes writes
// again.
bool Committer::try_again() {
    if (read_only()) {
        const auto resumed = medium_.resume();
        if (!resumed) {
            still_read_only(resumed.error());
            return false;
        }
        must_adopt_ = must_adopt_ || *resumed;
        if (must_adopt_ && !adopt()) return false;
        must_adopt_ = false;
    }
    planner_.begin(*writes_);
    planner_.finish(std::numeric_limits<std::size_t>::max());
    writes_->put(Family::meta, "probe", {});
    const auto done = medium_.apply(*writes_, true);
    writes_->clear();
    if (!done) {
        planner_.roll_back();
        still_read_only(done.error());
        return false;
    }
    written(true);
    told_.clear();
    read_only_.store(false, std::memory_order_release);
    return true;
}

// One post per loop and group: waking a loop costs more than everything else about an answer.
void Committer::answer(Jobs& jobs) {
    while (!jobs.empty()) {
        const auto where = jobs.front()->where();
        const auto others = std::stable_partition(jobs.begin(), jobs.end(), [&](const auto& job) {
            return job->where() == where;
        });
        Jobs here{std::make_move_iterator(jobs.begin()), std::make_move_iterator(others)};
        jobs.erase(jobs.begin(), others);
        auto complete = [here = std::move(here)]() mutable {
            for (auto& job : here) {
                auto mine = std::move(job);
                auto result = std::move(*mine->answer);
                mine->complete(std::move(result));
            }
        };
        if (where) {
            boost::asio::post(*where, std::move(complete));
        } else {
            complete();
        }
    }
}

void Committer::answer(std::unique_ptr<Job> job) {
    Jobs one;
    one.push_back(std::move(job));
    answer(one);
}

void Committer::reached(Moment moment) const {
    if (internals_.reached) internals_.reached(moment);
}

Store::Figures Committer::figures() const {
    return {commits_, syncs_, appended_, repeats_, bytes_, dead_, failures_};
}

}  // namespace trunkline::store
