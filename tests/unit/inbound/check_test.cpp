// What the check of an account comes to: its health, and whether its commands go on.
#include <gmock/gmock.h>

#include "host/inbound/poller.hpp"
#include "tests/unit/world/host_world.hpp"

namespace trunkline::inbound {
namespace {

using accounts::State;
using testing::ElementsAre;
using testing::IsEmpty;
using trunkline::test::ends;
using trunkline::test::fails;
using trunkline::test::Play;

class CheckTest : public trunkline::test::HostWorld {
protected:
    CheckTest() {
        account->recovered = [this]() -> async::Awaitable<> { return note(); };
    }
    async::Awaitable<> note() {
        recovered_as.push_back(account->health().state);
        co_return;
    }
    Result<void> look() {
        return run<Result<void>>([this]() -> async::Awaitable<Result<void>> {
            auto checked = co_await check(inbound, store, account);
            co_return checked;
        });
    }
    void is(State state) { account->set_health({state, "", "", 1}); }
    State health() const { return account->health().state; }

    Inbound inbound{ground, directory, store, pool};
    std::vector<State> recovered_as;  ///< the account's state each time
};

TEST_F(CheckTest, AnAccountThatWorksAgainSendsBeforeItIsCalledReady) {
    is(State::bad_credentials);
    strand->plays = {ends(TL_DONE)};
    EXPECT_TRUE(look());
    EXPECT_THAT(recovered_as, ElementsAre(State::bad_credentials));
    EXPECT_EQ(health(), State::connected);
    ASSERT_EQ(told().size(), 1u);
    EXPECT_EQ(told()[0].health().state(), "connected");
}

TEST_F(CheckTest, AnAccountThatWasCalledReadyMayStillHaveToGoOn) {
    is(State::connected);
    strand->plays = {ends(TL_DONE)};
    EXPECT_TRUE(look());
    EXPECT_THAT(recovered_as, ElementsAre(State::connected));
    EXPECT_THAT(told(), IsEmpty()) << "that is no news";
}

TEST_F(CheckTest, ADegradedAccountGoesOnAndStaysDegraded) {
    is(State::degraded);
    strand->plays = {ends(TL_DONE)};
    EXPECT_TRUE(look());
    EXPECT_EQ(recovered_as.size(), 1u);
    EXPECT_EQ(health(), State::degraded);
}

TEST_F(CheckTest, ABrokenOrUnclearAccountDoesNotGoOn) {
    is(State::bad_credentials);
    strand->plays = {
        ends(TL_ACCOUNT_BROKEN), ends(TL_RETRY), fails(Fault::unavailable, "down"), Play{}};
    for (int i = 0; i < 4; ++i)
        EXPECT_FALSE(look()) << i;
    EXPECT_THAT(recovered_as, IsEmpty());
    EXPECT_EQ(health(), State::bad_credentials);
}

TEST_F(CheckTest, WhereNothingCanBeCheckedTheNextCommandShowsHowItIs) {
    is(State::bad_credentials);
    strand->plays = {fails(Fault::unsupported, "no check")};
    EXPECT_TRUE(look());
    EXPECT_EQ(recovered_as.size(), 1u);
    EXPECT_EQ(health(), State::bad_credentials) << "nobody has said otherwise yet";
}

TEST_F(CheckTest, AConnectorThatSaysOkLetsABrokenAccountGoOn) {
    tasks::Durable well;
    well.health.push_back({"ok", "", "", 0});
    const Payload nothing;
    const auto say = [&] {
        return run<std::size_t>([&]() -> async::Awaitable<std::size_t> {
            const Accepted accepted = accept(ground, *account, well, nothing);
            co_return accepted.batch.append.size();
        });
    };
    is(State::bad_credentials);
    EXPECT_EQ(say(), 1u);
    ASSERT_TRUE(eventually([&] { return recovered_as.size() == 1; }));
    EXPECT_EQ(health(), State::connected);
    EXPECT_EQ(say(), 0u);
}

}  // namespace
}  // namespace trunkline::inbound
