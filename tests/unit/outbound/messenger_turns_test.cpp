// Commands that wait for the messenger's limits: they hold up nobody else, and their portal knows.
#include <set>

#include <gmock/gmock.h>

#include "messenger_world.hpp"

namespace trunkline::outbound::test {
namespace {

using lanes::WaitScope;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::IsEmpty;

class TurnsTest : public MessengerWorld {
protected:
    TurnsTest() { customer_speaks("43"); }

    static universal::Command in(const std::string& conversation, const std::string& id = "c1") {
        universal::Command out = command();
        out.set_id(id);
        out.set_conversation(conversation);
        return out;
    }
    static store::Record at(store::Sequence sequence, const universal::Command& command) {
        store::Record out = record(command);
        out.sequence = sequence;
        out.id = make_ulid(static_cast<WallMs>(sequence));
        return out;
    }
    KeyedVerdict take(store::Record record) {
        return run<KeyedVerdict>([&]() -> async::Awaitable<KeyedVerdict> {
            auto verdict = co_await messenger.deliver(std::move(record), 1);
            co_return verdict;
        });
    }
    /// The commands that were told to be late, with the seconds until then.
    std::map<std::string, double> late() const {
        std::map<std::string, double> out;
        for (const universal::Event& event : told()) {
            if (event.state() != "delayed") continue;
            EXPECT_FALSE(out.contains(event.command())) << "told twice: " << event.command();
            out[event.command()] = static_cast<double>(event.until() - clock.wall_ms()) / 1000;
        }
        return out;
    }
    /// So many commands of one conversation, numbered from `first` on.
    static std::vector<store::Record> flood(
        const std::string& conversation, int count, store::Sequence first = 1
    ) {
        std::vector<store::Record> out;
        for (int i = 0; i < count; ++i) {
            const store::Sequence sequence = first + static_cast<store::Sequence>(i);
            out.push_back(
                at(sequence, in(conversation, conversation + "/" + std::to_string(sequence)))
            );
        }
        return out;
    }
};

TEST_F(TurnsTest, AConversationThatMustWaitHoldsUpItselfOnly) {
    allow(R"({"limits":[{"scope":"chat","rate":1,"burst":1}]})");
    EXPECT_EQ(take(at(1, in("42"))).kind, Kind::done);
    const KeyedVerdict verdict = take(at(2, in("42", "c2")));
    EXPECT_EQ(verdict.kind, Kind::later);
    EXPECT_EQ(verdict.scope, WaitScope::conversation);
    EXPECT_GT(verdict.delay.count(), 0);
    EXPECT_LE(verdict.delay, milliseconds{1'001});
    EXPECT_EQ(take(at(3, in("43", "c3"))).kind, Kind::done);
    EXPECT_EQ(strand->starts.size(), 2u);
    EXPECT_EQ(account->waits->waiting, 1);
    clock.advance(verdict.delay);
    EXPECT_EQ(take(at(2, in("42", "c2"))).kind, Kind::done);
    EXPECT_EQ(account->waits->waiting, 0);
    EXPECT_EQ(account->waits->waits, 1u);
    EXPECT_EQ(account->waits->waited_ms, static_cast<std::uint64_t>(verdict.delay.count()));
    EXPECT_THAT(late(), IsEmpty()) << "a second is not worth telling";
}

TEST_F(TurnsTest, AWaitOfTheWholeAccountHoldsTheLane) {
    allow(R"({"limits":[{"scope":"account","rate":1,"per":"1m","burst":1}]})");
    EXPECT_EQ(take(at(1, in("42"))).kind, Kind::done);
    const KeyedVerdict verdict = take(at(2, in("43", "c2")));
    EXPECT_EQ(verdict.kind, Kind::later);
    EXPECT_EQ(verdict.scope, WaitScope::account);
    ASSERT_TRUE(late().contains("c2"));
    EXPECT_NEAR(late()["c2"], 60, 0.1);
}

TEST_F(TurnsTest, AShortWaitOfTheAccountIsWaitedForHere) {
    allow(R"({"limits":[{"scope":"account","rate":10,"burst":1}]})");
    EXPECT_EQ(take(at(1, in("42"))).kind, Kind::done);
    std::optional<KeyedVerdict> second;
    async::spawn(loops.at(0).get_executor(), "test", [&]() -> async::Awaitable<> {
        store::Record mine = at(2, in("43", "c2"));
        auto verdict = co_await messenger.deliver(std::move(mine), 1);
        second.emplace(std::move(verdict));
    });
    ASSERT_TRUE(eventually([&] { return account->waits->waiting == 1; }));
    EXPECT_EQ(strand->starts.size(), 1u) << "the clock stands still";
    clock.advance(milliseconds{101});
    ASSERT_TRUE(eventually([&] { return second.has_value(); }));
    EXPECT_EQ(second->kind, Kind::done);
}

TEST_F(TurnsTest, GroupsHaveARuleMore) {
    store::Batch batch;
    store::ConversationChange change;
    change.lane = account->lane;
    change.conversation = "43";
    change.kind = "group";
    batch.conversations.push_back(std::move(change));
    ASSERT_TRUE(store.commit_and_wait(std::move(batch)));
    allow(R"({"limits":[{"scope":"chat","rate":5,"burst":5},
                        {"scope":"chat","kinds":["group"],"rate":1,"per":"1m","burst":2}]})");
    int direct = 0;
    int group = 0;
    for (store::Sequence i = 0; i < 5; ++i) {
        const std::string n = std::to_string(i);
        direct += take(at(1 + 2 * i, in("42", "d" + n))).kind == Kind::done ? 1 : 0;
        group += take(at(2 + 2 * i, in("43", "g" + n))).kind == Kind::done ? 1 : 0;
    }
    EXPECT_EQ(direct, 5);
    EXPECT_EQ(group, 2);
}

TEST_F(TurnsTest, ALongWaitIsToldOnce) {
    allow(R"({"limits":[{"scope":"chat","rate":1,"per":"1m","burst":1}]})");
    EXPECT_TRUE(spend("42"));
    EXPECT_EQ(take(at(1, in("42"))).kind, Kind::later);
    ASSERT_TRUE(late().contains("c1"));
    EXPECT_NEAR(late()["c1"], 60, 0.1);
    EXPECT_THAT(strand->starts, IsEmpty());
    clock.advance(seconds{30});
    EXPECT_EQ(take(at(1, in("42"))).kind, Kind::later) << "somebody kicked the lane";
    clock.advance(seconds{31});
    strand->plays = {ends(TL_DONE, "[1]")};
    KeyedVerdict verdict = take(at(1, in("42")));
    EXPECT_EQ(verdict.kind, Kind::done);
    write(std::move(verdict.with));
    EXPECT_EQ(late().size(), 1u);
    EXPECT_EQ(told().back().state(), "sent");
}

TEST_F(TurnsTest, AShortWaitIsNotWorthTelling) {
    allow(R"({"limits":[{"scope":"chat","rate":1,"per":"1m","burst":1}]})");
    EXPECT_TRUE(spend("42"));
    clock.advance(seconds{56});
    const KeyedVerdict verdict = take(at(1, in("42")));
    EXPECT_EQ(verdict.kind, Kind::later);
    clock.advance(verdict.delay);
    EXPECT_EQ(take(at(1, in("42"))).kind, Kind::done);
    EXPECT_THAT(late(), IsEmpty());
}

TEST_F(TurnsTest, ADelayThatCannotBeWrittenHoldsNothingUp) {
    allow(R"({"limits":[{"scope":"chat","rate":1,"per":"1m","burst":1}]})");
    EXPECT_TRUE(spend("42"));
    store.refuse_writes = true;
    EXPECT_EQ(take(at(1, in("42"))).kind, Kind::later);
    foresee(flood("42", 10, 2));
    EXPECT_GE(store.refused, 2);
    store.refuse_writes = false;
    clock.advance(seconds{61});
    EXPECT_EQ(take(at(1, in("42"))).kind, Kind::done);
    EXPECT_EQ(take(at(2, in("42", "42/2"))).kind, Kind::later);
    EXPECT_EQ(late().size(), 1u) << "whoever comes first is told then";
}

TEST_F(TurnsTest, AQuotaThatIsUsedUpHoldsUpItsConversationOnly) {
    allow(R"({"quotas":[{"bucket":"uploads","scope":"account","rate":1,"per":"1h"}]})");
    Play play;
    play.end.fault = Error{Fault::throttled, "quota uploads is used up", minutes{30}};
    strand->plays.push_back(std::move(play));
    const KeyedVerdict verdict = take(at(1, in("42")));
    EXPECT_EQ(verdict.kind, Kind::later);
    EXPECT_EQ(verdict.scope, WaitScope::conversation);
    EXPECT_EQ(verdict.delay, minutes{30});
    ASSERT_TRUE(late().contains("c1"));
    EXPECT_NEAR(late()["c1"], 1'800, 0.1);

    strand->plays.push_back(fails(Fault::throttled, "too many open tasks"));
    EXPECT_EQ(take(at(2, in("43", "c2"))).kind, Kind::retry);
}

TEST_F(TurnsTest, WhoeverStandsFarBackLearnsItAtOnce) {
    allow(R"({"limits":[{"scope":"chat","rate":1,"burst":3},{"scope":"account","rate":30}]})");
    const auto records = flood("42", 200);
    foresee(records);
    const auto delays = late();
    EXPECT_EQ(delays.size(), 200u - 3 - 4) << "those who wait for less than five seconds are not";
    EXPECT_FALSE(delays.contains("42/7"));
    for (const int n : {8, 100, 200})
        EXPECT_NEAR(delays.at("42/" + std::to_string(n)), n - 3, 0.1) << n;
    EXPECT_EQ(told().front().conversation().kind(), "direct");

    foresee(flood("43", 2, 201));
    EXPECT_EQ(late().size(), delays.size()) << "the others are in nobody's way";
    // In its turn nobody is told again.
    for (const store::Record& record : records) {
        KeyedVerdict verdict = take(record);
        for (; verdict.kind == Kind::later; verdict = take(record))
            clock.advance(verdict.delay);
        ASSERT_EQ(verdict.kind, Kind::done);
    }
    EXPECT_EQ(late().size(), delays.size());
    foresee(flood("42", 4, 300));
    EXPECT_EQ(late().size(), delays.size()) << "nobody is ahead any more";
}

TEST_F(TurnsTest, ManyConversationsWaitForTheirAccount) {
    allow(R"({"limits":[{"scope":"chat","rate":1,"burst":3},{"scope":"account","rate":10}]})");
    std::vector<store::Record> records;
    for (int chat = 0; chat < 100; ++chat) {
        for (const store::Record& each :
             flood("chat" + std::to_string(chat), 2, static_cast<store::Sequence>(1 + 2 * chat)))
            records.push_back(each);
    }
    foresee(records);
    const auto delays = late();
    EXPECT_EQ(delays.size(), 200u - 10 - 49);
    EXPECT_NEAR(delays.at("chat99/200"), 19, 0.1);
}

TEST_F(TurnsTest, WhatRunsOutOfTimeMakesRoomForWhoeverComesBehind) {
    allow(R"({"limits":[{"scope":"chat","rate":1,"per":"10s","burst":1}]})");
    foresee(flood("42", 2));
    EXPECT_EQ(late().size(), 1u);
    for (const store::Record& record : flood("42", 2))
        run<bool>([&]() -> async::Awaitable<bool> {
            (void)co_await messenger.expired(record);
            co_return true;
        });
    foresee(flood("42", 1, 3));
    EXPECT_EQ(late().size(), 1u);
}

}  // namespace
}  // namespace trunkline::outbound::test
