#include "host/net/descriptors.hpp"

#include <algorithm>

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace trunkline::net {
namespace {

std::uint64_t all(const ServerLimits& limits) {
    return std::uint64_t{limits.connections_max} + limits.refusals_max;
}

TEST(Descriptors, BothDoorsAndEverythingElseFit) {
    for (const std::uint64_t limit : {512U, 1024U, 2048U, 4096U, 1'048'576U}) {
        const auto doors = share_out(limit);
        EXPECT_LE(all(doors.public_side) + all(doors.admin) + 256, limit) << limit;
        EXPECT_LE(
            doors.public_side.connections_per_peer_max, doors.public_side.connections_max / 4
        );
        EXPECT_GT(doors.public_side.connections_per_peer_max, 0U);
    }
}

TEST(Descriptors, PlentyChangesNothing) {
    const auto doors = share_out(1'048'576);
    EXPECT_EQ(doors.public_side.connections_max, ServerLimits{}.connections_max);
    EXPECT_EQ(doors.public_side.connections_per_peer_max, ServerLimits{}.connections_per_peer_max);
}

TEST(Descriptors, TheAdminDoorKeepsItsPlacesHoweverFewThereAre) {
    for (const std::uint64_t limit : {64U, 256U, 1024U}) {
        EXPECT_EQ(share_out(limit).admin.connections_max, 60U);
        EXPECT_GT(share_out(limit).public_side.connections_per_peer_max, 0U);
    }
}

TEST(Descriptors, RaisesTheSoftLimitToTheHardOne) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit low{std::min<rlim_t>(200, before.rlim_max), before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
    EXPECT_EQ(raise_descriptor_limit(), before.rlim_max);
    rlimit after{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &after), 0);
    EXPECT_EQ(after.rlim_cur, before.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace
}  // namespace trunkline::net
