// Calls that count against a quota: they leave when there is room, and what is spent is known after
// a crash.
#include <gmock/gmock.h>

#include "harness.hpp"

namespace trunkline::tasks {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using ::testing::ElementsAre;

constexpr const char* kUpload = "http_bucket 1 0 http://m/upload x\nwait\nreply\noutcome_reply";
// What is sent must not be sent again, whatever comes behind it.
constexpr const char* kSendAndUpload =
    "http 1 1 http://m/send hello\nwait\nreply\nhttp_bucket 2 1 "
    "http://m/upload x\nwait\nreply\noutcome_reply";

class AllowanceTest : public StrandTest {
protected:
    AllowanceTest() { count(); }

    /// As at a start of the host.
    void count() {
        ledger_ = std::make_shared<quotas::Ledger>(
            quotas::Ledger::Services{*store_, pool_, clock_}, setup_.account
        );
        const auto rules = quotas::Rules::parse(generation_->manifest().json);
        ASSERT_TRUE(rules) << rules.error().context;
        ledger_->adopt(*rules, setup_.connector, nullptr);
        bool opened = false;
        async::spawn(loop_.get_executor(), "test", [this, &opened]() -> async::Awaitable<> {
            auto done = co_await ledger_->open();
            opened = done.has_value();
        });
        ASSERT_TRUE(turn_until([&] { return opened; }));
    }
    void restart() {
        stop();
        count();
    }
    Start command_of(std::string script, std::string name, minutes deadline = minutes{5}) {
        Start start = command(std::move(script), "command/" + name);
        start.deadline = deadline;
        return start;
    }
    std::size_t uploads() const { return client_.count("http://m/upload"); }
    std::size_t in_line() const {
        std::size_t out = 0;
        for (const auto& each : ledger_->list(100))
            out += each.waiting;
        return out;
    }
    static bool is_put_off(const Running& task) {
        return task.end && task.end->fault && task.end->fault->fault == Fault::throttled;
    }
};

TEST_F(AllowanceTest, LeavesWhileThereIsRoom) {
    for (const char* name : {"1", "2"}) {
        const auto task = run(command_of(kUpload, name));
        ASSERT_FALSE(task->end->fault) << task->end->fault->context;
    }
    EXPECT_EQ(uploads(), 2u);
    const auto third = run(command_of(kUpload, "3"));
    ASSERT_TRUE(is_put_off(*third));
    EXPECT_NEAR(static_cast<double>(third->end->fault->pause.count()), 30 * 60'000, 2'000);
    EXPECT_EQ(uploads(), 2u);
    clock_.advance(minutes{31});
    const auto again = run(command_of(kUpload, "3"));
    EXPECT_FALSE(again->end->fault);
    EXPECT_EQ(uploads(), 3u);
    EXPECT_EQ(ledger_->figures().waiting, 0);
}

TEST_F(AllowanceTest, ACallWithoutABucketIsNotHeldUp) {
    run(command_of(kUpload, "1"));
    run(command_of(kUpload, "2"));
    const auto task = run(command_of("http 1 0 http://m/a\nwait\noutcome_reply", "3"));
    EXPECT_FALSE(task->end->fault);
}

TEST_F(AllowanceTest, EachConversationHasItsOwn) {
    const auto in = [this](const std::string& chat) {
        Start start = command_of("http_bucket/chats 1 0 http://m/a\nwait\noutcome_reply", chat);
        start.key = chat;
        return run(std::move(start));
    };
    EXPECT_FALSE(in("a")->end->fault);
    EXPECT_TRUE(is_put_off(*in("a")));
    EXPECT_FALSE(in("b")->end->fault);
}

TEST_F(AllowanceTest, AShortWaitIsWaitedForHere) {
    run(command_of(kUpload, "1"));
    run(command_of(kUpload, "2"));
    clock_.advance(minutes{30} - milliseconds{1'500});
    const auto task = begin(command_of(kUpload, "3"));
    ASSERT_TRUE(turn_until([&] { return ledger_->figures().waiting == 1; }));
    EXPECT_EQ(uploads(), 2u);
    clock_.advance(milliseconds{1'600});
    finish(*task);
    EXPECT_FALSE(task->end->fault);
    EXPECT_EQ(uploads(), 3u);
    EXPECT_EQ(ledger_->figures().waits, 1u);
}

TEST_F(AllowanceTest, WhatIsNoCommandWaitsAsLongAsItHasTime) {
    run(command_of(kUpload, "1"));
    run(command_of(kUpload, "2"));
    Start poll = webhook("http_bucket 1 0 http://m/upload x\nwait\nreply");
    poll.deadline = minutes{40};
    const auto task = begin(std::move(poll));
    ASSERT_TRUE(turn_until([&] { return ledger_->figures().waiting == 1; }));
    clock_.advance(minutes{31});
    finish(*task);
    EXPECT_FALSE(task->end->fault);
    EXPECT_EQ(uploads(), 3u);

    const auto late = run(webhook("http_bucket 1 0 http://m/upload x\nwait\nreply"));
    EXPECT_TRUE(is_put_off(*late)) << "half an hour is more than it has";
}

TEST_F(AllowanceTest, WhatDoesNotComeAgainKeepsNoPlaceInLine) {
    run(command_of(kUpload, "1"));
    run(command_of(kUpload, "2"));
    for (int i = 0; i < 3; ++i)
        ASSERT_TRUE(is_put_off(*run(webhook("http_bucket 1 0 http://m/upload x\nwait\nreply"))));
    EXPECT_EQ(in_line(), 0u);
    const auto command = run(command_of(kUpload, "3"));
    ASSERT_TRUE(is_put_off(*command));
    EXPECT_LT(command->end->fault->pause, minutes{31}) << "nobody is before it";
    EXPECT_EQ(in_line(), 1u);
}

TEST_F(AllowanceTest, WhoWaitsIsCancelledAtOnce) {
    run(command_of(kUpload, "1"));
    run(command_of(kUpload, "2"));
    Start poll = webhook("http_bucket 1 0 http://m/upload x\nwait\nreply");
    poll.deadline = minutes{40};
    const auto task = begin(std::move(poll));
    ASSERT_TRUE(turn_until([&] { return ledger_->figures().waiting == 1; }));
    stop();
    finish(*task);
    EXPECT_EQ(task->end->fault->fault, Fault::cancelled);
    EXPECT_EQ(uploads(), 2u);
    EXPECT_EQ(in_line(), 0u);
}

TEST_F(AllowanceTest, ACrashFindsSpentWhatWasSpent) {
    std::size_t rows_at_request = 0;
    client_.on_request = [&](const std::string&) {
        rows_at_request = store_->rows(store::Table::account, "spent/", "", 10)->size();
    };
    run(command_of(kUpload, "1"));
    EXPECT_EQ(rows_at_request, 1u) << "on disk before the call left";
    run(command_of(kUpload, "2"));
    restart();
    EXPECT_TRUE(is_put_off(*run(command_of(kUpload, "3"))));
    clock_.advance(minutes{61});
    EXPECT_FALSE(run(command_of(kUpload, "4"))->end->fault);
    EXPECT_FALSE(run(command_of(kUpload, "5"))->end->fault) << "no longer than it takes to fill";
}

TEST_F(AllowanceTest, TheRowIsWrittenWithTheMark) {
    const auto task =
        run(command_of("http_bucket 1 1 http://m/upload x\nwait\noutcome_reply", "1"));
    ASSERT_FALSE(task->end->fault);
    ASSERT_EQ(task->sink.commits.size(), 2u) << "the mark, and the end";
    const auto& first = task->sink.commits.front().put;
    EXPECT_EQ(std::ranges::count(first, store::Table::account, &store::Put::table), 1);
    EXPECT_EQ(std::ranges::count(first, store::Table::task, &store::Put::table), 1);
}

TEST_F(AllowanceTest, WhereNothingCanBeWrittenNothingLeaves) {
    auto task = std::make_unique<Running>(*store_);
    task->sink.fail_at = 0;
    begin(command_of(kUpload, "1"), *task);
    finish(*task);
    EXPECT_EQ(task->end->fault->fault, Fault::storage);
    EXPECT_EQ(uploads(), 0u);
    EXPECT_FALSE(run(command_of(kUpload, "1"))->end->fault);
}

TEST_F(AllowanceTest, WhatWasSentBeforeTheWaitIsNotSentAgain) {
    run(command_of(kUpload, "1"));
    run(command_of(kUpload, "2"));
    const auto task = run(command_of(kSendAndUpload, "3"));
    ASSERT_TRUE(is_put_off(*task));
    EXPECT_EQ(client_.count("http://m/send"), 1u);

    clock_.advance(minutes{31});
    const auto again = run(command_of(kSendAndUpload, "3"));
    ASSERT_FALSE(again->end->fault) << again->end->fault->context;
    EXPECT_EQ(client_.count("http://m/send"), 1u);
    EXPECT_EQ(uploads(), 3u);
    EXPECT_THAT(again->sink.items(), ElementsAre("reply=1:200:default", "reply=2:200:default"));
    EXPECT_TRUE(store_->rows(store::Table::task, "", "", 10)->empty());
}

TEST_F(AllowanceTest, NorOverARestartInTheWait) {
    run(command_of(kUpload, "1"));
    run(command_of(kUpload, "2"));
    const auto task = run(command_of(kSendAndUpload, "3"));
    ASSERT_TRUE(is_put_off(*task));
    restart();
    clock_.advance(minutes{61});
    const auto again = run(command_of(kSendAndUpload, "3"));
    ASSERT_FALSE(again->end->fault) << again->end->fault->context;
    EXPECT_EQ(client_.count("http://m/send"), 1u);
    EXPECT_EQ(uploads(), 3u);
    EXPECT_THAT(again->sink.items(), ElementsAre("reply=1:200:default", "reply=2:200:default"))
        << "its answer was kept, and the second call never counted as begun";
}

TEST_F(AllowanceTest, OfManyThatWaitEachComesInItsTurn) {
    run(command_of(kUpload, "1"));
    run(command_of(kUpload, "2"));
    const auto first = run(command_of(kUpload, "3"));
    const auto second = run(command_of(kUpload, "4"));
    ASSERT_TRUE(is_put_off(*first) && is_put_off(*second));
    EXPECT_GT(second->end->fault->pause, first->end->fault->pause + minutes{29});
}

}  // namespace
}  // namespace trunkline::tasks
