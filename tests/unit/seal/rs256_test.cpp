// RS256 accepts the signature of the key it is given, and nothing that merely looks like one.

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "host/seal/crypto.hpp"
#include "host/seal/evp.hpp"

namespace trunkline::seal {
namespace {

struct KeyPair {
    explicit KeyPair(unsigned bits) : key{EVP_RSA_gen(bits)} {}

    std::string number(const char* name) const {
        BIGNUM* value = nullptr;
        EXPECT_EQ(EVP_PKEY_get_bn_param(key.get(), name, &value), 1);
        std::string out(static_cast<std::size_t>(BN_num_bytes(value)), '\0');
        BN_bn2bin(value, bytes_of(out.data()));
        BN_free(value);
        return out;
    }
    std::string modulus() const { return number(OSSL_PKEY_PARAM_RSA_N); }
    std::string exponent() const { return number(OSSL_PKEY_PARAM_RSA_E); }

    std::string sign(
        std::string_view data, const char* digest = "SHA256", int padding = RSA_PKCS1_PADDING
    ) const {
        const Evp<EVP_MD_CTX> context{EVP_MD_CTX_new()};
        EVP_PKEY_CTX* options = nullptr;
        EXPECT_EQ(
            EVP_DigestSignInit_ex(
                context.get(), &options, digest, nullptr, nullptr, key.get(), nullptr
            ),
            1
        );
        EXPECT_EQ(EVP_PKEY_CTX_set_rsa_padding(options, padding), 1);
        std::size_t size = 1024;
        std::string out(size, '\0');
        EXPECT_EQ(
            EVP_DigestSign(context.get(), bytes_of(out.data()), &size, bytes_of(data), data.size()),
            1
        );
        out.resize(size);
        return out;
    }

    Evp<EVP_PKEY> key;
};

TEST(Rs256Test, VerifiesWhatTheKeySigned) {
    const KeyPair key{2048};
    const std::string signature = key.sign("header.payload");
    EXPECT_TRUE(verify_rs256(key.modulus(), key.exponent(), "header.payload", signature));
    const std::string padded = std::string(1, '\0') + key.modulus();
    EXPECT_TRUE(verify_rs256(padded, key.exponent(), "header.payload", signature))
        << "a leading zero is no change";
}

TEST(Rs256Test, RefusesEverythingElse) {
    const KeyPair key{2048};
    const KeyPair other{2048};
    const std::string n = key.modulus(), e = key.exponent(), good = key.sign("data");
    EXPECT_FALSE(verify_rs256(n, e, "Data", good));
    EXPECT_FALSE(verify_rs256(other.modulus(), e, "data", good));
    EXPECT_FALSE(verify_rs256(n, e, "data", good.substr(1)));
    EXPECT_FALSE(verify_rs256(n, e, "data", ""));
    EXPECT_FALSE(verify_rs256(n, e, "data", key.sign("data", "SHA512"))) << "another digest";
    EXPECT_FALSE(verify_rs256(n, e, "data", key.sign("data", "SHA256", RSA_PKCS1_PSS_PADDING)))
        << "another padding";
    std::string flipped = good;
    flipped[100] = static_cast<char>(flipped[100] ^ 1);
    EXPECT_FALSE(verify_rs256(n, e, "data", flipped));
}

TEST(Rs256Test, RefusesKeysThatAreNone) {
    const KeyPair key{2048};
    const std::string good = key.sign("data");
    EXPECT_FALSE(verify_rs256("", key.exponent(), "data", good));
    EXPECT_FALSE(verify_rs256(key.modulus(), "", "data", good));
    EXPECT_FALSE(verify_rs256(key.modulus(), "\x01", "data", "data"))
        << "exponent 1 signs anything";
    EXPECT_FALSE(verify_rs256(std::string(5000, '\xff'), key.exponent(), "data", good))
        << "burns time";
    const KeyPair small{1024};
    EXPECT_FALSE(verify_rs256(small.modulus(), small.exponent(), "data", small.sign("data")))
        << "too short to trust";
}

}  // namespace
}  // namespace trunkline::seal
