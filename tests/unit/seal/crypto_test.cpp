// The primitives against the vectors of their standards.

#include "host/seal/crypto.hpp"

#include <gtest/gtest.h>

#include "hex.hpp"
#include "host/base/base64.hpp"

namespace trunkline::seal {
namespace {

std::string bytes(std::string_view hex) {
    return from_hex(hex);
}

TEST(CryptoTest, HashesAsFips180Says) {
    constexpr auto kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    EXPECT_EQ(hex_encode(sha256("abc")), kAbc);
    EXPECT_EQ(
        hex_encode(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    Sha256 pieces;
    pieces.update("a");
    pieces.update("");
    pieces.update("bc");
    EXPECT_EQ(hex_encode(pieces.finish()), kAbc);
    pieces.update("abc");
    EXPECT_EQ(hex_encode(pieces.finish()), kAbc) << "ready for the next after finish";
}

TEST(CryptoTest, SignsAsRfc4231Says) {
    EXPECT_EQ(
        hex_encode(hmac_sha256("Jefe", "what do ya want for nothing?")),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
    EXPECT_EQ(
        hex_encode(hmac_sha256(
            std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"
        )),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    );
    EXPECT_EQ(
        hex_encode(hmac_sha256("", "")),
        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"
    );
}

TEST(CryptoTest, DerivesAsRfc5869SaysWithoutSalt) {
    EXPECT_EQ(
        hex_encode(hkdf_sha256(bytes("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"), "", 42)),
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    );
}

TEST(CryptoTest, ComparesContentAndLength) {
    EXPECT_TRUE(equal_in_constant_time("", ""));
    EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
    EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
    EXPECT_FALSE(equal_in_constant_time("abc", "abcd"));
    EXPECT_FALSE(equal_in_constant_time("", "a"));
}

TEST(CryptoTest, RandomBytesHaveTheirSizeAndDiffer) {
    EXPECT_EQ(random_bytes(0), "");
    EXPECT_EQ(random_bytes(33).size(), 33u);
    EXPECT_NE(random_bytes(16), random_bytes(16));
}

}  // namespace
}  // namespace trunkline::seal
