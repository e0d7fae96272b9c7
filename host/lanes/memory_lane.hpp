#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "host/lanes/lane.hpp"

namespace trunkline::lanes {

/// A best-effort lane: in memory, one try, then dropped and counted. For presence and typing, whose
/// value is gone by the time a retry would come, and for whatever else is not worth a disk.
/// `keyed`: of each conversation and kind the latest only, never two requests of one conversation
/// at once. `sequential`: all, one request at a time. `parallel`: all, as they come.
class MemoryLane final : public Lane, public std::enable_shared_from_this<MemoryLane> {
public:
    struct Setup {
        std::string name;
        std::string owner;
        LanePolicy policy;
        std::uint64_t epoch = 0;  ///< wall time of its beginning
    };

    MemoryLane(Ground& ground, Setup setup, std::unique_ptr<SequentialDestination> destination);
    ~MemoryLane() override;

    /// Takes the event; in a keyed lane an older one of the same conversation and `kind` that has
    /// not left yet is replaced. `dedup`: one with the same that came lately is not taken again; ""
    /// = it is never a repeat. `[any]`
    void offer(std::string kind, store::Record record, std::string dedup = {});

    void start() override {}
    void wake() override;
    async::Awaitable<Result<void>> pause(std::string reason) override;
    async::Awaitable<Result<void>> resume() override;
    async::Awaitable<Result<void>> admit() override;
    async::Awaitable<Result<void>> turn(LanePolicy policy) override;
    void kick() override { wake(); }
    void hold(Milliseconds) override {}
    void stop() override;
    bool busy() const override { return requests_ > 0; }
    bool stopped() const override { return stopped_; }
    LaneStatus status() const override;

private:
    void take(std::string kind, store::Record record, const std::string& dedup);
    void drop_oldest();
    void send_what_waits();
    bool may_go(const store::Record& record) const;
    std::vector<store::Record> next_batch();
    async::Awaitable<> run();
    async::Awaitable<> send(std::vector<store::Record> records);
    async::Awaitable<> gone(std::string detail);
    void alarm(const std::string& code, const std::string& detail);

    Ground& ground_;
    async::Executor loop_;
    Setup setup_;
    std::unique_ptr<SequentialDestination> destination_;
    std::unordered_map<std::string, store::Record> waiting_;  // by conversation and kind, or number
    std::deque<std::string> turn_;                            // keys of `waiting_`, oldest first
    std::uint64_t bytes_ = 0;                                 // of bodies that wait
    std::uint64_t offered_ = 0;
    std::unordered_set<std::string> on_the_way_;  // keyed: conversations
    std::unordered_set<std::string> known_;       // dedup keys that came lately,
    std::deque<std::string> known_in_order_;      // the oldest first
    store::Sequence next_sequence_ = 1;
    Timers::Token linger_ = 0;
    std::string paused_reason_;
    std::string held_;  // until it is opened
    int last_status_ = 0;
    std::string last_error_;
    std::unique_ptr<Alarms> alarms_;  // most lanes never have any
    bool alarmed_ = false;            // for the present refusal
    std::size_t requests_ = 0;        // on their way
    bool stopped_ = false;
};

}  // namespace trunkline::lanes
