// A child that was taken over may say anything: the host believes nothing, and lives.
#include <gmock/gmock.h>

#include "harness.hpp"
#include "hostile_runner.hpp"

namespace trunkline::tasks {
namespace {

using ::testing::HasSubstr;

class HostileTest : public StrandTest {
protected:
    HostileTest() : StrandTest{true} {}

    void suffer(Harm harm) {
        isolation::Children::Options options;
        options.runner = kHostileRunner;
        options.limits["scripted"].memory_max = static_cast<std::uint64_t>(harm);
        children_ = std::make_unique<isolation::Children>(std::move(options));
    }
};

TEST_F(HostileTest, AnHonestOneWorks) {
    suffer(Harm::none);
    EXPECT_FALSE(run(webhook(""))->end->fault);
}

TEST_F(HostileTest, OneThatCannotBeUnderstoodNeverServes) {
    for (const auto& [harm, words] :
         {std::pair{Harm::another_build, "is of another build than this program"},
          {Harm::no_frame, "sent what is no frame"},
          {Harm::answers_another, "died 3 times while making account acme"}}) {
        suffer(harm);
        auto made = open_strand();
        ASSERT_FALSE(made);
        EXPECT_EQ(made.error().fault, Fault::unavailable);
        EXPECT_THAT(made.error().context, HasSubstr(words));
    }
}

TEST_F(HostileTest, EffectsThatDoNotBelongFailTheirInputAndLeaveNoTrace) {
    for (const Harm harm :
         {Harm::foreign_task,
          Harm::foreign_input,
          Harm::backwards,
          Harm::refused_effect,
          Harm::garbage_effects,
          Harm::miscounts,
          Harm::answers_with_something_else}) {
        suffer(harm);
        const auto task = run(webhook(""));
        ASSERT_TRUE(task->end->fault) << static_cast<int>(harm);
        EXPECT_EQ(task->end->fault->fault, Fault::unavailable) << static_cast<int>(harm);
        EXPECT_THAT(task->end->fault->context, HasSubstr("failed 3 times"));
        EXPECT_TRUE(task->sink.items().empty()) << static_cast<int>(harm);
        EXPECT_EQ(children_->totals().at("scripted").deaths, 0u);
        stop();
    }
}

TEST_F(HostileTest, APageFullOfLiesBlamesWhoseTurnItWas) {
    suffer(Harm::writes_over_the_page);
    const auto task = run(webhook(""));
    ASSERT_TRUE(task->end->fault);
    EXPECT_EQ(task->end->fault->fault, Fault::malformed);
    EXPECT_THAT(task->end->fault->context, HasSubstr("died of it 3 times"));
    EXPECT_EQ(task->end->fault->context.find('\x1b'), std::string::npos)
        << "what it wrote must not move anybody's cursor";
}

TEST_F(HostileTest, OneThatTalksWithoutBeingAskedIsEnded) {
    suffer(Harm::floods);
    (void)run(webhook(""));
    ASSERT_TRUE(turn_until([&] { return children_->totals().at("scripted").deaths >= 1; }));
    EXPECT_THAT(children_->list().front().last_death, HasSubstr("none that was asked for"));
}

}  // namespace
}  // namespace trunkline::tasks
