#include "host/accounts/portal_keys.hpp"

#include <set>
#include <thread>
#include <vector>

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
    EXPECT_EQ(keys->promote().error().fault, Fault::conflict);
    EXPECT_EQ(keys->finish().error().fault, Fault::conflict);
    ASSERT_TRUE(keys->rotate());
    EXPECT_EQ(keys->finish().error().fault, Fault::conflict)
        << "the portal does not have the new one yet";
}

TEST_F(PortalKeysTest, ARotationWhoseAnswerWasLostIsRepeated) {
    const auto keys = open();
    const Secret lost = *keys->rotate();
    const auto again = keys->rotate();
    ASSERT_TRUE(again);
    EXPECT_NE(again->reveal(), lost.reveal());
    EXPECT_EQ(next(*keys), again->reveal());
    EXPECT_EQ(current(*keys), kOld.reveal()) << "the portal's key still encrypts";
    EXPECT_EQ(next(*open()), again->reveal()) << "also after a restart";
}

TEST_F(PortalKeysTest, AKeyThatThePortalUsesIsNotReplaced) {
    const auto keys = open();
    ASSERT_TRUE(keys->rotate());
    keys->saw_next();
    EXPECT_EQ(keys->rotate().error().fault, Fault::conflict);
    ASSERT_TRUE(keys->finish());
    EXPECT_EQ(keys->rotate().error().fault, Fault::conflict) << "the configuration comes first";
    EXPECT_EQ(open(kOld, kNew)->rotate().error().fault, Fault::conflict);
}

TEST_F(PortalKeysTest, ADamagedRowIsNamed) {
    for (const char* value : {"", "[1]", "{}", R"({"base":1,"next":2})"}) {
        store::Batch batch;
        batch.put.push_back({store::Table::portal, "keys/acme", value, 0});
        ASSERT_TRUE(store_->commit_and_wait(std::move(batch)));
        const auto keys = PortalKeys::open(PortalId{"acme"}, kOld, {}, *store_, clock_);
        ASSERT_FALSE(keys) << value;
        EXPECT_NE(keys.error().context.find("keys/acme"), std::string::npos);
    }
}

// Every answer but the last is of a key that another one replaced; what is kept is one of them.
TEST_F(PortalKeysTest, ChangesAtTheSameMomentHappenOneAfterTheOther) {
    const auto keys = open();
    std::vector<std::thread> people;
    std::mutex mutex;
    std::set<std::string> answers;
    for (int i = 0; i < 8; ++i) {
        people.emplace_back([&] {
            for (int round = 0; round < 20; ++round) {
                const auto key = keys->rotate();
                const std::lock_guard lock{mutex};
                if (key) answers.insert(key->reveal());
            }
        });
    }
    for (auto& one : people)
        one.join();
    EXPECT_EQ(answers.size(), 160U);
    EXPECT_EQ(next(*open()), next(*keys)) << "what is on disk is what holds";
    EXPECT_EQ(answers.count(next(*keys)), 1U);
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
