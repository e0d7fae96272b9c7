// The journal's files as a crash may leave them: after every step they are opened as they are, and
// with what was written last torn.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <random>

#include "fixture.hpp"
#include "host/store/journal.hpp"

namespace trunkline::store {

namespace {

constexpr std::uint64_t kFileBytes = 8 * kFrameBlock;
constexpr std::size_t kFiles = 3;

using Files = std::map<std::string, std::string>;

Files read_all(const std::string& folder) {
    Files out;
    for (const auto& entry : std::filesystem::directory_iterator{folder}) {
        std::ifstream in{entry.path(), std::ios::binary};
        out[entry.path().filename().string()] = {std::istreambuf_iterator<char>{in}, {}};
    }
    return out;
}

class JournalFilesTest : public testing::Test {
protected:
    std::unique_ptr<Journal> open(const std::string& folder) {
        Journal::Settings settings;
        settings.folder = folder;
        settings.file_bytes = file_bytes_;
        settings.files_max = kFiles;
        settings.env = rocksdb::Env::Default();
        auto opened = Journal::open(std::move(settings));
        EXPECT_TRUE(opened) << opened.error().context;
        return opened ? *std::move(opened) : nullptr;
    }

    // A frame says its own name, so that its changes tell which it was.
    bool append(Journal& journal) {
        std::string frame(kFrameHeader, '\0');
        // Some fill a whole file.
        const auto most = (random_() % 3 == 0 ? 6 : 2) * kFrameBlock;
        const std::string value(random_() % most, 'v');
        append_change({Family::row, false, std::to_string(appended_ + 1), value}, frame);
        const auto changes = frame.size() - kFrameHeader;
        if (!journal.has_room(changes)) {
            EXPECT_TRUE(journal.end_file());
            // Everything that was appended may be settled at any time; here it is when it must.
            for (int tries = 0;; ++tries) {
                const auto begun = journal.begin_file(changes);
                EXPECT_TRUE(begun);
                if (!begun || *begun) break;
                if (tries == 3) return false;
                settled_ = appended_ - random_() % 2;
                journal.settled(sequence_of_[settled_]);
            }
        }
        const bool synced = random_() % 4 != 0;
        const auto done = journal.append(frame, synced);
        EXPECT_TRUE(done);
        sequence_of_[++appended_] = journal.last();
        if (synced) synced_ = appended_;
        return true;
    }

    // What a start would replay: without a gap, up to the end, and nothing missing that is not
    // settled.
    void look(const Files& files, std::uint64_t at_least, std::uint64_t at_most) {
        Folder folder;
        std::filesystem::create_directories(folder.path() + "/journal");
        for (const auto& [name, bytes] : files)
            std::ofstream{folder.path() + "/journal/" + name, std::ios::binary} << bytes;
        const auto journal = open(folder.path() + "/journal");
        ASSERT_NE(journal, nullptr);
        std::vector<std::uint64_t> found;
        const auto done = journal->replay(0, journal->last(), [&](std::string_view changes) {
            for_each_change(changes, [&](const Change& change) {
                found.push_back(std::stoull(std::string{change.key}));
            });
            return Result<void>{};
        });
        ASSERT_TRUE(done) << done.error().context;
        const auto last = found.empty() ? settled_ : found.back();
        EXPECT_GE(last, at_least);
        EXPECT_LE(last, at_most);
        if (found.empty()) return;
        EXPECT_LE(found.front(), settled_ + 1) << "older ones are missing";
        for (std::size_t i = 1; i < found.size(); ++i)
            EXPECT_EQ(found[i], found[i - 1] + 1);
    }

    // The newest frame's bytes, gone or half gone.
    static bool tear(Files& files, std::uint64_t sequence, std::size_t keep) {
        for (auto& [name, bytes] : files) {
            bool torn = false;
            const auto before = bytes;
            find_frames(before, seed_of(name), [&](const FoundFrame& found) {
                if (found.header.sequence != sequence) return;
                std::fill_n(
                    bytes.begin() + static_cast<std::ptrdiff_t>(found.at + keep),
                    found.bytes - keep,
                    'x'
                );
                torn = true;
            });
            if (torn) return true;
        }
        return false;
    }

    // Wherever no frame stands: what begins like one that is newer than all, or like one of those
    // that are there, and is none.
    Files with_likenesses(Files files) {
        for (auto& [name, bytes] : files) {
            std::vector<bool> taken(bytes.size() / kFrameBlock);
            find_frames(bytes, seed_of(name), [&](const FoundFrame& found) {
                const auto first = static_cast<std::ptrdiff_t>(found.at / kFrameBlock);
                const auto count = static_cast<std::ptrdiff_t>(found.bytes / kFrameBlock);
                std::fill_n(taken.begin() + first, count, true);
            });
            for (std::size_t block = 0; block < taken.size(); ++block) {
                if (taken[block]) continue;
                // Some of them say that they reach beyond the end of the file.
                std::string frame(kFrameHeader + block % 3 * kFileBytes, 'x');
                const auto known = sequence_of_[appended_];
                const std::uint64_t sequence =
                    block % 2 == 0 ? 1ULL << 60U
                                   : known - std::min<std::uint64_t>(known, block % 5);
                seal_frame({sequence, sequence - 1, sequence - 1}, "another seed", frame);
                bytes.replace(block * kFrameBlock, kFrameBlock, frame, 0, kFrameBlock);
            }
        }
        return files;
    }

    // What is settled need not be whole any more.
    Files with_settled_damaged(Files files) {
        std::uint64_t proclaimed = 0;
        std::uint64_t newest = 0;
        for (const auto& [name, bytes] : files) {
            find_frames(bytes, seed_of(name), [&](const FoundFrame& found) {
                if (found.header.sequence <= newest) return;
                newest = found.header.sequence;
                proclaimed = found.header.settled_through;
            });
        }
        for (auto& [name, bytes] : files) {
            const auto whole = bytes;
            find_frames(whole, seed_of(name), [&, &into = bytes](const FoundFrame& found) {
                if (found.header.sequence > proclaimed || found.changes.empty()) return;
                into[found.at + kFrameHeader] = static_cast<char>(~into[found.at + kFrameHeader]);
                ++damaged_;
            });
        }
        return files;
    }

    static std::string_view seed_of(std::string_view name) {
        return name.substr(name.find('-') + 1, name.find('.') - name.find('-') - 1);
    }

    std::uint64_t file_bytes_ = kFileBytes;
    std::size_t damaged_ = 0;
    std::mt19937_64 random_;
    std::uint64_t appended_ = 0;
    std::uint64_t synced_ = 0;   ///< the newest that was synced
    std::uint64_t settled_ = 0;  ///< as the journal was told
    std::map<std::uint64_t, std::uint64_t> sequence_of_;
};

TEST_F(JournalFilesTest, AStartFindsWhatIsNotSettledWhateverACrashHasLeft) {
    for (std::uint64_t seed = 1; seed <= 3 && !HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        random_.seed(seed);
        appended_ = synced_ = settled_ = 0;
        sequence_of_ = {{0, 0}};
        Folder folder;
        auto journal = open(folder.path() + "/journal");
        ASSERT_NE(journal, nullptr);
        for (int step = 0; step < 60 && !HasFailure(); ++step) {
            SCOPED_TRACE("step " + std::to_string(step));
            ASSERT_TRUE(append(*journal)) << "no room in " << kFiles << " files";
            if (random_() % 5 == 0) {
                settled_ = std::max(
                    settled_, appended_ - random_() % std::min<std::uint64_t>(appended_, 6)
                );
                journal->settled(sequence_of_[settled_]);
            }
            const auto whole = read_all(folder.path() + "/journal");
            look(whole, appended_, appended_);
            look(with_likenesses(whole), appended_, appended_);
            look(with_settled_damaged(whole), appended_, appended_);
            for (const std::size_t keep : {std::size_t{0}, kFrameHeader / 2, kFrameHeader + 3}) {
                auto torn = whole;
                const bool newest = journal->last() == sequence_of_[appended_];
                if (newest && settled_ < appended_ && tear(torn, sequence_of_[appended_], keep))
                    look(torn, appended_ - 1, appended_ - 1);
            }
        }
    }
    EXPECT_GT(damaged_, 0U);
}

// A file is looked through in pieces; frames lie across their borders.
TEST_F(JournalFilesTest, AStartFindsFramesWhereverTheyBeginInALargeFile) {
    file_bytes_ = 1U << 20U;
    sequence_of_ = {{0, 0}};
    Folder folder;
    const auto journal = open(folder.path() + "/journal");
    ASSERT_NE(journal, nullptr);
    for (int i = 0; i < 400; ++i)
        ASSERT_TRUE(append(*journal));
    look(read_all(folder.path() + "/journal"), appended_, appended_);
}

}  // namespace

}  // namespace trunkline::store
