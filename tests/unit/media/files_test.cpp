#include "host/media/files.hpp"

#include <deque>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "host/async/loops.hpp"
#include "host/async/spawn.hpp"
#include "host/base/base64.hpp"
#include "host/base/ulid.hpp"

namespace trunkline::media {
namespace {

class FilesTest : public testing::Test {
protected:
    FilesTest() {
        folder_ = testing::TempDir() + "/media-" + make_ulid(1).text();
        files_.emplace(Files::Options{folder_, 1'000'000}, *store_, pool_, clock_);
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
    std::size_t on_disk() const {
        return static_cast<std::size_t>(
            std::distance(std::filesystem::directory_iterator{folder_}, {})
        );
    }

    FakeClock clock_;
    std::unique_ptr<store::Store> store_ = store::make_memory_store(clock_);
    async::BlockingPool pool_{1};
    async::Loops loops_{1};
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
    std::ifstream in{files_->path(file.id)};
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>{in}, {}), "hello world");
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
    EXPECT_EQ(files_->path("../../etc/passwd"), "");
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
    auto source = FileSource::open(files_->path(file.id), 3, 4, pool_);
    ASSERT_TRUE(source);
    EXPECT_EQ((*source)->size(), 4u);
    EXPECT_EQ(*run<Result<std::string>>([&] { return (*source)->read(); }), "3456");
    EXPECT_EQ(*run<Result<std::string>>([&] { return (*source)->read(); }), "");
    EXPECT_FALSE(FileSource::open(files_->path(file.id), 11, {}, pool_));
}

}  // namespace
}  // namespace trunkline::media
