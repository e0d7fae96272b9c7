#include <fstream>
#include <iterator>

#include <rocksdb/db.h>

#include "fixture.hpp"
#include "host/store/rocks_options.hpp"

namespace trunkline::store {

/// What only a disk can do.
class DiskTest : public StoreTest {
protected:
    std::string all_files() const {
        std::string out;
        for (const auto& entry : std::filesystem::recursive_directory_iterator{options_.path}) {
            if (!entry.is_regular_file()) continue;
            std::ifstream in{entry.path(), std::ios::binary};
            out.append(std::istreambuf_iterator<char>{in}, {});
        }
        return out;
    }

    /// Rows of a family that are really there, whatever the store says.
    std::size_t stored_rows(Family family) {
        store_.reset();
        RocksShared shared;
        shared.clock = std::make_shared<const ExpiryClock>(clock_);
        std::vector<rocksdb::ColumnFamilyHandle*> families;
        rocksdb::DB* raw = nullptr;
        EXPECT_TRUE(rocksdb::DB::OpenForReadOnly(
                        rocks_options(Internals{}),
                        options_.path,
                        rocks_families(options_, shared),
                        &families,
                        &raw
        )
                        .ok());
        const std::unique_ptr<rocksdb::DB> db{raw};
        std::size_t count = 0;
        {
            const std::unique_ptr<rocksdb::Iterator> it{
                db->NewIterator({}, families[index_of(family)])};
            for (it->SeekToFirst(); it->Valid(); it->Next())
                ++count;
        }
        for (auto* one : families)
            db->DestroyColumnFamilyHandle(one).PermitUncheckedError();
        return count;
    }
};
INSTANTIATE_TEST_SUITE_P(Disk, DiskTest, testing::Values(Kind::rocksdb), name_of);

TEST_P(DiskTest, HidesContentsInEveryFile) {
    const std::string planted = "PLANTED-PLAINTEXT-7391";
    const auto a = lane();
    auto one = record(a, "body " + planted, "conversation " + planted, "dedup " + planted);
    one.with.push_back({Table::account, "k", "value " + planted});
    append(std::move(one));
    append(record(a, "second " + planted));
    ASSERT_TRUE(give_up(letter(a, 1)));
    Batch batch;
    batch.conversations.push_back(
        {a, "c " + planted, 1, "note " + planted, "alias " + planted, "direct"}
    );
    ASSERT_TRUE(store_->commit_and_wait(std::move(batch)));
    EXPECT_EQ(all_files().find(planted), std::string::npos);  // in the log
    store_->close();
    const auto files = all_files();  // in the tables
    EXPECT_EQ(files.find(planted), std::string::npos);
    EXPECT_NE(
        files.find("portal/acme/messages"), std::string::npos
    );  // the search does find what is plain
}

TEST_P(DiskTest, RefusesAnotherKeyAndChangesNothing) {
    const auto a = lane();
    append(record(a, "one"));
    store_.reset();
    auto other = options_;
    other.key = Secret{std::string(32, 'x')};
    const auto refused = open_rocksdb(other, clock_);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::storage);
    EXPECT_NE(refused.error().context.find("key does not fit"), std::string::npos)
        << refused.error().context;
    EXPECT_NE(refused.error().context.find(options_.path), std::string::npos);
    open();
    EXPECT_EQ(bodies(a), (std::vector<std::string>{"one"}));
    other.key = Secret{"short"};
    EXPECT_FALSE(open_rocksdb(other, clock_));
}

TEST_P(DiskTest, RefusesADamagedStoreByName) {
    append(record(lane(), "one"));
    store_.reset();
    for (const auto& entry : std::filesystem::directory_iterator{options_.path}) {
        if (entry.path().filename().string().rfind("MANIFEST", 0) != 0) continue;
        std::ofstream{entry.path(), std::ios::binary | std::ios::trunc} << "garbage";
    }
    const auto refused = open_rocksdb(options_, clock_);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().context.find("damaged"), std::string::npos)
        << refused.error().context;
    EXPECT_NE(refused.error().context.find(options_.path), std::string::npos);
}

TEST_P(DiskTest, RefusesAStoreThatIsInUse) {
    const auto refused = open_rocksdb(options_, clock_);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::storage);
}

TEST_P(DiskTest, GivesTheSpaceOfFinishedRecordsBackWhenMemoryIsFlushed) {
    const auto a = lane();
    for (int i = 0; i < 20; ++i)
        append(record(a, std::string(1024, 'x')));
    ASSERT_TRUE(advance(a, 15));
    store_->close(
    );  // a flush begins a new log, which makes the head trusted, and then meets the filter
    EXPECT_EQ(stored_rows(Family::msg), 5U);
    open();
    EXPECT_EQ(store_->lane(a)->head, 16U);
    EXPECT_EQ(bodies(a).size(), 5U);
}

TEST_P(DiskTest, GivesTheSpaceOfFinishedRecordsBackWhenFilesAreMerged) {
    const auto a = lane();
    append_many(a, 20);
    const auto b = lane("b");
    append_many(b, 3);
    store_.reset();
    RocksShared shared;
    shared.clock = std::make_shared<const ExpiryClock>(clock_);
    const std::vector<LaneHead> heads{{a, 16}};
    shared.heads->synced(heads);
    shared.heads->log_switched();
    std::vector<rocksdb::ColumnFamilyHandle*> families;
    rocksdb::DB* raw = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(
                    rocks_options(Internals{}),
                    options_.path,
                    rocks_families(options_, shared),
                    &families,
                    &raw
    )
                    .ok());
    {
        const std::unique_ptr<rocksdb::DB> db{raw};
        rocksdb::CompactRangeOptions all;
        all.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
        ASSERT_TRUE(db->CompactRange(all, families[index_of(Family::msg)], nullptr, nullptr).ok());
        for (auto* one : families)
            db->DestroyColumnFamilyHandle(one).PermitUncheckedError();
    }
    EXPECT_EQ(stored_rows(Family::msg), 8U);
}

TEST_P(DiskTest, DropsExpiredRowsFromFiles) {
    Batch batch;
    for (int i = 0; i < 100; ++i) {
        batch.put.push_back({Table::task, "k" + std::to_string(i), "v", clock_.wall_ms() + 10});
        batch.append.push_back(record(1, "x", "", "dedup " + std::to_string(i)));
    }
    lane();
    ASSERT_TRUE(store_->commit_and_wait(std::move(batch)));
    clock_.advance(std::chrono::hours{1});
    store_->close();  // a flush meets the filter
    EXPECT_EQ(stored_rows(Family::row), 0U);
    EXPECT_EQ(stored_rows(Family::seen), 0U);
    EXPECT_EQ(stored_rows(Family::msg), 100U);
}

TEST_P(DiskTest, KeepsEpochAndNameOfALane) {
    const auto before = store_->open_lane("x");
    ASSERT_TRUE(before);
    EXPECT_EQ(before->epoch, static_cast<std::uint64_t>(clock_.wall_ms()));
    clock_.advance(std::chrono::hours{1});
    reopen();
    const auto after = store_->open_lane("x");
    ASSERT_TRUE(after);
    EXPECT_EQ(after->id, before->id);
    EXPECT_EQ(after->epoch, before->epoch);
    EXPECT_NE(store_->open_lane("y")->id, before->id);
    EXPECT_EQ(store_->lanes().size(), 2U);
}

TEST_P(DiskTest, FindsARecordThatWasSwappedWithAnother) {
    const auto a = lane();
    append_many(a, 3);
    store_.reset();
    {
        RocksShared shared;
        shared.clock = std::make_shared<const ExpiryClock>(clock_);
        std::vector<rocksdb::ColumnFamilyHandle*> families;
        rocksdb::DB* raw = nullptr;
        ASSERT_TRUE(rocksdb::DB::Open(
                        rocks_options(Internals{}),
                        options_.path,
                        rocks_families(options_, shared),
                        &families,
                        &raw
        )
                        .ok());
        const std::unique_ptr<rocksdb::DB> db{raw};
        auto* messages = families[index_of(Family::msg)];
        const auto first = Key::of_record(a, 1);
        const auto second = Key::of_record(a, 2);
        std::string value;
        ASSERT_TRUE(
            db->Get({}, messages, rocksdb::Slice{first.view().data(), first.view().size()}, &value)
                .ok()
        );
        ASSERT_TRUE(
            db->Put({}, messages, rocksdb::Slice{second.view().data(), second.view().size()}, value)
                .ok()
        );
        for (auto* one : families)
            db->DestroyColumnFamilyHandle(one).PermitUncheckedError();
    }
    open();
    EXPECT_EQ(store_->read(a, 1, 1, 1000)->size(), 1U);
    const auto swapped = store_->read(a, 2, 1, 1000);
    ASSERT_FALSE(swapped);
    EXPECT_EQ(swapped.error().fault, Fault::storage);
}

}  // namespace trunkline::store
