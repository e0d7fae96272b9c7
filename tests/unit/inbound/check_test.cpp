// What the check of an account comes to: its health, and whether its commands go on.
#include <gmock/gmock.h>

#include "host/inbound/poller.hpp"
#include "tests/unit/world/host_world.hpp"

namespace trunkline::inbound {
namespace {

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
    void is(const std::string& state) { account->set_health({state, "", "", 1, 0}); }
    std::string health() const { return account->health().state; }

    Inbound inbound{ground, directory, store, pool};
    std::vector<std::string> recovered_as;  ///< the account's state each time
};

TEST_F(CheckTest, AnAccountThatWorksAgainSendsBeforeItIsCalledReady) {
    is("broken");
    strand->plays = {ends(TL_DONE)};
    EXPECT_TRUE(look());
    EXPECT_THAT(recovered_as, ElementsAre("broken"));
    EXPECT_EQ(health(), "ready");
    ASSERT_EQ(told().size(), 1u);
    EXPECT_EQ(told()[0].health().state(), "ready");
}

TEST_F(CheckTest, AnAccountThatWasCalledReadyMayStillHaveToGoOn) {
    is("ready");
    strand->plays = {ends(TL_DONE)};
    EXPECT_TRUE(look());
    EXPECT_THAT(recovered_as, ElementsAre("ready"));
    EXPECT_THAT(told(), IsEmpty()) << "that is no news";
}

TEST_F(CheckTest, ADegradedAccountGoesOnAndStaysDegraded) {
    is("degraded");
    strand->plays = {ends(TL_DONE)};
    EXPECT_TRUE(look());
    EXPECT_EQ(recovered_as.size(), 1u);
    EXPECT_EQ(health(), "degraded");
}

TEST_F(CheckTest, ABrokenOrUnclearAccountDoesNotGoOn) {
    is("broken");
    strand->plays = {
        ends(TL_ACCOUNT_BROKEN), ends(TL_RETRY), fails(Fault::unavailable, "down"), Play{}};
    for (int i = 0; i < 4; ++i)
        EXPECT_FALSE(look()) << i;
    EXPECT_THAT(recovered_as, IsEmpty());
    EXPECT_EQ(health(), "broken");
}

TEST_F(CheckTest, WhereNothingCanBeCheckedTheNextCommandShowsHowItIs) {
    is("broken");
    strand->plays = {fails(Fault::unsupported, "no check")};
    EXPECT_TRUE(look());
    EXPECT_EQ(recovered_as.size(), 1u);
    EXPECT_EQ(health(), "broken") << "nobody has said otherwise yet";
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
    is("broken");
    EXPECT_EQ(say(), 1u);
    ASSERT_TRUE(eventually([&] { return recovered_as.size() == 1; }));
    EXPECT_EQ(health(), "ready");
    EXPECT_EQ(say(), 0u);
}

}  // namespace
}  // namespace trunkline::inbound
