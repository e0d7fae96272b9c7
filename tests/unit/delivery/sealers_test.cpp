#include "host/delivery/sealers.hpp"

#include <gtest/gtest.h>

namespace trunkline::delivery {

TEST(SealersTest, KeepsTheOnesThatAreUsedAndMakesTheOthersAgain) {
    Sealers sealers;
    const seal::KeyRing keys{seal::LicenseKey::generate(), std::nullopt};
    const auto* const first = &sealers.of(PortalId{"first"}, keys);
    for (int i = 0; i < 2'000; ++i) {
        sealers.of(PortalId{"other" + std::to_string(i)}, keys);
        EXPECT_EQ(&sealers.of(PortalId{"first"}, keys), first);
    }
    EXPECT_EQ(sealers.size(), 256U);
}

TEST(SealersTest, SealsUnderTheKeysThatAreInForce) {
    Sealers sealers;
    const seal::KeyRing former{seal::LicenseKey::generate(), std::nullopt};
    const seal::KeyRing present{seal::LicenseKey::generate(), std::nullopt};
    const WallMs now = 1'000'000;
    for (const auto& keys : {former, present, former}) {
        auto& sealer = sealers.of(PortalId{"acme"}, keys);
        const auto sealed = sealer.seal("hello", "application/json", true, "id", now);
        seal::Opener opener{"acme", keys, seal::Direction::host_to_portal};
        const auto opened = opener.open(
            {sealed.id, sealed.timestamp, sealed.signature, sealed.content_type, sealed.body},
            true,
            now
        );
        ASSERT_TRUE(opened) << opened.error().context;
        EXPECT_EQ(opened->plain, "hello");
    }
    EXPECT_EQ(sealers.size(), 1U);
}

}  // namespace trunkline::delivery
