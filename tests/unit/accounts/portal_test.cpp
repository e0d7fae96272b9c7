#include "host/accounts/portal.hpp"

#include <gtest/gtest.h>

#include "host/seal/seal.hpp"
#include "host/store/store.hpp"

namespace trunkline::accounts {
namespace {

class PortalTest : public testing::Test {
protected:
    static config::Portal configured(std::uint64_t events_per_second = 10) {
        config::Portal out;
        out.id = "acme";
        out.limits.events_per_second = events_per_second;
        return out;
    }
    static PortalLane lane(std::string name, std::set<std::string, std::less<>> events) {
        PortalLane out;
        out.name = std::move(name);
        out.events = std::move(events);
        return out;
    }

    async::Loop loop;
};

TEST_F(PortalTest, AnEventFindsTheLaneThatNamesItsType) {
    Terms terms = Terms::of(configured(), nullptr);
    terms.lanes = {lane("typing", {"typing"}), lane("messages", {})};
    EXPECT_EQ(terms.lane_for("typing").name, "typing");
    EXPECT_EQ(terms.lane_for("message").name, "messages");
}

TEST_F(PortalTest, OtherTermsHoldAtOnceAndWhoHasTheFormerKeepsThem) {
    Portal portal{configured(), nullptr, loop};
    const auto former = portal.terms();
    config::Portal from = configured();
    from.url = "http://moved/";
    from.lanes[0].retention = std::chrono::hours{72};
    portal.adopt(Terms::of(from, nullptr));
    EXPECT_EQ(former->url, "");
    EXPECT_EQ(portal.terms()->url, "http://moved/");
    EXPECT_EQ(portal.terms()->retention, std::chrono::hours{72});
}

TEST_F(PortalTest, WhatWasTakenIsForgottenOnlyWithAnotherLimit) {
    Portal portal{configured(), nullptr, loop};
    const quotas::TokenBucket::Time now{std::chrono::hours{1}};
    EXPECT_EQ(portal.take_events(now, 20).count(), 0);
    EXPECT_GT(portal.take_events(now, 1).count(), 0);
    portal.adopt(Terms::of(configured(), nullptr));
    EXPECT_GT(portal.take_events(now, 1).count(), 0);
    portal.adopt(Terms::of(configured(50), nullptr));
    EXPECT_EQ(portal.take_events(now, 100).count(), 0);
    EXPECT_GT(portal.take_events(now, 1).count(), 0);
}

TEST_F(PortalTest, WhatItSendsIsOpenedWithTheKeysItHasNow) {
    SystemClock clock;
    const auto store = store::make_memory_store(clock);
    const auto keys_of = [&](const seal::LicenseKey& key) {
        return *PortalKeys::open(PortalId{"acme"}, key.text(), Secret{}, *store, clock);
    };
    const auto first = seal::LicenseKey::generate();
    const auto second = seal::LicenseKey::generate();
    Portal portal{configured(), keys_of(first), loop};
    const auto opens = [&](const seal::LicenseKey& key) {
        seal::Sealer sealer{
            "acme", seal::KeyRing{key, std::nullopt}, seal::Direction::portal_to_host};
        auto letter = sealer.seal("{}", "application/json", true, "id", clock.wall_ms());
        return bool{portal.opener().open(
            {letter.id, letter.timestamp, letter.signature, letter.content_type, letter.body},
            true,
            clock.wall_ms()
        )};
    };
    EXPECT_TRUE(opens(first));
    portal.adopt(Terms::of(configured(), keys_of(second)));
    EXPECT_FALSE(opens(first));
    EXPECT_TRUE(opens(second));
}

}  // namespace
}  // namespace trunkline::accounts
