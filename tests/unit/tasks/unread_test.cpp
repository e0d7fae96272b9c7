#include "harness.hpp"

namespace trunkline::tasks {
namespace {

class UnreadTest : public StrandTest {};

TEST_F(UnreadTest, AFailureTellsWhatTheConnectorFailedOn) {
    client_.replies["http://m/a"] = {reply_of(200, "gibberish")};
    const auto later = run(webhook("http 1 0 http://m/a\nwait\nfail -5"));
    ASSERT_TRUE(later->end->fault);
    EXPECT_EQ(later->end->unread, "gibberish");

    const auto at_once = run(webhook("fail -5"));
    ASSERT_TRUE(at_once->end->fault);
    EXPECT_EQ(at_once->end->unread, "") << "its own input, which whoever started it has";
}

TEST_F(UnreadTest, WhatIsNotTheConnectorsFaultHasNothingUnread) {
    const auto forged = run(webhook("fail -8"));
    EXPECT_EQ(forged->end->fault->fault, Fault::forged);
    EXPECT_EQ(forged->end->unread, std::nullopt);
    const auto fine = run(webhook("answer 200 ok"));
    EXPECT_EQ(fine->end->unread, std::nullopt);
}

}  // namespace
}  // namespace trunkline::tasks
