// What the portal promises the host: nothing twice, nothing lost unseen, the order kept.
#include "tests/unit/portal/support.hpp"

namespace trunkline::portal::test {
namespace {

using Strings = std::vector<std::string>;
using Gaps = std::set<std::string>;

TEST(BatchesTest, KeepsEventsInOrderAndSaysHowFar) {
    auto database = memory_database();

    const auto kept =
        keep(*database, 1, {message(1, "one"), message(2, "two"), message(3, "three")});

    EXPECT_EQ(kept.through, 3);
    EXPECT_EQ(kept.stored, 3U);
    EXPECT_EQ(texts(*database), (Strings{"one", "two", "three"}));
    EXPECT_TRUE(gaps(*database).empty());
}

TEST(BatchesTest, DropsARepeatedBatchAndAcceptsItsEndAgain) {
    auto database = memory_database();
    keep(*database, 1, {message(1, "one"), message(2, "two")});

    const auto again = keep(*database, 1, {message(1, "one"), message(2, "two")});

    EXPECT_EQ(again.through, 2);
    EXPECT_EQ(again.stored, 0U);
    EXPECT_EQ(again.repeats, 2U);
    EXPECT_EQ(texts(*database), (Strings{"one", "two"}));
}

TEST(BatchesTest, TakesTheNewPartOfAnOverlappingBatch) {
    auto database = memory_database();
    keep(*database, 1, {message(1, "one"), message(2, "two")});

    const auto kept = keep(*database, 1, {message(2, "two"), message(3, "three")});

    EXPECT_EQ(kept.stored, 1U);
    EXPECT_EQ(texts(*database), (Strings{"one", "two", "three"}));
}

TEST(BatchesTest, RecordsAJumpThatNothingExplains) {
    auto database = memory_database();
    keep(*database, 1, {message(1, "one")});

    keep(*database, 1, {message(5, "five")});

    EXPECT_EQ(gaps(*database), Gaps{"2-4"});
}

TEST(BatchesTest, ClosesAHoleWhenItsEventsComeLate) {
    auto database = memory_database();
    keep(*database, 1, {message(1, "one"), message(5, "five")});

    const auto late = keep(*database, 1, {message(3, "three")});
    EXPECT_EQ(late.stored, 1U);
    EXPECT_EQ(gaps(*database), (Gaps{"2-2", "4-4"}));
    keep(*database, 1, {message(2, "two"), message(4, "four")});

    EXPECT_TRUE(gaps(*database).empty());
    EXPECT_EQ(texts(*database).size(), 5U);
}

TEST(BatchesTest, ANoticeExplainsItsGap) {
    auto database = memory_database();
    keep(*database, 1, {message(1, "one")});

    keep(*database, 1, {gap_notice(4, 2, "retention"), message(5, "five")});

    EXPECT_EQ(gaps(*database), Gaps{"2-4 retention"});
}

TEST(BatchesTest, ANoticeLeavesTheRestOfAHoleUnexplained) {
    auto database = memory_database();
    keep(*database, 1, {message(1, "one")});

    keep(*database, 1, {gap_notice(6, 4, "rejected")});

    EXPECT_EQ(gaps(*database), (Gaps{"2-3", "4-6 rejected"}));
}

TEST(BatchesTest, AFirstSequenceAboveOneIsAHole) {
    auto database = memory_database();

    keep(*database, 1, {message(3, "three")});

    EXPECT_EQ(gaps(*database), Gaps{"1-2"});
}

TEST(BatchesTest, BestEffortLanesHaveNoHoles) {
    auto database = memory_database();

    keep(
        *database, 1, {event(7, "typing", {{"on", true}})}, "presence", store::LaneKind::best_effort
    );

    EXPECT_TRUE(gaps(*database).empty());
}

TEST(BatchesTest, RefusesALowerEpochWhole) {
    auto database = memory_database();
    keep(*database, 4, {message(1, "one")});

    const auto kept = keep(*database, 3, {message(2, "old")});

    EXPECT_TRUE(kept.stale_epoch);
    EXPECT_EQ(texts(*database), Strings{"one"});
    EXPECT_EQ(keep(*database, 4, {message(2, "two")}).stored, 1U)
        << "the lane's position must not have moved";
}

TEST(BatchesTest, StartsAnewAtAHigherEpoch) {
    auto database = memory_database();
    keep(*database, 1, {message(1, "one"), message(2, "two")});

    auto first = message(1, "first of the new epoch");
    first["id"] = "01OTHER1";
    const auto kept = keep(*database, 2, {first});

    EXPECT_EQ(kept.stored, 1U);
    EXPECT_TRUE(gaps(*database).empty());
    EXPECT_EQ(texts(*database).size(), 3U);
}

TEST(BatchesTest, AnEventIdIsNeverKeptTwice) {
    auto database = memory_database();
    keep(*database, 1, {message(1, "one")});

    auto requeued = message(2, "one");
    requeued["id"] = "01EVENT1";
    const auto kept = keep(*database, 1, {requeued, message(3, "three")});

    EXPECT_EQ(kept.stored, 1U);
    EXPECT_TRUE(gaps(*database).empty()) << "the repeat still takes its place in the sequence";
    EXPECT_EQ(texts(*database), (Strings{"one", "three"}));
}

TEST(BatchesTest, AnOpeningBatchIsNoError) {
    auto database = memory_database();

    const auto kept = keep(*database, 1, {});

    EXPECT_FALSE(kept.stale_epoch);
    EXPECT_EQ(kept.through, 0);
}

TEST(BatchesTest, KeepsRawWhatItDoesNotKnow) {
    auto database = memory_database();

    keep(*database, 1, {event(1, "hologram", {{"beam", 7}})});

    const auto raw = store::events_after(*database, "messages", 0, 10);
    ASSERT_EQ(raw.size(), 1U);
    EXPECT_EQ(number_of(object_of(raw[0].as_object(), "event"), "beam"), 7);
    EXPECT_TRUE(gaps(*database).empty());
}

TEST(BatchesTest, NothingOfABatchIsKeptWhenTheTransactionDoesNotEnd) {
    Folder folder;
    const auto path = folder.file("portal.db");
    {
        auto database = store::Database::open(path, store::Database::Mode::read_write);
        ASSERT_TRUE(database);
        ASSERT_TRUE(store::migrate(**database));
        keep(**database, 1, {message(1, "one")});
        auto batch = wire::parse_batch(batch_text(1, {message(2, "two"), message(3, "three")}));
        (*database)->begin();
        ASSERT_TRUE(store::keep_batch(**database, batch->content, store::LaneKind::guaranteed, kNow)
        );
        // The connection goes before the commit, as in a kill.
    }
    auto database = store::Database::open(path, store::Database::Mode::read_write);
    ASSERT_TRUE(database);

    EXPECT_EQ(texts(**database), Strings{"one"});
    EXPECT_EQ(keep(**database, 1, {message(2, "two"), message(3, "three")}).stored, 2U);
    EXPECT_TRUE(gaps(**database).empty());
}

TEST(BatchesTest, AFailureInTheMiddleRollsEverythingBack) {
    auto database = memory_database();
    auto batch = wire::parse_batch(batch_text(1, {message(1, "one")}));
    database->begin();
    ASSERT_TRUE(store::keep_batch(*database, batch->content, store::LaneKind::guaranteed, kNow));
    database->execute("INSERT INTO nowhere VALUES(1)");

    EXPECT_FALSE(database->commit());
    EXPECT_EQ(store::events_after(*database, "", 0, 10).size(), 0U);
}

TEST(ParseBatchTest, RefusesWhatHasNoIdentity) {
    auto nameless = message(1, "x");
    nameless.erase("id");
    auto unplaced = message(1, "x");
    unplaced["sequence"] = 0;

    EXPECT_FALSE(wire::parse_batch(batch_text(1, {nameless})));
    EXPECT_FALSE(wire::parse_batch(batch_text(1, {unplaced})));
    EXPECT_FALSE(wire::parse_batch(R"({"portal":"acme","lane":"messages","events":[]})"));
    EXPECT_FALSE(wire::parse_batch("[1]"));
    EXPECT_FALSE(wire::parse_batch(std::string(100, '[')));
    EXPECT_TRUE(wire::parse_batch(batch_text(1, {message(1, "x")})));
}

}  // namespace
}  // namespace trunkline::portal::test
