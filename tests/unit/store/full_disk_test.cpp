#include <thread>

#include "fixture.hpp"
#include "tests/store/troubled_disk.hpp"

namespace trunkline::store {

namespace {

/// Says "no space" whenever it is told to.
class Fullness final : public DiskTrouble {
public:
    std::atomic<bool> full{false};
    std::atomic<bool> places{true};  ///< whether what is there cannot be written over either

    rocksdb::IOStatus before(Deed deed) override {
        const bool over = deed == Deed::place || deed == Deed::sync_places;
        return full && (places || !over) ? rocksdb::IOStatus::NoSpace("told to be full")
                                         : rocksdb::IOStatus::OK();
    }
};

}  // namespace

class FullDiskTest : public StoreTest {
protected:
    void SetUp() override {
        internals_.env = env_.get();
        internals_.resume_every = std::chrono::milliseconds{5};
        open(internals_);
    }
    void TearDown() override { store_.reset(); }

    bool comes_true(const std::function<bool()>& what) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
        while (!what()) {
            if (std::chrono::steady_clock::now() > end) return false;
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        }
        return true;
    }

    Result<Receipt> try_append(LaneId to, std::string body, std::string dedup = {}) {
        Batch batch;
        batch.append.push_back(record(to, std::move(body), "c", std::move(dedup)));
        return store_->commit_and_wait(std::move(batch));
    }

    Fullness fullness_;
    std::unique_ptr<rocksdb::Env> env_ = env_with(fullness_);
    Internals internals_;
};
INSTANTIATE_TEST_SUITE_P(FullDisk, FullDiskTest, testing::Values(Kind::rocksdb), name_of);

TEST_P(FullDiskTest, RefusesAppendsAndGoesOnAcknowledging) {
    const auto a = lane();
    append_many(a, 4);
    fullness_.full = true;
    const auto refused = try_append(a, "does not fit", "mark");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::storage);
    EXPECT_TRUE(store_->read_only());
    EXPECT_EQ(try_append(a, "neither").error().fault, Fault::storage);
    EXPECT_EQ(store_->lane(a)->tail, 5U);
    EXPECT_EQ(bodies(a).size(), 4U);

    ASSERT_TRUE(advance(a, 1));
    ASSERT_TRUE(advance(a, 2, {}, false));
    EXPECT_EQ(bodies(a), (std::vector<std::string>{"body 3", "body 4"}));
    EXPECT_TRUE(store_->read_only());

    fullness_.full = false;
    ASSERT_TRUE(comes_true([&] { return !store_->read_only(); }));
    const auto after = try_append(a, "fits now", "mark");
    ASSERT_TRUE(after) << after.error().context;
    EXPECT_FALSE(after->positions[0].repeat);
    EXPECT_EQ(after->positions[0].sequence, 5U);
    EXPECT_EQ(after->positions[0].conversation_sequence, 5U);
    open(internals_);
    EXPECT_EQ(store_->lane(a)->head, 3U);
    EXPECT_EQ(bodies(a), (std::vector<std::string>{"body 3", "body 4", "fits now"}));
}

TEST_P(FullDiskTest, KeepsTheFailedGroupsAcknowledgements) {
    const auto a = lane();
    append_many(a, 2);
    fullness_.full = true;
    ASSERT_TRUE(advance(a, 1));  // durable, so it meets the full disk itself
    EXPECT_EQ(store_->lane(a)->head, 2U);
    ASSERT_TRUE(comes_true([&] { return store_->read_only(); }));
    fullness_.full = false;
    ASSERT_TRUE(comes_true([&] { return !store_->read_only(); }));
    open(internals_);
    EXPECT_EQ(store_->lane(a)->head, 2U);
}

TEST_P(FullDiskTest, BoundsWhatIsKeptInMemory) {
    options_.memory_acks_bytes_max = 200;
    open(internals_);
    const auto a = lane();
    append_many(a, 2);
    fullness_.full = true;
    ASSERT_FALSE(try_append(a, "x"));
    Batch batch;
    batch.states.push_back({a, std::string(100, 's')});
    ASSERT_TRUE(store_->commit_and_wait(batch));
    batch.states[0].state = std::string(200, 's');
    const auto refused = store_->commit_and_wait(batch);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::storage);
    fullness_.full = false;
    ASSERT_TRUE(comes_true([&] { return !store_->read_only(); }));
    ASSERT_TRUE(store_->commit_and_wait(batch));
}

TEST_P(FullDiskTest, ASuddenFullDiskHitsAllOfAGroupOrNone) {
    const auto a = lane();
    Sequence accepted = 0;
    for (int round = 0; round < 20; ++round) {
        fullness_.full = round % 2 == 1;
        for (int i = 0; i < 5; ++i) {
            const auto done = try_append(a, "r");
            if (!done) continue;
            EXPECT_EQ(done->positions[0].sequence, ++accepted);
        }
        fullness_.full = false;
        ASSERT_TRUE(comes_true([&] { return !store_->read_only(); }));
    }
    EXPECT_EQ(accepted, 50U);
    open(internals_);
    EXPECT_EQ(store_->lane(a)->tail, 51U);
    EXPECT_EQ(bodies(a).size(), 50U);
}

// On most file systems the journal goes on where the tables cannot: until all of its files are
// full.
TEST_P(FullDiskTest, TakesWhatTheJournalHoldsAndLosesNoneOfIt) {
    fullness_.places = false;
    const auto a = lane();
    append_many(a, 4);
    fullness_.full = true;
    Sequence accepted = 4;
    while (try_append(a, "body " + std::to_string(accepted + 1))) {
        ASSERT_LT(++accepted, 10'000U) << "a full disk takes everything";
    }
    EXPECT_TRUE(store_->read_only());
    EXPECT_GT(accepted, 10U) << "the journal took nothing";
    EXPECT_EQ(store_->lane(a)->tail, accepted + 1);
    const auto kept = store_->read(a, 1, 100'000, 1U << 30U);
    ASSERT_TRUE(kept) << kept.error().context;
    EXPECT_EQ(kept->size(), accepted);
    fullness_.full = false;
    ASSERT_TRUE(comes_true([&] { return !store_->read_only(); }));
    ASSERT_TRUE(try_append(a, "fits now"));
    open(internals_);
    EXPECT_EQ(store_->lane(a)->tail, accepted + 2);
    const auto again = store_->read(a, 1, 100'000, 1U << 30U);
    ASSERT_TRUE(again) << again.error().context;
    ASSERT_EQ(again->size(), accepted + 1);
    for (Sequence i = 0; i < accepted; ++i)
        EXPECT_EQ(again->at(i).body, "body " + std::to_string(i + 1));
}

}  // namespace trunkline::store
