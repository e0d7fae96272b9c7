// Children that die, at every point, of everything: nothing is lost, nothing is done twice, and
// only the input at fault pays for it.
#include <csignal>

#include <gmock/gmock.h>

#include "harness.hpp"

namespace trunkline::tasks {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CrashTest : public StrandTest {
protected:
    CrashTest() : StrandTest{true} {}

    /// Kills the child as an operator or the kernel would.
    void kill_child() {
        const std::uint64_t before = totals().deaths;
        const auto children = children_->list();
        ASSERT_EQ(children.size(), 1u);
        ASSERT_GT(children.front().pid, 0);
        ASSERT_EQ(::kill(children.front().pid, SIGKILL), 0);
        ASSERT_TRUE(turn_until([&] { return totals().deaths > before; }));
    }
    void limit(isolation::Limits limits) {
        isolation::Children::Options options;
        options.runner = kRunner;
        options.limits["scripted"] = limits;
        children_ = std::make_unique<isolation::Children>(std::move(options));
    }
    isolation::Children::Totals totals() const {
        const auto all = children_->totals();
        const auto found = all.find("scripted");
        return found == all.end() ? isolation::Children::Totals{} : found->second;
    }
    std::vector<std::string> marks() const {
        std::vector<std::string> keys;
        const auto rows = store_->rows(store::Table::task, "", "", 100);
        for (const auto& row : *rows)
            keys.push_back(row.key);
        return keys;
    }
};

TEST_F(CrashTest, APoisonInputIsGivenUpAfterThreeDeathsAndTheOthersGoOnInTheirOrder) {
    std::vector<std::unique_ptr<Running>> tasks;
    for (const std::string script : {"item a {}", "item b {}", "item x {}\ncrash", "item c {}"})
        tasks.push_back(begin(webhook(script)));
    for (auto& task : tasks)
        finish(*task);
    for (const std::size_t i : {0U, 1U, 3U})
        ASSERT_FALSE(tasks[i]->end->fault) << tasks[i]->end->fault->context;
    EXPECT_THAT(tasks[0]->sink.items(), ElementsAre("a={}"));
    EXPECT_THAT(tasks[1]->sink.items(), ElementsAre("b={}"));
    EXPECT_THAT(tasks[3]->sink.items(), ElementsAre("c={}"));
    ASSERT_TRUE(tasks[2]->end->fault);
    EXPECT_EQ(tasks[2]->end->fault->fault, Fault::malformed);
    EXPECT_THAT(
        tasks[2]->end->fault->context,
        HasSubstr("scripted@1.2.3#1 died of it 3 times: signal 11 (SIGSEGV)")
    );
    EXPECT_TRUE(tasks[2]->sink.items().empty());
    EXPECT_EQ(tasks[2]->end->unread, "") << "it was the starting input";
    EXPECT_EQ(totals().deaths, 3u);
    EXPECT_EQ(totals().starts, 4u);
}

TEST_F(CrashTest, SaysWhatItDiedOf) {
    for (const auto& [script, reason] :
         {std::pair{"complain\nabort", "signal 6 (SIGABRT): scripted to complain"},
          {"overwrite_stack 1000000", "signal 11 (SIGSEGV)"}}) {
        const auto task = run(webhook(script));
        ASSERT_TRUE(task->end->fault) << script;
        EXPECT_THAT(task->end->fault->context, HasSubstr(reason));
        stop();  // so that the deaths of one are not held against the other
    }
}

TEST_F(CrashTest, AHangIsEnded) {
    isolation::Limits limits;
    limits.reply_within = std::chrono::milliseconds{200};
    limit(limits);
    const auto hangs = begin(webhook("hang"));
    const auto next = begin(webhook("item next {}"));
    finish(*hangs);
    finish(*next);
    EXPECT_EQ(hangs->end->fault->fault, Fault::malformed);
    EXPECT_THAT(hangs->end->fault->context, HasSubstr("gave no answer within 200 ms"));
    EXPECT_THAT(next->sink.items(), ElementsAre("next={}"));
    EXPECT_EQ(totals().hangs, 3u);
}

#ifndef TRUNKLINE_SANITIZED
TEST_F(CrashTest, MemoryIsBounded) {
    isolation::Limits limits;
    limits.memory_max = 80ULL << 20U;
    limit(limits);
    const auto eater = run(webhook("eat"));
    EXPECT_EQ(eater->end->fault->fault, Fault::malformed);
    EXPECT_THAT(eater->end->fault->context, HasSubstr("out of memory"));
    EXPECT_THAT(run(webhook("item next {}"))->sink.items(), ElementsAre("next={}"));
}
#endif

TEST_F(CrashTest, StandardOutputIsNobodysBusiness) {
    const auto task = run(webhook("print 20000\nitem d {}\nanswer 200 ok"));
    ASSERT_FALSE(task->end->fault) << task->end->fault->context;
    EXPECT_EQ(task->sink.answered->body, "ok");
    EXPECT_EQ(totals().deaths, 0u);
}

TEST_F(CrashTest, ADeathAtEveryWaitCostsNothing) {
    const std::string script =
        "item a {}\nput 1 k v\nhttp 1 0 http://m/1 x\nwait\nreply\nget 2 1 k\nwait\nreply\nrandom "
        "4\nhttp 3 1 http://m/3 y\nwait\nreply\ntimer 4 5\nwait\nreply\nhttp 5 0 http://m/5 "
        "z\nwait\nreply\noutcome_reply";
    const auto without_random = [](std::vector<std::string> items) {
        std::erase_if(items, [](const std::string& item) { return item.starts_with("random"); });
        return items;
    };
    const auto plain = run(command(script, "command/plain"));
    ASSERT_FALSE(plain->end->fault) << plain->end->fault->context;
    const auto expected = without_random(plain->sink.items());
    for (const std::string held : {"http://m/1", "http://m/3", "http://m/5"}) {
        client_.requests.clear();
        client_.held = {held};
        const auto task = begin(command(script, "command/" + held));
        ASSERT_TRUE(turn_until([&] { return client_.count(held) == 1; }));
        kill_child();
        client_.held.clear();
        finish(*task);
        ASSERT_FALSE(task->end->fault) << held << " " << task->end->fault->context;
        EXPECT_EQ(without_random(task->sink.items()), expected) << held;
        EXPECT_EQ(task->sink.items().size(), plain->sink.items().size());
        EXPECT_EQ(task->end->outcome->value, plain->end->outcome->value);
        for (const std::string url : {"http://m/1", "http://m/3", "http://m/5"})
            EXPECT_EQ(client_.count(url), 1u) << url << " when it died at " << held;
        EXPECT_EQ(task->sink.commits.size(), plain->sink.commits.size())
            << "nothing is written twice";
    }
    EXPECT_EQ(strand().figures().refeeds, 3u) << "of each task once, when it went on";
    EXPECT_TRUE(marks().empty());
}

TEST_F(CrashTest, KilledAgainAndAgainUnderLoadNothingIsLostOrDoubled) {
    std::vector<std::unique_ptr<Running>> tasks;
    const int kTasks = 200;
    for (int i = 0; i < kTasks; ++i) {
        const std::string n = std::to_string(i);
        client_.replies["http://m/" + n] = {reply_of(200, "r" + n)};
        tasks.push_back(begin(
            webhook("item a" + n + " {}\nhttp 1 0 http://m/" + n + "\nwait\nreply\nanswer 200 " + n)
        ));
    }
    // Twice, so that nobody can be blamed three times.
    for (int deaths = 0; deaths < 2; ++deaths) {
        ASSERT_TRUE(turn_until([&] {
            const auto children = children_->list();
            return !children.empty() && children.front().state == "serving";
        }));
        loop_.restart();
        loop_.run_one_for(std::chrono::milliseconds{2});
        kill_child();
    }
    for (int i = 0; i < kTasks; ++i) {
        auto& task = *tasks[static_cast<std::size_t>(i)];
        finish(task);
        const std::string n = std::to_string(i);
        ASSERT_FALSE(task.end->fault) << task.end->fault->context;
        EXPECT_THAT(task.sink.items(), ElementsAre("a" + n + "={}", "reply=1:200:r" + n));
        EXPECT_EQ(client_.count("http://m/" + n), 1u);
    }
}

TEST_F(CrashTest, AContinuationThatKillsIsRebuiltEachTimeAndThenGivenUp) {
    client_.replies["http://m/a"] = {reply_of(200, "poison")};
    const auto task = run(webhook("item a {}\nhttp 1 0 http://m/a\nwait\ncrash"));
    ASSERT_TRUE(task->end->fault);
    EXPECT_EQ(task->end->fault->fault, Fault::malformed);
    EXPECT_EQ(task->end->unread, "poison") << "what it failed on came from outside";
    EXPECT_THAT(task->sink.items(), ElementsAre("a={}"));
    EXPECT_EQ(client_.count("http://m/a"), 1u);
    EXPECT_EQ(strand().figures().refeeds, 2u);
}

TEST_F(CrashTest, ACommandThatKillsIsMalformedBeforeItsCallAndUnknownBehindIt) {
    EXPECT_EQ(run(command("crash"))->end->fault->fault, Fault::malformed);
    stop();
    const auto sent = run(command("http 1 1 http://m/send\nwait\ncrash", "command/2"));
    EXPECT_EQ(sent->end->fault->fault, Fault::unknown) << "it may have been sent";
    EXPECT_EQ(client_.count("http://m/send"), 1u);
    EXPECT_TRUE(marks().empty());
}

TEST_F(CrashTest, WhatTheHostBeganItselfMayGoBetterAnotherTime) {
    Start check;
    check.kind = TL_IN_CHECK;
    check.body = "crash";
    EXPECT_EQ(run(std::move(check))->end->fault->fault, Fault::unavailable);
}

TEST_F(CrashTest, AfterTooManyDeathsTasksAreTurnedAwayUntilTheNextAttempt) {
    (void)strand();
    for (int deaths = 0; deaths < 5; ++deaths) {
        ASSERT_TRUE(turn_until([&] { return children_->list().front().state == "serving"; }));
        kill_child();
    }
    EXPECT_EQ(children_->list().front().state, "down");
    EXPECT_EQ(totals().down, 1u);
    const auto turned_away = run(webhook("item d {}"));
    ASSERT_TRUE(turned_away->end->fault);
    EXPECT_EQ(turned_away->end->fault->fault, Fault::unavailable);
    EXPECT_GT(turned_away->end->fault->pause.count(), 0) << "it is to be sent again";
    EXPECT_THAT(
        turned_away->end->fault->context,
        HasSubstr("failed 5 times within a minute, last: signal 9")
    );
    ASSERT_TRUE(turn_until([&] { return children_->list().front().state == "serving"; }));
    EXPECT_THAT(run(webhook("item d {}"))->sink.items(), ElementsAre("d={}"));
    EXPECT_EQ(totals().down, 0u);
}

TEST_F(CrashTest, AConnectorThatDiesWhileMakingAnAccountRefusesIt) {
    setup_.settings_json = "crash";
    auto made = open_strand();
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().fault, Fault::unavailable);
    EXPECT_THAT(made.error().context, HasSubstr("died 3 times while making account acme"));
}

TEST_F(CrashTest, WithoutARunnerThereIsNoInstanceAndItIsSaid) {
    children_ = std::make_unique<isolation::Children>(isolation::Children::Options{
        "/nowhere/trunkline-runner", {}});
    auto made = open_strand();
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().fault, Fault::unavailable);
    EXPECT_THAT(made.error().context, HasSubstr("starting /nowhere/trunkline-runner"));
}

TEST_F(CrashTest, StopsWhileThereIsNoChild) {
    (void)strand();
    kill_child();
    const auto task = begin(webhook("item d {}"));
    stop();
    ASSERT_TRUE(task->end);
    EXPECT_TRUE(!task->end->fault || task->end->fault->fault == Fault::cancelled);
}

TEST_F(CrashTest, ACancelDuringACallIsLookedAtBehindIt) {
    isolation::Limits limits;
    limits.reply_within = std::chrono::milliseconds{300};
    limit(limits);
    const auto task = begin(webhook("hang"));
    ASSERT_TRUE(turn_until([&] { return strand().open_tasks() == 1; }));
    stop();
    ASSERT_TRUE(task->end);
    EXPECT_EQ(task->end->fault->fault, Fault::cancelled);
}

TEST_F(CrashTest, LongInputsAndRepliesTravelToo) {
    const std::string filler(300'000, 'y');
    const auto task =
        run(webhook("item a {}\nbig 200000\nbig 200000\nbig 200000\nanswer 200 ok\nlog " + filler));
    ASSERT_FALSE(task->end->fault) << task->end->fault->context;
    EXPECT_EQ(task->sink.items().size(), 4u);
    EXPECT_EQ(task->sink.items().back().size(), 4u + 200'000u);
    EXPECT_EQ(task->sink.answered->body, "ok");
}

TEST_F(CrashTest, NoChildIsLeftBehind) {
    (void)strand();
    const int pid = children_->list().front().pid;
    ASSERT_GT(pid, 0);
    stop();
    ASSERT_TRUE(turn_until([&] { return ::kill(pid, 0) != 0; })) << "killed, and reaped too";
}

}  // namespace
}  // namespace trunkline::tasks
