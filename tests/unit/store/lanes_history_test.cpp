#include "tests/store/lanes_history.hpp"

#include <gtest/gtest.h>

// The judge of the lanes must be able to find each of them guilty that deserves it.
namespace trunkline::crash::lanes {

namespace {

constexpr std::uint64_t kNumber = 1ULL << 32U;

/// A history told in short words. Lane 0 is a portal's, lane 3 a messenger's.
struct History {
    std::vector<Step> steps;
    std::uint32_t round = 1;

    Step& add(Did did, std::uint32_t lane, std::uint64_t sequence, std::uint64_t id = 0) {
        Step step;
        step.did = did;
        step.round = round;
        step.lane = lane;
        step.sequence = sequence;
        step.conversation_sequence = sequence;
        step.id = id;
        step.event = id;
        return steps.emplace_back(step);
    }
    /// The record at `sequence` has the number `sequence`.
    void accept(std::uint32_t lane, std::uint64_t sequence) {
        add(Did::attempt, lane, 0, kNumber + sequence);
        add(Did::accepted, lane, sequence, kNumber + sequence);
    }
    Step& take(std::uint32_t lane, std::uint64_t sequence, Did did = Did::taken) {
        return add(did, lane, sequence, kNumber + sequence);
    }
    void notice(std::uint32_t lane, std::uint64_t from, std::uint64_t through) {
        add(Did::taken, lane, through, kNotice | through).other = from;
    }
    void tell(std::uint64_t place, std::uint32_t of, std::uint64_t sequence) {
        add(Did::taken, 0, place, status_id(of, sequence));
    }
    void look(Did did, std::uint32_t lane, std::uint64_t head, std::uint64_t tail) {
        add(did, lane, head, 99).other = tail;
    }
    /// The one complaint, "" = none; all of them when there are more.
    std::string complaint() const {
        std::string out;
        for (const auto& one : judge(steps).violations)
            out += (out.empty() ? "" : "; ") + one.substr(0, one.find(':'));
        return out;
    }
};

}  // namespace

TEST(LanesHistory, AcquitsKillsLostAnswersGapsAndReturns) {
    History history;
    history.look(Did::opened, 0, 1, 1);
    for (std::uint64_t i = 1; i <= 4; ++i)
        history.accept(0, i);
    history.accept(3, 1);
    history.take(0, 1, Did::taken_lost);
    history.take(0, 1);
    history.add(Did::written, 0, 2);
    history.take(3, 1);
    history.round = 2;
    history.look(Did::opened, 0, 2, 6);
    history.take(3, 1);  // killed before its end was written
    history.notice(0, 2, 3);
    history.add(Did::dead, 0, 2, kNumber + 2);
    history.add(Did::dead, 0, 3, kNumber + 3);
    history.add(Did::requeue, 0, 2, kNumber + 2);
    history.take(0, 4);
    history.tell(5, 3, 1);
    history.add(Did::taken, 0, 6, kNumber + 2).other = 2;
    history.round = 3;
    history.add(Did::dead, 0, 3, kNumber + 3);
    history.look(Did::closed, 0, 7, 7);
    EXPECT_EQ(history.complaint(), "");
    const auto verdict = judge(history.steps);
    EXPECT_EQ(verdict.accepted, 5U);
    EXPECT_EQ(verdict.repeats, 2U);
    EXPECT_EQ(verdict.dead, 1U);
    EXPECT_EQ(verdict.notices, 1U);
    EXPECT_EQ(verdict.requeued, 1U);
    EXPECT_EQ(verdict.statuses, 1U);
}

TEST(LanesHistory, FindsWhatWasLost) {
    History history;
    history.accept(0, 1);
    EXPECT_EQ(history.complaint(), "lost");
    history.add(Did::dead, 0, 1, kNumber + 1);
    EXPECT_EQ(history.complaint(), "lost") << "it was there once, and is no longer";
    history.add(Did::discard, 0, 1, kNumber + 1);
    EXPECT_EQ(history.complaint(), "");
}

TEST(LanesHistory, FindsWhatWasInvented) {
    History history;
    history.take(0, 1);
    EXPECT_EQ(history.complaint(), "never sent");
}

TEST(LanesHistory, FindsGapsAndWrongOrder) {
    History gap;
    gap.accept(0, 1);
    gap.accept(0, 2);
    gap.take(0, 2);
    EXPECT_EQ(gap.complaint(), "gap; lost");
    History swapped;
    swapped.accept(0, 1);
    swapped.accept(0, 2);
    swapped.add(Did::taken, 0, 1, kNumber + 2);
    swapped.add(Did::taken, 0, 2, kNumber + 1).conversation_sequence = 1;
    EXPECT_EQ(swapped.complaint(), "conversation out of order; out of order");
    History changed;
    changed.accept(0, 1);
    changed.accept(0, 2);
    changed.take(0, 1);
    changed.round = 2;
    changed.add(Did::taken, 0, 1, kNumber + 2);
    EXPECT_EQ(changed.complaint(), "another event at the same place");
}

TEST(LanesHistory, FindsRepeatsWithoutAReason) {
    History same_life;
    same_life.accept(0, 1);
    same_life.take(0, 1);
    same_life.take(0, 1);
    EXPECT_EQ(same_life.complaint(), "repeat without a reason");
    History acknowledged;
    acknowledged.accept(0, 1);
    acknowledged.take(0, 1);
    acknowledged.add(Did::written, 0, 2);
    acknowledged.round = 2;
    acknowledged.take(0, 1);
    EXPECT_EQ(acknowledged.complaint(), "repeat of what was finished on disk");
}

TEST(LanesHistory, FindsWhatIsDeliveredAfterItWasGivenUp) {
    History noticed;
    noticed.accept(0, 1);
    noticed.notice(0, 1, 1);
    noticed.round = 2;
    noticed.take(0, 1);
    EXPECT_EQ(noticed.complaint(), "another event at the same place");
    History dead;
    dead.accept(0, 1);
    dead.add(Did::dead, 0, 1, kNumber + 1);
    dead.take(0, 1);
    EXPECT_EQ(dead.complaint(), "delivered after it was given up; dead without a notice");
}

TEST(LanesHistory, FindsWhatComesBackUnaskedOrTwice) {
    History history;
    history.accept(0, 1);
    history.notice(0, 1, 1);
    history.add(Did::taken, 0, 2, kNumber + 1).other = 1;
    EXPECT_EQ(history.complaint(), "came back unasked");
    history.add(Did::requeue, 0, 1, kNumber + 1);
    history.add(Did::taken, 0, 3, kNumber + 1).other = 1;
    EXPECT_EQ(history.complaint(), "came back unasked; came back twice");
}

TEST(LanesHistory, FindsHeadsTailsAndEpochsThatChange) {
    History head;
    head.look(Did::opened, 0, 1, 5);
    head.add(Did::written, 0, 4);
    head.look(Did::opened, 0, 3, 5);
    EXPECT_EQ(head.complaint(), "the head went back");
    History tail;
    tail.accept(0, 5);
    tail.take(0, 5);
    tail.look(Did::opened, 0, 1, 5);
    EXPECT_EQ(tail.complaint(), "gap; the tail went back");
    History epoch;
    epoch.look(Did::opened, 0, 1, 1);
    epoch.look(Did::opened, 0, 1, 1);
    epoch.steps.back().id = 100;
    EXPECT_EQ(epoch.complaint(), "another epoch");
    History left;
    left.look(Did::closed, 0, 1, 2);
    EXPECT_EQ(left.complaint(), "not empty at the end; the end was not delivered");
}

TEST(LanesHistory, FindsDeliveriesOfAPausedLane) {
    History history;
    history.accept(0, 1);
    history.add(Did::paused, 0, 0);
    history.round = 2;
    history.take(0, 1);
    EXPECT_EQ(history.complaint(), "delivered while paused");
    history.steps.insert(history.steps.end() - 1, Step{.did = Did::resuming, .round = 2});
    EXPECT_EQ(history.complaint(), "");
}

TEST(LanesHistory, FindsConversationsThatDoNotKeepTheirOrder) {
    History back;
    for (std::uint64_t i = 1; i <= 2; ++i)
        back.accept(3, i);
    back.take(3, 2);
    back.take(3, 1);
    back.tell(1, 3, 1);
    back.tell(2, 3, 2);
    EXPECT_EQ(back.complaint(), "conversation went back");
    History overtaken;
    for (std::uint64_t i = 1; i <= 2; ++i)
        overtaken.accept(3, i);
    overtaken.take(3, 1, Did::taken_lost);
    overtaken.take(3, 2);
    overtaken.tell(1, 3, 1);
    overtaken.tell(2, 3, 2);
    EXPECT_EQ(overtaken.complaint(), "overtook what is not finished");
    History twice;
    twice.accept(3, 1);
    twice.take(3, 1);
    twice.take(3, 1);
    twice.tell(1, 3, 1);
    EXPECT_EQ(twice.complaint(), "repeat without a reason");
}

TEST(LanesHistory, FindsAnEndThatNobodyOrSomebodyTwiceWasToldOf) {
    History history;
    history.accept(3, 1);
    history.take(3, 1);
    EXPECT_EQ(history.complaint(), "nobody was told");
    history.tell(1, 3, 1);
    EXPECT_EQ(history.complaint(), "");
    history.tell(2, 3, 1);
    EXPECT_EQ(history.complaint(), "told twice");
}

}  // namespace trunkline::crash::lanes
