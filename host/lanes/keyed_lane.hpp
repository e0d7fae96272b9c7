#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/lanes/lane.hpp"
#include "host/lanes/lane_memory.hpp"
#include "host/lanes/retry_clock.hpp"

namespace trunkline::lanes {

/// A guaranteed lane whose order holds within each conversation; several conversations are
/// delivered at once.
///
/// It looks at most 256 records beyond the first unfinished one. When conversations that wait fill
/// this window, their records are set aside in the store (`Table::held`), in the same write that
/// moves the head on: a stuck conversation holds back only itself. What is set aside goes before
/// whatever its conversation gets later.
class KeyedLane final : public Lane, public std::enable_shared_from_this<KeyedLane> {
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
        LanePolicy policy;
        store::LaneInfo info;  ///< as opened
    };

    KeyedLane(Ground& ground, Setup setup, std::unique_ptr<KeyedDestination> destination);
    ~KeyedLane() override;

    void start() override;
    void wake() override;
    async::Awaitable<Result<void>> pause(std::string reason) override;
    async::Awaitable<Result<void>> resume() override;
    async::Awaitable<Result<void>> admit() override;
    void kick() override;
    void hold(Milliseconds wait) override;
    void stop() override;
    bool busy() const override { return loading_ || setting_aside_ || in_flight_ > 0; }
    LaneStatus status() const override;

private:
    using Time = std::chrono::steady_clock::time_point;

    /// One conversation with something to deliver.
    struct Line {
        explicit Line(RetryPolicy policy) : clock{policy} {}

        std::deque<store::Record> queue;  // loaded, in order
        std::uint64_t held = 0;           // in the store, all before `queue`
        RetryClock clock;
        Time not_before{};
        WallMs due_ms = 0;  // when the first one's time runs out; 0 = not looked at yet
        Timers::Token timer = 0;
        bool in_flight = false;
        bool ready = false;  // stands in `ready_`
    };

    // What to do next (keyed_lane.cpp)
    void pump();
    bool blocked() const;
    bool room() const;
    store::Sequence tail() const;
    void make_ready(const std::string& conversation, Line& line);
    void wait_for(const std::string& conversation, Line& line);
    void arm(Milliseconds delay);
    void sweep();
    bool waits(const Line& line) const;
    std::vector<std::string> stuck() const;

    // Reading and setting aside (keyed_window.cpp)
    async::Awaitable<> find_held();
    async::Awaitable<> load();
    async::Awaitable<> foresee(const std::vector<store::Record>& records);
    async::Awaitable<> look_ahead();
    async::Awaitable<> set_aside();
    async::Awaitable<> put_aside(std::vector<store::Record> records);
    async::Awaitable<std::optional<store::Record>> first_of(std::string conversation);

    // One record (keyed_work.cpp)
    async::Awaitable<> work(std::string conversation);
    async::Awaitable<bool> attempt(std::string conversation, store::Record record);
    async::Awaitable<bool> finish(
        std::string conversation, store::Record record, store::Batch batch
    );
    async::Awaitable<> put_off(std::string conversation, KeyedVerdict verdict);
    async::Awaitable<bool> write(store::Batch batch, std::vector<store::Sequence> finishing);
    store::DeadLetter dead_letter(
        const store::Record& record, std::string reason, std::string detail, std::uint32_t attempts
    ) const;
    void finished(const std::vector<store::Sequence>& sequences);
    store::Advance progress_with(const std::vector<store::Sequence>& finishing) const;
    void remember_in(store::Batch& batch);
    void alarm(const std::string& code, const std::string& detail);

    Ground& ground_;  // owner: LaneTable, which outlives its lanes
    Setup setup_;
    std::unique_ptr<KeyedDestination> destination_;
    LaneMemory memory_;
    std::unique_ptr<Alarms> alarms_;  // most lanes never have any
    std::map<std::string, Line> lines_;
    std::deque<std::string> ready_;
    store::Sequence head_;            // first unfinished
    std::set<store::Sequence> done_;  // finished beyond it
    store::Sequence next_read_;       // first not loaded
    store::Sequence foreseen_;        // first that the destination has not been told of
    std::uint64_t loaded_bytes_ = 0;
    std::uint64_t held_ = 0;
    std::size_t in_flight_ = 0;
    std::vector<boost::asio::steady_timer*> refused_writes_;  // each waits in its coroutine's frame
    Time not_before_{};                                       // for the whole lane
    Timers::Token timer_ = 0;
    bool found_held_ = false;
    bool loading_ = false;
    bool setting_aside_ = false;
    bool stopped_ = false;
};

}  // namespace trunkline::lanes
