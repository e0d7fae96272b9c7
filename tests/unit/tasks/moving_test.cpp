// Open tasks that go over between the host and a child, both ways.
#include <csignal>

#include <gmock/gmock.h>

#include "harness.hpp"

namespace trunkline::tasks {
namespace {

using ::testing::ElementsAre;

class MovingTest : public StrandTest {
protected:
    MovingTest() : StrandTest{true}, in_host_{plugins::make_catalogue(catalogue_options(false))} {}

    std::shared_ptr<plugins::Generation> of_host() {
        auto loaded = in_host_->load("scripted.so");
        EXPECT_TRUE(loaded) << loaded.error().context;
        return *loaded;
    }
    void refeed(std::shared_ptr<plugins::Generation> next) {
        (void)strand();
        std::optional<Result<void>> done;
        async::spawn(loop_.get_executor(), "test.refeed", [&]() -> async::Awaitable<> {
            auto result = co_await strand().refeed(next, {});
            done = std::move(result);
        });
        ASSERT_TRUE(turn_until([&] { return done.has_value(); }));
        ASSERT_TRUE(*done) << done->error().context;
    }
    void ends_well_over(const std::vector<std::shared_ptr<plugins::Generation>>& stations) {
        client_.held = {"http://m/1", "http://m/2"};
        client_.replies["http://m/1"] = {reply_of(200, "one")};
        client_.replies["http://m/2"] = {reply_of(200, "two")};
        const auto task = begin(
            command("item a {}\nrandom 1\nhttp 1 1 http://m/1\nwait\nreply\nrandom 1\nhttp 2 0 "
                    "http://m/2\nwait\nreply\noutcome_reply")
        );
        ASSERT_TRUE(turn_until([&] { return client_.count("http://m/1") == 1; }));
        for (const auto& station : stations)
            refeed(station);
        client_.held.erase("http://m/1");
        ASSERT_TRUE(turn_until([&] { return client_.count("http://m/2") == 1; }));
        for (const auto& station : stations)
            refeed(station);
        client_.held.clear();
        finish(*task);
        ASSERT_FALSE(task->end->fault) << task->end->fault->context;
        const auto items = task->sink.items();
        ASSERT_EQ(items.size(), 5u);
        EXPECT_EQ(items[0], "a={}");
        EXPECT_EQ(items[1], items[3]) << "the same random bytes everywhere";
        EXPECT_EQ(items[2], "reply=1:200:one");
        EXPECT_EQ(items[4], "reply=2:200:two");
        EXPECT_EQ(client_.count("http://m/1"), 1u);
        EXPECT_EQ(client_.count("http://m/2"), 1u);
        EXPECT_EQ(strand().figures().refeeds, 2 * stations.size());
    }

    std::unique_ptr<plugins::Catalogue> in_host_;
};

TEST_F(MovingTest, FromTheHostIntoAChild) {
    generation_ = of_host();
    ends_well_over({load("scripted.so")});
}

TEST_F(MovingTest, FromAChildIntoTheHost) {
    ends_well_over({of_host()});
}

TEST_F(MovingTest, ThereAndBack) {
    ends_well_over({of_host(), load("scripted.so"), load("scripted.so"), of_host()});
}

TEST_F(MovingTest, CachesGoWithIt) {
    refeed(of_host());
    EXPECT_THAT(run(webhook("state"))->sink.items(), ElementsAre("state=v1+v1"));
    refeed(load("scripted.so"));
    EXPECT_THAT(run(webhook("state"))->sink.items(), ElementsAre("state=v1+v1+v1"));
}

TEST_F(MovingTest, OutOfAChildThatDied) {
    client_.held = {"http://m/1"};
    const auto task = begin(webhook("item a {}\nhttp 1 0 http://m/1\nwait\nreply"));
    ASSERT_TRUE(turn_until([&] { return client_.count("http://m/1") == 1; }));
    ASSERT_EQ(::kill(children_->list().front().pid, SIGKILL), 0);
    refeed(of_host());
    client_.held.clear();
    finish(*task);
    ASSERT_FALSE(task->end->fault) << task->end->fault->context;
    EXPECT_THAT(task->sink.items(), ElementsAre("a={}", "reply=1:200:default"));
    EXPECT_EQ(client_.count("http://m/1"), 1u);
}

}  // namespace
}  // namespace trunkline::tasks
