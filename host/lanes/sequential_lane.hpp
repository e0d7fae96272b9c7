#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "host/lanes/lane.hpp"
#include "host/lanes/lane_memory.hpp"
#include "host/lanes/patience.hpp"
#include "host/lanes/retry_clock.hpp"

namespace trunkline::lanes {

/// A guaranteed lane in one order: one request in flight, the next only when the one before is
/// decided. Idle, gathering or waiting it is this struct and a timer; a coroutine runs only while
/// something moves.
///
/// Giving up happens for four reasons only: the retention ran out, the receiver rejected the event
/// by id, it is too large alone, or the receiver refuses it alone and takes the event after it.
/// Each leaves a gap notice in the event's place.
class SequentialLane final : public Lane, public std::enable_shared_from_this<SequentialLane> {
public:
    struct Setup {
        std::string name;
        std::string owner;
        LanePolicy policy;
        store::LaneInfo info;  ///< as opened
        std::string held;  ///< not empty: begins paused for this reason, which is not remembered
    };

    SequentialLane(Ground& ground, Setup setup, std::unique_ptr<SequentialDestination> destination);
    ~SequentialLane() override;

    void start() override;
    void wake() override;
    async::Awaitable<Result<void>> pause(std::string reason) override;
    async::Awaitable<Result<void>> resume() override;
    async::Awaitable<Result<void>> admit() override;
    void kick() override;
    void hold(Milliseconds wait) override;
    void stop() override;
    bool busy() const override { return running_; }
    async::Awaitable<Result<void>> turn(LanePolicy policy) override;
    bool drained() const override;
    bool stopped() const override { return stopped_; }
    Heritage heritage() const override;
    void inherit(Heritage from) override;
    /// For the lane that takes its place; this one is stopped, and not busy.
    std::unique_ptr<SequentialDestination> release() { return std::move(destination_); }
    LaneStatus status() const override;

private:
    using Time = std::chrono::steady_clock::time_point;
    static constexpr Milliseconds kAgain{1'000};  // after a write that was refused
    enum class Next { again, rest };              ///< whether the coroutine goes on at once

    // When to move (sequential_lane.cpp)
    void run_soon();
    void settle();
    void arm(Milliseconds delay);
    bool may_deliver() const;
    store::Sequence tail() const;
    store::Sequence drain_through() const {
        return memory_.turns.empty() ? 0 : memory_.turns.front().through;
    }
    std::vector<store::Record> mine(std::vector<store::Record> records) const;
    std::uint64_t waiting_bytes() const;
    async::Awaitable<> run();
    async::Awaitable<Next> step();
    async::Awaitable<Next> look_at_head();
    async::Awaitable<Next> deliver(std::vector<store::Record> records);
    async::Awaitable<Verdict> ask(std::vector<store::Record> records);
    async::Awaitable<std::optional<Backlog>> backlog(WallMs oldest_ms, std::size_t sending);
    std::uint32_t batch_count() const;
    bool slow() const;

    // What an answer means (sequential_answers.cpp)
    async::Awaitable<Next> conclude(std::vector<store::Record> records, Verdict verdict);
    async::Awaitable<Next> accepted(store::Sequence first, store::Sequence last, Verdict verdict);
    store::Batch rejections(const std::vector<store::Record>& records, const Verdict& verdict);
    async::Awaitable<Next> rejected(std::vector<store::Record> records, Verdict verdict);
    async::Awaitable<Next> unclear(std::vector<store::Record> records, Verdict verdict);
    async::Awaitable<Next> too_large(std::vector<store::Record> records, Verdict verdict);
    async::Awaitable<Next> gone(Verdict verdict);
    async::Awaitable<Next> failed(Verdict verdict);
    async::Awaitable<Next> advance(store::Sequence through);
    async::Awaitable<Next> storage_failed(std::string what);

    // Giving up (sequential_giving_up.cpp)
    bool clock_trusted();
    void look_at_patience();
    void note_head(const std::vector<store::Record>& records);
    std::size_t expired_run(const std::vector<store::Record>& records);
    async::Awaitable<Next> expire(std::vector<store::Record> records);
    bool let_later_ones_tell();
    async::Awaitable<Next> try_without(std::vector<store::Record> records);
    async::Awaitable<Next> conclude_trial(
        std::vector<store::Record> records, store::Append notice, Verdict verdict
    );
    async::Awaitable<Next> give_up(store::Batch batch, std::size_t count);
    async::Awaitable<Result<void>> write(store::Batch batch);
    store::Append notice_for(const Gap& gap, const store::Record* only);
    store::DeadLetter dead_letter(
        const store::Record& record, std::string reason, std::string detail
    ) const;
    void alarm(const std::string& code, const std::string& detail);

    void remember_in(store::Batch& batch);
    async::Awaitable<Result<void>> write_down();

    Ground& ground_;  // owner: LaneTable, which outlives its lanes
    Setup setup_;
    std::unique_ptr<SequentialDestination> destination_;
    RetryClock clock_;
    LaneMemory memory_;
    store::Sequence next_;  // first not known to be delivered; runs ahead of the store's head
    store::Sequence unwritten_ = 0;  // advance that the store has refused so far, 0 = none
    store::Sequence refused_through_ =
        0;  // end of the smallest batch that was refused as a whole, 0 = none
    std::size_t refused_count_ = 0;  // records in it
    WallMs head_accepted_ms_ = 0;    // of `head_known_`
    WallMs head_due_ms_ = 0;         // when its time runs out
    store::Sequence head_known_ = 0;
    WallMs oldest_event_ms_ = 0;  // acceptance of the first that is no notice; 0 = none is in sight
    Patience patience_;
    store::Sequence conversations_counted_ = 0;  // backlog: counted up to here
    std::uint64_t conversations_ = 0;
    Time not_before_{};      // no delivery before that
    Time look_after_{};      // after a failed read: not even a look at the head
    double latency_ms_ = 0;  // smoothed
    Timers::Token timer_ = 0;
    Gate::Pass pass_;          // of the present step
    bool trial_over_ = false;  // what is about to be written ends the trial
    boost::asio::steady_timer* refused_write_ = nullptr;  // waits in its coroutine's frame
    bool gathering_ = false;
    bool running_ = false;
    bool delivering_ = false;
    bool stopped_ = false;
    bool dirty_ = false;              // memory_ differs from the store's
    bool trial_due_ = false;          // the head was refused alone: the next try leaves it out
    bool trial_open_ = false;         // it may have arrived: nothing but the same may follow
    Verdict refusal_;                 // the answer that made it due
    std::unique_ptr<Alarms> alarms_;  // most lanes never have any
    bool alarmed_ = false;
    bool told_drained_ = false;
};

}  // namespace trunkline::lanes
