// One flipped bit anywhere on the disk: the store opens or refuses by name, and what it hands out
// is what was put in.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include "fixture.hpp"
#include "host/store/frame.hpp"
#include "host/store/torn_manifest.hpp"

namespace trunkline::store {

namespace {

constexpr int kRecords = 40;
constexpr Sequence kHead = 6;  ///< of the first lane
/// Bytes between two flips. A sanitizer takes ten times as long for each, and has seen all there is
/// to see after a few.
#ifdef TRUNKLINE_SANITIZED
constexpr std::size_t kApart = 997;
#else
constexpr std::size_t kApart = 83;
#endif

using Files = std::map<std::string, std::string>;  ///< contents by name

// Nothing here must outlive a power cut, and the store is opened some thousand times.
class HastyFile final : public rocksdb::FSWritableFileOwnerWrapper {
public:
    using FSWritableFileOwnerWrapper::FSWritableFileOwnerWrapper;
    rocksdb::IOStatus Sync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
        return rocksdb::IOStatus::OK();
    }
    rocksdb::IOStatus Fsync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
        return rocksdb::IOStatus::OK();
    }
};

class HastyPlaces final : public rocksdb::FSRandomRWFileOwnerWrapper {
public:
    using FSRandomRWFileOwnerWrapper::FSRandomRWFileOwnerWrapper;
    rocksdb::IOStatus Sync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
        return rocksdb::IOStatus::OK();
    }
};

class HastyDirectory final : public rocksdb::FSDirectory {
public:
    rocksdb::IOStatus Fsync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
        return rocksdb::IOStatus::OK();
    }
};

class HastyFileSystem final : public rocksdb::FileSystemWrapper {
public:
    HastyFileSystem() : FileSystemWrapper{rocksdb::FileSystem::Default()} {}

    const char* Name() const override { return "HastyFileSystem"; }
    rocksdb::IOStatus NewWritableFile(
        const std::string& name,
        const rocksdb::FileOptions& options,
        std::unique_ptr<rocksdb::FSWritableFile>* result,
        rocksdb::IODebugContext* context
    ) override {
        auto status = FileSystemWrapper::NewWritableFile(name, options, result, context);
        if (status.ok()) *result = std::make_unique<HastyFile>(std::move(*result));
        return status;
    }
    rocksdb::IOStatus NewRandomRWFile(
        const std::string& name,
        const rocksdb::FileOptions& options,
        std::unique_ptr<rocksdb::FSRandomRWFile>* result,
        rocksdb::IODebugContext* context
    ) override {
        auto status = FileSystemWrapper::NewRandomRWFile(name, options, result, context);
        if (status.ok()) *result = std::make_unique<HastyPlaces>(std::move(*result));
        return status;
    }
    rocksdb::IOStatus
    NewDirectory(const std::string&, const rocksdb::IOOptions&, std::unique_ptr<rocksdb::FSDirectory>* result, rocksdb::IODebugContext*)
        override {
        *result = std::make_unique<HastyDirectory>();
        return rocksdb::IOStatus::OK();
    }
};

Files read_files(const std::string& folder) {
    Files out;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{folder}) {
        if (!entry.is_regular_file()) continue;
        std::ifstream in{entry.path(), std::ios::binary};
        const auto name = std::filesystem::relative(entry.path(), folder).string();
        out[name] = {std::istreambuf_iterator<char>{in}, {}};
    }
    return out;
}

void write_files(const std::string& folder, const Files& files) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    std::filesystem::create_directories(folder + "/journal");
    for (const auto& [name, bytes] : files)
        std::ofstream{folder + "/" + name, std::ios::binary} << bytes;
}

void flip_bit(Files& files, const std::string& name, std::size_t at) {
    auto& byte = files[name][at];
    byte = static_cast<char>(byte ^ (1 << (at % 8)));
}

bool ends_with(const std::string& text, const std::string& end) {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

std::string body(int number) {
    return "body " + std::to_string(number) + std::string(40, static_cast<char>('a' + number % 26));
}

}  // namespace

class DamageTest : public StoreTest {
protected:
    void SetUp() override {
        damaged_ = options_;
        damaged_.path = folder_.path() + "/damaged";
        Internals internals;
        internals.env = env_.get();
        open(std::move(internals));
        a_ = lane("a");
        b_ = lane("b");
        for (int i = 1; i <= kRecords; ++i) {
            auto one = record(i % 2 == 0 ? a_ : b_, body(i), "conversation");
            one.with.push_back({Table::account, "key " + std::to_string(i), body(i), 0});
            append(std::move(one));
        }
        ASSERT_TRUE(advance(a_, kHead - 1));
        ASSERT_TRUE(give_up(letter(b_, 1)));
    }

    void TearDown() override { store_.reset(); }  // before `env_`

    /// How it went with the store after the damage.
    struct Outcome {
        bool opened = false;
        bool silent = false;    ///< nothing was refused
        std::size_t found = 0;  ///< records that were handed out
    };

    Outcome look(const Files& files) {
        write_files(damaged_.path, files);
        Internals internals;
        internals.env = env_.get();
        auto opened = open_rocksdb(damaged_, clock_, std::move(internals));
        Outcome out;
        if (!opened) {
            expect_named(opened.error());
            return out;
        }
        out.opened = out.silent = true;
        look_at_lane(**opened, a_, kHead, out);
        look_at_lane(**opened, b_, 2, out);
        const auto dead = (*opened)->dead(b_, 0, 10);
        if (!dead) out.silent = false;
        for (std::size_t i = 0; dead && i < dead->size(); ++i)
            EXPECT_EQ(dead->at(i).record.body, body(1));
        const auto rows = (*opened)->rows(Table::account, "key ", "", 1'000);
        if (!rows) out.silent = false;
        for (std::size_t i = 0; rows && i < rows->size(); ++i)
            EXPECT_EQ(rows->at(i).value, body(std::stoi(rows->at(i).key.substr(4))));
        out.found += dead && rows ? dead->size() + rows->size() : 0;
        return out;
    }

    // What is handed out is contiguous from the head on, and each what was put in.
    void look_at_lane(const Store& store, LaneId lane, Sequence head, Outcome& out) {
        const auto info = store.lane(lane);
        if (!info) {
            out.silent = false;
            return;
        }
        auto next = head;
        auto records = store.read(lane, 1, 4, 1U << 20U);
        while (records && !records->empty()) {
            for (const auto& one : *records) {
                // A head that lost its last write comes again from further back.
                if (one.sequence < head) continue;
                EXPECT_EQ(one.sequence, next++);
                EXPECT_EQ(
                    one.body, body(static_cast<int>(one.sequence) * 2 - (lane == b_ ? 1 : 0))
                );
                EXPECT_EQ(one.conversation, "conversation");
                ++out.found;
            }
            records = store.read(lane, records->back().sequence + 1, 4, 1U << 20U);
        }
        if (records) return;
        out.silent = false;
        expect_named(records.error());
    }

    void expect_named(const Error& error) const {
        EXPECT_EQ(error.fault, Fault::storage);
        const bool named = error.context.find(damaged_.path) != std::string::npos ||
                           error.context.find("lane") != std::string::npos;
        EXPECT_TRUE(named) << error.context;
    }

    std::unique_ptr<rocksdb::Env> env_ =
        rocksdb::NewCompositeEnv(std::make_shared<HastyFileSystem>());
    Options damaged_;
    LaneId a_ = 0;
    LaneId b_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Damage, DamageTest, testing::Values(Kind::rocksdb), name_of);

TEST_P(DamageTest, AFlippedBitInATableIsFoundBeforeAnythingOfItIsHandedOut) {
    store_.reset();  // into the tables
    const auto whole = read_files(options_.path);
    const auto all = look(whole).found;
    constexpr std::size_t kExpected =
        (kRecords / 2 - (kHead - 1)) + (kRecords / 2 - 1) + 1 + kRecords;
    ASSERT_EQ(all, kExpected);
    std::size_t flips = 0;
    std::size_t refused = 0;
    for (const auto& [name, bytes] : whole) {
        if (!ends_with(name, ".sst")) continue;
        for (std::size_t at = flips % kApart; at < bytes.size() && !HasFailure(); at += kApart) {
            auto files = whole;
            flip_bit(files, name, at);
            const auto outcome = look(files);
            ++flips;
            if (!outcome.silent) {
                ++refused;
            } else {
                EXPECT_EQ(outcome.found, all) << "lost in silence: byte " << at << " of " << name;
            }
        }
    }
    EXPECT_GT(flips, 8'300 / kApart);
    EXPECT_GT(refused, flips / 4);
}

// What was on disk is missed, and what was written last may be what a power cut has left.
TEST_P(DamageTest, AFlippedBitInTheJournalIsRefusedOrIsInWhatWasWrittenLast) {
    const auto whole = read_files(options_.path);  // as a kill would leave it
    const auto all = look(whole).found;
    std::size_t refused = 0;
    std::size_t shorter = 0;
    const auto flip = [&](const std::string& name, std::size_t at) {
        auto files = whole;
        flip_bit(files, name, at);
        const auto outcome = look(files);
        if (!outcome.opened) return ++refused;
        if (outcome.found == all) return refused;  // the tables have it
        EXPECT_GE(outcome.found + 3, all) << "byte " << at << " of " << name;
        return ++shorter;
    };
    for (const auto& [name, bytes] : whole) {
        if (!ends_with(name, ".journal")) continue;
        const auto seed = name.substr(name.find('-') + 1, name.rfind('.') - name.find('-') - 1);
        std::vector<std::size_t> places;
        find_frames(bytes, seed, [&](const FoundFrame& found) {
            places.push_back(found.at + places.size() % kFrameHeader);
            places.push_back(found.at + kFrameHeader + found.changes.size() / 2);
        });
        for (const auto at : places)
            flip(name, at);
    }
    EXPECT_GT(refused, 10U);
    EXPECT_GT(shorter, 0U);
    EXPECT_LT(shorter, refused);
}

TEST_P(DamageTest, AFlippedBitInAnyOtherFileIsRefusedByNameOrDoesNoHarm) {
    store_.reset();
    const auto whole = read_files(options_.path);
    const auto all = look(whole).found;
    for (const auto& [name, bytes] : whole) {
        const bool list = name.rfind("MANIFEST", 0) == 0;
        if (name != "CURRENT" && name != "IDENTITY" && !list) continue;
        for (std::size_t at = 0; at < bytes.size(); at += list ? kApart / 11 : kApart / 27) {
            auto files = whole;
            flip_bit(files, name, at);
            const auto outcome = look(files);
            if (outcome.silent) {
                EXPECT_EQ(outcome.found, all) << "byte " << at << " of " << name;
            }
        }
    }
}

// A length that reaches beyond the end looks like what a crash leaves behind, and would be left out
// with all that stands behind it.
TEST_P(DamageTest, ADamagedLengthInTheListIsNoTornRecord) {
    store_.reset();
    const auto whole = read_files(options_.path);
    const auto list = std::ranges::find_if(whole, [](const auto& file) {
        return file.first.starts_with("MANIFEST");
    });
    ASSERT_NE(list, whole.end());
    const std::string& bytes = list->second;
    ASSERT_LT(bytes.size(), 32'768U) << "one block, so that its records stand in a row";
    constexpr std::size_t kHeader = 7;
    const auto end_of = [](const std::string& of, std::size_t at) {
        return at + kHeader + static_cast<std::size_t>(static_cast<unsigned char>(of[at + 4])) +
               256U * static_cast<unsigned char>(of[at + 5]);
    };
    EXPECT_FALSE(a_length_is_damaged(bytes));
    std::size_t damages = 0;
    std::size_t last = 0;
    for (std::size_t at = 0; at < bytes.size(); at = end_of(bytes, at)) {
        last = at;
        for (unsigned bit = 0; bit < 16; ++bit) {
            std::string damaged = bytes;
            auto& byte = damaged[at + 4 + bit / 8];
            byte = static_cast<char>(byte ^ (1 << (bit % 8)));
            if (end_of(damaged, at) <= bytes.size()) continue;  // its checksum tells
            ++damages;
            EXPECT_TRUE(a_length_is_damaged(damaged))
                << "bit " << bit << " of the record at " << at;
            if (at + 300 < bytes.size()) continue;
            auto files = whole;
            files[list->first] = damaged;
            EXPECT_FALSE(look(files).opened) << "bit " << bit << " of the record at " << at;
        }
    }
    EXPECT_GT(damages, 50U);
    for (std::size_t cut = 1; cut < bytes.size() - last; ++cut)
        EXPECT_FALSE(a_length_is_damaged(std::string_view{bytes}.substr(0, bytes.size() - cut)))
            << "a torn record, " << cut << " bytes short";
    EXPECT_FALSE(a_length_is_damaged(""));
}

}  // namespace trunkline::store
