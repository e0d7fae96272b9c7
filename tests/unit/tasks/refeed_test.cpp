// Open tasks rebuilt from their inputs, at every step, in the same and in another generation.
#include <gmock/gmock.h>

#include "harness.hpp"

namespace trunkline::tasks {
namespace {

using ::testing::ElementsAre;

class RefeedTest : public StrandTest {
protected:
    Result<void> refeed(
        std::shared_ptr<plugins::Generation> next, std::chrono::milliseconds drain = {}
    ) {
        (void)strand();  // made outside of the coroutine: it turns the loop
        std::optional<Result<void>> done;
        async::spawn(loop_.get_executor(), "test.refeed", [&]() -> async::Awaitable<> {
            auto result = co_await strand().refeed(next, drain);
            done = std::move(result);
        });
        EXPECT_TRUE(turn_until([&] { return done.has_value(); }));
        return done ? *done : Result<void>{Error{Fault::cancelled, "never"}};
    }

    /// Lets one held URL through.
    void release(const std::string& url) { client_.held.erase(url); }
};

TEST_F(RefeedTest, AtEveryStepTheEffectsAreTheSameAndNoCallIsMadeTwice) {
    const std::string script =
        "item a {}\nput 1 k v\nhttp 1 0 http://m/1 x\nwait\nreply\nget 2 1 k\nwait\nreply\nrandom "
        "4\nhttp 3 1 http://m/3 y\nwait\n"
        "reply\ntimer 4 5\nwait\nreply\nhttp 5 0 http://m/5 z\nwait\nreply\noutcome_reply";
    const auto plain = run(command(script, "command/plain"));
    ASSERT_FALSE(plain->end->fault) << plain->end->fault->context;
    const auto without_random = [](std::vector<std::string> items) {
        std::erase_if(items, [](const std::string& item) { return item.starts_with("random"); });
        return items;
    };
    const auto expected = without_random(plain->sink.items());

    for (const std::string held : {"http://m/1", "http://m/3", "http://m/5"}) {
        client_.requests.clear();
        client_.held = {held};
        const auto task = begin(command(script, "command/" + held));
        ASSERT_TRUE(turn_until([&] { return client_.count(held) == 1; }));
        for (int round = 0; round < 2; ++round)
            ASSERT_TRUE(refeed(load("scripted.so")));
        release(held);
        finish(*task);
        ASSERT_FALSE(task->end->fault) << held << " " << task->end->fault->context;
        EXPECT_EQ(without_random(task->sink.items()), expected) << held;
        EXPECT_EQ(task->end->outcome->value, plain->end->outcome->value);
        for (const std::string url : {"http://m/1", "http://m/3", "http://m/5"})
            EXPECT_EQ(client_.count(url), 1u) << url;
        EXPECT_EQ(task->sink.commits.size(), plain->sink.commits.size())
            << "nothing is written twice";
    }
    EXPECT_EQ(strand().figures().refeeds, 6u);
}

TEST_F(RefeedTest, NewTasksStartInTheNextGeneration) {
    EXPECT_THAT(run(webhook("variant"))->sink.items(), ElementsAre("variant=1"));
    ASSERT_TRUE(refeed(load("next/scripted.so")));
    EXPECT_THAT(run(webhook("variant"))->sink.items(), ElementsAre("variant=2"));
    EXPECT_EQ(strand().generation().number(), 2u);
}

TEST_F(RefeedTest, CachesAreHandedOver) {
    ASSERT_TRUE(refeed(load("next/scripted.so")));
    EXPECT_THAT(run(webhook("state"))->sink.items(), ElementsAre("state=v1+v2"));
}

TEST_F(RefeedTest, StateThatIsRefusedIsLeftOut) {
    setup_.settings_json = "forgetful";
    ASSERT_TRUE(refeed(load("next/scripted.so")));
    EXPECT_THAT(run(webhook("state"))->sink.items(), ElementsAre("state=v2"));
}

TEST_F(RefeedTest, AFailedStepLeavesEverythingAsItWas) {
    if (kIsolated) GTEST_SKIP() << "the table it changes is not in the host";
    // The settings changed under the account so that the next generation refuses them.
    struct Refusing final : plugins::Generation {
        explicit Refusing(std::shared_ptr<plugins::Generation> of)
            : real{std::move(of)}, changed{real->table()} {
            changed.create = [](const tl_host*,
                                const tl_setup*,
                                tl_instance**) noexcept -> tl_status { return TL_E_BAD_CONFIG; };
        }
        const plugins::Manifest& manifest() const noexcept override { return real->manifest(); }
        std::uint64_t number() const noexcept override { return real->number(); }
        const tl_plugin& table() const noexcept override { return changed; }
        const tl_host& host_for(std::size_t loop) const noexcept override {
            return real->host_for(loop);
        }
        std::string label() const override { return "refusing"; }
        const plugins::Origin& origin() const noexcept override { return real->origin(); }
        std::shared_ptr<plugins::Generation> real;
        tl_plugin changed;
    };
    client_.held = {"http://m/1"};
    const auto task = begin(webhook("http 1 0 http://m/1\nwait\nreply"));
    ASSERT_TRUE(turn_until([&] { return client_.count("http://m/1") == 1; }));
    const auto result = refeed(std::make_shared<Refusing>(load("next/scripted.so")));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault, Fault::account_broken);
    release("http://m/1");
    finish(*task);
    EXPECT_THAT(task->sink.items(), ElementsAre("reply=1:200:default"));
    EXPECT_EQ(strand().generation().number(), 1u);
}

TEST_F(RefeedTest, ADivergedTaskWithoutOnceStartsOver) {
    client_.held = {"http://m/1"};
    const auto task = begin(webhook("variant\nhttp 1 0 http://m/1\nwait\nreply\nanswer 200 ok"));
    ASSERT_TRUE(turn_until([&] { return client_.count("http://m/1") == 1; }));
    client_.replies["http://m/1"] = {reply_of(200, "one"), reply_of(200, "two")};
    ASSERT_TRUE(refeed(load("next/scripted.so")));
    ASSERT_TRUE(turn_until([&] { return client_.count("http://m/1") == 2; }));
    release("http://m/1");
    finish(*task);
    ASSERT_FALSE(task->end->fault) << task->end->fault->context;
    EXPECT_EQ(task->sink.answered->body, "ok");
    EXPECT_EQ(task->sink.items().front(), "variant=1");
    EXPECT_EQ(task->sink.items()[1], "variant=2") << "its dedup key makes the repeat harmless";
    EXPECT_EQ(task->sink.items().size(), 3u) << "the answer to the first life is dropped";
}

TEST_F(RefeedTest, ADivergedTaskWithOnceEndsWhereItIs) {
    client_.held = {"http://m/1"};
    const auto task = begin(command("variant\nhttp 1 1 http://m/1\nwait\nvariant\noutcome_reply"));
    ASSERT_TRUE(turn_until([&] { return client_.count("http://m/1") == 1; }));
    ASSERT_TRUE(refeed(load("next/scripted.so")));
    release("http://m/1");
    finish(*task);
    ASSERT_FALSE(task->end->fault) << task->end->fault->context;
    EXPECT_THAT(task->sink.items(), ElementsAre("variant=1", "variant=1"));
    EXPECT_EQ(client_.count("http://m/1"), 1u);
}

TEST_F(RefeedTest, WhatTheNextGenerationAsksForBeyondIsTakenUp) {
    client_.held = {"http://m/1"};
    // The next generation does not wait where this one does, and so asks for more before the reply
    // comes.
    const auto task =
        begin(webhook("item a {}\nhttp 1 0 http://m/1\nwait_other\nitem b {}\nwait\nanswer 200 ok")
        );
    ASSERT_TRUE(turn_until([&] { return client_.count("http://m/1") == 1; }));
    ASSERT_TRUE(refeed(load("next/scripted.so")));
    release("http://m/1");
    finish(*task);
    ASSERT_FALSE(task->end->fault) << task->end->fault->context;
    EXPECT_THAT(task->sink.items(), ElementsAre("a={}", "b={}"));
    EXPECT_EQ(task->sink.answered->body, "ok");
}

TEST_F(RefeedTest, TasksMayEndWhereTheyAreWhileItDrains) {
    client_.held = {"http://m/1"};
    const auto task = begin(webhook("http 1 0 http://m/1\nwait\nvariant"));
    ASSERT_TRUE(turn_until([&] { return client_.count("http://m/1") == 1; }));
    bool done = false;
    async::spawn(loop_.get_executor(), "test.refeed", [&]() -> async::Awaitable<> {
        [[maybe_unused]] auto result =
            co_await strand().refeed(load("next/scripted.so"), std::chrono::minutes{1});
        done = true;
    });
    ASSERT_TRUE(turn_until([&] { return strand().generation().number() == 2; }));
    EXPECT_THAT(run(webhook("variant"))->sink.items(), ElementsAre("variant=2"));
    EXPECT_FALSE(done);
    release("http://m/1");
    ASSERT_TRUE(turn_until([&] { return done; }));
    EXPECT_THAT(task->sink.items(), ElementsAre("variant=1"));
    EXPECT_EQ(strand().figures().refeeds, 0u);
}

TEST_F(RefeedTest, TheFormerGenerationIsLetGo) {
    std::weak_ptr<plugins::Generation> former = generation_;
    client_.held = {"http://m/1"};
    const auto task = begin(webhook("http 1 0 http://m/1\nwait\nreply"));
    ASSERT_TRUE(turn_until([&] { return client_.count("http://m/1") == 1; }));
    ASSERT_TRUE(refeed(load("next/scripted.so")));
    generation_.reset();
    // A child's end takes a moment.
    EXPECT_TRUE(turn_until([&] { return former.expired(); }));
    release("http://m/1");
    finish(*task);
    EXPECT_THAT(task->sink.items(), ElementsAre("reply=1:200:default"));
}

}  // namespace
}  // namespace trunkline::tasks
