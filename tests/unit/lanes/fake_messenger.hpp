#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "world.hpp"

namespace trunkline::lanes::test {

/// A messenger that remembers what it got and checks: never two of one conversation at once, each
/// conversation in order, nothing twice unless the host was killed in between.
class MessengerMemory {
public:
    std::map<std::string, std::vector<store::Sequence>> got;
    std::map<std::string, int> in_flight;
    std::set<store::Sequence> repeats_allowed;
    std::set<store::Sequence> done;
    std::vector<store::Sequence> expired;
    std::vector<store::Sequence> dropped;
    std::vector<store::Sequence> foreseen;  ///< in this life of the lane
    std::vector<std::string> violations;
    int most_at_once = 0;

    void take(const store::Record& record) {
        auto& list = got[record.conversation];
        if (!done.insert(record.sequence).second) {
            if (!repeats_allowed.contains(record.sequence))
                violations.push_back("twice: " + std::to_string(record.sequence));
            return;
        }
        if (!list.empty() && list.back() > record.sequence)
            violations.push_back("overtaken: " + std::to_string(record.sequence));
        list.push_back(record.sequence);
    }
};

class FakeMessenger final : public KeyedDestination {
public:
    using Answer = std::function<async::Awaitable<KeyedVerdict>(store::Record, std::uint32_t)>;

    FakeMessenger(MessengerMemory& memory, Answer answer)
        : memory_{memory}, answer_{std::move(answer)} {}

    async::Awaitable<KeyedVerdict> deliver(store::Record record, std::uint32_t attempt) override {
        const auto conversation = record.conversation;
        if (std::ranges::find(memory_.foreseen, record.sequence) == memory_.foreseen.end())
            memory_.violations.push_back("unforeseen: " + std::to_string(record.sequence));
        if (++memory_.in_flight[conversation] != 1)
            memory_.violations.push_back("two at once: " + conversation);
        memory_.most_at_once = std::max(memory_.most_at_once, ++at_once_);
        auto verdict = co_await answer_(std::move(record), attempt);
        --at_once_;
        --memory_.in_flight[conversation];
        co_return verdict;
    }
    async::Awaitable<> foresee(std::span<const store::Record> records) override {
        for (const store::Record& record : records) {
            if (std::ranges::find(memory_.foreseen, record.sequence) != memory_.foreseen.end())
                memory_.violations.push_back("foreseen twice: " + std::to_string(record.sequence));
            memory_.foreseen.push_back(record.sequence);
        }
        co_return;
    }
    async::Awaitable<store::Batch> expired(store::Record record) override {
        memory_.expired.push_back(record.sequence);
        co_return store::Batch{};
    }
    async::Awaitable<store::Batch> dropped(store::Record record, const KeyedVerdict&) override {
        memory_.dropped.push_back(record.sequence);
        co_return store::Batch{};
    }
    std::optional<WallMs> expires_ms(const store::Record& record) override {
        if (record.body.starts_with("short")) return record.accepted_ms + 60'000;
        return std::nullopt;
    }

private:
    MessengerMemory& memory_;
    Answer answer_;
    int at_once_ = 0;
};

}  // namespace trunkline::lanes::test
