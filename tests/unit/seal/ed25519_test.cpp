// Ed25519 agrees with RFC 8032, and no key is taken under which anybody could sign.
#include "host/seal/ed25519.hpp"

#include <gmock/gmock.h>

#include "hex.hpp"
#include "host/base/base64.hpp"
#include "host/seal/crypto.hpp"

namespace trunkline::seal {
namespace {

using testing::HasSubstr;

/// PKCS #8 around a key's 32 bytes (RFC 8410), as `openssl genpkey -algorithm ed25519` writes it.
std::string pem_of(const std::string& secret) {
    return "-----BEGIN PRIVATE KEY-----\n" +
           base64_encode(from_hex("302e020100300506032b657004220420") + secret) +
           "\n-----END PRIVATE KEY-----\n";
}
Ed25519Signer signer_of(const std::string& secret) {
    auto signer = Ed25519Signer::from_pem(pem_of(secret));
    EXPECT_TRUE(signer) << signer.error().context;
    return *std::move(signer);
}
std::string why_not(const std::string& pem) {
    const auto signer = Ed25519Signer::from_pem(pem);
    return signer ? "taken" : signer.error().context;
}

struct Vector {
    const char* secret;
    const char* key;
    const char* message;
    const char* signature;
};
// RFC 8032, section 7.1: tests 1 to 3.
constexpr Vector kVectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
     "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
     "b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
     "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
     "1d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
     "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984d"
     "c6594a7c15e9716ed28dc027beceea1ec40a"},
};

TEST(Ed25519Test, SignsAndVerifiesAsTheStandardDoes) {
    for (const Vector& v : kVectors) {
        const Ed25519Signer signer = signer_of(from_hex(v.secret));
        const std::string key = from_hex(v.key), message = from_hex(v.message);
        EXPECT_EQ(hex_encode(signer.public_key()), v.key);
        EXPECT_EQ(hex_encode(signer.sign(message)), v.signature);
        EXPECT_TRUE(is_ed25519_key(key));
        EXPECT_TRUE(verify_ed25519(key, message, from_hex(v.signature)));
    }
}

TEST(Ed25519Test, RefusesEveryOtherMessageSignatureAndKey) {
    const std::string key = from_hex(kVectors[1].key), good = from_hex(kVectors[1].signature);
    EXPECT_FALSE(verify_ed25519(key, "", good));
    EXPECT_FALSE(verify_ed25519(key, "rr", good));
    EXPECT_FALSE(verify_ed25519(from_hex(kVectors[0].key), "r", good));
    EXPECT_FALSE(verify_ed25519(key, "r", ""));
    EXPECT_FALSE(verify_ed25519(key, "r", good + '\0'));
    EXPECT_FALSE(verify_ed25519("", "r", good));
    for (std::size_t i = 0; i < good.size(); ++i) {
        std::string flipped = good;
        flipped[i] = static_cast<char>(flipped[i] ^ 4);
        EXPECT_FALSE(verify_ed25519(key, "r", flipped)) << i;
    }
}

TEST(Ed25519Test, EveryKeyThatIsMadeIsAKey) {
    for (int i = 0; i < 200; ++i)
        EXPECT_TRUE(is_ed25519_key(signer_of(sha256(std::to_string(i))).public_key())) << i;
}

TEST(Ed25519Test, APointOfSmallOrderIsNoKey) {
    for (const char* y :
         {"0100000000000000000000000000000000000000000000000000000000000000",
          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
          "0000000000000000000000000000000000000000000000000000000000000000",
          "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
          "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"}) {
        std::string key = from_hex(y);
        EXPECT_FALSE(is_ed25519_key(key)) << y;
        key.back() = static_cast<char>(key.back() | 0x80);
        EXPECT_FALSE(is_ed25519_key(key)) << y << " with the other sign";
    }
}

TEST(Ed25519Test, UnderAPointOfSmallOrderAnybodySignsAndIsRefused) {
    // With the neutral point as the key, R = B and s = 1 fit every message.
    const std::string neutral = std::string(1, '\1') + std::string(31, '\0');
    const std::string base =
        from_hex("5866666666666666666666666666666666666666666666666666666666666666");
    EXPECT_TRUE(is_ed25519_key(base)) << "the base point is an ordinary one";
    EXPECT_FALSE(verify_ed25519(neutral, "anything", base + neutral));
}

TEST(Ed25519Test, WhatIsNotCanonicalOrNotOnTheCurveIsNoKey) {
    for (const char* y :
         {"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // p
          "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // p + 3
          "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
          "0200000000000000000000000000000000000000000000000000000000000000"}) {
        EXPECT_FALSE(is_ed25519_key(from_hex(y))) << y;
    }
    EXPECT_FALSE(is_ed25519_key(""));
    EXPECT_FALSE(is_ed25519_key(from_hex(kVectors[0].key).substr(1)));
    EXPECT_FALSE(is_ed25519_key(from_hex(kVectors[0].key) + '\0'));
}

TEST(Ed25519Test, APublicKeyIsReadFromBase64) {
    const auto read = parse_ed25519_key("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    ASSERT_TRUE(read) << read.error().context;
    EXPECT_EQ(hex_encode(*read), kVectors[0].key);
    for (const char* text : {"", "nonsense", "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo"})
        EXPECT_EQ(
            parse_ed25519_key(text).error().context,
            "is not an Ed25519 public key: 32 bytes in base64"
        );
    EXPECT_EQ(
        parse_ed25519_key("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").error().context,
        "is 32 bytes, but no Ed25519 key that can be trusted"
    );
}

TEST(Ed25519Test, PrivateKeysOfOtherFormsAreNamed) {
    EXPECT_EQ(why_not(""), "is not a private key in PEM");
    EXPECT_EQ(
        why_not("tlk_AwoRGB8mLTQ7QklQV15lbHN6gYiPlp2kq7K5wMfO1dw"), "is not a private key in PEM"
    );
    EXPECT_EQ(why_not(std::string(1U << 20U, 'A')), "is not a private key in PEM");
    EXPECT_EQ(
        why_not("-----BEGIN PUBLIC KEY-----\n"
                "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
                "-----END PUBLIC KEY-----\n"),
        "is not a private key in PEM"
    );
    // X25519, of the same length (RFC 8410 gives the kinds 101.110 and 101.112).
    EXPECT_EQ(
        why_not(
            "-----BEGIN PRIVATE KEY-----\n" +
            base64_encode(from_hex("302e020100300506032b656e04220420") + std::string(32, 'k')) +
            "\n-----END PRIVATE KEY-----\n"
        ),
        "is a private key of another kind than Ed25519"
    );
    // openssl genpkey -algorithm ed25519 -aes256
    EXPECT_THAT(
        why_not("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
                "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAiUPHsAmx6WhQICCAAw\n"
                "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEOvDsL9iEXwkZ8mh0mfEMmUEQK8n\n"
                "Yw9+w0SyAu8IavA4ZgoQRzBvewHoogm4Tn1zZuQ6rbpDtsvPU2ZiBqy8m7bcU7zx\n"
                "Lir0LvmixFLd6tuaSak=\n"
                "-----END ENCRYPTED PRIVATE KEY-----\n"),
        HasSubstr("is encrypted with a passphrase")
    );
}

}  // namespace
}  // namespace trunkline::seal
