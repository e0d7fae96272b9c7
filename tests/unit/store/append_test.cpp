#include "fixture.hpp"

namespace trunkline::store {

INSTANTIATE_TEST_SUITE_P(Append, StoreTest, testing::Values(Kind::rocksdb, Kind::memory), name_of);

TEST_P(StoreTest, KeepsOrderAndContentPerLane) {
    const auto a = lane("a");
    const auto b = lane("b");
    EXPECT_NE(a, b);
    for (int i = 1; i <= 5; ++i) {
        EXPECT_EQ(append(record(a, "a" + std::to_string(i))).sequence, static_cast<Sequence>(i));
        EXPECT_EQ(append(record(b, "b" + std::to_string(i))).sequence, static_cast<Sequence>(i));
    }
    EXPECT_EQ(bodies(a), (std::vector<std::string>{"a1", "a2", "a3", "a4", "a5"}));
    EXPECT_EQ(bodies(b, 4), (std::vector<std::string>{"b4", "b5"}));
    const auto info = store_->lane(a);
    ASSERT_TRUE(info);
    EXPECT_EQ(info->head, 1U);
    EXPECT_EQ(info->tail, 6U);
    EXPECT_EQ(info->waiting_bytes, 10U);
}

TEST_P(StoreTest, ReadsBackEveryField) {
    const auto a = lane();
    auto written = record(a, std::string("bytes\0with zero", 15), "chat/1");
    written.flags = kRequeued;
    written.accepted_ms = 123456;
    const auto id = written.id;
    append(std::move(written));
    const auto records = store_->read(a, 1, 10, 1000);
    ASSERT_TRUE(records);
    ASSERT_EQ(records->size(), 1U);
    const auto& got = records->front();
    EXPECT_EQ(got.sequence, 1U);
    EXPECT_EQ(got.conversation_sequence, 1U);
    EXPECT_EQ(got.id, id);
    EXPECT_EQ(got.accepted_ms, 123456);
    EXPECT_EQ(got.flags, kRequeued);
    EXPECT_EQ(got.conversation, "chat/1");
    EXPECT_EQ(got.body, std::string("bytes\0with zero", 15));
}

TEST_P(StoreTest, BoundsReadsByCountAndBytes) {
    const auto a = lane();
    append_many(a, 10);
    EXPECT_EQ(store_->read(a, 1, 3, 1000)->size(), 3U);
    EXPECT_EQ(
        store_->read(a, 1, 100, 7)->size(), 2U
    );  // the first stays below 7 bytes, the second passes it
    EXPECT_TRUE(store_->read(a, 1, 0, 1000)->empty());
    EXPECT_TRUE(store_->read(a, 11, 10, 1000)->empty());
    EXPECT_EQ(store_->read(99, 1, 1, 1).error().fault, Fault::not_found);
}

TEST_P(StoreTest, CountsEachConversationOfEachLane) {
    const auto a = lane("a");
    const auto b = lane("b");
    EXPECT_EQ(append(record(a, "1", "x")).conversation_sequence, 1U);
    EXPECT_EQ(append(record(a, "2", "y")).conversation_sequence, 1U);
    EXPECT_EQ(append(record(a, "3", "x")).conversation_sequence, 2U);
    EXPECT_EQ(append(record(b, "4", "x")).conversation_sequence, 1U);
    EXPECT_EQ(append(record(a, "5", "")).conversation_sequence, 0U);
    if (reopen()) lane("a");
    EXPECT_EQ(append(record(a, "6", "x")).conversation_sequence, 3U);
    EXPECT_EQ(store_->conversation(a, "x")->next_sequence, 4U);
}

TEST_P(StoreTest, DropsRepeatsUntilTheyAreForgotten) {
    const auto a = lane();
    EXPECT_FALSE(append(record(a, "one", "c", "update 1")).repeat);
    const auto again = append(record(a, "one", "c", "update 1"));
    EXPECT_TRUE(again.repeat);
    EXPECT_FALSE(append(record(a, "two", "c", "update 2")).repeat);
    EXPECT_EQ(bodies(a), (std::vector<std::string>{"one", "two"}));
    EXPECT_EQ(store_->figures().repeats, 1U);
    if (reopen()) {
        EXPECT_TRUE(append(record(a, "one", "c", "update 1")).repeat);
    }
    clock_.advance(std::chrono::milliseconds{1001});
    EXPECT_FALSE(append(record(a, "one", "c", "update 1")).repeat);
}

TEST_P(StoreTest, DropsRepeatsWithinOneBatchWithTheirRows) {
    const auto a = lane();
    Batch batch;
    for (int i = 0; i < 3; ++i) {
        auto one = record(a, "body " + std::to_string(i), "c", "same");
        one.with.push_back({Table::sent, "k" + std::to_string(i), "v"});
        batch.append.push_back(std::move(one));
    }
    batch.append.push_back(record(a, "other", "c", "other"));
    const auto receipt = store_->commit_and_wait(std::move(batch));
    ASSERT_TRUE(receipt);
    ASSERT_EQ(receipt->positions.size(), 4U);
    EXPECT_FALSE(receipt->positions[0].repeat);
    EXPECT_TRUE(receipt->positions[1].repeat);
    EXPECT_TRUE(receipt->positions[2].repeat);
    EXPECT_EQ(receipt->positions[3].sequence, 2U);
    EXPECT_EQ(receipt->positions[3].conversation_sequence, 2U);
    EXPECT_TRUE(store_->row(Table::sent, "k0")->has_value());
    EXPECT_FALSE(store_->row(Table::sent, "k1")->has_value());
}

TEST_P(StoreTest, RefusesABatchWholeWhenOnePartIsWrong) {
    const auto a = lane();
    Batch batch;
    batch.append.push_back(record(a, "kept out", "c", "mark"));
    batch.append.push_back(record(77, "no such lane"));
    batch.put.push_back({Table::cursor, "k", "v"});
    const auto refused = store_->commit_and_wait(std::move(batch));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::not_found);
    EXPECT_TRUE(bodies(a).empty());
    EXPECT_FALSE(store_->row(Table::cursor, "k")->has_value());
    const auto next = append(record(a, "in", "c", "mark"));
    EXPECT_FALSE(next.repeat);
    EXPECT_EQ(next.sequence, 1U);
    EXPECT_EQ(next.conversation_sequence, 1U);
}

TEST_P(StoreTest, ThrottlesAFullLaneButNotARepeat) {
    open();
    const auto roomy = lane("roomy");
    append(record(roomy, std::string(20, 'x')));
    append(record(roomy, std::string(20, 'x')));
    const auto a = store_->open_lane("narrow", 10)->id;
    append(record(a, std::string(20, 'x')));  // an empty lane takes anything
    Batch batch;
    batch.append.push_back(record(a, "y", "", "mark"));
    const auto refused = store_->commit_and_wait(std::move(batch));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::throttled);
    EXPECT_GT(refused.error().pause.count(), 0);
    ASSERT_TRUE(advance(a, 1));
    EXPECT_EQ(append(record(a, "y", "", "mark")).sequence, 2U);
    EXPECT_EQ(append(record(a, "123456789")).sequence, 3U);
    EXPECT_TRUE(append(record(a, "yyyyyyyyyyyyyyyyyy", "", "mark")).repeat);
}

TEST_P(StoreTest, TellsWhoListensAfterTheRecordCanBeRead) {
    std::atomic<int> heard{0};
    LaneId a = 0;
    store_->on_append([&](LaneId which) {
        if (which == a && !store_->read(a, 1, 10, 1000)->empty()) ++heard;
    });
    a = lane();
    append(record(a, "one", "", "d"));
    EXPECT_EQ(heard, 1);
    append(record(a, "one", "", "d"));
    EXPECT_EQ(heard, 1);
}

TEST_P(StoreTest, FailsWithCancelledOnceClosed) {
    const auto a = lane();
    append(record(a, "one"));
    store_->close();
    Batch batch;
    batch.append.push_back(record(a, "two"));
    EXPECT_EQ(store_->commit_and_wait(std::move(batch)).error().fault, Fault::cancelled);
    EXPECT_EQ(store_->read(a, 1, 1, 1).error().fault, Fault::cancelled);
    EXPECT_EQ(advance(a, 1, {}, false).error().fault, Fault::cancelled);
}

}  // namespace trunkline::store
