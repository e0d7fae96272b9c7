#include "host/inbound/profiles.hpp"

#include "tests/unit/world/host_world.hpp"

namespace trunkline::inbound {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using test::ends;

class ProfilesTest : public test::HostWorld {
protected:
    ProfilesTest() { account->profile_every = hours{24}; }

    /// A message of that customer, and whatever comes of it.
    void writes(const std::string& customer, const std::string& more = {}) {
        tasks::Item item;
        item.conversation = "42";
        item.json =
            R"({"type":"message","conversation":{"id":"42","kind":"direct"},"sender":{"id":")" +
            customer + R"(","name":"Ann","language":"en")" + more +
            R"(},"message":{"id":"1","text":"hi"}})";
        tasks::Durable durable;
        durable.items.push_back(std::move(item));
        const Payload nothing;
        const auto kept = run<Result<void>>([&]() -> async::Awaitable<Result<void>> {
            EventSink sink{inbound.ground(), store, *account, nothing};
            auto written = co_await sink.commit(std::move(durable));
            co_return written;
        });
        EXPECT_TRUE(kept);
        rest();
    }
    void rest() {
        EXPECT_TRUE(eventually([this] { return profiles.at_work() == 0; }));
    }
    /// They wrote; nobody waits for what comes of it.
    void meets(
        Profiles& whose,
        const std::shared_ptr<accounts::Account>& where,
        const std::string& customer
    ) {
        run<bool>([&]() -> async::Awaitable<bool> {
            Met met;
            met.conversation = "42";
            met.sender.set_id(customer);
            std::vector<Met> list{met};
            whose.met(where, std::move(list));
            co_return true;
        });
    }
    /// So many commands a day may leave, from now on.
    void allow(int calls) {
        const std::string rate = std::to_string(calls);
        const auto rules = quotas::Rules::parse(
            boost::json::parse(R"({"limits":[{"scope":"account","per":"1d","rate":)" + rate + "}]}")
                .as_object()
        );
        ASSERT_TRUE(rules) << rules.error().context;
        account->ledger = std::make_shared<quotas::Ledger>(
            quotas::Ledger::Services{store, pool, clock, account->waits}, account->id
        );
        account->ledger->adopt(*rules, account->connector, nullptr);
    }
    void answers(const std::string& profile) { strand->plays.push_back(ends(TL_DONE, profile)); }
    std::vector<universal::Event> told_of_profiles() const {
        auto events = told();
        std::erase_if(events, [](const universal::Event& e) { return e.type() != "conversation"; });
        return events;
    }

    Ground telling() {
        Ground out = ground;
        out.customers_met = [this](accounts::Account&, std::vector<Met> met) {
            profiles.met(account, std::move(met));
        };
        return out;
    }

    Inbound inbound{telling(), directory, store, pool};
    Profiles profiles{loops, inbound, store, pool};
};

TEST_F(ProfilesTest, WhatAProfileSaysBeyondTheMessageIsToldOnce) {
    answers(R"({"name":"Ann Lee","avatar_ref":"PIC","phone":"+1"})");
    writes("7");
    ASSERT_EQ(strand->starts.size(), 1u);
    EXPECT_EQ(strand->starts[0].kind, TL_IN_PROFILE);
    EXPECT_EQ(strand->starts[0].key, "7");
    const auto events = told_of_profiles();
    ASSERT_EQ(events.size(), 1u);
    EXPECT_EQ(events[0].conversation().id(), "42");
    EXPECT_EQ(events[0].conversation().kind(), "direct");
    EXPECT_EQ(events[0].sender().id(), "7");
    EXPECT_EQ(events[0].sender().name(), "Ann Lee");
    EXPECT_EQ(events[0].sender().phone(), "+1");
    EXPECT_EQ(events[0].sender().language(), "en") << "what is left out is not taken away";
    EXPECT_TRUE(events[0].sender().avatar().starts_with("http://host/media/"));
    EXPECT_EQ(told().front().type(), "message") << "behind the message";
}

TEST_F(ProfilesTest, ACustomerIsAskedForOnceInTheTimeThatTheManifestSays) {
    answers(R"({"name":"Ann Lee"})");
    writes("7");
    writes("7");
    clock.advance(hours{23});
    writes("7");
    EXPECT_EQ(strand->starts.size(), 1u);
    writes("8");
    EXPECT_EQ(strand->starts.size(), 2u) << "another customer";
    clock.advance(hours{1});
    answers(R"({"name":"Ann Lee"})");
    writes("7");
    EXPECT_EQ(strand->starts.size(), 3u);
    EXPECT_EQ(told_of_profiles().size(), 1u) << "nothing new";
    clock.advance(hours{24});
    answers(R"({"name":"Ann Kim"})");
    writes("7");
    ASSERT_EQ(told_of_profiles().size(), 2u);
    EXPECT_EQ(told_of_profiles()[1].sender().name(), "Ann Kim");
}

TEST_F(ProfilesTest, WhatTheMessageSaidAlreadyIsNoNews) {
    answers(R"({"name":"Ann"})");
    writes("7");
    EXPECT_EQ(strand->starts.size(), 1u);
    EXPECT_TRUE(told_of_profiles().empty());
}

TEST_F(ProfilesTest, ItIsRememberedOverARestart) {
    answers(R"({"name":"Ann Lee"})");
    writes("7");
    Profiles later{loops, inbound, store, pool};
    meets(later, account, "7");
    EXPECT_TRUE(eventually([&] { return later.at_work() == 0; }));
    EXPECT_EQ(strand->starts.size(), 1u);
}

TEST_F(ProfilesTest, ANoIsRememberedAndAFailureIsTriedLater) {
    strand->plays.push_back(ends(TL_REJECTED));
    writes("7");
    clock.advance(hours{1});
    writes("7");
    EXPECT_EQ(strand->starts.size(), 1u);

    strand->plays.push_back(test::fails(Fault::unavailable, "time-out"));
    writes("8");
    writes("8");
    EXPECT_EQ(strand->starts.size(), 2u);
    clock.advance(milliseconds{10 * 60'000});
    answers(R"({"name":"Bob"})");
    writes("8");
    EXPECT_EQ(strand->starts.size(), 3u);
    EXPECT_EQ(profiles.figures().failed, 1u);
    EXPECT_EQ(told_of_profiles().size(), 1u);
}

TEST_F(ProfilesTest, NobodyIsAskedForBotsOrWithoutTheManifest) {
    writes("7", R"(,"bot":true)");
    account->profile_every.reset();
    writes("8");
    EXPECT_TRUE(strand->starts.empty());
}

TEST_F(ProfilesTest, AnAnswerThatIsNoProfileIsNoEvent) {
    answers(R"(["Ann"])");
    writes("7");
    EXPECT_EQ(strand->starts.size(), 1u);
    EXPECT_TRUE(told_of_profiles().empty());
    EXPECT_EQ(profiles.figures().failed, 1u);
}

TEST_F(ProfilesTest, WhatIsStillFreshWaitsForNoRoom) {
    allow(1);
    answers(R"({"name":"Ann Lee"})");
    writes("7");
    ASSERT_EQ(strand->starts.size(), 1u);
    Profiles later{loops, inbound, store, pool};
    meets(later, account, "7");
    EXPECT_TRUE(eventually([&] { return later.at_work() == 0; })) << "nothing is left to take";
    EXPECT_EQ(strand->starts.size(), 1u);
}

TEST_F(ProfilesTest, AnAccountThatTookAnothersPlaceHasAQueueOfItsOwn) {
    allow(1);
    answers(R"({"name":"Ann Lee"})");
    writes("7");
    meets(profiles, account, "8");  // waits for room
    auto next = add_account(account->id.text(), portal);
    next->profile_every = account->profile_every;
    auto* theirs = static_cast<test::ScriptedStrand*>(next->strand.get());
    theirs->plays.push_back(ends(TL_DONE, R"({"name":"Bob"})"));
    meets(profiles, next, "9");
    *account->leaving = true;
    rest();
    EXPECT_EQ(strand->starts.size(), 1u);
    ASSERT_EQ(theirs->starts.size(), 1u);
    EXPECT_EQ(theirs->starts[0].key, "9");
}

TEST_F(ProfilesTest, WhoIsForgottenForWantOfRoomIsWhoWouldBeFirst) {
    Profiles::Limits limits;
    limits.remembered_max = 4;
    Profiles small{loops, inbound, store, pool, limits};
    std::size_t asked = 0;
    const auto asks = [&](const char* customer) {
        strand->plays.push_back(test::fails(Fault::unavailable, "time-out"));
        meets(small, account, customer);
        EXPECT_TRUE(eventually([&] { return small.at_work() == 0; }));
        clock.advance(milliseconds{1'000});
        return strand->starts.size() > std::exchange(asked, strand->starts.size());
    };
    for (const char* customer : {"1", "2", "3", "4", "5"})
        EXPECT_TRUE(asks(customer)) << customer;
    EXPECT_FALSE(asks("4")) << "it failed a moment ago";
    EXPECT_TRUE(asks("1"));
}

TEST_F(ProfilesTest, MoreThanMayWaitAreDropped) {
    Profiles::Limits limits;
    limits.waiting_max = 2;
    Profiles small{loops, inbound, store, pool, limits};
    run<bool>([&]() -> async::Awaitable<bool> {
        std::vector<Met> list;
        for (int i = 0; i < 5; ++i) {
            Met met;
            met.conversation = "42";
            met.sender.set_id(std::to_string(i));
            list.push_back(met);
        }
        small.met(account, std::move(list));
        co_return true;
    });
    EXPECT_TRUE(eventually([&] { return small.at_work() == 0; }));
    EXPECT_EQ(small.figures().dropped, 2u);
    EXPECT_EQ(strand->starts.size(), 3u) << "the first is asked for at once, and two may wait";
}

}  // namespace
}  // namespace trunkline::inbound
