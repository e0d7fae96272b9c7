#include "tests/store/crash_history.hpp"

#include <gtest/gtest.h>

// The judge of the crash checker must be able to find each store guilty that deserves it.
namespace trunkline::crash {

namespace {

struct History {
    std::vector<Entry> entries;
    std::vector<Round> rounds = std::vector<Round>(4);
    DeadIds dead;

    void add(What what, std::uint32_t round, std::uint64_t sequence, std::uint64_t id) {
        Entry entry;
        entry.what = what;
        entry.round = round;
        entry.sequence = sequence;
        entry.conversation_sequence = sequence;
        entry.id = id;
        entries.push_back(entry);
    }
    void accept(std::uint64_t sequence, std::uint64_t id) {
        add(What::attempt, 1, 0, id);
        add(What::accepted, 1, sequence, id);
    }
    void deliver(std::uint32_t round, std::uint64_t sequence, std::uint64_t id) {
        add(What::delivered, round, sequence, id);
    }
    Verdict verdict(bool torn = false) const { return judge(entries, rounds, dead, torn); }
};

}  // namespace

TEST(CrashHistory, AcquitsOrderRepeatsAfterAKillAndDeadLetters) {
    History history;
    for (std::uint64_t i = 1; i <= 3; ++i)
        history.accept(i, 100 + i);
    history.deliver(1, 1, 101);
    history.deliver(2, 1, 101);
    history.deliver(2, 2, 102 | kNoticeBit);
    history.deliver(2, 3, 103);
    history.dead.insert(102);
    const auto verdict = history.verdict();
    EXPECT_TRUE(verdict.violations.empty());
    EXPECT_EQ(verdict.accepted, 3U);
    EXPECT_EQ(verdict.repeats, 1U);
    EXPECT_EQ(verdict.dead, 1U);
}

TEST(CrashHistory, FindsWhatWasLost) {
    History history;
    history.accept(1, 101);
    history.accept(2, 102);
    history.deliver(1, 1, 101);
    EXPECT_EQ(history.verdict().lost, 1U);
    EXPECT_EQ(history.verdict().violations.size(), 1U);
    EXPECT_TRUE(history.verdict(true).violations.empty());
}

TEST(CrashHistory, FindsANoticeWithoutItsDeadLetter) {
    History history;
    history.accept(1, 101);
    history.deliver(1, 1, 101 | kNoticeBit);
    EXPECT_EQ(history.verdict().lost, 1U);
}

TEST(CrashHistory, FindsAGapEvenWhereLogsWereTorn) {
    History history;
    history.accept(2, 102);
    history.deliver(1, 2, 102);
    EXPECT_FALSE(history.verdict().violations.empty());
    EXPECT_FALSE(history.verdict(true).violations.empty());
}

TEST(CrashHistory, FindsWhatWasInvented) {
    History history;
    history.deliver(1, 1, 101);
    EXPECT_FALSE(history.verdict().violations.empty());
}

TEST(CrashHistory, FindsOneRecordAtTwoPlacesAndTwoAtOne) {
    History twice;
    twice.accept(1, 101);
    twice.deliver(1, 1, 101);
    twice.deliver(1, 2, 101);
    EXPECT_FALSE(twice.verdict().violations.empty());
    History swapped;
    swapped.accept(1, 101);
    swapped.accept(2, 102);
    swapped.deliver(1, 1, 101);
    swapped.deliver(2, 1, 102);
    EXPECT_FALSE(swapped.verdict().violations.empty());
}

TEST(CrashHistory, FindsMoreRepeatsThanABatch) {
    History history;
    for (std::uint64_t i = 1; i <= kBatch + 1; ++i) {
        history.accept(i, 100 + i);
        history.deliver(1, i, 100 + i);
    }
    for (std::uint64_t i = 1; i <= kBatch + 1; ++i)
        history.deliver(2, i, 100 + i);
    EXPECT_EQ(history.verdict().violations.size(), 1U);
    history.rounds[1].durable_acknowledgements = false;
    EXPECT_TRUE(history.verdict().violations.empty());
}

TEST(CrashHistory, FindsRepeatsWithoutAKill) {
    History history;
    history.accept(1, 101);
    history.deliver(1, 1, 101);
    history.deliver(1, 1, 101);
    EXPECT_FALSE(history.verdict().violations.empty());
}

}  // namespace trunkline::crash
