#include "host/media/files.hpp"

#include <deque>
#include <filesystem>
#include <fstream>
#include <map>

#include <gtest/gtest.h>

#include "host/async/loops.hpp"
#include "host/async/spawn.hpp"
#include "host/base/base64.hpp"
#include "host/base/ulid.hpp"
#include "host/media/sealed_file.hpp"

namespace trunkline::media {
namespace {

const Secret kKey{std::string(32, 'k')};

class FilesTest : public testing::Test {
protected:
    FilesTest() {
        folder_ = testing::TempDir() + "/media-" + make_ulid(1).text();
        files_.emplace(Files::Options{folder_, 1'000'000, kKey}, *store_, pool_, clock_);
        loops_.start();
    }
    ~FilesTest() override {
        loops_.stop();
        std::filesystem::remove_all(folder_);
    }

    /// Runs a coroutine like a function.
    template <class T>
    T run(std::function<async::Awaitable<T>()> work) {
        std::optional<T> out;
        async::run_and_wait(loops_.at(0).get_executor(), "test", [&]() -> async::Awaitable<> {
            out.emplace(co_await work());
        });
        return std::move(*out);
    }
    static Pieces pieces(std::deque<std::string> list) {
        auto left = std::make_shared<std::deque<std::string>>(std::move(list));
        return [left]() -> async::Awaitable<Result<std::string>> {
            std::string piece;
            if (!left->empty()) {
                piece = left->front();
                left->pop_front();
            }
            co_return piece;
        };
    }
    File announced(const std::string& bytes) const {
        File file;
        file.id = make_ulid(clock_.wall_ms()).text();
        file.portal = PortalId{"acme"};
        file.name = "a.txt";
        file.mime = "text/plain";
        file.size = bytes.size();
        file.sha256 = hex_encode(seal::sha256(bytes));
        return file;
    }
    std::string announce(const File& file) {
        return *run<Result<std::string>>([&] { return files_->announce(file); });
    }
    Result<File> fill(
        const std::string& token,
        std::deque<std::string> list,
        std::optional<std::uint64_t> length = {}
    ) {
        return run<Result<File>>([&] { return files_->fill(token, length, pieces(list)); });
    }
    /// All of a file as the host reads it; none when it cannot be read.
    std::optional<std::string> content(const std::string& id) const {
        const auto bytes = files_->bytes(id);
        if (!bytes) return std::nullopt;
        std::string all;
        for (std::string piece; all.size() < bytes->size(); all += piece) {
            if (!bytes->read(all.size(), piece) || piece.empty()) return std::nullopt;
        }
        return all;
    }
    std::string stored(const std::string& id) const {
        std::ifstream in{folder_ + "/" + id, std::ios::binary};
        return {std::istreambuf_iterator<char>{in}, {}};
    }
    void store_as(const std::string& id, const std::string& bytes) const {
        std::ofstream{folder_ + "/" + id, std::ios::binary} << bytes;
    }
    File filled(const std::string& bytes) {
        const File file = announced(bytes);
        EXPECT_TRUE(fill(announce(file), {bytes}));
        return file;
    }
    std::size_t on_disk() const {
        return static_cast<std::size_t>(
            std::distance(std::filesystem::directory_iterator{folder_}, {})
        );
    }

    FakeClock clock_;
    async::Loops loops_{1};  // the store still posts to them while it ends
    std::unique_ptr<store::Store> store_ = store::make_memory_store(clock_);
    async::BlockingPool pool_{1};
    std::string folder_;
    std::optional<Files> files_;
};

TEST_F(FilesTest, KeepsWhatWasAnnouncedAndNamesItById) {
    const File file = announced("hello world");
    const auto filled = fill(announce(file), {"hello ", "world"});

    ASSERT_TRUE(filled);
    const auto found = run<Result<File>>([&] { return files_->find(file.id); });
    ASSERT_TRUE(found);
    EXPECT_EQ(found->name, "a.txt");
    EXPECT_EQ(content(file.id), "hello world");
}

TEST_F(FilesTest, AnAddressWorksOnce) {
    const std::string token = announce(announced("x"));
    ASSERT_TRUE(fill(token, {"x"}));
    EXPECT_EQ(fill(token, {"x"}).error().fault, Fault::not_found);
    EXPECT_EQ(fill("made-up", {"x"}).error().fault, Fault::not_found);
}

TEST_F(FilesTest, RefusesOtherBytesAndLeavesNothingHalfDone) {
    const std::string token = announce(announced("right"));

    EXPECT_EQ(fill(token, {"wrong"}).error().fault, Fault::malformed) << "another digest";
    EXPECT_EQ(fill(token, {"right and more"}).error().fault, Fault::rejected) << "more bytes";
    EXPECT_EQ(fill(token, {"rig"}).error().fault, Fault::malformed) << "fewer bytes";
    EXPECT_EQ(fill(token, {"right"}, 99).error().fault, Fault::malformed) << "another length";
    EXPECT_EQ(on_disk(), 0u);
    EXPECT_TRUE(fill(token, {"right"})) << "the address still works";
}

TEST_F(FilesTest, AnUnfilledOrStrangeIdIsNoFile) {
    const File file = announced("x");
    announce(file);
    EXPECT_FALSE(run<Result<File>>([&] { return files_->find(file.id); }));
    EXPECT_FALSE(files_->bytes("../../etc/passwd"));
}

TEST_F(FilesTest, WhatTheHostFetchesIsBounded) {
    File file = announced("");
    EXPECT_EQ(
        run<Result<File>>([&] { return files_->keep(file, 4, pieces({"12345"})); }).error().fault,
        Fault::rejected
    );
    const auto kept = run<Result<File>>([&] { return files_->keep(file, 5, pieces({"12345"})); });
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->size, 5u);
}

TEST_F(FilesTest, ReadsARangeBack) {
    const File file = announced("0123456789");
    ASSERT_TRUE(fill(announce(file), {"0123456789"}));
    FileSource source{files_->bytes(file.id), 3, 4, pool_};
    EXPECT_EQ(source.size(), 4u);
    EXPECT_EQ(*run<Result<std::string>>([&] { return source.read(); }), "3456");
    EXPECT_EQ(*run<Result<std::string>>([&] { return source.read(); }), "");
}

/// Bytes in which every place is recognised.
std::string pattern(std::size_t size) {
    std::string out;
    while (out.size() < size)
        out += "<" + std::to_string(out.size()) + ">";
    out.resize(size);
    return out;
}

TEST_F(FilesTest, EveryLengthComesBackAndFromEveryPlace) {
    for (const std::size_t size :
         {0UL,
          1UL,
          kSealedChunkBytes - 1,
          kSealedChunkBytes,
          kSealedChunkBytes + 1,
          3 * kSealedChunkBytes,
          3 * kSealedChunkBytes + 17}) {
        const std::string bytes = pattern(size);
        const File file = filled(bytes);
        EXPECT_EQ(content(file.id), bytes) << size;
        const auto opened = files_->bytes(file.id);
        ASSERT_TRUE(opened);
        EXPECT_EQ(opened->size(), size);
        for (const std::size_t from : {0UL, 5UL, size / 2, size - std::min<std::size_t>(size, 1)}) {
            std::string piece;
            ASSERT_TRUE(opened->read(std::min(from, size), piece));
            EXPECT_TRUE(bytes.substr(std::min(from, size)).starts_with(piece));
            EXPECT_EQ(piece.empty(), from >= size);
        }
    }
}

TEST_F(FilesTest, NothingOnDiskIsReadableAndTwoWritingsDiffer) {
    const std::string bytes = pattern(100'000);
    const File one = filled(bytes);
    const File two = filled(bytes);
    EXPECT_EQ(stored(one.id).find(bytes.substr(0, 16)), std::string::npos);
    EXPECT_EQ(stored(one.id).find(bytes.substr(90'000, 16)), std::string::npos);
    EXPECT_NE(stored(one.id).substr(20), stored(two.id).substr(20));
    Files other{
        Files::Options{folder_, 1'000'000, Secret{std::string(32, 'x')}}, *store_, pool_, clock_};
    std::string piece;
    EXPECT_FALSE(other.bytes(one.id)->read(0, piece)) << "under another key";
}

TEST_F(FilesTest, AChangedFileIsNotGivenOut) {
    constexpr std::size_t kStride = kSealedChunkBytes + 28;
    const File file = filled(pattern(3 * kSealedChunkBytes));
    const std::string whole = stored(file.id);
    ASSERT_EQ(whole.size(), 20 + 3 * kStride);
    const std::string head = whole.substr(0, 20);
    const auto chunk = [&](std::size_t n) { return whole.substr(20 + n * kStride, kStride); };
    const File other = filled(pattern(3 * kSealedChunkBytes));

    const std::map<std::string, std::string> changes{
        {"cut behind a chunk", whole.substr(0, 20 + 2 * kStride)},
        {"cut within a chunk", whole.substr(0, 20 + 2 * kStride + 100)},
        {"cut within the head", whole.substr(0, 10)},
        {"emptied", ""},
        {"two chunks swapped", head + chunk(1) + chunk(0) + chunk(2)},
        {"a chunk repeated at the end", whole + chunk(2)},
        {"a chunk of another file",
         head + chunk(0) + stored(other.id).substr(20 + kStride, kStride) + chunk(2)},
        {"another file", stored(other.id)},
        {"plain bytes", pattern(3 * kSealedChunkBytes)},
    };
    for (const auto& [what, bytes] : changes) {
        store_as(file.id, bytes);
        EXPECT_EQ(content(file.id), std::nullopt) << what;
    }
    for (const std::size_t at : {4UL, 19UL, 20UL, 5'000UL, 20 + kStride, whole.size() - 1}) {
        std::string bytes = whole;
        bytes[at] = static_cast<char>(bytes[at] ^ 1);
        store_as(file.id, bytes);
        EXPECT_EQ(content(file.id), std::nullopt) << "a bit at " << at;
    }
    store_as(file.id, whole);
    EXPECT_TRUE(content(file.id));
}

}  // namespace
}  // namespace trunkline::media
