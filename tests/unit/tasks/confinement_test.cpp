// What a connector in a child may not do, and what it still has.
#include <gmock/gmock.h>

#include "harness.hpp"

namespace trunkline::tasks {
namespace {

using ::testing::ElementsAre;

class ConfinementTest : public StrandTest {
protected:
    ConfinementTest() : StrandTest{true} {}

    std::uint64_t refused() const { return children_->totals().at("scripted").refused; }
};

TEST_F(ConfinementTest, OpensNoFile) {
    const auto task = run(webhook("open /etc/passwd"));
    EXPECT_THAT(task->sink.items(), ElementsAre("open=Operation not permitted"));
    EXPECT_EQ(refused(), 1u);
}

TEST_F(ConfinementTest, HasNoNetwork) {
    const auto task = run(webhook("connect"));
    EXPECT_THAT(task->sink.items(), ElementsAre("connect=Operation not permitted"));
    EXPECT_EQ(refused(), 1u);
}

TEST_F(ConfinementTest, StartsNoProcess) {
    const auto task = run(webhook("run"));
    EXPECT_THAT(task->sink.items(), ElementsAre("run=Operation not permitted"));
    EXPECT_GE(refused(), 1u);
}

TEST_F(ConfinementTest, StartsNoThread) {
    const auto task = run(webhook("thread"));
    ASSERT_TRUE(task->end->fault);
    EXPECT_GE(refused(), 3u) << "in each of its tries";
}

TEST_F(ConfinementTest, HasCryptoAndFigures) {
    const auto task = run(webhook("digest hello\ncount seen 3\ncount seen 4"));
    // RFC 2104, by an independent implementation.
    EXPECT_THAT(
        task->sink.items(),
        ElementsAre("digest=9307b3b915efb5171ff14d8cb55fbcc798c6c0ef1456d66ded1a6aa723a58b7b")
    );
    const auto metrics = generation_->metrics();
    ASSERT_EQ(metrics.size(), 1u);
    EXPECT_EQ(metrics.front().name, "seen");
    EXPECT_EQ(metrics.front().value, 7);
}

}  // namespace
}  // namespace trunkline::tasks
