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

}  // namespace
}  // namespace trunkline::outbound::test
