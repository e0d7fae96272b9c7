#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

#include "host/lanes/lane.hpp"

namespace trunkline::lanes {

/// A best-effort lane: keyed, in memory, the latest event of each conversation, one try, then
/// dropped and counted. For presence and typing, whose value is gone by the time a retry would
/// come.
class MemoryLane final : public Lane, public std::enable_shared_from_this<MemoryLane> {
public:
    struct Setup {
        std::string name;
        std::string owner;
        LanePolicy policy;
        std::uint64_t epoch = 0;  ///< wall time of the process's start
    };

    MemoryLane(Ground& ground, Setup setup, std::unique_ptr<SequentialDestination> destination);
    ~MemoryLane() override;

    /// Takes the event; an older one of the same conversation and `kind` that has not left yet is
    /// replaced. `[any]`
    void offer(std::string kind, store::Record record);

    void start() override {}
    void wake() override;
    async::Awaitable<Result<void>> pause(std::string reason) override;
    async::Awaitable<Result<void>> resume() override;
    async::Awaitable<Result<void>> admit() override;
    void kick() override { wake(); }
    void hold(Milliseconds) override {}
    void stop() override;
    bool busy() const override { return running_; }
    LaneStatus status() const override;

private:
    void take(std::string kind, store::Record record);
    async::Awaitable<> run();
    async::Awaitable<> gone(std::string detail);
    void alarm(const std::string& code, const std::string& detail);

    Ground& ground_;
    async::Executor loop_;
    Setup setup_;
    std::unique_ptr<SequentialDestination> destination_;
    std::unordered_map<std::string, store::Record> latest_;  // by conversation and kind
    std::deque<std::string> turn_;                           // keys of `latest_`, oldest first
    store::Sequence next_sequence_ = 1;
    Timers::Token linger_ = 0;
    std::string paused_reason_;
    int last_status_ = 0;
    std::string last_error_;
    std::unique_ptr<Alarms> alarms_;  // most lanes never have any
    bool alarmed_ = false;            // for the present refusal
    bool running_ = false;
    bool stopped_ = false;
};

}  // namespace trunkline::lanes
