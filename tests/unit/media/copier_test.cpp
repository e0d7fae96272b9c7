// What the copier promises, by a clock of ours: nothing that dies is forgotten, nobody waits for
// another, and what cannot be had is told once.
#include "host/media/copier.hpp"

#include "media_world.hpp"

namespace trunkline::media::test {
namespace {

using std::chrono::milliseconds;

class CopierTest : public MediaWorld {
protected:
    CopierTest() {
        // Whatever is asked for is there, unless a test says otherwise.
        connector->on_start = [this](const tasks::Start& start) {
            located.push_back(start.key);
            if (connector->plays.empty()) found_at("/" + start.key);
        };
    }

    /// As it stands in the store once its event was written.
    CopyJob job(const std::string& ref, WallMs lives_ms = 1'000'000) const {
        CopyJob out;
        out.id = make_ulid(clock.wall_ms()).text();
        out.account = shop->id;
        out.ref = ref;
        out.dies_ms = clock.wall_ms() + lives_ms;
        out.until_ms = clock.wall_ms() + 100'000'000;
        out.due_ms = clock.wall_ms();
        out.conversation = "42";
        out.message = "m1";
        out.url = "http://host/media/t/" + ref;
        return out;
    }
    void wants(const CopyJob& what) {
        store::Batch batch;
        batch.put.push_back(row_of(what));
        ASSERT_TRUE(store.commit_and_wait(std::move(batch)));
    }
    void round() {
        run<bool>([&]() -> async::Awaitable<bool> {
            co_await copier.round();
            co_return true;
        });
    }
    bool copied(const std::string& ref, const std::string& whose = "shop") {
        const auto found =
            run<Result<std::optional<Copy>>>([&] { return copies.find(AccountId{whose}, ref); });
        return found && found->has_value();
    }
    std::size_t waiting() const {
        return store.rows(store::Table::copy, "job/", "", 1'000)->size();
    }
    std::vector<std::string> reasons() const {
        std::vector<std::string> out;
        for (const Lost& each : lost)
            out.push_back(each.reason);
        return out;
    }

    std::vector<std::string> located;  ///< references, as the connector was asked for them
    std::vector<Lost> lost;            ///< as its portal would be told
    Copier copier{
        {loops.at(0),
         store,
         copies,
         origins,
         directory,
         pool,
         clock,
         [this](std::shared_ptr<accounts::Account>, Lost what, std::vector<store::Erase> with)
             -> async::Awaitable<Result<void>> {
             store::Batch batch;
             batch.erase = std::move(with);
             auto written = co_await store.commit(std::move(batch));
             if (!written) co_return written.error();
             lost.push_back(std::move(what));
             co_return Result<void>{};
         }},
        [] {
            Copier::Limits limits;
            limits.trouble = milliseconds{1};
            return limits;
        }()};
};

TEST_F(CopierTest, CopiesWhatIsToBeCopiedOnce) {
    wants(job("100"));
    round();
    EXPECT_TRUE(copied("100"));
    EXPECT_EQ(waiting(), 0u);
    round();
    EXPECT_EQ(located.size(), 1u);
    EXPECT_EQ(copier.figures().copied, 1u);
    EXPECT_EQ(copier.figures().copied_bytes, 100u);
}

TEST_F(CopierTest, AFileThatCameTwiceIsFetchedOnceAndStaysForTheLaterLink) {
    wants(job("100"));
    round();
    clock.advance(milliseconds{90'000'000});
    wants(job("100"));
    round();
    EXPECT_EQ(located.size(), 1u);
    EXPECT_EQ(waiting(), 0u);
    clock.advance(milliseconds{50'000'000});
    copies.sweep();
    EXPECT_TRUE(copied("100")) << "the first link has ended, the second has not";
}

TEST_F(CopierTest, AFailureIsTriedAgainLaterAndLater) {
    messenger.gone["/100"] = 503;
    wants(job("100"));
    for (const int wait_ms : {5'000, 10'000, 20'000}) {
        const int before = messenger.asked;
        round();
        EXPECT_EQ(messenger.asked, before + 1);
        clock.advance(milliseconds{wait_ms - 1});
        round();
        EXPECT_EQ(messenger.asked, before + 1) << "not before " << wait_ms;
        clock.advance(milliseconds{1});
    }
    messenger.gone.clear();
    round();
    EXPECT_TRUE(copied("100"));
    EXPECT_EQ(copier.figures().retried, 3u);
    EXPECT_TRUE(lost.empty());
}

TEST_F(CopierTest, AMessengerThatAsksToWaitIsWaitedFor) {
    tasks::Outcome later;
    later.kind = TL_RETRY;
    later.delay = milliseconds{60'000};
    connector->plays.push_back(ends(later));
    wants(job("100"));
    round();
    clock.advance(milliseconds{59'999});
    round();
    EXPECT_EQ(located.size(), 1u);
    clock.advance(milliseconds{1});
    round();
    EXPECT_TRUE(copied("100"));
}

TEST_F(CopierTest, WhatDiedBeforeItCouldBeHadIsTold) {
    messenger.gone["/100"] = 503;
    wants(job("100", 60'000));
    for (int i = 0; i < 100 && waiting() > 0; ++i) {
        round();
        clock.advance(milliseconds{1'000});
    }
    EXPECT_EQ(reasons(), std::vector<std::string>{"not_in_time"});
    EXPECT_EQ(lost[0].job.message, "m1");
    EXPECT_EQ(lost[0].job.url, "http://host/media/t/100");
    EXPECT_EQ(waiting(), 0u);
    EXPECT_EQ(copier.figures().failed, 1u);
}

TEST_F(CopierTest, WhatTheMessengerNoLongerHasIsBelievedTheThirdTime) {
    wants(job("100"));
    connector->plays.push_back(ends(TL_REJECTED));
    connector->plays.push_back(ends(TL_REJECTED));
    round();
    clock.advance(milliseconds{5'000});
    round();
    EXPECT_TRUE(lost.empty()) << "it may just not be there yet";
    clock.advance(milliseconds{10'000});
    connector->plays.push_back(ends(TL_REJECTED));
    round();
    EXPECT_EQ(reasons(), std::vector<std::string>{"gone"});
    EXPECT_EQ(waiting(), 0u);
}

TEST_F(CopierTest, AFailureSaysNothingOfWhetherTheFileIsGone) {
    wants(job("100", 50'000'000));
    const auto fails_and_gone = [this](int failures, int gone) {
        for (int i = 0; i < failures + gone; ++i) {
            messenger.gone["/100"] = i < failures ? 503 : 404;
            round();
            clock.advance(milliseconds{600'000});
        }
    };
    fails_and_gone(2, 2);
    fails_and_gone(1, 2);
    EXPECT_TRUE(lost.empty()) << "never three times in a row";
    EXPECT_EQ(waiting(), 1u);
    fails_and_gone(0, 1);
    EXPECT_EQ(reasons(), std::vector<std::string>{"gone"});
}

TEST_F(CopierTest, ARowThatDoesNotCountHowOftenItWasGoneIsRead) {
    CopyJob what = job("100");
    what.tries = 5;
    what.gone = 2;
    const store::Put put = row_of(what);
    auto read = job_from({put.key, put.value});
    ASSERT_TRUE(read);
    EXPECT_EQ(read->gone, 2u);

    auto fields = boost::json::parse(put.value).as_object();
    fields.erase("gone");
    read = job_from({put.key, boost::json::serialize(fields)});
    ASSERT_TRUE(read) << read.error().context;
    EXPECT_EQ(read->tries, 5u);
    EXPECT_EQ(read->gone, 0u);
}

TEST_F(CopierTest, ManyAccountsWithNothingDueAreLeftAlone) {
    for (int i = 0; i < 600; ++i) {
        CopyJob each = job("100");
        each.account = AccountId{"a" + std::to_string(1'000 + i)};
        each.due_ms += 10'000;
        wants(each);
    }
    wants(job("101"));  // of the account behind them
    round();            // comes to an end
    EXPECT_TRUE(copied("101"));
    EXPECT_EQ(waiting(), 600u);
}

TEST_F(CopierTest, AFileThatIsTooLargeIsToldAtOnce) {
    wants(job("1000"));
    wants(job("1001"));
    messenger.chunked = true;
    wants(job("1002"));
    round();
    EXPECT_TRUE(copied("1000"));
    EXPECT_EQ(reasons(), (std::vector<std::string>{"too_large", "too_large"}));
}

TEST_F(CopierTest, WhereThereIsNoRoomTheFileStaysRelayed) {
    config::Portal poor = portal_config("poor");
    poor.limits.copied_bytes = 4096;
    auto poor_shop = add_account("poor-shop", add_portal(poor));
    auto* theirs = static_cast<ScriptedStrand*>(poor_shop->strand.get());
    theirs->on_start = [&](const tasks::Start& start) {
        theirs->plays.push_back(found("/" + start.key));
    };
    CopyJob first = job("10");
    CopyJob second = job("11");
    first.account = second.account = poor_shop->id;
    wants(first);
    round();
    wants(second);
    round();
    EXPECT_TRUE(copied("10", "poor-shop"));
    EXPECT_EQ(reasons(), std::vector<std::string>{"no_room"});
    EXPECT_EQ(lost[0].until_ms, second.dies_ms) << "until then it can be had";
    EXPECT_EQ(copier.figures().refused, 1u);
    EXPECT_EQ(copier.figures().failed, 0u);
    EXPECT_EQ(waiting(), 0u);
}

TEST_F(CopierTest, AFileThatLivesLongIsCopiedOnceThereIsRoom) {
    constexpr WallMs kHour = 3'600'000;
    config::Portal poor = portal_config("poor");
    poor.limits.copied_bytes = 4096;
    auto poor_shop = add_account("poor-shop", add_portal(poor));
    auto* theirs = static_cast<ScriptedStrand*>(poor_shop->strand.get());
    theirs->on_start = [&](const tasks::Start& start) {
        theirs->plays.push_back(found("/" + start.key));
    };
    CopyJob first = job("10");
    first.until_ms = clock.wall_ms() + 3 * kHour / 2;
    CopyJob lasting = job("11", 10 * kHour);
    first.account = lasting.account = poor_shop->id;
    wants(first);
    round();
    wants(lasting);
    for (int hour = 0; hour < 2; ++hour) {
        round();
        EXPECT_EQ(waiting(), 1u);
        EXPECT_EQ(reasons(), std::vector<std::string>{"no_room"}) << "told once";
        clock.advance(milliseconds{kHour});
    }
    round();
    EXPECT_TRUE(copied("11", "poor-shop"));
    EXPECT_EQ(waiting(), 0u);
    EXPECT_EQ(lost.size(), 1u);
    EXPECT_EQ(copier.figures().refused, 1u);
}

TEST_F(CopierTest, AnAccountWithManyFilesDoesNotHoldUpAnother) {
    auto other = add_account("zoo", shop->portal);
    auto* theirs = static_cast<ScriptedStrand*>(other->strand.get());
    theirs->on_start = [&](const tasks::Start& start) {
        located.push_back("zoo");
        theirs->plays.push_back(found("/" + start.key));
    };
    for (int i = 0; i < 20; ++i)
        wants(job(std::to_string(100 + i)));
    CopyJob single = job("500");
    single.account = other->id;
    wants(single);
    round();
    const auto turn = std::ranges::find(located, "zoo") - located.begin();
    EXPECT_LT(turn, 5) << "in the first batch of four";
    EXPECT_EQ(located.size(), 21u);
    EXPECT_EQ(copier.figures().copied, 21u);
}

TEST_F(CopierTest, AnAccountThatIsNotServedIsWaitedFor) {
    auto resting = std::move(shop->strand);
    wants(job("100"));
    round();
    EXPECT_EQ(waiting(), 1u);
    EXPECT_TRUE(lost.empty());
    shop->strand = std::move(resting);
    clock.advance(milliseconds{5'000});
    round();
    EXPECT_TRUE(copied("100"));
}

TEST_F(CopierTest, AnAccountThatIsAwayForAMomentLosesNothing) {
    directory.remove(shop);
    wants(job("100"));
    round();
    EXPECT_EQ(waiting(), 1u);
    directory.add(shop);
    clock.advance(milliseconds{5'000});
    round();
    EXPECT_TRUE(copied("100"));
}

TEST_F(CopierTest, WhatDiedOfAnAccountThatWasRemovedIsForgotten) {
    CopyJob nobodys = job("101", 4'000);
    nobodys.account = AccountId{"removed"};
    wants(nobodys);
    round();
    EXPECT_EQ(waiting(), 1u);
    clock.advance(milliseconds{4'000});
    round();
    EXPECT_EQ(waiting(), 0u);
    EXPECT_TRUE(lost.empty());
}

TEST_F(CopierTest, ARowThatIsDamagedIsSteppedOver) {
    store::Batch batch;
    batch.put.push_back({store::Table::copy, jobs_of(shop->id) + "0000000000000001/x", "{", 0});
    ASSERT_TRUE(store.commit_and_wait(std::move(batch)));
    wants(job("100"));
    round();
    EXPECT_TRUE(copied("100"));
    EXPECT_EQ(waiting(), 0u);
}

}  // namespace
}  // namespace trunkline::media::test
