#include <gmock/gmock.h>

#include "harness.hpp"

namespace trunkline::tasks {
namespace {

using ::testing::ElementsAre;
using ::testing::Not;

class EffectsTest : public StrandTest {
protected:
    /// What the connector was told about `effect`, asked for in a webhook.
    int tried(const std::string& effect) { return tried(webhook("try " + effect)); }
    int tried(Start start) {
        const auto task = run(std::move(start));
        const auto items = task->sink.items();
        for (const auto& item : items) {
            if (item.starts_with("try=")) return std::stoi(item.substr(4));
        }
        ADD_FAILURE() << "nothing was tried: "
                      << (task->end->fault ? task->end->fault->context : "");
        return 1;
    }
};

TEST_F(EffectsTest, RefusesWhatIsNotServedYet) {
    EXPECT_EQ(tried("form"), TL_E_UNSUPPORTED) << "nobody looks at a webhook";
    EXPECT_EQ(tried("http 1 1 http://m/a"), TL_E_UNSUPPORTED) << "ONCE in a task without a name";
    EXPECT_TRUE(client_.requests.empty());
}

TEST_F(EffectsTest, RefusesWhatIsMalformed) {
    EXPECT_EQ(tried("null"), TL_E_BAD_INPUT);
    EXPECT_EQ(tried("wild"), TL_E_BAD_INPUT);
    EXPECT_EQ(tried("huge"), TL_E_LIMIT);
    EXPECT_EQ(tried("item d"), TL_E_BAD_INPUT) << "an item without JSON";
    EXPECT_EQ(tried("big 262145"), TL_E_LIMIT);
    EXPECT_EQ(tried("answer 99 x"), TL_E_BAD_INPUT);
    EXPECT_EQ(tried("answer 600 x"), TL_E_BAD_INPUT);
    EXPECT_EQ(tried("health sick"), TL_E_BAD_INPUT);
    EXPECT_EQ(tried("outcome 6"), TL_E_BAD_INPUT);
    EXPECT_EQ(tried("outcome -1"), TL_E_BAD_INPUT);
    EXPECT_EQ(tried("put 1"), TL_E_BAD_INPUT) << "no key";
    EXPECT_EQ(tried("put 0 k v"), TL_E_BAD_INPUT) << "no conversation at hand";
    EXPECT_EQ(tried("put 3 k v"), TL_E_BAD_INPUT);
    EXPECT_EQ(tried("get 1 7 k"), TL_E_BAD_INPUT);
    EXPECT_EQ(tried("route"), TL_E_BAD_INPUT) << "only the application instance routes";
    EXPECT_EQ(tried("source 0 0 http://m/f"), TL_E_BAD_INPUT) << "only file tasks have a source";
}

TEST_F(EffectsTest, RefusesRequestsThatCouldHarm) {
    EXPECT_EQ(tried("http 1 0 file:///etc/passwd"), TL_E_BAD_INPUT);
    EXPECT_EQ(tried("http 1 0 http://"), TL_E_BAD_INPUT);
    EXPECT_EQ(tried("http 1 0 http://m/a\r b x"), TL_E_BAD_INPUT);
    EXPECT_EQ(tried("http 1 0 http://m/a b x\ry"), TL_E_BAD_INPUT)
        << "a header that would end its line";
    EXPECT_EQ(tried("http 1 64 http://m/a"), TL_E_BAD_INPUT) << "an unknown flag";
    EXPECT_EQ(tried("http_timeout 1 0 http://m/a -1"), TL_E_BAD_INPUT);
    EXPECT_EQ(tried("http_timeout 1 0 http://m/a 120001"), TL_E_LIMIT)
        << "longer than any task that may ask for it";
    EXPECT_EQ(tried("upload 1 0 http://m/a nobody 0"), TL_E_BAD_INPUT) << "an unknown file";
    EXPECT_EQ(tried("upload 1 0 http://m/a f1 1"), TL_E_BAD_INPUT)
        << "base64 only in joined bodies";
    EXPECT_EQ(tried("upload 1 8 http://m/a f1 2"), TL_E_BAD_INPUT) << "an unknown flag of a part";
    EXPECT_TRUE(client_.requests.empty());
}

TEST_F(EffectsTest, ABucketIsOneOfTheManifest) {
    EXPECT_EQ(tried("http_bucket/nobody's 1 0 http://m/a"), TL_E_BAD_INPUT);
    EXPECT_EQ(tried("http_bucket/chats 1 0 http://m/a"), TL_E_BAD_INPUT)
        << "a webhook is of no conversation";
    EXPECT_TRUE(client_.requests.empty());
    EXPECT_EQ(tried("http_bucket 1 0 http://m/a"), TL_OK);
    EXPECT_EQ(tried(command("try http_bucket/chats 1 0 http://m/a")), TL_OK);
}

TEST_F(EffectsTest, StepsAscendAndAreBounded) {
    EXPECT_EQ(tried("timer 0 1"), TL_E_BAD_INPUT);
    EXPECT_EQ(tried("timer 65 1"), TL_E_LIMIT);
    const auto task = run(webhook("timer 1 0\ntry timer 1 0\nwait"));
    EXPECT_THAT(task->sink.items(), ElementsAre("try=-5"));
}

TEST_F(EffectsTest, PassesARequestOnAsAsked) {
    setup_.allow_private = true;
    run(webhook("upload 1 14 http://m/up f1 1\nwait"));
    ASSERT_EQ(client_.requests.size(), 1u);
    const auto& request = client_.requests.front();
    EXPECT_TRUE(request.joined);
    EXPECT_FALSE(request.follow_redirects);
    EXPECT_EQ(request.in_flight_per_host_max, 0u);
    EXPECT_TRUE(request.allow_private);
    EXPECT_FALSE(request.once);
    ASSERT_EQ(request.parts.size(), 2u);
    EXPECT_EQ(request.parts[0].bytes, "hello");
    EXPECT_EQ(request.parts[1].file, file_);
    EXPECT_TRUE(request.parts[1].base64);

    client_.requests.clear();
    run(webhook("http_timeout 1 0 http://m/slow 120000\nwait"));
    ASSERT_EQ(client_.requests.size(), 1u) << "as long as the border allows";

    client_.requests.clear();
    run(webhook("http 1 0 http://m/plain body value\nwait"));
    EXPECT_TRUE(client_.requests.front().follow_redirects);
    EXPECT_EQ(client_.requests.front().body, "body");
    EXPECT_EQ(client_.requests.front().headers.front().value, "value");
    EXPECT_EQ(client_.requests.front().reply_bytes_max, 65'536u);
}

TEST_F(EffectsTest, RefusesEffectsOutsideOfTheirCall) {
    // In a child there is no other thread.
    if (!kIsolated) {
        EXPECT_EQ(tried("thread"), TL_E_BAD_STATE) << "from another thread";
    }
    EXPECT_EQ(tried("foreign 4711"), TL_E_BAD_STATE) << "for a task that is not there";
    const auto open = begin(webhook("timer 1 600000\nwait"));
    ASSERT_TRUE(turn_until([&] {
        return strand().open_tasks() == 1 && strand().figures().calls > (kIsolated ? 1U : 2U);
    }));
    EXPECT_EQ(tried(kIsolated ? "foreign 2" : "foreign 3"), TL_E_BAD_STATE)
        << "for a task whose turn it is not";
    stop();
}

TEST_F(EffectsTest, NothingIsTakenAfterTheOutcome) {
    const auto task = run(command("outcome 0\nitem late {}\nhttp 1 0 http://m/late\noutcome 1"));
    EXPECT_EQ(task->end->outcome->kind, TL_DONE);
    EXPECT_TRUE(task->sink.items().empty());
    EXPECT_TRUE(client_.requests.empty());
}

TEST_F(EffectsTest, AnswersOnlyOnceAndOnlyWebhooks) {
    EXPECT_EQ(tried(webhook("answer 200 first\ntry answer 500 second")), TL_E_BAD_INPUT);
    EXPECT_EQ(tried(command("try answer 200 x\noutcome 0")), TL_E_BAD_INPUT);
    Start replay = webhook("try answer 200 x");
    replay.kind = TL_IN_REPLAY;
    EXPECT_EQ(tried(std::move(replay)), TL_OK) << "void, but no fault";
}

TEST_F(EffectsTest, TheApplicationInstanceRoutes) {
    setup_.scope = TL_CONNECTOR;
    setup_.account = {};
    const auto task = run(webhook("route\nanswer 200 ok"));
    ASSERT_EQ(task->sink.commits.size(), 1u);
    ASSERT_EQ(task->sink.commits.front().routes.size(), 1u);
    EXPECT_EQ(task->sink.commits.front().routes.front().account_key, "page");
    EXPECT_EQ(task->sink.commits.front().routes.front().body, "part");
}

TEST_F(EffectsTest, CarriesAliasesAndHealth) {
    const auto task = run(webhook("alias\nhealth broken"));
    const auto& durable = task->sink.commits.front();
    EXPECT_EQ(durable.aliases.front().former, "old");
    EXPECT_EQ(durable.health.front().state, "broken");
    EXPECT_EQ(durable.health.front().code, "token_dead");
}

TEST_F(EffectsTest, TheJournalIsBoundedButTheLastReplyIsFree) {
    client_.replies["http://m/a"] = {reply_of(200, std::string(300'000, 'x'))};
    EXPECT_EQ(tried("timer 1 0\nwait\n"), TL_OK);
    const auto last = run(webhook("http 1 0 http://m/a\nwait\nanswer 200 ok"));
    EXPECT_EQ(last->sink.answered->body, "ok");
    client_.replies["http://m/a"] = {reply_of(200, std::string(300'000, 'x'))};
    EXPECT_EQ(tried(webhook("http 1 0 http://m/a\nwait\ntry timer 2 0")), TL_E_LIMIT);
}

TEST_F(EffectsTest, RandomBytesBelongToTheTask) {
    const auto first = run(webhook("random 1\nrandom 1\nrandom 2"))->sink.items();
    const auto second = run(webhook("random 1"))->sink.items();
    ASSERT_EQ(first.size(), 3u);
    EXPECT_EQ(first[0], first[1]);
    EXPECT_NE(first[0], first[2]);
    EXPECT_NE(first[0], second[0]);
}

}  // namespace
}  // namespace trunkline::tasks
