#include <gmock/gmock.h>

#include "harness.hpp"

namespace trunkline::tasks {
namespace {

using ::testing::ElementsAre;

class BatchTest : public StrandTest {
protected:
    /// Starts all before the loop turns, so that they wait together.
    void start_all(const std::vector<std::string>& scripts) {
        for (const auto& script : scripts)
            tasks_.push_back(begin(webhook(script)));
        for (auto& task : tasks_)
            finish(*task);
    }
    std::vector<std::unique_ptr<Running>> tasks_;
};

TEST_F(BatchTest, WaitingWebhooksShareOneCall) {
    start_all(std::vector<std::string>(64, "item d {}\nanswer 200 ok"));
    EXPECT_EQ(strand().figures().calls, 1u);
    for (const auto& task : tasks_)
        EXPECT_EQ(task->sink.answered->body, "ok");
}

TEST_F(BatchTest, ASharedCallIsBounded) {
    start_all(std::vector<std::string>(65, "item d {}"));
    EXPECT_EQ(strand().figures().calls, 2u);
}

TEST_F(BatchTest, OneBadInputHurtsOnlyItself) {
    start_all({"item a {}", "item b {}", "item lost {}\nfail -5", "item c {}", "item d {}"});
    EXPECT_THAT(tasks_[0]->sink.items(), ElementsAre("a={}"));
    EXPECT_THAT(tasks_[1]->sink.items(), ElementsAre("b={}"));
    EXPECT_TRUE(tasks_[2]->sink.items().empty());
    EXPECT_EQ(tasks_[2]->end->fault->fault, Fault::malformed);
    EXPECT_THAT(tasks_[3]->sink.items(), ElementsAre("c={}"));
    EXPECT_THAT(tasks_[4]->sink.items(), ElementsAre("d={}"));
    EXPECT_EQ(strand().figures().calls, 2u) << "what came before it is not handed in again";
}

TEST_F(BatchTest, AThrowingInputHurtsOnlyItself) {
    start_all({"item a {}", "throw", "item c {}"});
    EXPECT_THAT(tasks_[0]->sink.items(), ElementsAre("a={}"));
    EXPECT_EQ(tasks_[1]->end->fault->fault, Fault::unavailable);
    EXPECT_THAT(tasks_[2]->sink.items(), ElementsAre("c={}"));
}

TEST_F(BatchTest, AFlakyInputKeepsItsPlace) {
    std::vector<std::string> order;
    start_all({"item a {}", "flaky 2 x\nitem b {}", "item c {}"});
    for (const auto& task : tasks_) {
        ASSERT_FALSE(task->end->fault);
        for (const auto& item : task->sink.items())
            order.push_back(item);
    }
    EXPECT_THAT(order, ElementsAre("a={}", "b={}", "c={}"));
}

TEST_F(BatchTest, AConnectorThatMiscountsIsNotBelieved) {
    Start liar = webhook("item lie {}");
    liar.method = "LIES";
    tasks_.push_back(begin(webhook("item a {}")));
    tasks_.push_back(begin(std::move(liar)));
    tasks_.push_back(begin(webhook("item c {}")));
    for (auto& task : tasks_)
        finish(*task);
    EXPECT_EQ(tasks_[1]->end->fault->fault, Fault::unavailable);
    EXPECT_THAT(tasks_[2]->sink.items(), ElementsAre("c={}"));
    // The innocent one ahead of it is handed in again, never dropped and never doubled.
    EXPECT_THAT(tasks_[0]->sink.items(), ElementsAre("a={}"));
}

}  // namespace
}  // namespace trunkline::tasks
