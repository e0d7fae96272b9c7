#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <trunkline/testing.hpp>

#include "probe.hpp"

namespace {

using namespace trunkline::testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using trunkline::tests::probe;

TEST(Task, StatusesNameTheInputThatFailed) {
    TestHost host{probe(), {}};
    const auto statuses = host.feed(
        {Input::webhook(1, "item"),
         Input::webhook(2, "bad"),
         Input::webhook(3, "item"),
         Input::webhook(4, "bug"),
         Input::webhook(5, "forged"),
         Input::webhook(6, "no_memory"),
         Input::webhook(7, "item")}
    );
    EXPECT_THAT(
        statuses,
        ElementsAre(TL_OK, TL_E_BAD_INPUT, TL_OK, TL_E_INTERNAL, TL_E_FORGED, TL_E_NO_MEMORY, TL_OK)
    );
    EXPECT_EQ(host.effects().size(), 3U) << "effects of failed inputs do not count";
    EXPECT_THAT(host.faults(), IsEmpty());
}

TEST(Task, WhatAConnectorDoesNotHandleIsUnsupported) {
    TestHost host{probe(), {}};
    EXPECT_EQ(host.feed(Input::poll(1, "")), TL_E_UNSUPPORTED);
    EXPECT_EQ(host.feed(Input::file(2, "f")), TL_E_UNSUPPORTED);
    EXPECT_EQ(host.feed(Input::of(static_cast<tl_input_kind>(30), 3)), TL_E_UNSUPPORTED);
    EXPECT_EQ(host.feed(Input::of(static_cast<tl_input_kind>(90), 4)), TL_E_UNSUPPORTED);
}

TEST(Task, AnswersToUnknownStepsChangeNothing) {
    TestHost host{probe(), {}};
    EXPECT_EQ(host.feed(Input::timer(1, 1)), TL_E_BAD_STATE) << "unknown task";
    host.feed(Input::command(1, "c", "two"));
    EXPECT_EQ(host.feed(Input::timer(1, 1)), TL_E_BAD_STATE) << "another kind";
    EXPECT_EQ(host.feed(Input::reply(1, 3, 200, "")), TL_E_BAD_STATE) << "a step not asked for";
    EXPECT_EQ(host.feed(Input::reply(1, 1, 200, "a")), TL_OK);
    EXPECT_EQ(host.feed(Input::reply(1, 1, 200, "a")), TL_E_BAD_STATE) << "answered already";
    EXPECT_TRUE(host.open(1));
    EXPECT_EQ(host.feed(Input::reply(1, 2, 200, "b")), TL_OK);
    EXPECT_EQ(host.latest("outcome").string("value"), R"(["a","b"])");
}

TEST(Task, StepsUnderWayMayBeAnsweredInAnyOrder) {
    TestHost host{probe(), {}};
    host.feed(Input::command(1, "c", "two"));
    EXPECT_EQ(host.effects().size(), 2U);
    host.feed(Input::reply(1, 2, 200, "b"));
    EXPECT_TRUE(host.open(1));
    host.feed(Input::reply(1, 1, 200, "a"));
    EXPECT_EQ(host.latest("outcome").string("value"), R"(["a","b"])");
    EXPECT_THAT(host.faults(), IsEmpty());
}

TEST(Task, ExceptionsPassThroughNestedSteps) {
    TestHost host{probe(), {}};
    host.feed(Input::command(1, "c", "nested"));
    EXPECT_EQ(host.feed(Input::reply(1, 1, 200, "caught")), TL_OK);
    EXPECT_EQ(host.latest("outcome").string("code"), "caught");
    host.feed(Input::command(2, "c", "nested"));
    EXPECT_EQ(host.feed(Input::reply(2, 1, 200, "escaped")), TL_E_BAD_INPUT);
    EXPECT_FALSE(host.open(2));
    EXPECT_EQ(host.feed(Input::reply(2, 1, 200, "again")), TL_E_BAD_STATE);
}

TEST(Task, CancelForgetsTheTask) {
    TestHost host{probe(), {}};
    host.feed(Input::command(1, "c", "two"));
    EXPECT_EQ(host.feed(Input::cancel(1)), TL_OK);
    EXPECT_EQ(host.feed(Input::cancel(1)), TL_OK);
    EXPECT_EQ(host.feed(Input::reply(1, 1, 200, "")), TL_E_BAD_STATE);
}

TEST(Task, AStartFedAgainBeginsAnew) {
    TestHost host{probe(), {}};
    host.feed(Input::command(1, "c", "two"));
    host.feed(Input::reply(1, 1, 200, "old"));
    host.feed(Input::command(1, "c", "two"));
    host.feed(Input::reply(1, 1, 200, "new"));
    host.feed(Input::reply(1, 2, 200, "b"));
    EXPECT_EQ(host.latest("outcome").string("value"), R"(["new","b"])");
}

TEST(Task, LongInputsLiveAsLongAsTheTask) {
    TestHost host{probe(), {}};
    const std::string body(10'000, 'x');
    host.feed(Input::command(1, body.substr(0, 500), "echo" + body));
    host.feed(Input::reply(1, 1, 200, ""));
    EXPECT_EQ(host.latest("outcome").string("text"), body.substr(0, 500) + "echo" + body);
}

TEST(Task, RunsOutOfStepsCleanly) {
    TestHost host{probe(), {}};
    host.feed(Input::command(1, "c", "endless"));
    tl_status status = TL_OK;
    std::uint32_t step = 0;
    while (status == TL_OK && step < 1'000)
        status = host.feed(Input::timer(1, ++step));
    EXPECT_EQ(status, TL_E_LIMIT);
    EXPECT_EQ(step, TL_MAX_STEPS);
    EXPECT_FALSE(host.open(1));
}

TEST(Task, ManyTasksOpenAtOnceAreAllRebuilt) {
    TestHost host{probe(), {}};
    for (std::uint64_t task = 1; task <= 500; ++task)
        host.feed(Input::command(task, "c", "two"));
    host.reload();
    for (std::uint64_t task = 500; task >= 1; --task) {
        host.feed(
            {Input::reply(task, 2, 200, "b"), Input::reply(task, 1, 200, std::to_string(task))}
        );
        EXPECT_FALSE(host.open(task));
    }
    EXPECT_THAT(host.faults(), IsEmpty());
}

}  // namespace
