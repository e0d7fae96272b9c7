#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host/lanes/lines_lane.hpp"

namespace trunkline::lanes {

/// A guaranteed lane whose receiver takes one record at a time of each line and says what became
/// of it; what it says is written in the same batch as the lane's progress.
class KeyedLane final : public LinesLane {
public:
    KeyedLane(Ground& ground, Setup setup, std::unique_ptr<KeyedDestination> destination);

    /// For the lane that takes its place; this one is stopped, and not busy.
    std::unique_ptr<KeyedDestination> release() { return std::move(destination_); }

private:
    void launch() override;
    void look_at(std::vector<std::string> names) override;
    async::Awaitable<> foresee(std::span<const store::Record> records) override;
    bool foresees() const override { return true; }

    void begin(std::string name);
    async::Awaitable<> work(std::string name);
    async::Awaitable<bool> attempt(std::string name, store::Record record);
    void hold_back(WaitScope scope, Milliseconds wait);
    async::Awaitable<bool> end(store::Record record, store::Batch batch);
    async::Awaitable<> put_off(std::string name, KeyedVerdict verdict);
    store::DeadLetter dead_letter(
        const store::Record& record, std::string reason, std::string detail, std::uint32_t attempts
    ) const;

    std::unique_ptr<KeyedDestination> destination_;
};

}  // namespace trunkline::lanes
