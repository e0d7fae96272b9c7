#include "fixture.hpp"

namespace trunkline::store {

class FinishTest : public StoreTest {};
INSTANTIATE_TEST_SUITE_P(Finish, FinishTest, testing::Values(Kind::rocksdb, Kind::memory), name_of);

TEST_P(FinishTest, HeadOnlyMovesForward) {
    const auto a = lane();
    append_many(a, 5);
    ASSERT_TRUE(advance(a, 3));
    EXPECT_EQ(bodies(a), (std::vector<std::string>{"body 4", "body 5"}));
    ASSERT_TRUE(advance(a, 1));
    EXPECT_EQ(store_->lane(a)->head, 4U);
    EXPECT_EQ(advance(a, 6).error().fault, Fault::malformed);
    EXPECT_EQ(store_->lane(a)->head, 4U);
    if (reopen()) {
        EXPECT_EQ(store_->lane(a)->head, 4U);
        EXPECT_EQ(store_->lane(a)->tail, 6U);
    }
    ASSERT_TRUE(advance(a, 5));
    EXPECT_EQ(store_->lane(a)->waiting_bytes, 0U);
    reopen();
    EXPECT_EQ(append(record(a, "body 6")).sequence, 6U);
}

TEST_P(FinishTest, SkipsFinishedOnesBeyondTheHead) {
    const auto a = lane();
    append_many(a, 6);
    ASSERT_TRUE(advance(a, 1, {3, 5}));
    EXPECT_EQ(bodies(a), (std::vector<std::string>{"body 2", "body 4", "body 6"}));
    reopen();
    EXPECT_EQ(store_->lane(a)->beyond, (std::vector<Sequence>{3, 5}));
    ASSERT_TRUE(advance(a, 2, {}));
    EXPECT_EQ(store_->lane(a)->head, 4U);
    EXPECT_EQ(bodies(a), (std::vector<std::string>{"body 4", "body 6"}));
    EXPECT_EQ(advance(a, 0, {7}).error().fault, Fault::malformed);
}

TEST_P(FinishTest, BoundsWhatIsFinishedBeyondTheHead) {
    const auto a = lane();
    Batch batch;
    for (int i = 0; i < 300; ++i)
        batch.append.push_back(record(a, "x"));
    ASSERT_TRUE(store_->commit_and_wait(std::move(batch)));
    std::vector<Sequence> beyond;
    for (Sequence one = 2; one <= 257; ++one)
        beyond.push_back(one);
    ASSERT_TRUE(advance(a, 0, beyond));
    EXPECT_EQ(advance(a, 0, {300}).error().fault, Fault::malformed);
    EXPECT_EQ(advance(a, 0, {300}, false).error().fault, Fault::malformed);
}

TEST_P(FinishTest, AcknowledgementsThatAreNotDurableShowAtOnceAndAreWrittenLater) {
    const auto a = lane();
    append_many(a, 3);
    ASSERT_TRUE(advance(a, 2, {}, false));
    EXPECT_EQ(store_->lane(a)->head, 3U);
    if (reopen()) {
        EXPECT_EQ(store_->lane(a)->head, 3U);
    }
}

TEST_P(FinishTest, KeepsTheDeliveryStateOfALane) {
    const auto a = lane();
    Batch batch;
    batch.states.push_back({a, "first"});
    ASSERT_TRUE(store_->commit_and_wait(batch));
    batch.states[0].state = "second";
    batch.durable = false;
    ASSERT_TRUE(store_->commit_and_wait(batch));
    EXPECT_EQ(store_->lane(a)->state, "second");
    reopen();
    EXPECT_EQ(store_->lane(a)->state, "second");
    batch.states[0].state = std::string(4097, 'x');
    EXPECT_EQ(store_->commit_and_wait(batch).error().fault, Fault::malformed);
}

TEST_P(FinishTest, DeadLetterLeavesItsNoticeInItsPlace) {
    const auto a = lane();
    append_many(a, 3);
    auto given_up = letter(a, 2);
    auto notice = record(0, "notice", "");
    notice.flags = kNotice;
    given_up.instead = notice;
    ASSERT_TRUE(give_up(given_up));
    EXPECT_EQ(bodies(a), (std::vector<std::string>{"body 1", "notice", "body 3"}));
    reopen();
    const auto records = store_->read(a, 1, 10, 1000);
    ASSERT_TRUE(records);
    EXPECT_EQ(records->at(1).sequence, 2U);
    EXPECT_EQ(records->at(1).flags, kNotice);
    const auto dead = store_->dead(a, 0, 10);
    ASSERT_TRUE(dead);
    ASSERT_EQ(dead->size(), 1U);
    const auto& one = dead->front();
    EXPECT_EQ(one.record.sequence, 2U);
    EXPECT_EQ(one.record.conversation, "c");
    EXPECT_EQ(one.record.conversation_sequence, 2U);
    EXPECT_EQ(one.record.body, "body 2");
    EXPECT_EQ(one.reason, "retention");
    EXPECT_EQ(one.detail, "gave up");
    EXPECT_EQ(one.last_status, 503);
    EXPECT_EQ(one.attempts, 7U);
    EXPECT_EQ(one.died_ms, clock_.wall_ms());
}

TEST_P(FinishTest, DeadLettersOfARangeLeaveOneNoticeAtItsEnd) {
    const auto a = lane();
    append_many(a, 4);
    Batch batch;
    batch.dead.push_back(letter(a, 1));
    batch.dead.push_back(letter(a, 2));
    batch.dead.push_back(letter(a, 3));
    batch.dead.back().instead = record(0, "notice 1 to 3");
    ASSERT_TRUE(store_->commit_and_wait(std::move(batch)));
    EXPECT_EQ(store_->lane(a)->head, 3U);
    EXPECT_EQ(bodies(a), (std::vector<std::string>{"notice 1 to 3", "body 4"}));
    EXPECT_EQ(store_->dead(a, 0, 10)->size(), 3U);
    EXPECT_EQ(store_->dead(a, 1, 1)->at(0).record.sequence, 2U);
}

TEST_P(FinishTest, MergedNoticeIsDroppedWithoutADeadLetter) {
    const auto a = lane();
    append_many(a, 2);
    auto first = letter(a, 1);
    first.instead = record(0, "notice 1");
    ASSERT_TRUE(give_up(first));
    Batch batch;
    batch.dead.push_back(letter(a, 1));
    batch.dead.back().keep = false;
    batch.dead.push_back(letter(a, 2));
    batch.dead.back().instead = record(0, "notice 1 to 2");
    ASSERT_TRUE(store_->commit_and_wait(std::move(batch)));
    EXPECT_EQ(bodies(a), (std::vector<std::string>{"notice 1 to 2"}));
    const auto dead = store_->dead(a, 0, 10);
    ASSERT_EQ(dead->size(), 2U);
    EXPECT_EQ(dead->at(0).record.body, "body 1");
    EXPECT_EQ(dead->at(1).record.body, "body 2");
}

TEST_P(FinishTest, RefusesToGiveUpOutOfTurn) {
    const auto a = lane();
    append_many(a, 3);
    EXPECT_EQ(give_up(letter(a, 2)).error().fault, Fault::malformed);
    EXPECT_EQ(give_up(letter(a, 4)).error().fault, Fault::not_found);
    ASSERT_TRUE(advance(a, 1));
    EXPECT_EQ(give_up(letter(a, 1)).error().fault, Fault::conflict);
    EXPECT_TRUE(store_->dead(a, 0, 10)->empty());
    ASSERT_TRUE(give_up(letter(a, 2)));
    EXPECT_EQ(store_->lane(a)->head, 3U);
}

TEST_P(FinishTest, GivesUpInTheMiddleWhenTheSameBatchFinishesIt) {
    const auto a = lane();
    append_many(a, 4);
    Batch batch;
    batch.dead.push_back(letter(a, 3));
    batch.advance.push_back({a, 0, {3}});
    ASSERT_TRUE(store_->commit_and_wait(std::move(batch)));
    EXPECT_EQ(bodies(a), (std::vector<std::string>{"body 1", "body 2", "body 4"}));
    EXPECT_EQ(store_->dead(a, 0, 10)->at(0).record.body, "body 3");
}

TEST_P(FinishTest, TakesADeadLetterThatIsBroughtAlongAndLeavesThePlacesAlone) {
    const auto a = lane();
    append_many(a, 4);
    const auto records = store_->read(a, 1, 10, 1000);
    ASSERT_TRUE(records);
    ASSERT_TRUE(advance(a, 2));  // 2 was set aside: its place is finished, it itself is not
    auto set_aside = letter(a, 2);
    set_aside.record = records->at(1);
    ASSERT_TRUE(give_up(set_aside));
    auto in_the_middle = letter(a, 4);
    in_the_middle.record = records->at(3);
    in_the_middle.record->requeued = 77;
    Batch batch;
    batch.dead.push_back(in_the_middle);
    batch.advance.push_back({a, 2, {4}});
    ASSERT_TRUE(store_->commit_and_wait(std::move(batch)));
    EXPECT_EQ(store_->figures().dead_letters, 2U);
    reopen();
    EXPECT_EQ(store_->lane(a)->head, 3U);
    EXPECT_EQ(store_->lane(a)->tail, 5U);
    EXPECT_EQ(store_->lane(a)->beyond, (std::vector<Sequence>{4}));
    EXPECT_EQ(bodies(a), (std::vector<std::string>{"body 3"}));
    const auto dead = store_->dead(a, 0, 10);
    ASSERT_TRUE(dead);
    ASSERT_EQ(dead->size(), 2U);
    const auto& one = dead->front();
    EXPECT_EQ(one.record.sequence, 2U);
    EXPECT_EQ(one.record.id, records->at(1).id);
    EXPECT_EQ(one.record.conversation, "c");
    EXPECT_EQ(one.record.conversation_sequence, 2U);
    EXPECT_EQ(one.record.body, "body 2");
    EXPECT_EQ(one.reason, "retention");
    EXPECT_EQ(one.attempts, 7U);
    EXPECT_EQ(dead->back().record.body, "body 4");
    EXPECT_EQ(dead->back().record.requeued, 77U);
    EXPECT_EQ(give_up(letter(a, 2)).error().fault, Fault::conflict)
        << "without the record the place would be given up on, which is finished";
}

TEST_P(FinishTest, ABroughtAlongDeadLetterDoesNotTouchAHeadThatStandsStill) {
    const auto a = lane();
    append_many(a, 2);
    const auto records = store_->read(a, 1, 10, 1000);
    ASSERT_TRUE(records);
    auto first = letter(a, 1);
    first.record = records->at(0);
    first.instead = record(0, "notice");
    ASSERT_TRUE(give_up(first));
    EXPECT_EQ(store_->lane(a)->head, 1U);
    EXPECT_EQ(bodies(a), (std::vector<std::string>{"body 1", "body 2"}));
    first.keep = false;
    first.sequence = 2;
    first.record = records->at(1);
    ASSERT_TRUE(give_up(first));
    EXPECT_EQ(store_->dead(a, 0, 10)->size(), 1U) << "not kept";
}

TEST_P(FinishTest, DeadLettersExpireAndCanBeDiscarded) {
    const auto a = lane();
    append_many(a, 2);
    ASSERT_TRUE(give_up(letter(a, 1)));
    ASSERT_TRUE(give_up(letter(a, 2)));
    Batch batch;
    batch.discard_dead.emplace_back(a, 1);
    batch.append.push_back(record(a, "again"));
    ASSERT_TRUE(store_->commit_and_wait(std::move(batch)));
    EXPECT_EQ(store_->dead(a, 0, 10)->size(), 1U);
    clock_.advance(std::chrono::milliseconds{options_.dead_letters_keep_ms - 1});
    EXPECT_EQ(store_->dead(a, 0, 10)->size(), 1U);
    clock_.advance(std::chrono::milliseconds{1});
    EXPECT_TRUE(store_->dead(a, 0, 10)->empty());
}

}  // namespace trunkline::store
