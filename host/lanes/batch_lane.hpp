#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/lanes/lines_lane.hpp"
#include "host/lanes/patience.hpp"

namespace trunkline::lanes {

/// A guaranteed lane that delivers batches, several at once, each of records of several lines;
/// never two of one line at the same time. For receivers that want order within each conversation
/// only
/// (`keyed`), or none (`parallel`).
///
/// Who is at fault when a delivery fails, the receiver or one line of it? A batch of several lines
/// that fails counts against the receiver, and its lines go alone from then on. A line that fails
/// alone although others got through since it failed before has a fault of its own: it waits by a
/// clock of its own, and a record that is refused like that is given up on. All else is the
/// receiver's fault, and the whole lane waits.
class BatchLane final : public LinesLane {
public:
    BatchLane(Ground& ground, Setup setup, std::unique_ptr<SequentialDestination> destination);

    void start() override;
    void stop() override;
    void inherit(Heritage from) override;
    async::Awaitable<Result<void>> turn(LanePolicy policy) override;
    bool busy() const override { return LinesLane::busy() || requests_ > 0; }
    /// For the lane that takes its place; this one is stopped, and not busy.
    std::unique_ptr<SequentialDestination> release() { return std::move(destination_); }

private:
    /// One request: its records in the order of the lane, and the lines they are of.
    struct Parcel {
        std::vector<std::string> names;
        std::vector<store::Record> records;
        Time began{};
        std::uint64_t number = 0;  // of the request
        bool one_line() const { return names.size() == 1; }
    };

    // Choosing and sending (batch_lane.cpp)
    void launch() override;
    void look_at(std::vector<std::string> names) override;
    void kicked() override;
    void swept() override { look_at_patience(); }
    void look_at_patience();
    WallMs oldest_event_ms() const;
    std::uint32_t at_once() const;
    bool worth_sending() const;
    std::vector<std::string> take_lines();
    async::Awaitable<> work(std::vector<std::string> names);
    async::Awaitable<> send(std::vector<std::string>& names);
    async::Awaitable<> look(std::vector<std::string> names);
    async::Awaitable<std::vector<store::Record>> gather(std::vector<std::string>& names);
    async::Awaitable<bool> give_up_late(std::string name);
    std::vector<store::Record> out_of_time(const std::vector<store::Record>& records);
    bool time_is_trusted();
    async::Awaitable<> expire(std::vector<store::Record> late);
    async::Awaitable<Verdict> ask(Parcel& parcel);
    std::optional<Backlog> backlog(const Parcel& parcel) const;

    // What an answer means (batch_answers.cpp)
    async::Awaitable<> conclude(Parcel parcel, Verdict verdict);
    async::Awaitable<> accepted(Parcel parcel, Verdict verdict);
    async::Awaitable<> rejected(Parcel parcel, Verdict verdict);
    async::Awaitable<> refused(Parcel parcel, Verdict verdict);
    async::Awaitable<> failed(const Parcel& parcel, Verdict verdict);
    async::Awaitable<> receiver_failed(const Parcel& parcel, Verdict verdict);
    void split(const Parcel& parcel);
    bool own_fault(const Parcel& parcel);
    async::Awaitable<> gone(Verdict verdict);
    /// The first of a line was refused alone, and no other line tells whether it or the receiver is
    /// at fault: the one after it does, behind the notice that would stand in its place.
    async::Awaitable<> try_without(std::string name);
    async::Awaitable<> conclude_trial(Parcel parcel, store::Record head, Verdict verdict);
    /// Of this one a notice with this id may have arrived: it is the one that stays.
    struct Told {
        store::Sequence sequence;  // 0 = there is none
        Ulid notice;
    };
    async::Awaitable<bool> left_out(store::Record head);
    /// Each moves to the dead letters, and a notice takes its place in its line.
    async::Awaitable<bool> give_up(
        std::vector<store::Record> records,
        std::string reason,
        std::vector<std::string> details,
        int status,
        Told told = {}
    );
    store::Append notice_for(const store::Record& record, const std::string& reason);

    std::unique_ptr<SequentialDestination> destination_;
    RetryClock clock_;
    Time failed_since_{};             // requests that began before it tell nothing new
    std::uint64_t next_number_ = 1;   // of a request
    std::uint64_t newest_taken_ = 0;  // the newest request that got something through
    std::size_t requests_ = 0;        // on their way
    Timers::Token linger_ = 0;
    Patience patience_;
    Time patience_after_{};  // no look at it before that: there may be many lines
    bool lingered_ = false;
    bool alarmed_ = false;
    store::Sequence trial_ = 0;     // left out of the next try of its line; 0 = none
    bool trial_open_ = false;       // its notice may have arrived: only the same may follow
    bool trial_unwritten_ = false;  // it is over, and the store does not know yet
    Verdict refusal_;               // that made the trial due
    double latency_ms_ = 0;
};

}  // namespace trunkline::lanes
