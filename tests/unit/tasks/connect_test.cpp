// CONNECT tasks: forms that a person answers, perhaps in another life of the host.
#include <gmock/gmock.h>

#include "harness.hpp"

namespace trunkline::tasks {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ConnectTest : public StrandTest {
protected:
    static constexpr char kTwoForms[] =
        "http 1 0 http://m/who me\nwait\nreply\nform 2 {\"title\":\"token\"}\nwait\nreply\n"
        "http 3 0 http://m/set x\nwait\nreply\nform 4 {\"title\":\"page\"}\nwait\nreply\noutcome 0";

    bool shown(Running& running, std::size_t count) {
        return turn_until([&] { return running.sink.forms.size() == count; });
    }
};

TEST_F(ConnectTest, FormsAreShownAndAnsweredOneAfterTheOther) {
    const auto flow = begin(connect(kTwoForms));
    ASSERT_TRUE(shown(*flow, 1));
    EXPECT_EQ(flow->sink.forms[0].step, 2u);
    EXPECT_EQ(flow->sink.forms[0].json, "{\"title\":\"token\"}");
    ASSERT_THAT(flow->sink.forms[0].told, SizeIs(1)) << "the first call's answer";
    flow->sink.enter("{\"values\":{}}");
    ASSERT_TRUE(shown(*flow, 2));
    EXPECT_THAT(flow->sink.forms[1].told, SizeIs(3));
    EXPECT_EQ(client_.count("http://m/set"), 1u);
    flow->sink.enter("picked");
    finish(*flow);
    ASSERT_FALSE(flow->end->fault) << flow->end->fault->context;
    EXPECT_EQ(flow->sink.items().back(), "reply=4:0:picked");
}

TEST_F(ConnectTest, AFormIsAnObject) {
    const auto status = [this](const std::string& form) {
        const auto task = run(connect("try form 1 " + form + "\noutcome 0"));
        return task->sink.items().at(0);
    };
    EXPECT_EQ(status("[]"), "try=" + std::to_string(TL_E_BAD_INPUT));
    EXPECT_EQ(status("nonsense"), "try=" + std::to_string(TL_E_BAD_INPUT));
}

TEST_F(ConnectTest, GoesOnInAnotherLifeWithoutDoingAnythingTwice) {
    auto flow = begin(connect(kTwoForms));
    ASSERT_TRUE(shown(*flow, 1));
    flow->sink.enter("entered");
    ASSERT_TRUE(shown(*flow, 2));
    const Form last = flow->sink.forms.back();
    stop();
    ASSERT_TRUE(flow->end && flow->end->fault);

    Start again = connect(kTwoForms);
    again.told = last.told;
    again.seed = last.seed;
    const auto next = begin(std::move(again));
    ASSERT_TRUE(shown(*next, 1)) << "the first form was answered already";
    EXPECT_EQ(next->sink.forms[0].json, last.json);
    EXPECT_EQ(client_.count("http://m/who") + client_.count("http://m/set"), 2u) << "once each";
    next->sink.enter("picked");
    finish(*next);
    EXPECT_FALSE(next->end->fault);
    EXPECT_THAT(next->sink.items(), testing::Contains("reply=2:0:entered"));
    EXPECT_EQ(next->sink.items().back(), "reply=4:0:picked");
}

TEST_F(ConnectTest, WhatAnotherVersionAsksOtherwiseIsAskedAnew) {
    const auto flow = begin(connect(kTwoForms));
    ASSERT_TRUE(shown(*flow, 1));
    flow->sink.enter("entered");
    ASSERT_TRUE(shown(*flow, 2));
    std::string other = kTwoForms;
    other.replace(other.find("token"), 5, "key");
    Start again = connect(other);
    again.told = flow->sink.forms.back().told;
    stop();

    const auto next = begin(std::move(again));
    ASSERT_TRUE(shown(*next, 1));
    EXPECT_EQ(next->sink.forms[0].json, "{\"title\":\"key\"}") << "an answer to another question";
    next->sink.enter("new");
    ASSERT_TRUE(shown(*next, 2));
    EXPECT_EQ(client_.count("http://m/set"), 2u) << "after another answer it is another call";
    next->sink.enter("picked");
    finish(*next);
}

TEST_F(ConnectTest, ATaskThatNobodyWantsAnyMoreEnds) {
    const auto flow = begin(connect(kTwoForms));
    ASSERT_TRUE(shown(*flow, 1));
    strand().cancel("connect/other");
    EXPECT_FALSE(flow->end);
    strand().cancel("connect/acme");
    finish(*flow);
    EXPECT_EQ(flow->end->fault->fault, Fault::cancelled);
    flow->sink.enter("too late");  // and nothing happens
    EXPECT_THAT(run(webhook("item a {}"))->sink.items(), ElementsAre("a={}"));
}

}  // namespace
}  // namespace trunkline::tasks
