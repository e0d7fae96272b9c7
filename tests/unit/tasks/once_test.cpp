// Calls that must not happen twice, over a restart in each of their states.
#include <gmock/gmock.h>

#include "harness.hpp"

namespace trunkline::tasks {
namespace {

using ::testing::ElementsAre;

constexpr const char* kSend =
    "http 1 1 http://m/send hello\nwait\nreply\nhttp 2 0 "
    "http://m/after\nwait\nreply\noutcome_reply";

class OnceTest : public StrandTest {
protected:
    std::vector<std::string> marks() const {
        std::vector<std::string> keys;
        const auto rows = store_->rows(store::Table::task, "", "", 100);
        for (const auto& row : *rows)
            keys.push_back(row.key);
        return keys;
    }

    /// The host dies: what was in flight is gone, what was durable stays.
    void crash() {
        crashed_.push_back(std::move(strand_));
        ++client_.life;
        client_.held.clear();
        client_.requests.clear();
    }
    /// The tasks of the crashed strand must never go on.
    std::vector<std::unique_ptr<Strand>> crashed_;

    /// Runs `script` until `url` is asked for and not answered, then crashes.
    void crash_at(const std::string& script, const std::string& url) {
        client_.held.insert(url);
        lost_ = begin(command(script));
        ASSERT_TRUE(turn_until([&] { return client_.count(url) == 1; }));
        crash();
        strand_.reset();
        auto made = open_strand();
        ASSERT_TRUE(made);
        strand_ = *std::move(made);
    }
    void TearDown() override {
        client_.held.clear();
        for (auto& strand : crashed_) {
            std::swap(strand_, strand);
            stop();
        }
    }
    std::unique_ptr<Running> lost_;
};

TEST_F(OnceTest, TheMarkIsDurableBeforeTheFirstByteAndGoneAtTheEnd) {
    std::size_t at_request = 0;
    client_.on_request = [&](const std::string& url) {
        if (url == "http://m/send") at_request = marks().size();
    };
    const auto task = run(command(kSend));
    ASSERT_FALSE(task->end->fault) << task->end->fault->context;
    EXPECT_EQ(at_request, 1u);
    EXPECT_TRUE(client_.requests.front().once);
    EXPECT_TRUE(marks().empty());
}

TEST_F(OnceTest, NothingIsSentWhenTheMarkCannotBeWritten) {
    auto task = std::make_unique<Running>(*store_);
    task->sink.fail_at = 0;
    begin(command(kSend), *task);
    finish(*task);
    EXPECT_EQ(task->end->fault->fault, Fault::storage);
    EXPECT_TRUE(client_.requests.empty());
    // Nothing was sent, so nothing is unknown: the next try is the first.
    const auto again = run(command(kSend));
    EXPECT_THAT(again->sink.items(), ElementsAre("reply=1:200:default", "reply=2:200:default"));
    EXPECT_EQ(client_.count("http://m/send"), 1u);
}

TEST_F(OnceTest, AnEndThatCannotBeWrittenKeepsTheReply) {
    auto task = std::make_unique<Running>(*store_);
    task->sink.fail_at = 2;
    client_.replies["http://m/send"] = {reply_of(200, "id77")};
    begin(command(kSend), *task);
    finish(*task);
    EXPECT_EQ(task->end->fault->fault, Fault::storage);
    const auto again = run(command(kSend));
    EXPECT_THAT(again->sink.items(), ElementsAre("reply=1:200:id77", "reply=2:200:default"));
    EXPECT_EQ(client_.count("http://m/send"), 1u);
}

TEST_F(OnceTest, WithAMarkOnlyTheTaskIsToldThatNothingIsKnown) {
    crash_at(kSend, "http://m/send");
    ASSERT_EQ(marks().size(), 1u);
    const auto task = run(command(kSend));
    ASSERT_FALSE(task->end->fault) << task->end->fault->context;
    EXPECT_EQ(client_.count("http://m/send"), 0u) << "never a blind second try";
    EXPECT_THAT(task->sink.items(), ElementsAre("reply=1:0?:", "reply=2:200:default"));
    EXPECT_TRUE(marks().empty());
}

TEST_F(OnceTest, WithAMarkAndAReplyTheTaskGoesOnWithTheReply) {
    client_.replies["http://m/send"] = {reply_of(200, "id77")};
    crash_at(kSend, "http://m/after");
    const auto task = run(command(kSend));
    ASSERT_FALSE(task->end->fault) << task->end->fault->context;
    EXPECT_EQ(client_.count("http://m/send"), 0u);
    EXPECT_THAT(task->sink.items(), ElementsAre("reply=1:200:id77", "reply=2:200:default"));
    EXPECT_TRUE(marks().empty());
}

TEST_F(OnceTest, ADivergedTaskEndsAsUnknown) {
    crash_at(kSend, "http://m/send");
    const auto task = run(command("http 1 1 http://m/send other\nwait\noutcome 0"));
    ASSERT_TRUE(task->end->fault);
    EXPECT_EQ(task->end->fault->fault, Fault::unknown);
    EXPECT_TRUE(client_.requests.empty());
    EXPECT_TRUE(marks().empty()) << "it was reported; the next task of this name is another one";
}

TEST_F(OnceTest, ATaskThatEndsWithoutItsCallHasDivergedToo) {
    crash_at(kSend, "http://m/send");
    const auto task = run(command("item d {}\noutcome 0"));
    EXPECT_EQ(task->end->fault->fault, Fault::unknown);
    EXPECT_TRUE(task->sink.items().empty());
}

TEST_F(OnceTest, ATaskThatWantsToBeTriedAgainKeepsItsMark) {
    crash_at(kSend, "http://m/send");
    const auto busy = run(command("outcome 1"));
    ASSERT_FALSE(busy->end->fault);
    EXPECT_EQ(busy->end->outcome->kind, TL_RETRY);
    EXPECT_EQ(marks().size(), 1u);
    const auto task = run(command(kSend));
    EXPECT_EQ(client_.count("http://m/send"), 0u);
    EXPECT_THAT(task->sink.items(), ElementsAre("reply=1:0?:", "reply=2:200:default"));
}

TEST_F(OnceTest, ADeadlineKeepsTheMark) {
    client_.held.insert("http://m/send");
    Start start = command(kSend);
    start.deadline = std::chrono::milliseconds{30};
    const auto late = run(std::move(start));
    EXPECT_EQ(late->end->fault->fault, Fault::unavailable);
    EXPECT_EQ(marks().size(), 1u);
    client_.held.clear();
    client_.requests.clear();
    const auto task = run(command(kSend));
    EXPECT_EQ(client_.count("http://m/send"), 0u);
    EXPECT_THAT(task->sink.items(), ElementsAre("reply=1:0?:", "reply=2:200:default"));
}

TEST_F(OnceTest, ARetryAfterTheCallStartsAfresh) {
    EXPECT_EQ(
        run(command("http 1 1 http://m/send hello\nwait\noutcome 1"))->end->outcome->kind, TL_RETRY
    );
    EXPECT_TRUE(marks().empty());
    run(command(kSend));
    EXPECT_EQ(client_.count("http://m/send"), 2u);
}

TEST_F(OnceTest, AnUnconfirmedReplySaysSo) {
    net::ClientReply lost;
    lost.fault = Fault::unknown;
    client_.replies["http://m/send"] = {lost};
    const auto task = run(command("http 1 1 http://m/send hello\nwait\noutcome_reply"));
    EXPECT_EQ(task->end->outcome->value, "1:0?:");
}

TEST_F(OnceTest, ANameIsOpenOnlyOnce) {
    client_.held.insert("http://m/send");
    const auto first = begin(command(kSend));
    ASSERT_TRUE(turn_until([&] { return client_.count("http://m/send") == 1; }));
    EXPECT_EQ(run(command(kSend))->end->fault->fault, Fault::conflict);
    client_.held.clear();
    finish(*first);
    EXPECT_FALSE(first->end->fault);
}

TEST_F(OnceTest, TheRandomBytesSurviveTheCrash) {
    const std::string script = "random 7\nhttp 1 1 http://m/send hello\nwait\noutcome 0";
    crash_at(script, "http://m/send");
    const auto before = lost_->sink.items();
    const auto task = run(command(script));
    EXPECT_EQ(task->sink.items(), before);
}

TEST_F(OnceTest, ReplayedInputsAreMarkedAsSuch) {
    const std::string script = "flags\nhttp 1 1 http://m/send hello\nwait\nflags\noutcome 0";
    crash_at(script, "http://m/send");
    EXPECT_THAT(run(command(script))->sink.items(), ElementsAre("flags=1", "flags=3"));
}

}  // namespace
}  // namespace trunkline::tasks
