#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "host/lanes/lane.hpp"
#include "host/lanes/lane_memory.hpp"
#include "host/lanes/retry_clock.hpp"

namespace trunkline::lanes {

/// What guaranteed lanes have in common that deliver several things at once: their records stand in
/// lines, each line is delivered in order, and no line waits for another. Which line a record
/// stands in follows from the lane's order: one per conversation (`keyed`), one per record
/// (`parallel`), or one in all (`sequential`). What a delivery is, the kinds of lane say.
///
/// It looks at most 256 records beyond the first unfinished one. When lines that wait fill this
/// window, their records are set aside in the store (`Table::held`), in the same write that moves
/// the head on: a stuck line holds back only itself. What is set aside goes before whatever its
/// line gets later.
class LinesLane : public Lane, public std::enable_shared_from_this<LinesLane> {
public:
    static constexpr store::Sequence kWindow = 256;
    /// Until the store is asked again that could not answer.
    static constexpr Milliseconds kAgain{1'000};
    static constexpr std::uint64_t kLoadedBytesMax = 1ULL << 20U;
    /// How far beyond the first unfinished record the lane looks, only to tell what waits.
    static constexpr store::Sequence kForesight = 10'000;

    struct Setup {
        std::string name;
        std::string owner;
        std::string connector;
        std::string held;  ///< != "": begins paused for this reason, which is not kept ("opening")
        LanePolicy policy;
        store::LaneInfo info;  ///< as opened
    };

    ~LinesLane() override;

    void start() override;
    void wake() override;
    async::Awaitable<Result<void>> pause(std::string reason) override;
    async::Awaitable<Result<void>> resume() override;
    async::Awaitable<Result<void>> admit() override;
    void kick() override;
    void hold(Milliseconds wait) override;
    void stop() override;
    bool busy() const override { return loading_ || setting_aside_ || in_flight_ > 0; }
    async::Awaitable<Result<void>> turn(LanePolicy policy) override;
    bool drained() const override;
    bool stopped() const override { return stopped_; }
    Heritage heritage() const override;
    void inherit(Heritage from) override;
    LaneStatus status() const override;

protected:
    using Time = std::chrono::steady_clock::time_point;

    /// Records that are delivered one after the other.
    struct Line {
        explicit Line(RetryPolicy policy) : clock{policy} {}

        bool empty() const { return queue.empty() && held == 0; }

        std::deque<store::Record> queue;  // loaded, in order
        std::uint64_t held = 0;           // in the store, all before `queue`
        RetryClock clock;
        Time not_before{};
        WallMs due_ms = 0;  // when the first one's time runs out; 0 = not looked at yet
        Timers::Token timer = 0;
        bool in_flight = false;
        bool ready = false;  // stands in `ready_`

        // Of lanes that deliver several at once (batch_lane.hpp):
        std::uint32_t most = 0;  // what is delivered of it at once, and alone; 0 = with others
        std::optional<std::uint64_t> refused_at;  // it failed: the number of the request after that
        std::optional<std::uint64_t> unclear_at;  // likewise, of a record that was refused alone
    };

    LinesLane(Ground& ground, Setup setup);

    // What a kind of lane does (keyed_work.cpp, batch_lane.cpp)

    /// Starts what can be started of what is ready; may begin coroutines, which may end at once.
    virtual void launch() = 0;
    /// Gives up what has run out of time in lines of a lane that stands still. The lines are in
    /// flight already, and counted.
    virtual void look_at(std::vector<std::string> names) = 0;
    /// What the lane has just learnt of, in its order, once each.
    virtual async::Awaitable<> foresee(std::span<const store::Record> records);
    virtual bool foresees() const { return false; }
    /// A person, or the receiver, ended all waits.
    virtual void kicked() {}
    /// Every minute in which the whole lane stands still.
    virtual void swept() {}

    // What to do next (lines_lane.cpp)
    void pump();
    bool blocked() const;
    bool room() const;
    store::Sequence tail() const;
    store::Sequence drain_through() const {
        return memory_.turns.empty() ? 0 : memory_.turns.front().through;
    }
    /// When all that is left before a turn is refused, and something waits behind it: the turn
    /// comes now.
    void let_later_ones_tell();
    std::string line_of(const store::Record& record) const;
    void make_ready(const std::string& name, Line& line);
    void let_go(const std::string& name);
    void wait_for(const std::string& name, Line& line);
    void arm(Milliseconds delay);
    void read_again_later();
    void sweep();
    bool waits(const Line& line) const;
    std::uint64_t depth() const;
    std::vector<std::string> stuck() const;
    std::string paused_reason() const;

    // Reading, setting aside, and writing down (lines_window.cpp)
    async::Awaitable<> find_held();
    async::Awaitable<> load();
    async::Awaitable<> foresee_fresh(const std::vector<store::Record>& records);
    async::Awaitable<> look_ahead();
    async::Awaitable<> set_aside();
    async::Awaitable<> put_aside(std::vector<store::Record> records);
    async::Awaitable<> put_line_aside(std::string name);
    /// The first of a line, at most `count` of about `bytes`; none: they cannot be read now.
    async::Awaitable<std::vector<store::Record>> first_of(
        std::string name, std::size_t count, std::uint64_t bytes
    );
    /// Those of a line that run out of time before `then`, notices not among them, and when the
    /// first of the others does; 0 = there is none.
    struct Late {
        std::vector<store::Record> records;
        WallMs next_due_ms = 0;
    };
    async::Awaitable<Late> late_of(std::string name, WallMs then);
    /// The ends of records, which are the first of their lines, and everything told about them are
    /// one write (`batch.durable` false: a kill may forget it, and they are delivered again).
    /// False: the lane was stopped first, and it is done again after the restart.
    async::Awaitable<bool> finish(std::vector<store::Record> records, store::Batch batch);
    /// Puts `instead` in the place of a record of a line that is in flight; `write` has said so to
    /// the store.
    void replace(const store::Record& instead);
    async::Awaitable<bool> write(store::Batch batch, std::vector<store::Sequence> finishing);
    void finished(const std::vector<store::Sequence>& sequences);
    store::Advance progress_with(const std::vector<store::Sequence>& finishing) const;
    void remember_in(store::Batch& batch);
    void alarm(const std::string& code, const std::string& detail);

    Ground& ground_;  // owner: LaneTable, which outlives its lanes
    Setup setup_;
    LaneMemory memory_;
    std::map<std::string, Line> lines_;
    std::deque<std::string> ready_;
    std::size_t in_flight_ = 0;  // lines
    std::uint64_t held_ = 0;
    Time not_before_{};  // for the whole lane
    bool stopped_ = false;

private:
    std::unique_ptr<Alarms> alarms_;  // most lanes never have any
    store::Sequence head_;            // first unfinished
    std::set<store::Sequence> done_;  // finished beyond it
    store::Sequence next_read_;       // first not loaded
    store::Sequence foreseen_;        // first that the kind of lane has not been told of
    std::uint64_t loaded_bytes_ = 0;
    std::vector<boost::asio::steady_timer*> refused_writes_;  // each waits in its coroutine's frame
    Timers::Token timer_ = 0;
    Time timer_due_{};
    Time sweep_after_{};
    Time read_after_{};       // the store could not answer
    std::string held_after_;  // how far what is set aside was found
    bool found_held_ = false;
    bool loading_ = false;
    bool setting_aside_ = false;
    bool told_drained_ = false;
};

}  // namespace trunkline::lanes
