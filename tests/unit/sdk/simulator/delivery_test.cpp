// Deliveries: in order, again after a failure, given up, and what a test makes go wrong.
#include "trunkline/simulator/delivery.hpp"

#include <gmock/gmock.h>

namespace trunkline::simulator {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class DeliveryTest : public testing::Test {
protected:
    /// Takes what is sent, answers as the test says, and remembers both.
    void send(const ClientRequest& request, const std::function<void(ClientReply)>& done) {
        got.push_back(request.body);
        if (held) {
            waiting.push_back(done);
            return;
        }
        ClientReply reply;
        reply.status = answers.empty() ? 200 : answers.front();
        if (!answers.empty()) answers.erase(answers.begin());
        done(std::move(reply));
    }
    Delivery::Messenger messenger() {
        Delivery::Messenger out;
        out.ready = [this] { return open; };
        out.request = [](const Item& item) {
            ClientRequest request;
            request.body = text_at(json::value(item.body), "text");
            return request;
        };
        out.judge = [this](const Item& item, const ClientReply& reply) {
            judged.emplace_back(item.id, reply.status);
            Verdict verdict;
            verdict.taken = reply.status == 200;
            if (reply.status == 503) verdict.wait = milliseconds{7'000};
            return verdict;
        };
        out.wait = [this](int failures) {
            waits.push_back(failures);
            return milliseconds{1'000};
        };
        out.given_up = [this](const Item& item) {
            given_up.emplace_back(text_at(json::value(item.body), "text"));
        };
        return out;
    }
    void put(const char* text, const std::string& queue = "a") {
        Item item;
        item.id = outbox.next_id();
        item.queue = queue;
        item.kind = "message";
        item.body = {{"text", text}};
        item.expires_ms = 1'000'000;
        outbox.put(std::move(item));
    }
    void fault(const char* action) {
        faults.add(std::get<Fault>(read_fault({{"on", "deliveries"}, {"action", action}})));
        outbox.set_faults(&faults, {});
    }
    bool delivered() {
        return loop.run_until([this] { return outbox.size() == 0; });
    }

    Loop loop;
    std::int64_t now = 0;
    Outbox outbox{[this] { return now; }};
    Faults faults;
    bool open = true;
    bool held = false;
    std::vector<int> answers;
    std::vector<int> waits;
    std::vector<std::string> got, given_up;
    std::vector<std::pair<std::int64_t, int>> judged;
    std::vector<std::function<void(ClientReply)>> waiting;
};

TEST_F(DeliveryTest, ComesInOrderAndOneAtATime) {
    Delivery delivery{
        loop, outbox, [this](auto request, auto done) { send(request, done); }, messenger()};
    held = true;
    put("1");
    put("2");
    ASSERT_TRUE(loop.run_until([this] { return got.size() == 1; }));
    EXPECT_EQ(waiting.size(), 1u) << "the next only after the one before was taken";
    held = false;
    ClientReply taken;
    taken.status = 200;
    waiting.front()(taken);
    ASSERT_TRUE(delivered());
    EXPECT_THAT(got, ElementsAre("1", "2"));
}

TEST_F(DeliveryTest, AFailureHoldsBackItsQueueAndNoOther) {
    Delivery delivery{
        loop, outbox, [this](auto request, auto done) { send(request, done); }, messenger()};
    delivery.fast = 100;
    answers = {500};
    put("a1", "a");
    put("a2", "a");
    put("b1", "b");
    ASSERT_TRUE(delivered());
    EXPECT_EQ(got.front(), "a1");
    EXPECT_THAT(
        (std::vector<std::string>{got.begin() + 1, got.end()}), ElementsAre("b1", "a1", "a2")
    );
    EXPECT_THAT(waits, ElementsAre(1));
}

TEST_F(DeliveryTest, TheAnswerMaySayHowLongToWait) {
    Delivery delivery{
        loop, outbox, [this](auto request, auto done) { send(request, done); }, messenger()};
    delivery.fast = 1'000;
    answers = {503, 200};
    put("1");
    ASSERT_TRUE(delivered());
    EXPECT_THAT(got, ElementsAre("1", "1"));
    EXPECT_THAT(waits, IsEmpty()) << "the schedule was not asked";
}

TEST_F(DeliveryTest, IsGivenUpAfterSoManyFailures) {
    auto how = messenger();
    how.failures_max = 3;
    Delivery delivery{
        loop, outbox, [this](auto request, auto done) { send(request, done); }, std::move(how)};
    delivery.fast = 1'000;
    answers = {500, 500, 500};
    put("poison");
    put("good");
    ASSERT_TRUE(delivered());
    EXPECT_THAT(got, ElementsAre("poison", "poison", "poison", "good"));
    EXPECT_THAT(given_up, ElementsAre("poison"));
    EXPECT_THAT(waits, ElementsAre(1, 2));
}

TEST_F(DeliveryTest, AnotherWebhookGetsWhatWaitsAtOnce) {
    Delivery delivery{
        loop, outbox, [this](auto request, auto done) { send(request, done); }, messenger()};
    answers = {500};
    put("1");
    ASSERT_TRUE(loop.run_until([this] { return !waits.empty(); }));
    // The wait is a second; nothing but the restart ends it now.
    delivery.restart();
    ASSERT_TRUE(loop.run_until([this] { return outbox.size() == 0; }, milliseconds{900}));
}

TEST_F(DeliveryTest, NothingGoesWhereThereIsNoWebhook) {
    Delivery delivery{
        loop, outbox, [this](auto request, auto done) { send(request, done); }, messenger()};
    open = false;
    put("1");
    loop.run_until([turns = 0]() mutable { return ++turns > 3; });
    EXPECT_THAT(got, IsEmpty());
    open = true;
    delivery.wake();
    ASSERT_TRUE(delivered());
    EXPECT_THAT(got, ElementsAre("1"));
}

TEST_F(DeliveryTest, ARepeatIsTheSameAgain) {
    Delivery delivery{
        loop, outbox, [this](auto request, auto done) { send(request, done); }, messenger()};
    fault("repeat");
    put("1");
    put("2");
    ASSERT_TRUE(delivered());
    EXPECT_THAT(got, ElementsAre("1", "1", "2"));
    EXPECT_EQ(judged.at(0).first, judged.at(1).first) << "under its number";
}

TEST_F(DeliveryTest, AnAnswerThatIsLostBringsItAgain) {
    Delivery delivery{
        loop, outbox, [this](auto request, auto done) { send(request, done); }, messenger()};
    delivery.fast = 1'000;
    fault("drop_after");
    put("1");
    ASSERT_TRUE(delivered());
    EXPECT_THAT(got, ElementsAre("1", "1"));
    EXPECT_EQ(judged.at(0).second, 0) << "no answer is known of";
}

TEST_F(DeliveryTest, OneThatIsNotMadeIsMadeLater) {
    Delivery delivery{
        loop, outbox, [this](auto request, auto done) { send(request, done); }, messenger()};
    delivery.fast = 1'000;
    fault("drop_before");
    put("1");
    ASSERT_TRUE(delivered());
    EXPECT_THAT(got, ElementsAre("1"));
    EXPECT_EQ(judged.size(), 2u);
    EXPECT_EQ(judged.at(0).second, 0);
}

TEST_F(DeliveryTest, NoMoreConnectionsThanAllowed) {
    Delivery delivery{
        loop, outbox, [this](auto request, auto done) { send(request, done); }, messenger()};
    delivery.connections_max = 2;
    held = true;
    for (const char* queue : {"a", "b", "c"})
        put(queue, queue);
    ASSERT_TRUE(loop.run_until([this] { return got.size() == 2; }));
    loop.run_until([turns = 0]() mutable { return ++turns > 3; });
    EXPECT_EQ(got.size(), 2u);
    held = false;
    ClientReply taken;
    taken.status = 200;
    for (const auto& done : std::vector{waiting})
        done(taken);
    ASSERT_TRUE(delivered());
    EXPECT_THAT(got, ElementsAre("a", "b", "c"));
}

}  // namespace
}  // namespace trunkline::simulator
