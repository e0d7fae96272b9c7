// Commands that come back from the dead letters, and those that their own host holds back.
#include <gmock/gmock.h>

#include "messenger_world.hpp"

namespace trunkline::outbound::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

class RequeueTest : public MessengerWorld {
protected:
    RequeueTest() { account->features = features(R"({"*":{"text_max":16}})"); }
    static universal::Command two() { return command("aaaaaaaaaaaa\n\nbbbbbbbbbbbb"); }
    /// The same record in another place of the lane, as a requeue puts it there.
    static store::Record at(
        store::Sequence sequence, std::uint64_t id, const universal::Command& of
    ) {
        store::Record out = record(of);
        out.sequence = sequence;
        out.id.bytes[15] = static_cast<std::uint8_t>(id);
        return out;
    }
    KeyedVerdict take(store::Record record) {
        KeyedVerdict verdict = run<KeyedVerdict>([&]() -> async::Awaitable<KeyedVerdict> {
            auto out = co_await messenger.deliver(record, 1);
            co_return out;
        });
        write(verdict.with);
        return verdict;
    }
    std::string text(std::size_t start) const {
        return std::string{boost::json::parse(body(start)).at("message").at("text").as_string()};
    }
};

TEST_F(RequeueTest, OnlyTheRestOfAFailedCommandIsSent) {
    strand->plays = {ends(TL_DONE, "[1]"), ends(TL_REJECTED)};
    EXPECT_EQ(take(at(1, 7, two())).kind, Kind::dead);
    EXPECT_EQ(told().back().state(), "failed");
    EXPECT_THAT(ids(told().back()), ElementsAre("1"));

    clock.advance(std::chrono::hours{24 * 13});
    strand->plays = {ends(TL_DONE, "[2]")};
    EXPECT_EQ(take(at(5, 7, two())).kind, Kind::done);
    ASSERT_EQ(strand->starts.size(), 3u);
    EXPECT_EQ(text(2), "bbbbbbbbbbbb") << "the first part is with the customer already";
    EXPECT_EQ(told().back().state(), "sent");
    EXPECT_THAT(ids(told().back()), ElementsAre("1", "2"));
    EXPECT_FALSE(progress()) << "nothing is left to go on with";
}

TEST_F(RequeueTest, OnlyTheRestOfAnExpiredCommandIsSent) {
    strand->plays = {ends(TL_DONE, "[1]"), fails(Fault::unavailable, "down")};
    EXPECT_EQ(take(at(1, 7, two())).kind, Kind::retry);
    write(run<store::Batch>([&]() -> async::Awaitable<store::Batch> {
        auto batch = co_await messenger.expired(at(1, 7, two()));
        co_return batch;
    }));
    EXPECT_THAT(ids(told().back()), ElementsAre("1"));

    strand->plays = {ends(TL_DONE, "[2]")};
    EXPECT_EQ(take(at(5, 7, two())).kind, Kind::done);
    ASSERT_EQ(strand->starts.size(), 3u);
    EXPECT_EQ(text(2), "bbbbbbbbbbbb");
}

TEST_F(RequeueTest, ALaterCommandOfTheSameIdStartsAtItsStart) {
    strand->plays = {ends(TL_DONE, "[1]"), ends(TL_REJECTED)};
    take(at(1, 7, two()));
    strand->plays = {ends(TL_DONE, "[2]"), ends(TL_DONE, "[3]")};
    EXPECT_EQ(take(at(2, 8, two())).kind, Kind::done);
    ASSERT_EQ(strand->starts.size(), 4u);
    EXPECT_EQ(text(2), "aaaaaaaaaaaa");
    EXPECT_THAT(ids(told().back()), ElementsAre("2", "3"));
}

TEST_F(RequeueTest, EachTurnInTheLaneEndsOnceForThePortal) {
    strand->plays = {ends(TL_REJECTED), ends(TL_REJECTED)};
    take(at(1, 7, command()));
    take(at(1, 7, command()));
    EXPECT_EQ(told().size(), 1u) << "it ran twice around a crash";
    strand->plays = {ends(TL_REJECTED)};
    take(at(5, 7, command()));
    ASSERT_EQ(told().size(), 2u) << "it was requeued, and failed again";
    EXPECT_EQ(told().back().state(), "failed");
}

TEST_F(RequeueTest, AnEndIsKnownForADay) {
    strand->plays = {ends(TL_REJECTED), ends(TL_REJECTED)};
    take(at(1, 7, command()));
    clock.advance(std::chrono::hours{25});
    take(at(1, 7, command()));
    EXPECT_EQ(told().size(), 2u);
}

class HeldBackTest : public MessengerWorld {
protected:
    HeldBackTest() {
        accounts::Rates rates;
        rates.chat = accounts::Rate{1.0 / 60, 1};
        account->rates.emplace(rates, nullptr);
    }
    void begin(std::uint32_t attempt = 1) {
        async::spawn(loops.at(0).get_executor(), "test", [this, attempt]() -> async::Awaitable<> {
            auto out = co_await messenger.deliver(record(command()), attempt);
            verdict.emplace(std::move(out));
        });
    }
    std::optional<KeyedVerdict> verdict;
};

TEST_F(HeldBackTest, ALongWaitForThePlaceOfACallIsToldOnce) {
    const WallMs now = clock.wall_ms();
    EXPECT_EQ(account->rates->take("42", clock.steady()).count(), 0);
    begin();
    ASSERT_TRUE(eventually([&] { return !told().empty(); }));
    EXPECT_EQ(told().back().state(), "delayed");
    EXPECT_EQ(told().back().command(), "c1");
    EXPECT_GE(told().back().until(), now + 59'000);
    EXPECT_LE(told().back().until(), now + 61'000);
    EXPECT_TRUE(strand->starts.empty());

    clock.advance(seconds{30});
    strand->plays = {ends(TL_DONE, "[1]")};
    clock.advance(seconds{31});
    ASSERT_TRUE(eventually([&] { return verdict.has_value(); }));
    EXPECT_EQ(verdict->kind, Kind::done);
    write(std::move(verdict->with));
    ASSERT_EQ(told().size(), 2u);
    EXPECT_EQ(told().back().state(), "sent");
}

TEST_F(HeldBackTest, AShortWaitIsNotWorthTelling) {
    EXPECT_EQ(account->rates->take("42", clock.steady()).count(), 0);
    clock.advance(seconds{56});
    begin();
    clock.advance(seconds{5});
    ASSERT_TRUE(eventually([&] { return verdict.has_value(); }));
    ASSERT_TRUE(told().empty());
    EXPECT_EQ(strand->starts.size(), 1u);
}

TEST_F(HeldBackTest, ADelayThatCannotBeWrittenHoldsNothingUp) {
    EXPECT_EQ(account->rates->take("42", clock.steady()).count(), 0);
    store.refuse_writes = true;
    begin();
    ASSERT_TRUE(eventually([&] { return store.refused > 0; }));
    store.refuse_writes = false;
    clock.advance(seconds{61});
    ASSERT_TRUE(eventually([&] { return verdict.has_value(); }));
    EXPECT_EQ(verdict->kind, Kind::done);
}

}  // namespace
}  // namespace trunkline::outbound::test
