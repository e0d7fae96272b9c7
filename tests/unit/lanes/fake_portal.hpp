#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "world.hpp"

namespace trunkline::lanes::test {

/// Reads and writes a gap as text, so that tests need no schema: "gap from through count reason".
inline std::string gap_text(const Gap& gap) {
    return "gap " + std::to_string(gap.from) + " " + std::to_string(gap.through) + " " +
           std::to_string(gap.count) + " " + gap.reason;
}
inline std::optional<Gap> read_gap(const std::string& text) {
    Gap gap;
    std::istringstream in{text};
    std::string word;
    if (!(in >> word >> gap.from >> gap.through >> gap.count >> gap.reason) || word != "gap")
        return std::nullopt;
    return gap;
}

/// A portal that remembers. What it answers is the test's to say; what it has taken it checks
/// itself: strictly ascending, every gap explained in its place, one request at a time, repeats
/// only where something had failed before.
class PortalMemory {
public:
    store::Sequence last = 0;
    std::set<store::Sequence> taken;  ///< events, not notices
    std::map<store::Sequence, std::string> bodies;
    std::vector<Gap> gaps;
    std::vector<int> warnings;  ///< percents
    std::vector<std::vector<store::Sequence>> requests;
    store::Sequence repeats_allowed = 0;  ///< up to here a repeat is explained
    std::uint64_t repeats = 0;
    int in_flight = 0;
    std::vector<std::string> violations;

    void take(const std::vector<store::Record>& records, store::Sequence through) {
        for (const auto& record : records) {
            if (record.sequence > through) break;
            take_one(record);
        }
    }

    void violated(std::string what) { violations.push_back(std::move(what)); }

private:
    void take_one(const store::Record& record) {
        if (record.sequence <= last) {
            ++repeats;
            if (record.sequence > repeats_allowed)
                violated("repeat of " + std::to_string(record.sequence));
            return;
        }
        const auto gap =
            (record.flags & store::kNotice) != 0 ? read_gap(record.body) : std::nullopt;
        const auto from = gap ? gap->from : record.sequence;
        if (from > last + 1) violated("gap before " + std::to_string(record.sequence));
        if (gap) {
            if (gap->through != record.sequence)
                violated("notice out of place at " + std::to_string(record.sequence));
            gaps.push_back(*gap);
        } else {
            taken.insert(record.sequence);
            bodies[record.sequence] = record.body;
        }
        last = record.sequence;
    }
};

class FakePortal final : public SequentialDestination {
public:
    using Answer = std::function<async::Awaitable<Verdict>(const Delivery&)>;

    FakePortal(World& world, PortalMemory& memory, Answer answer)
        : world_{world}, memory_{memory}, answer_{std::move(answer)} {}

    async::Awaitable<Verdict> deliver(Delivery delivery) override {
        if (++memory_.in_flight != 1) memory_.violated("two requests at once");
        if (delivery.records.empty()) memory_.violated("an empty request");
        std::vector<store::Sequence> sequences;
        for (const auto& record : delivery.records)
            sequences.push_back(record.sequence);
        memory_.requests.push_back(std::move(sequences));
        auto verdict = co_await answer_(delivery);
        --memory_.in_flight;
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
    void warn(const Warning& warning) override { memory_.warnings.push_back(warning.percent); }
    std::string target() const override { return "portal.test"; }

private:
    World& world_;
    PortalMemory& memory_;
    Answer answer_;
};

}  // namespace trunkline::lanes::test
