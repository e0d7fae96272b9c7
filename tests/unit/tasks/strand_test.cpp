#include <gmock/gmock.h>

#include "harness.hpp"

namespace trunkline::tasks {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(StrandTest, AnswersAtTheCommitAndGoesOn) {
    client_.held = {"http://m/slow"};
    const auto task =
        begin(webhook("item d1 {}\nanswer 200 ok\nhttp 1 0 http://m/slow\nwait\nitem d2 {}"));
    ASSERT_TRUE(turn_until([&] { return client_.count("http://m/slow") == 1; }));
    ASSERT_TRUE(task->sink.answered) << "the messenger does not wait for what comes after";
    EXPECT_EQ(task->sink.committed_when_answered, 1u);
    EXPECT_FALSE(task->end);
    client_.replies["http://m/slow"] = {reply_of(200, "")};
    client_.held.erase("http://m/slow");
    finish(*task);
    EXPECT_THAT(task->sink.items(), ElementsAre("d1={}", "d2={}"));
}

TEST_F(StrandTest, AnswersAWebhookAfterItsItemsAreDurable) {
    const auto task = run(webhook("item d1 {}\nanswer 202 thanks\nitem d2 {}"));
    ASSERT_FALSE(task->end->fault);
    ASSERT_TRUE(task->sink.answered);
    EXPECT_EQ(task->sink.answered->status, 202);
    EXPECT_EQ(task->sink.answered->body, "thanks");
    EXPECT_THAT(task->sink.items(), ElementsAre("d1={}", "d2={}"));
    EXPECT_EQ(task->sink.durable_commits, 1u) << "what one call asks for is one write";
    EXPECT_EQ(strand().open_tasks(), 0u);
}

TEST_F(StrandTest, NothingLeavesWhenTheCommitFails) {
    auto task = std::make_unique<Running>(*store_);
    task->sink.fail_at = 0;
    begin(webhook("item d1 {}\nanswer 200 ok\nhttp 1 0 http://m/a\nwait\nitem d2 {}"), *task);
    finish(*task);
    ASSERT_TRUE(task->end->fault);
    EXPECT_EQ(task->end->fault->fault, Fault::storage);
    EXPECT_FALSE(task->sink.answered);
    EXPECT_TRUE(client_.requests.empty());
    EXPECT_TRUE(turn_until([&] { return says("cancelled"); }))
        << "the connector must let go of the task";
}

TEST_F(StrandTest, ASecondCommitThatFailsEndsTheTaskBehindItsAnswer) {
    auto task = std::make_unique<Running>(*store_);
    task->sink.fail_at = 1;
    begin(webhook("item d1 {}\nanswer 200 ok\nhttp 1 0 http://m/a\nwait\nitem d2 {}"), *task);
    finish(*task);
    EXPECT_EQ(task->end->fault->fault, Fault::storage);
    EXPECT_TRUE(task->sink.answered);
    EXPECT_EQ(task->sink.durable_commits, 1u);
}

TEST_F(StrandTest, WhatIsPutIsDurableBeforeTheRequestLeaves) {
    std::optional<bool> there;
    client_.on_request = [&](const std::string&) {
        const auto rows = store_->rows(store::Table::plugin, "", "", 10);
        there = rows && rows->size() == 1 && rows->front().value == std::string{"\x01secret"};
    };
    const auto task =
        run(webhook("put 1 token secret\nhttp 1 0 http://m/register\nwait\nanswer 200 ok"));
    EXPECT_EQ(task->sink.answered->body, "ok");
    EXPECT_EQ(there, true);
}

TEST_F(StrandTest, WalksThroughThreeSteps) {
    client_.replies["http://m/a"] = {reply_of(200, "A")};
    client_.replies["http://m/b"] = {reply_of(503, "B")};
    Start start = command(
        "http 1 0 http://m/a\nwait\nreply\nhttp 2 0 http://m/b\nwait\nreply\nhttp 3 0 "
        "http://m/c\nwait\noutcome_reply"
    );
    const auto task = run(std::move(start));
    ASSERT_FALSE(task->end->fault) << task->end->fault->context;
    ASSERT_TRUE(task->end->outcome);
    EXPECT_EQ(task->end->outcome->kind, TL_DONE);
    EXPECT_EQ(task->end->outcome->value, "3:200:default");
    EXPECT_EQ(task->end->outcome->code, "test.code");
    EXPECT_EQ(task->end->outcome->delay, std::chrono::milliseconds{1500});
    EXPECT_THAT(task->sink.items(), ElementsAre("reply=1:200:A", "reply=2:503:B"));
    EXPECT_EQ(task->sink.commits.back().outcome->value, "3:200:default")
        << "the outcome is made durable by the sink";
}

TEST_F(StrandTest, ReadsBackWhatItPut) {
    const auto task =
        run(command("put 0 k chatty\nput 1 k mine\nput 2 k shared\nget 1 0 k\nwait\nreply\nget 2 1 "
                    "k\nwait\nreply\nget 3 2 k\nwait\nreply\n"
                    "put 1 k\nget 4 1 k\nwait\nreply\noutcome 0"));
    ASSERT_FALSE(task->end->fault) << task->end->fault->context;
    EXPECT_THAT(
        task->sink.items(),
        ElementsAre("reply=1:1:chatty", "reply=2:1:mine", "reply=3:1:shared", "reply=4:0:")
    );
    // Another account of the connector sees only what is shared.
    stop();
    setup_.account = AccountId{"other"};
    const auto other = run(
        command("get 1 0 k\nwait\nreply\nget 2 1 k\nwait\nreply\nget 3 2 k\nwait\nreply\noutcome 0")
    );
    EXPECT_THAT(other->sink.items(), ElementsAre("reply=1:0:", "reply=2:0:", "reply=3:1:shared"));
}

TEST_F(StrandTest, FiresTimersInTheirOrder) {
    const auto task =
        run(webhook("timer 1 40\ntimer 2 1\nwait\nreply\nwait\nreply\nanswer 200 late"));
    EXPECT_THAT(task->sink.items(), ElementsAre("reply=2:0:", "reply=1:0:"));
    EXPECT_EQ(task->sink.answered->body, "late");
}

TEST_F(StrandTest, ATimerInThePastFiresAtOnce) {
    const auto task = run(webhook("timer 1 -100000\nwait\nreply"));
    EXPECT_THAT(task->sink.items(), ElementsAre("reply=1:0:"));
}

TEST_F(StrandTest, GivesUpAtTheDeadlineAndTellsTheConnector) {
    client_.held.insert("http://m/slow");
    Start start = webhook("http 1 0 http://m/slow\nwait\nitem late {}\nanswer 200 ok");
    start.deadline = std::chrono::milliseconds{30};
    const auto task = run(std::move(start));
    EXPECT_EQ(task->end->fault->fault, Fault::unavailable);
    EXPECT_THAT(task->end->fault->context, HasSubstr("deadline"));
    EXPECT_GT(task->end->fault->pause.count(), 0) << "it may be tried again";
    EXPECT_FALSE(task->sink.answered);
    EXPECT_TRUE(turn_until([&] { return says("cancelled"); }));
    EXPECT_LE(client_.requests.front().timeout, std::chrono::milliseconds{30})
        << "no request outlives its task";
    client_.held.clear();
    const auto next = run(webhook("item next {}"));
    EXPECT_THAT(next->sink.items(), ElementsAre("next={}"));
    EXPECT_TRUE(task->sink.items().empty()) << "a late answer finds nobody";
}

TEST_F(StrandTest, StopEndsWhatIsOpen) {
    client_.held.insert("http://m/slow");
    const auto first = begin(webhook("http 1 0 http://m/slow\nwait"));
    const auto second = begin(command("timer 1 600000\nwait"));
    ASSERT_TRUE(turn_until([&] {
        return client_.requests.size() == 1 && strand().open_tasks() == 2;
    }));
    auto& strand_before = strand();
    stop();
    (void)strand_before;
    ASSERT_TRUE(first->end);
    ASSERT_TRUE(second->end);
    EXPECT_EQ(first->end->fault->fault, Fault::cancelled);
    EXPECT_EQ(second->end->fault->fault, Fault::cancelled);
}

TEST_F(StrandTest, TranslatesEveryStatus) {
    const std::vector<std::pair<int, Fault>> table{
        {TL_E_BAD_INPUT, Fault::malformed},
        {TL_E_LIMIT, Fault::malformed},
        {TL_E_UNSUPPORTED, Fault::unsupported},
        {TL_E_FORGED, Fault::forged},
        {TL_E_INTERNAL, Fault::unavailable},
        // A child without memory ends itself.
        {TL_E_NO_MEMORY, kIsolated ? Fault::malformed : Fault::unavailable},
        {TL_E_BAD_STATE, Fault::unavailable},
        {-77, Fault::unavailable},
        {5, Fault::unavailable},
    };
    for (const auto& [status, fault] : table) {
        const auto task = run(webhook("item d {}\nfail " + std::to_string(status)));
        ASSERT_TRUE(task->end->fault) << status;
        EXPECT_EQ(task->end->fault->fault, fault) << status;
        EXPECT_TRUE(task->sink.items().empty()) << "effects of a failed input are dropped";
        EXPECT_THAT(task->end->fault->context, HasSubstr("scripted@1.2.3#1"));
    }
    EXPECT_EQ(strand().figures().bad_input, 2u);
    EXPECT_EQ(strand().figures().forged, 1u);
}

TEST_F(StrandTest, WhatFailsOnceMoreInAReplayIsCountedApart) {
    for (const int code : {int{TL_E_BAD_INPUT}, int{TL_E_INTERNAL}}) {
        Start replay = webhook("fail " + std::to_string(code));
        replay.kind = TL_IN_REPLAY;
        ASSERT_TRUE(run(std::move(replay))->end->fault);
    }
    const auto figures = strand().figures();
    EXPECT_GT(figures.failures, 0u);
    EXPECT_EQ(figures.failures + figures.bad_input, figures.replay_failures);
    EXPECT_EQ(figures.bad_in_a_row, 0u);
}

TEST_F(StrandTest, CountsTasksInARowThatTheConnectorDoesNotUnderstand) {
    const std::string bad = "fail " + std::to_string(int{TL_E_BAD_INPUT});
    run(webhook(bad));
    run(webhook("http 1 0 http://m/a\nwait\n" + bad));
    EXPECT_EQ(strand().figures().bad_in_a_row, 2u)
        << "a task that begins well and ends badly is one more of them";
    run(webhook("item d1 {}"));
    EXPECT_EQ(strand().figures().bad_in_a_row, 0u);
    for (std::uint64_t i = 0; i < kDriftAfter; ++i)
        run(webhook(bad));
    EXPECT_EQ(strand().figures().bad_in_a_row, kDriftAfter);
    run(webhook("fail " + std::to_string(int{TL_E_LIMIT})));
    EXPECT_EQ(strand().figures().bad_in_a_row, kDriftAfter) << "too much is not unreadable";
}

TEST_F(StrandTest, AContinuationMayFailToo) {
    const auto task = run(webhook("item d1 {}\nhttp 1 0 http://m/a\nwait\nfail -5"));
    EXPECT_EQ(task->end->fault->fault, Fault::malformed);
    EXPECT_THAT(task->sink.items(), ElementsAre("d1={}"));
}

TEST_F(StrandTest, CatchesWhatIsThrownAndNamesTheConnector) {
    const auto task = run(webhook("throw"));
    EXPECT_EQ(task->end->fault->fault, Fault::unavailable);
    EXPECT_THAT(
        task->end->fault->context,
        HasSubstr("scripted@1.2.3#1 failed 3 times: it threw: scripted to throw")
    );
    EXPECT_GE(strand().figures().failures, 3u);
    EXPECT_EQ(run(webhook("answer 200 alive"))->sink.answered->body, "alive");
}

TEST_F(StrandTest, TriesAFailedStartThreeTimes) {
    EXPECT_FALSE(run(webhook("flaky 2 x\nitem d {}"))->end->fault);
    EXPECT_EQ(run(webhook("flaky 3 y\nitem d {}"))->end->fault->fault, Fault::unavailable);
}

TEST_F(StrandTest, ATaskMustEndOrWait) {
    const auto task = run(command("item d {}"));
    EXPECT_EQ(task->end->fault->fault, Fault::unavailable);
    EXPECT_THAT(task->end->fault->context, HasSubstr("without an outcome"));
    EXPECT_TRUE(task->sink.items().empty());
}

TEST_F(StrandTest, AFileTaskEndsWithItsSource) {
    Start start;
    start.kind = TL_IN_FILE;
    start.key = "ref";
    start.body = "http 1 0 http://m/info\nwait\nsource 0 0 http://m/file";
    const auto task = run(std::move(start));
    ASSERT_FALSE(task->end->fault) << task->end->fault->context;
    ASSERT_TRUE(task->end->source);
    EXPECT_EQ(task->end->source->request.url, "http://m/file");
    EXPECT_EQ(task->end->source->expires_ms, 5);
}

TEST_F(StrandTest, KeepsSecretsOutOfTheLog) {
    setup_.secrets = {Secret{"topsecret"}};
    run(webhook("log before-topsecret-after-topsecret"));
    EXPECT_THAT(said_.back(), ::testing::EndsWith("account=acme before-***-after-***"));
}

TEST_F(StrandTest, RefusedAccountsSayWhy) {
    setup_.secrets = {Secret{"topsecret"}};
    setup_.settings_json = "refuse";
    auto made = open_strand();
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().fault, Fault::account_broken);
    EXPECT_EQ(
        made.error().context,
        "scripted@1.2.3#1 refuses account acme: BAD_CONFIG: the token *** is bad"
    );
    setup_.settings_json = "throw";
    auto thrown = open_strand();
    ASSERT_FALSE(thrown);
    EXPECT_EQ(thrown.error().fault, Fault::unavailable);
    EXPECT_THAT(thrown.error().context, HasSubstr("it threw: scripted to throw"));
    setup_.settings_json = "nothing";
    EXPECT_FALSE(open_strand());
}

TEST_F(StrandTest, RebuildsATaskThatTheConnectorLost) {
    const auto task =
        run(webhook("item d1 {}\nhttp 1 0 http://m/a\nforget_me\nreply\nanswer 200 ok"));
    ASSERT_FALSE(task->end->fault) << task->end->fault->context;
    EXPECT_THAT(task->sink.items(), ElementsAre("d1={}", "reply=1:200:default"));
    EXPECT_EQ(client_.requests.size(), 1u);
    EXPECT_EQ(strand().figures().refeeds, 1u);
}

TEST_F(StrandTest, InterleavesAThousandTasks) {
    std::vector<std::unique_ptr<Running>> tasks;
    for (int i = 0; i < 1000; ++i) {
        const std::string n = std::to_string(i);
        client_.replies["http://m/" + n] = {reply_of(200, "r" + n)};
        tasks.push_back(begin(
            webhook("item a" + n + " {}\nhttp 1 0 http://m/" + n + "\nwait\nreply\nanswer 200 " + n)
        ));
    }
    for (int i = 0; i < 1000; ++i) {
        auto& task = *tasks[static_cast<std::size_t>(i)];
        finish(task);
        const std::string n = std::to_string(i);
        ASSERT_FALSE(task.end->fault);
        EXPECT_THAT(task.sink.items(), ElementsAre("a" + n + "={}", "reply=1:200:r" + n));
        ASSERT_TRUE(task.sink.answered);
        EXPECT_EQ(task.sink.answered->body, n);
    }
    EXPECT_EQ(strand().open_tasks(), 0u);
    EXPECT_LT(strand().figures().calls, 1000u + 1000u / 8) << "starting inputs share calls";
}

}  // namespace
}  // namespace trunkline::tasks
