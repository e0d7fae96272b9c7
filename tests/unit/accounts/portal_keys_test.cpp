#include "host/accounts/portal_keys.hpp"

#include <gtest/gtest.h>

namespace trunkline::accounts {
namespace {

const Secret kOld{"tlk_AwoRGB8mLTQ7QklQV15lbHN6gYiPlp2kq7K5wMfO1dw"};
const Secret kNew{"tlk_FjZ6rLZ6SgF8jairlWgsyzkIY3gPcRTdoKDgxVZEx8Q"};

class PortalKeysTest : public testing::Test {
protected:
    std::shared_ptr<PortalKeys> open(const Secret& configured = kOld, const Secret& next = {}) {
        auto keys = PortalKeys::open(PortalId{"acme"}, configured, next, *store_, clock_);
        EXPECT_TRUE(keys);
        return *keys;
    }
    static std::string current(const PortalKeys& keys) {
        return keys.ring()->current.text().reveal();
    }
    static std::string next(const PortalKeys& keys) {
        return keys.ring()->next ? keys.ring()->next->text().reveal() : "";
    }

    FakeClock clock_;
    std::unique_ptr<store::Store> store_ = store::make_memory_store(clock_);
};

TEST_F(PortalKeysTest, TheConfiguredKeyAloneIsTheStart) {
    const auto keys = open();
    EXPECT_EQ(current(*keys), kOld.reveal());
    EXPECT_EQ(next(*keys), "");
    EXPECT_FALSE(keys->state().rotating);
}

TEST_F(PortalKeysTest, ARotationSurvivesARestartAtEveryStep) {
    const Secret second = *open()->rotate();
    EXPECT_EQ(current(*open()), kOld.reveal())
        << "the old one encrypts until the portal has the new one";
    EXPECT_EQ(next(*open()), second.reveal());

    open()->saw_next();
    EXPECT_EQ(current(*open()), second.reveal());
    EXPECT_EQ(next(*open()), kOld.reveal()) << "the old one is still accepted";

    ASSERT_TRUE(open()->finish());
    EXPECT_EQ(current(*open()), second.reveal());
    EXPECT_EQ(next(*open()), "");
}

TEST_F(PortalKeysTest, TheOldKeyEndsSevenDaysAfterThePromotion) {
    const auto keys = open();
    ASSERT_TRUE(keys->rotate());
    ASSERT_TRUE(keys->promote());
    clock_.advance(std::chrono::hours{24 * 7} - std::chrono::milliseconds{1});
    keys->tick();
    EXPECT_NE(next(*keys), "");
    clock_.advance(std::chrono::milliseconds{1});
    keys->tick();
    EXPECT_EQ(next(*keys), "");
}

TEST_F(PortalKeysTest, AChangedConfigurationForgetsARotationDoneByHand) {
    ASSERT_TRUE(open()->rotate());
    const auto keys = open(kNew);
    EXPECT_EQ(current(*keys), kNew.reveal());
    EXPECT_EQ(next(*keys), "");
}

TEST_F(PortalKeysTest, TakesTheSecondKeyFromTheConfiguration) {
    const auto keys = open(kOld, kNew);
    EXPECT_EQ(next(*keys), kNew.reveal());
    keys->saw_next();
    EXPECT_EQ(current(*keys), kNew.reveal());
}

TEST_F(PortalKeysTest, RefusesStepsOutOfOrder) {
    const auto keys = open();
    EXPECT_EQ(keys->promote().error().fault, Fault::not_found);
    EXPECT_EQ(keys->finish().error().fault, Fault::not_found);
    ASSERT_TRUE(keys->rotate());
    EXPECT_EQ(keys->rotate().error().fault, Fault::conflict);
    EXPECT_EQ(keys->finish().error().fault, Fault::conflict)
        << "the portal does not have the new one yet";
}

TEST_F(PortalKeysTest, EveryChangeIsSeenByWhoeverHoldsASealer) {
    const auto keys = open();
    auto version = keys->version();
    ASSERT_TRUE(keys->rotate());
    EXPECT_GT(keys->version(), version);
    version = keys->version();
    ASSERT_TRUE(keys->promote());
    EXPECT_GT(keys->version(), version);
}

TEST_F(PortalKeysTest, RefusesAKeyThatIsNoneWithoutShowingIt) {
    const auto keys = PortalKeys::open(PortalId{"acme"}, Secret{"tlk_short"}, {}, *store_, clock_);
    ASSERT_FALSE(keys);
    EXPECT_EQ(keys.error().context.find("short"), std::string::npos);
}

}  // namespace
}  // namespace trunkline::accounts
