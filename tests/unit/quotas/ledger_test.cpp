// What an account may call: its own buckets, its conversations', its connector's; over restarts.
#include "host/quotas/ledger.hpp"

#include <optional>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "host/async/loops.hpp"
#include "host/async/spawn.hpp"

namespace trunkline::quotas {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class LedgerTest : public testing::Test {
protected:
    LedgerTest() { loops.start(); }
    ~LedgerTest() override {
        loops.stop();
        store->close();
    }

    static Rules rules(const std::string& members) {
        const auto read = Rules::parse(boost::json::parse("{" + members + "}").as_object());
        EXPECT_TRUE(read) << read.error().context;
        return *read;
    }
    std::shared_ptr<Shared> shared(const Rules& of) const {
        const auto now = clock.steady();
        return std::make_shared<Shared>(of.of(Scope::connector), now, now);
    }
    /// A ledger as after a start of the host.
    std::shared_ptr<Ledger> open(
        const std::string& members, std::shared_ptr<Shared> of = nullptr, const char* id = "acme"
    ) {
        auto ledger =
            std::make_shared<Ledger>(Ledger::Services{*store, pool, clock}, AccountId{id});
        const Rules read = rules(members);
        ledger->adopt(read, ConnectorId{"telegram"}, of ? std::move(of) : shared(read));
        const bool opened = run<bool>([&]() -> async::Awaitable<bool> {
            auto done = co_await ledger->open();
            co_return done.has_value();
        });
        EXPECT_TRUE(opened);
        clock.advance(hours{1});  // what begins empty is full
        return ledger;
    }
    template <class T>
    T run(std::function<async::Awaitable<T>()> work) {
        std::optional<T> out;
        async::run_and_wait(loops.at(0).get_executor(), "test", [&]() -> async::Awaitable<> {
            auto value = co_await work();
            out.emplace(std::move(value));
        });
        return std::move(*out);
    }
    static Ask ask(std::string chat, std::string kind = "direct", std::string bucket = {}) {
        return {std::move(chat), std::move(kind), std::move(bucket), {}};
    }
    Turn take(Ledger& ledger, const Ask& what) {
        return run<Turn>([&]() -> async::Awaitable<Turn> {
            auto turn = co_await ledger.take(what);
            EXPECT_TRUE(turn) << turn.error().context;
            co_return turn ? *turn : Turn{};
        });
    }
    /// As a call goes: its turn, what must be on disk, and it leaves. False when it has to wait.
    bool call(Ledger& ledger, const Ask& what) {
        if (take(ledger, what).wait.count() > 0) return false;
        store::Batch batch;
        const auto writing = run<Ledger::Writing>([&]() -> async::Awaitable<Ledger::Writing> {
            auto out = co_await ledger.write_ahead(what.conversation, &batch.put, false);
            co_return out;
        });
        rows += batch.put.size();
        bool ok = true;
        if (!batch.put.empty()) ok = store->commit_and_wait(std::move(batch)).has_value();
        ledger.wrote(writing, ok);
        return ok;
    }
    int calls(Ledger& ledger, const Ask& what) {
        int made = 0;
        while (made < 1'000 && call(ledger, what))
            ++made;
        return made;
    }

    FakeClock clock;
    async::Loops loops{1};
    async::BlockingPool pool{1};
    std::unique_ptr<store::Store> store = store::make_memory_store(clock);
    std::size_t rows = 0;
};

TEST_F(LedgerTest, HoldsBackOneChatWithoutTheOthers) {
    const auto ledger =
        open(R"("limits":[{"scope":"chat","rate":1,"burst":1},{"scope":"account","rate":10}])");
    EXPECT_EQ(take(*ledger, ask("a")).wait.count(), 0);
    const Turn turn = take(*ledger, ask("a"));
    EXPECT_GT(turn.wait.count(), 0);
    EXPECT_EQ(turn.scope, Scope::chat);
    EXPECT_EQ(take(*ledger, ask("b")).wait.count(), 0);
}

TEST_F(LedgerTest, AChatThatMustWaitUsesNothingUpOfItsAccount) {
    const auto ledger =
        open(R"("limits":[{"scope":"chat","rate":1,"burst":1},{"scope":"account","rate":2}])");
    EXPECT_EQ(take(*ledger, ask("a")).wait.count(), 0);
    for (int i = 0; i < 100; ++i)
        EXPECT_GT(take(*ledger, ask("a")).wait.count(), 0);
    EXPECT_EQ(take(*ledger, ask("b")).wait.count(), 0);
    const Turn turn = take(*ledger, ask("c"));
    EXPECT_GT(turn.wait.count(), 0) << "two a second for the whole account";
    EXPECT_EQ(turn.scope, Scope::account);
}

TEST_F(LedgerTest, AccountsOfOneConnectorShareItsBucket) {
    const char* const members = R"("limits":[{"scope":"connector","rate":1,"burst":1}])";
    const auto of_connector = shared(rules(members));
    const auto one = open(members, of_connector, "one");
    const auto two = open(members, of_connector, "two");
    EXPECT_EQ(take(*one, ask("a")).wait.count(), 0);
    const Turn turn = take(*two, ask("a"));
    EXPECT_GT(turn.wait.count(), 0);
    EXPECT_EQ(turn.scope, Scope::connector);
}

TEST_F(LedgerTest, WhatIsSpentOfEveryScopeSurvivesARestart) {
    const char* const members =
        R"("limits":[{"scope":"chat","kinds":["group"],"rate":5,"per":"1d"},
                     {"scope":"account","rate":8,"per":"1d"}],
           "quotas":[{"bucket":"uploads","scope":"connector","rate":6,"per":"1d"}])";
    auto ledger = open(members);
    EXPECT_EQ(calls(*ledger, ask("g", "group")), 5);
    EXPECT_EQ(calls(*ledger, ask("d")), 3);
    EXPECT_EQ(calls(*ledger, ask("d", "direct", "uploads")), 6);
    ledger = open(members);
    EXPECT_EQ(calls(*ledger, ask("g", "group")), 0);
    EXPECT_EQ(calls(*ledger, ask("d")), 0);
    EXPECT_EQ(calls(*ledger, ask("d", "direct", "uploads")), 0);
    EXPECT_LE(take(*ledger, ask("d")).wait, hours{3});
    clock.advance(hours{25});
    EXPECT_EQ(calls(*ledger, ask("h", "group")), 5) << "another group's allowance is its own";
    EXPECT_EQ(calls(*ledger, ask("d", "direct", "uploads")), 6);
}

TEST_F(LedgerTest, WhatIsShortCostsNoRow) {
    const auto ledger =
        open(R"("limits":[{"scope":"chat","rate":1,"burst":3},{"scope":"account","rate":30}])");
    EXPECT_EQ(calls(*ledger, ask("a")), 3);
    EXPECT_EQ(rows, 0u);
}

TEST_F(LedgerTest, ManyConversationsAreNotKeptInMemory) {
    const auto ledger = open(
        R"("limits":[{"scope":"chat","rate":2,"per":"1d"},{"scope":"chat","rate":5,"burst":5}])"
    );
    for (int i = 0; i < 3'000; ++i) {
        ASSERT_TRUE(call(*ledger, ask("chat " + std::to_string(i))));
        clock.advance(milliseconds{10});
    }
    std::size_t known = 0;
    for (const auto& each : ledger->list(100'000))
        known += each.conversation.empty() ? 0U : 1U;
    EXPECT_LT(known, 1'500u);
    EXPECT_EQ(calls(*ledger, ask("chat 0")), 1) << "one was taken before it was forgotten";
    EXPECT_EQ(calls(*ledger, ask("chat 0")), 0);
}

TEST_F(LedgerTest, WhoLeavesTheLineHoldsUpNobody) {
    for (const std::string scope : {"chat", "account", "connector"}) {
        const auto ledger = open(
            R"("quotas":[{"bucket":"uploads","rate":2,"per":"1h","scope":")" + scope + R"("}])"
        );
        Ask one = ask("a", "direct", "uploads");
        Ask two = one;
        EXPECT_EQ(calls(*ledger, one), 2);
        one.key = "one";
        two.key = "two";
        EXPECT_GT(take(*ledger, one).wait, minutes{29});
        EXPECT_GT(take(*ledger, two).wait, minutes{59}) << scope;
        ledger->leave_line(one);
        EXPECT_LT(take(*ledger, two).wait, minutes{31}) << scope;
    }
}

TEST_F(LedgerTest, WhereAllConversationsAreInUseThereIsRoomAgainLater) {
    const auto ledger = open(R"("limits":[{"scope":"chat","rate":1,"burst":1}])");
    const auto let_go = [&ledger](int count, int from) {
        return [&ledger, count, from]() -> async::Awaitable<int> {
            int out = 0;
            for (int i = 0; i < count; ++i) {
                const Ask what = ask(std::to_string(from + i));
                const auto turn = co_await ledger->take(what);
                if (turn && turn->wait.count() == 0) ++out;
            }
            co_return out;
        };
    };
    constexpr int kMost = 100'000;
    EXPECT_EQ(run<int>(let_go(kMost + 1, 0)), kMost);
    clock.advance(seconds{2});
    EXPECT_EQ(run<int>(let_go(1, kMost)), 1) << "the others are full again";
}

TEST_F(LedgerTest, AnUnreadableStoreLetsNothingLeaveThatItWouldDecide) {
    const auto ledger = open(R"("limits":[{"scope":"chat","rate":2,"per":"1d"}])");
    store::Batch batch;
    batch.put.push_back({store::Table::account, rows_of_chats("acme") + "a", "no row of ours", 0});
    ASSERT_TRUE(store->commit_and_wait(std::move(batch)));
    EXPECT_EQ(calls(*ledger, ask("a")), 0);
    EXPECT_EQ(calls(*ledger, ask("b")), 2);
}

TEST_F(LedgerTest, PeopleSeeWhatIsLeft) {
    const auto ledger = open(
        R"("limits":[{"scope":"chat","rate":1,"per":"1h"},{"scope":"account","rate":10,"per":"1h"}],
           "quotas":[{"bucket":"uploads","scope":"account","rate":3,"per":"1d"}])"
    );
    EXPECT_EQ(calls(*ledger, ask("a")), 1);
    EXPECT_EQ(calls(*ledger, ask("b")), 1);
    const auto all = ledger->list(1);
    ASSERT_EQ(all.size(), 3u) << "two of the account, one of two conversations";
    EXPECT_EQ(all[0].rule.scope, Scope::account);
    EXPECT_NEAR(all[0].room, 8, 0.01);
    EXPECT_EQ(all[0].next.count(), 0);
    EXPECT_EQ(all[1].rule.bucket, "uploads");
    EXPECT_NEAR(all[1].room, 3, 0.01);
    EXPECT_EQ(all[2].conversation, "a");
    EXPECT_NEAR(static_cast<double>(all[2].next.count()), 3'600'000, 2'000);
}

}  // namespace
}  // namespace trunkline::quotas
