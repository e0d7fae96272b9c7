// The buckets of one holder, in virtual time: what waits for what, and what a restart finds.
#include "host/quotas/tally.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace trunkline::quotas {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const Call kCommand{"", "direct"};
const Call kGroup{"", "group"};
const Call kUpload{"uploads", ""};

Tally::RulesOf rules(const std::string& members) {
    const auto read = Rules::parse(boost::json::parse("{" + members + "}").as_object());
    EXPECT_TRUE(read) << read.error().context;
    return std::make_shared<const std::vector<Rule>>(read->all);
}

const char* const kHourly = R"("limits":[{"scope":"account","rate":10,"per":"1h","burst":10}])";
const char* const kTelegram = R"("limits":[{"scope":"chat","rate":1,"per":"1s","burst":3},
    {"scope":"chat","kinds":["group"],"rate":20,"per":"1m","burst":20}])";

/// Both clocks of a machine, and a host on it that began long ago.
class TallyTest : public testing::Test {
protected:
    Moment now{Tally::Time{hours{100}}, 1'763'800'000'000, "one life"};

    Tally make(const std::string& members) {
        return Tally{rules(members), now.steady - hours{1}, now.steady};
    }
    void pass(milliseconds time) {
        now.steady += time;
        now.wall += time.count();
    }
    int take_all(Tally& tally, const Call& call) {
        int taken = 0;
        for (; taken < 1'000 && tally.wait(call, "", now.steady).wait.count() == 0; ++taken)
            tally.charge(call, "", now.steady);
        return taken;
    }
    /// What a host that is started now finds.
    Tally reborn(const std::string& members, const std::string& row) {
        Tally tally{rules(members), now.steady, now.steady};
        if (!row.empty()) {
            EXPECT_TRUE(tally.restore(row, now));
        }
        return tally;
    }
    std::string written(Tally& tally, bool alone = false) {
        std::string row = tally.row(now, alone);
        tally.written(true);
        return row;
    }
    double room(Tally& tally) { return tally.rooms(now.steady).front().room; }
};

TEST_F(TallyTest, TheSpecialRuleAppliesBesideTheGeneralOne) {
    Tally direct = make(kTelegram);
    Tally group = make(kTelegram);
    int sent_direct = 0;
    int sent_group = 0;
    for (int second = 0; second < 60; ++second, pass(seconds{1})) {
        const int at_once = take_all(group, kGroup);
        EXPECT_LE(at_once, 3) << "the general rule holds in groups too";
        sent_group += at_once;
        sent_direct += take_all(direct, kCommand);
    }
    EXPECT_EQ(sent_direct, 3 + 59);
    EXPECT_GE(sent_group, 38);
    EXPECT_LE(sent_group, 40) << "20 at once, and 20 a minute";
}

TEST_F(TallyTest, WhatRefillsSoonBeginsEmpty) {
    Tally tally = reborn(kTelegram, "");
    EXPECT_GT(tally.wait(kCommand, "", now.steady).wait.count(), 0);
    pass(milliseconds{1'001});
    EXPECT_EQ(take_all(tally, kCommand), 1);
    EXPECT_FALSE(tally.owed(now.steady)) << "nor is it ever written";
    pass(seconds{10});
    EXPECT_EQ(take_all(tally, kCommand), 3);
}

TEST_F(TallyTest, ARestartFindsWhatWasLeft) {
    Tally tally = make(kHourly);
    for (int i = 0; i < 7; ++i)
        tally.charge(kCommand, "", now.steady);
    EXPECT_TRUE(tally.owed(now.steady));
    const std::string row = written(tally);
    EXPECT_FALSE(tally.owed(now.steady));
    pass(minutes{6});
    Tally next = reborn(kHourly, row);
    EXPECT_NEAR(room(next), 4, 0.001) << "three were left, one came back";
    EXPECT_NEAR(room(tally), room(next), 0.001);
    EXPECT_EQ(take_all(next, kCommand), 4);
}

TEST_F(TallyTest, NoRestartFindsMoreThanWasLeft) {
    for (const bool alone : {false, true}) {
        Tally tally = make(R"("limits":[{"scope":"account","rate":100,"per":"1h","burst":100}])");
        std::string row;  // on disk
        int rows = 0;
        for (int call = 0; call < 90; ++call) {
            tally.charge(kCommand, "", now.steady);
            if (tally.owed(now.steady)) {
                row = written(tally, alone);
                ++rows;
            }
            // Now the call leaves, and the machine may die.
            Tally next =
                reborn(R"("limits":[{"scope":"account","rate":100,"per":"1h","burst":100}])", row);
            EXPECT_LE(room(next), room(tally) + 0.001) << call;
            EXPECT_GE(room(next), room(tally) - 8) << call;
            pass(milliseconds{200});
        }
        EXPECT_LT(rows, 40) << "not one for each call";
    }
}

TEST_F(TallyTest, ACallIsOwedUntilItsRowIsReallyWritten) {
    Tally tally = make(kHourly);
    tally.charge(kCommand, "", now.steady);
    (void)tally.row(now, false);
    EXPECT_TRUE(tally.writing());
    EXPECT_TRUE(tally.owed(now.steady));
    tally.written(false);
    EXPECT_TRUE(tally.owed(now.steady)) << "the disk refused it";
    written(tally);
    EXPECT_FALSE(tally.owed(now.steady));
    pass(hours{2});
    EXPECT_FALSE(tally.owed(now.steady)) << "both are full again";
    tally.charge(kCommand, "", now.steady);
    EXPECT_TRUE(tally.owed(now.steady));
}

TEST_F(TallyTest, AJumpOfTheWallClockIsNotTimeThatPassed) {
    Tally tally = make(kHourly);
    EXPECT_EQ(take_all(tally, kCommand), 10);
    const std::string row = written(tally);
    for (const WallMs jump : {WallMs{-400} * 24 * 3'600'000, WallMs{400} * 24 * 3'600'000}) {
        pass(minutes{6});
        now.wall += jump;
        Tally next = reborn(kHourly, row);
        EXPECT_NEAR(room(next), room(tally), 0.001) << jump;
    }
}

TEST_F(TallyTest, OverARestartOfTheMachineTheWallClockIsBelieved) {
    Tally tally = make(kHourly);
    EXPECT_EQ(take_all(tally, kCommand), 10);
    const std::string row = written(tally);
    now.life = "another life";
    now.steady = Tally::Time{minutes{1}};
    now.wall += 30 * 60'000;
    Tally next = reborn(kHourly, row);
    EXPECT_NEAR(room(next), 5, 0.001);

    now.wall -= 365LL * 24 * 3'600'000;
    Tally back = reborn(kHourly, row);
    EXPECT_NEAR(room(back), 0, 0.001) << "it went back: no time is known to have passed";
    const auto wait = back.wait(kCommand, "", now.steady).wait;
    EXPECT_LE(wait, minutes{6} + seconds{1}) << "and nobody waits longer than that";
    pass(hours{1});
    EXPECT_EQ(take_all(back, kCommand), 10) << "full after what it takes to fill";
}

TEST_F(TallyTest, ARowThatCannotBeReadIsAnEmptyBucket) {
    for (const char* row :
         {"",
          "nonsense",
          "[]",
          R"({"at":1})",
          R"({"at":1,"steady":"x","life":"","spent":{}})",
          R"({"at":1,"steady":1,"life":"one life","spent":7})"}) {
        Tally tally{rules(kHourly), now.steady, now.steady};
        EXPECT_FALSE(tally.restore(row, now)) << row;
        EXPECT_NEAR(room(tally), 0, 0.001) << row;
    }
    const std::string id = rules(kHourly)->front().id;
    for (const char* spent : {"1e300", "-5", "\"x\"", "null", "10.5"}) {
        Tally tally{rules(kHourly), now.steady, now.steady};
        const std::string row = R"({"at":)" + std::to_string(now.wall) +
                                R"(,"steady":360000000,"life":"one life","spent":{")" + id +
                                "\":" + spent + "}}";
        (void)tally.restore(row, now);
        EXPECT_GE(room(tally), 0) << spent;
        EXPECT_LE(room(tally), 10) << spent;
        pass(hours{1});
        EXPECT_EQ(take_all(tally, kCommand), 10) << spent;
    }
}

TEST_F(TallyTest, OtherRulesKeepWhatIsSpentOfTheSame) {
    Tally tally = make(kHourly);
    for (int i = 0; i < 8; ++i)
        tally.charge(kCommand, "", now.steady);
    written(tally);
    tally.adopt(
        rules(R"("limits":[{"scope":"account","rate":10,"per":"1h","burst":20},
                           {"scope":"account","rate":5,"per":"1d","burst":5}])"),
        now.steady
    );
    EXPECT_NEAR(tally.rooms(now.steady)[0].room, 12, 0.001);
    EXPECT_NEAR(tally.rooms(now.steady)[1].room, 5, 0.001);
    EXPECT_TRUE(tally.owed(now.steady)) << "the row was written under another rule";
    tally.adopt(
        rules(R"("limits":[{"scope":"account","rate":10,"per":"1h","burst":2}])"), now.steady
    );
    EXPECT_EQ(take_all(tally, kCommand), 0) << "eight of two are spent";
}

TEST_F(TallyTest, WhoComesAgainHasKeptItsPlaceInLine) {
    Tally tally = make(R"("quotas":[{"bucket":"uploads","scope":"account","rate":60,"per":"1h"}])");
    EXPECT_EQ(take_all(tally, kUpload), 60);
    EXPECT_EQ(tally.wait(kCommand, "", now.steady).wait.count(), 0) << "another bucket's";
    const auto ask = [&](const char* key) {
        const auto wait = tally.wait(kUpload, key, now.steady).wait;
        if (wait.count() == 0)
            tally.charge(kUpload, key, now.steady);
        else
            tally.stand_in_line(kUpload, key, now.steady + wait);
        return wait;
    };
    EXPECT_NEAR(static_cast<double>(ask("a").count()), 60'000, 2);
    EXPECT_NEAR(static_cast<double>(ask("b").count()), 120'000, 2) << "behind a";
    EXPECT_NEAR(static_cast<double>(ask("c").count()), 180'000, 2);
    EXPECT_NEAR(static_cast<double>(ask("b").count()), 120'000, 2) << "its own place";
    pass(seconds{61});
    EXPECT_GT(ask("c").count(), 0) << "what came back is a's";
    EXPECT_EQ(ask("a").count(), 0);
    EXPECT_NEAR(static_cast<double>(ask("b").count()), 59'000, 2);
    EXPECT_EQ(tally.rooms(now.steady)[0].waiting, 2u);

    pass(seconds{60 + 59 + 62});
    EXPECT_EQ(ask("c").count(), 0) << "b has gone away, and its place with it";
}

TEST_F(TallyTest, AForecastIsWhenItsTurnComes) {
    Tally tally = make(kTelegram);
    EXPECT_EQ(tally.forecast(kCommand, 2, now.steady).count(), 0);
    const auto told = tally.forecast(kCommand, 499, now.steady);
    EXPECT_NEAR(static_cast<double>(told.count()), 497'000, 2);
    int sent = 0;
    for (int second = 0; second < 497; ++second, pass(seconds{1}))
        sent += take_all(tally, kCommand);
    EXPECT_EQ(sent, 499);
    EXPECT_EQ(tally.room_within(kGroup, seconds{5}, now.steady), 6u);
}

TEST_F(TallyTest, IsForgottenOnlyWhenNothingIsLost) {
    Tally tally = make(
        R"("limits":[{"scope":"chat","rate":1,"burst":3},{"scope":"chat","rate":9,"per":"1h"}])"
    );
    EXPECT_TRUE(tally.idle(now.steady));
    tally.charge(kCommand, "", now.steady);
    EXPECT_FALSE(tally.idle(now.steady));
    pass(seconds{4});
    EXPECT_FALSE(tally.idle(now.steady)) << "the disk does not know of the hourly one";
    (void)tally.row(now, false);
    EXPECT_FALSE(tally.idle(now.steady)) << "somebody will say what became of the row";
    tally.written(true);
    EXPECT_TRUE(tally.idle(now.steady));
}

TEST_F(TallyTest, APlaceThatNobodyComesForIsForgotten) {
    Tally tally = make(kTelegram);
    tally.stand_in_line(kCommand, "a", now.steady + minutes{5});
    pass(minutes{6});
    EXPECT_FALSE(tally.idle(now.steady)) << "it may come late";
    pass(seconds{1});
    EXPECT_TRUE(tally.idle(now.steady));
}

}  // namespace
}  // namespace trunkline::quotas
