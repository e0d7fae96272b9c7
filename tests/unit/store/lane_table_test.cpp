#include "host/store/lane_table.hpp"

#include <gtest/gtest.h>

#include "host/store/heads.hpp"

namespace trunkline::store {

class LaneTableTest : public testing::Test {
protected:
    LaneTableTest() {
        LaneTable::Loaded lane;
        lane.id = 1;
        lane.name = "a";
        lane.tail = 11;
        lane.waiting_bytes = 1000;
        table_.add(std::move(lane));
    }

    LaneTable table_;
};

TEST_F(LaneTableTest, AnAcknowledgementDuringAWriteStaysDue) {
    ASSERT_TRUE(table_.acknowledge({{1, 2, {}}}, {}, 1, 1000));
    const auto first = table_.due_heads({}, 10);
    ASSERT_EQ(first.size(), 1U);
    EXPECT_EQ(first[0].row.head, 3U);
    ASSERT_TRUE(table_.acknowledge({{1, 5, {}}}, {}, 2, 1000));
    table_.publish({}, first);
    ASSERT_TRUE(table_.anything_due());
    const auto second = table_.due_heads({}, 10);
    ASSERT_EQ(second.size(), 1U);
    EXPECT_EQ(second[0].row.head, 6U);
    table_.publish({}, second);
    EXPECT_FALSE(table_.anything_due());
}

TEST_F(LaneTableTest, ADraftAndAnAcknowledgementMerge) {
    auto draft = table_.draft(1);
    ASSERT_TRUE(draft);
    draft->progress.finish(4);
    draft->head_changed = true;
    draft->tail = 12;
    ASSERT_TRUE(table_.acknowledge({{1, 3, {}}}, {}, 1, 1000));
    const std::unordered_map<LaneId, LaneDraft> drafts{{1, *draft}};
    const auto due = table_.due_heads(drafts, 10);
    ASSERT_EQ(due.size(), 1U);
    EXPECT_EQ(due[0].row.head, 5U);
    table_.publish(drafts, due);
    EXPECT_EQ(table_.find(1)->head, 5U);
    EXPECT_EQ(table_.find(1)->tail, 12U);
    EXPECT_FALSE(table_.anything_due());
}

TEST_F(LaneTableTest, TheLaterStateWinsWhateverArrivesFirst) {
    auto draft = table_.draft(1);
    draft->state = "older";
    draft->state_ticket = 1;
    draft->head_changed = true;
    ASSERT_TRUE(table_.acknowledge({}, {{1, "newer"}}, 2, 1000));
    const std::unordered_map<LaneId, LaneDraft> drafts{{1, *draft}};
    const auto due = table_.due_heads(drafts, 10);
    EXPECT_EQ(due.at(0).row.state, "newer");
    table_.publish(drafts, due);
    EXPECT_EQ(table_.find(1)->state, "newer");
}

TEST_F(LaneTableTest, BytesLeaveWithTheRecords) {
    ASSERT_TRUE(table_.acknowledge({{1, 5, {}}}, {}, 1, 1000));
    EXPECT_EQ(table_.find(1)->waiting_bytes, 500U);
    ASSERT_TRUE(table_.acknowledge({{1, 10, {}}}, {}, 2, 1000));
    EXPECT_EQ(table_.find(1)->waiting_bytes, 0U);
}

TEST(CollectableHeads, AreTrustedOnlyOnceTheirLogIsLeft) {
    CollectableHeads heads;
    const std::vector<LaneHead> some{{3, 7}, {1, 2}};
    heads.synced(some);
    EXPECT_EQ(heads.of(3), 1U);
    heads.log_switched();
    EXPECT_EQ(heads.of(3), 7U);
    EXPECT_EQ(heads.of(1), 2U);
    EXPECT_EQ(heads.of(2), 1U);
    EXPECT_EQ(heads.of(99), 1U);
    const std::vector<LaneHead> lower{{3, 5}};
    heads.synced(lower);
    heads.log_switched();
    EXPECT_EQ(heads.of(3), 7U);
}

}  // namespace trunkline::store
