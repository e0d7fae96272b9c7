#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "fake_portal.hpp"
#include "host/lanes/batch_lane.hpp"

namespace trunkline::lanes::test {

/// A portal of a lane of several streams. It remembers, and checks: never two requests with records
/// of one line at once, each line in order, nothing twice unless something had failed, no more
/// requests at once than streams.
class LinesMemory {
public:
    explicit LinesMemory(Order order) : order_{order} {}

    std::string line_of(const store::Record& record) const {
        return order_ == Order::keyed ? record.conversation : std::to_string(record.sequence);
    }

    void enter(const std::vector<store::Record>& records) {
        if (records.empty()) violated("an empty request");
        if (!std::ranges::is_sorted(records, {}, &store::Record::sequence))
            violated("a request out of order");
        most_at_once = std::max(most_at_once, ++at_once);
        std::set<std::string> lines;
        for (const auto& record : records)
            lines.insert(line_of(record));
        for (const auto& line : lines) {
            if (!in_flight_.insert(line).second)
                violated("two requests of one line at once: " + line);
        }
        requests.emplace_back();
        for (const auto& record : records)
            requests.back().push_back(record.sequence);
    }
    void leave(const std::vector<store::Record>& records) {
        --at_once;
        for (const auto& record : records)
            in_flight_.erase(line_of(record));
    }

    void take(const std::vector<store::Record>& records, store::Sequence through) {
        for (const auto& record : records) {
            if (record.sequence <= through) take_one(record);
        }
    }
    /// From now on everything that was taken may come again.
    void allow_repeats() { repeats_allowed_ = seen_; }
    void violated(std::string what) { violations.push_back(std::move(what)); }

    std::set<store::Sequence> taken;  ///< events, not notices
    std::set<store::Sequence> told;   ///< in a notice
    std::vector<std::vector<store::Sequence>> requests;
    std::vector<std::string> violations;
    std::uint64_t repeats = 0;
    int at_once = 0;
    int most_at_once = 0;

private:
    void take_one(const store::Record& record) {
        if (!seen_.insert(record.sequence).second) {
            ++repeats;
            if (!repeats_allowed_.contains(record.sequence))
                violated("repeat of " + std::to_string(record.sequence));
            return;
        }
        auto& last = last_[line_of(record)];
        if (record.sequence < last)
            violated(std::to_string(record.sequence) + " after " + std::to_string(last));
        last = std::max(last, record.sequence);
        if (is_notice(record))
            told.insert(record.sequence);
        else
            taken.insert(record.sequence);
    }

    Order order_;
    std::set<std::string> in_flight_;
    std::set<store::Sequence> seen_;
    std::set<store::Sequence> repeats_allowed_;
    std::map<std::string, store::Sequence> last_;
};

class LinesPortal final : public SequentialDestination {
public:
    using Answer = std::function<async::Awaitable<Verdict>(const Delivery&)>;

    LinesPortal(World& world, LinesMemory& memory, Answer answer)
        : world_{world}, memory_{memory}, answer_{std::move(answer)} {}

    async::Awaitable<Verdict> deliver(Delivery delivery) override {
        memory_.enter(delivery.records);
        auto verdict = co_await answer_(delivery);
        memory_.leave(delivery.records);
        co_return verdict;
    }
    store::Append gap_notice(const Gap& gap, const store::Record* only) override {
        store::Append notice;
        if (only != nullptr) notice.conversation = only->conversation;
        notice.id = make_ulid(world_.clock.wall_ms());
        notice.body = gap_text(gap);
        return notice;
    }
    std::optional<Gap> gap_of(const store::Record& notice) override {
        return read_gap(notice.body);
    }
    std::string target() const override { return "portal.test"; }

private:
    World& world_;
    LinesMemory& memory_;
    Answer answer_;
};

}  // namespace trunkline::lanes::test
