#include "host/net/address_guard.hpp"

#include <gtest/gtest.h>

namespace trunkline::net {

namespace {

AddressGuard make(bool allow_private, const std::vector<std::string>& allow) {
    auto guard = AddressGuard::make(allow_private, allow);
    EXPECT_TRUE(guard.has_value());
    return *std::move(guard);
}

TEST(AddressGuard, ClosesWhatIsNotPublic) {
    const auto guard = make(false, {});
    for (const char* address :
         {"0.0.0.0",
          "0.1.2.3",
          "10.0.0.1",
          "10.255.255.255",
          "100.64.0.1",
          "100.127.255.255",
          "127.0.0.1",
          "127.255.255.254",
          "169.254.169.254",
          "172.16.0.1",
          "172.31.255.255",
          "192.0.0.8",
          "192.0.2.1",
          "192.88.99.1",
          "192.168.0.1",
          "198.18.0.1",
          "198.19.255.255",
          "198.51.100.7",
          "203.0.113.9",
          "224.0.0.1",
          "239.1.1.1",
          "240.0.0.1",
          "255.255.255.255",
          "::",
          "::1",
          "::127.0.0.1",
          "::ffff:127.0.0.1",
          "::ffff:10.0.0.1",
          "64:ff9b::7f00:1",
          "64:ff9b::a00:1",
          "64:ff9b:1::1",
          "2002:7f00:1::",
          "2002:a00:1::1",
          "2001::1",
          "2001:db8::1",
          "fc00::1",
          "fd12:3456::1",
          "fe80::1",
          "fe80::1%eth0",
          "fec0::1",
          "ff02::1",
          "100::1",
          "3fff::1",
          "",
          "localhost",
          "1.2.3",
          "1.2.3.4.5",
          "0x7f.1",
          "2130706433",
          "127.1"}) {
        EXPECT_FALSE(guard.permits(address)) << address;
    }
}

TEST(AddressGuard, OpensWhatIsPublic) {
    const auto guard = make(false, {});
    for (const char* address :
         {"1.1.1.1",
          "8.8.8.8",
          "9.255.255.255",
          "11.0.0.0",
          "100.63.255.255",
          "100.128.0.0",
          "126.255.255.255",
          "128.0.0.1",
          "149.154.167.220",
          "172.15.255.255",
          "172.32.0.0",
          "192.167.255.255",
          "192.169.0.0",
          "198.17.255.255",
          "198.20.0.0",
          "223.255.255.255",
          "::ffff:8.8.8.8",
          "64:ff9b::808:808",
          "2002:808:808::1",
          "2001:67c:4e8:f004::9",
          "2606:4700:4700::1111",
          "2a00:1450:4001::1"}) {
        EXPECT_TRUE(guard.permits(address)) << address;
    }
}

TEST(AddressGuard, OpensNamedRangesOnly) {
    const auto guard =
        make(false, {"10.1.0.0/16", "192.168.7.7", "fd00:1::/32", "::ffff:172.16.0.0/108"});
    EXPECT_TRUE(guard.permits("10.1.255.1"));
    EXPECT_FALSE(guard.permits("10.2.0.1"));
    EXPECT_TRUE(guard.permits("::ffff:10.1.0.1"));
    EXPECT_TRUE(guard.permits("192.168.7.7"));
    EXPECT_FALSE(guard.permits("192.168.7.8"));
    EXPECT_TRUE(guard.permits("fd00:1::5"));
    EXPECT_FALSE(guard.permits("fd00:2::5"));
    EXPECT_TRUE(guard.permits("172.31.0.1"));
    EXPECT_FALSE(guard.permits("127.0.0.1"));
}

TEST(AddressGuard, OpensEverythingNumericWhenPrivateIsAllowed) {
    const auto guard = make(true, {});
    EXPECT_TRUE(guard.permits("127.0.0.1"));
    EXPECT_TRUE(guard.permits("::1"));
    EXPECT_TRUE(guard.permits("10.0.0.1"));
    EXPECT_FALSE(guard.permits("not an address"));
}

TEST(AddressGuard, NamesARangeThatDoesNotParse) {
    for (const char* range :
         {"",
          "/8",
          "10.0.0.0/",
          "10.0.0.0/33",
          "10.0.0.0/-1",
          "10.0.0.0/8x",
          "10.0.0/8",
          "fd00::/129",
          "name/8",
          "::ffff:10.0.0.0/95",
          "10.0.0.0/8 "}) {
        const auto guard = AddressGuard::make(false, {range});
        ASSERT_FALSE(guard.has_value()) << range;
        EXPECT_NE(guard.error().context.find(range), std::string::npos);
    }
}

}  // namespace

}  // namespace trunkline::net
