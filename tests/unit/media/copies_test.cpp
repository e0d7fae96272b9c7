#include "host/media/copies.hpp"

#include <deque>
#include <filesystem>
#include <fstream>

#include "tests/unit/world/host_world.hpp"

namespace trunkline::media {
namespace {

constexpr std::uint64_t kMiBytes = 1ULL << 20U;
constexpr std::uint64_t kBlockBytes = 4096;

class CopiesTest : public trunkline::test::HostWorld {
protected:
    CopiesTest() { open(kMiBytes); }

    /// As after a start of the host.
    void open(std::uint64_t bytes_max, std::uint64_t free_bytes_min = 0) {
        copies.emplace(
            Copies::Options{
                folder + "/copies", Secret{std::string(32, 'k')}, bytes_max, free_bytes_min},
            store,
            pool,
            clock
        );
        const auto recalled = copies->recall();
        EXPECT_TRUE(recalled) << recalled.error().context;
    }
    Copies::Wanted wanted(const std::string& ref, WallMs lives_ms = 1'000'000) const {
        Copies::Wanted out;
        out.account = AccountId{"acme-telegram"};
        out.ref = ref;
        out.portal = PortalId{"acme"};
        out.until_ms = clock.wall_ms() + lives_ms;
        out.bytes_max = out.portal_bytes_max = kMiBytes;
        return out;
    }
    Result<Copy> add(
        Copies::Wanted what, std::deque<std::string> list, std::vector<store::Erase> with = {}
    ) {
        return run<Result<Copy>>([&] {
            auto left = std::make_shared<std::deque<std::string>>(list);
            Pieces pieces = [left]() -> async::Awaitable<Result<std::string>> {
                std::string piece;
                if (!left->empty()) {
                    piece = left->front();
                    left->pop_front();
                }
                if (piece == "breaks") co_return Error{Fault::unavailable, "the connection broke"};
                co_return piece;
            };
            return copies->add(what, std::move(pieces), with);
        });
    }
    /// What is kept for that reference; none when there is no copy.
    std::optional<std::string> content(const std::string& ref) {
        const auto found = run<Result<std::optional<Copy>>>([&] {
            return copies->find(AccountId{"acme-telegram"}, ref);
        });
        EXPECT_TRUE(found);
        if (!found || !*found) return std::nullopt;
        const auto bytes = copies->bytes(**found);
        if (!bytes) return std::nullopt;
        std::string all;
        for (std::string piece; all.size() < bytes->size(); all += piece) {
            if (!bytes->read(all.size(), piece) || piece.empty()) return std::nullopt;
        }
        return all;
    }
    std::size_t files_on_disk() const {
        return static_cast<std::size_t>(
            std::distance(std::filesystem::directory_iterator{folder + "/copies"}, {})
        );
    }

    std::optional<Copies> copies;
};

TEST_F(CopiesTest, KeepsAFileUntilItsLinkEnds) {
    ASSERT_TRUE(add(wanted("a", 1'000), {"hello ", "world"}));
    EXPECT_EQ(content("a"), "hello world");
    EXPECT_EQ(content("b"), std::nullopt);
    EXPECT_EQ(copies->figures().files, 1u);
    EXPECT_EQ(copies->figures().bytes, kBlockBytes) << "whole blocks";

    clock.advance(std::chrono::milliseconds{999});
    EXPECT_EQ(content("a"), "hello world");
    copies->sweep();
    EXPECT_EQ(files_on_disk(), 1u);
    clock.advance(std::chrono::milliseconds{1});
    EXPECT_EQ(content("a"), std::nullopt);
    copies->sweep();
    EXPECT_EQ(files_on_disk(), 0u);
    EXPECT_EQ(copies->figures().bytes, 0u);
    EXPECT_EQ(copies->figures().files, 0u);
    EXPECT_TRUE(store.rows(store::Table::copy, "", "", 10)->empty());
}

TEST_F(CopiesTest, NothingOnDiskIsReadable) {
    const auto copy = add(wanted("a"), {"a text that somebody might look for"});
    ASSERT_TRUE(copy);
    std::ifstream in{folder + "/copies/" + copy->id, std::ios::binary};
    const std::string bytes{std::istreambuf_iterator<char>{in}, {}};
    EXPECT_GT(bytes.size(), 36u);
    EXPECT_EQ(bytes.find("somebody"), std::string::npos);
}

TEST_F(CopiesTest, ALaterLinkMakesItStayLonger) {
    ASSERT_TRUE(add(wanted("a", 1'000), {"x"}));
    const auto prolong = [&](const std::string& ref, WallMs until) {
        return run<Result<void>>([&] {
            return copies->prolong(AccountId{"acme-telegram"}, ref, until, {});
        });
    };
    EXPECT_TRUE(prolong("a", clock.wall_ms() + 5'000));
    EXPECT_TRUE(prolong("a", clock.wall_ms() + 500)) << "never shorter";
    EXPECT_EQ(prolong("b", clock.wall_ms() + 5'000).error().fault, Fault::not_found);
    clock.advance(std::chrono::milliseconds{4'999});
    copies->sweep();
    EXPECT_EQ(content("a"), "x");
    clock.advance(std::chrono::milliseconds{1});
    copies->sweep();
    EXPECT_EQ(files_on_disk(), 0u);
}

TEST_F(CopiesTest, WhatHasEndedMakesRoomAndNothingElseDoes) {
    open(3 * kBlockBytes);
    ASSERT_TRUE(add(wanted("old", 1'000), {"1"}));
    ASSERT_TRUE(add(wanted("later", 2'000), {"2"}));
    ASSERT_TRUE(add(wanted("long", 9'000), {"3"}));
    const auto refused = add(wanted("new"), {"4"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::throttled);
    EXPECT_EQ(content("old"), "1") << "its link still works";
    EXPECT_EQ(files_on_disk(), 3u);

    clock.advance(std::chrono::milliseconds{1'000});
    EXPECT_TRUE(add(wanted("new"), {"4"}));
    EXPECT_EQ(content("old"), std::nullopt);
    EXPECT_EQ(content("later"), "2");
    EXPECT_EQ(content("long"), "3");
    EXPECT_EQ(copies->figures().bytes, 3 * kBlockBytes);
}

TEST_F(CopiesTest, APortalHasItsShareAndNoMore) {
    Copies::Wanted mine = wanted("a");
    mine.portal_bytes_max = kBlockBytes;
    ASSERT_TRUE(add(mine, {"1"}));
    mine.ref = "b";
    EXPECT_EQ(add(mine, {"2"}).error().fault, Fault::throttled);
    mine.portal = PortalId{"other"};
    EXPECT_TRUE(add(mine, {"2"}));
}

TEST_F(CopiesTest, AFileThatTurnsOutLargerIsStoppedOnItsWay) {
    open(2 * kBlockBytes);
    const std::string block(kBlockBytes, 'x');
    EXPECT_EQ(add(wanted("a"), {block, block, block}).error().fault, Fault::throttled);
    Copies::Wanted small = wanted("b");
    small.bytes_max = 10;
    EXPECT_EQ(add(small, {"0123456789", "1"}).error().fault, Fault::rejected);
    small.size = 11;
    EXPECT_EQ(add(small, {"1"}).error().fault, Fault::rejected) << "it says so itself";
    EXPECT_EQ(add(wanted("c"), {"half", "breaks"}).error().fault, Fault::unavailable);
    EXPECT_EQ(files_on_disk(), 0u);
    EXPECT_EQ(copies->figures().bytes, 0u) << "all of it was given back";
    EXPECT_TRUE(add(wanted("a"), {"small"}));
}

TEST_F(CopiesTest, ADiskThatIsNearlyFullIsLeftToTheStore) {
    open(kMiBytes, std::numeric_limits<std::uint64_t>::max() / 2);
    EXPECT_EQ(add(wanted("a"), {"x"}).error().fault, Fault::storage);
    EXPECT_EQ(files_on_disk(), 0u);
    EXPECT_EQ(copies->figures().bytes, 0u);
}

TEST_F(CopiesTest, AStoreThatDoesNotTakeItLeavesNothingBehind) {
    store.refuse_writes = true;
    EXPECT_EQ(add(wanted("a"), {"x"}).error().fault, Fault::storage);
    store.refuse_writes = false;
    EXPECT_EQ(files_on_disk(), 0u);
    EXPECT_EQ(copies->figures().bytes, 0u);
}

TEST_F(CopiesTest, AStartCountsWhatIsThereAndTidiesWhatIsNot) {
    ASSERT_TRUE(add(wanted("a", 9'000), {"1"}));
    const auto lost = add(wanted("lost"), {"2"});
    ASSERT_TRUE(lost);
    std::filesystem::remove(folder + "/copies/" + lost->id);
    std::ofstream{folder + "/copies/01JD8QK3M0T4V5W6X7Y8Z9ABCD.12345678.part"} << "half";
    std::ofstream{folder + "/copies/01JD8QK3M0T4V5W6X7Y8Z9ABCD"} << "nobody knows it";

    open(kMiBytes);
    EXPECT_EQ(copies->figures().files, 1u);
    EXPECT_EQ(copies->figures().bytes, kBlockBytes);
    EXPECT_EQ(files_on_disk(), 1u);
    EXPECT_EQ(content("a"), "1");
    EXPECT_EQ(content("lost"), std::nullopt);
    clock.advance(std::chrono::milliseconds{9'000});
    copies->sweep();
    EXPECT_EQ(copies->figures().bytes, 0u) << "what was recalled is counted down as well";
    EXPECT_EQ(files_on_disk(), 0u);
}

TEST_F(CopiesTest, TheJobIsErasedInTheWriteThatMakesTheCopyKnown) {
    store::Batch batch;
    batch.put.push_back({store::Table::copy, "job/x", "{}", 0});
    ASSERT_TRUE(store.commit_and_wait(std::move(batch)));
    EXPECT_FALSE(add(wanted("a"), {"breaks"}, {{store::Table::copy, "job/x"}}));
    EXPECT_TRUE(row(store::Table::copy, "job/x"));
    EXPECT_TRUE(add(wanted("a"), {"x"}, {{store::Table::copy, "job/x"}}));
    EXPECT_FALSE(row(store::Table::copy, "job/x"));
}

}  // namespace
}  // namespace trunkline::media
