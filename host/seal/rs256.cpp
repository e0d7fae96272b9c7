#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "host/seal/crypto.hpp"
#include "host/seal/evp.hpp"

namespace trunkline::seal {
namespace {

// RFC 7518 3.3 demands 2048 bits; above 8192 a hostile key would only burn our time.
constexpr int kModulusBitsMin = 2048;
constexpr int kModulusBitsMax = 8192;

struct Deleter {
    void operator()(BIGNUM* number) const noexcept { BN_free(number); }
    void operator()(OSSL_PARAM_BLD* builder) const noexcept { OSSL_PARAM_BLD_free(builder); }
    void operator()(OSSL_PARAM* parameters) const noexcept { OSSL_PARAM_free(parameters); }
};
template <class T>
using Owned = std::unique_ptr<T, Deleter>;

Owned<BIGNUM> number(std::string_view big_endian) {
    return Owned<BIGNUM>{
        BN_bin2bn(bytes_of(big_endian), static_cast<int>(big_endian.size()), nullptr)};
}

Evp<EVP_PKEY> public_key(std::string_view modulus, std::string_view exponent) {
    if (modulus.size() > kModulusBitsMax / 8 + 1 || exponent.empty() || exponent.size() > 8)
        return {};
    const auto n = number(modulus);
    const auto e = number(exponent);
    if (!n || !e || BN_num_bits(n.get()) < kModulusBitsMin || !BN_is_odd(n.get())) return {};
    if (BN_num_bits(n.get()) > kModulusBitsMax || !BN_is_odd(e.get()) || BN_is_one(e.get()))
        return {};
    const Owned<OSSL_PARAM_BLD> builder{OSSL_PARAM_BLD_new()};
    if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
        return {};
    }
    const Owned<OSSL_PARAM> parameters{OSSL_PARAM_BLD_to_param(builder.get())};
    const Evp<EVP_PKEY_CTX> context{EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr)};
    if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1) return {};
    EVP_PKEY* key = nullptr;
    if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
        return {};
    return Evp<EVP_PKEY>{key};
}

}  // namespace

bool verify_rs256(
    std::string_view modulus,
    std::string_view exponent,
    std::string_view data,
    std::string_view signature
) {
    const auto key = public_key(modulus, exponent);
    if (!key) return false;
    const Evp<EVP_MD_CTX> context{EVP_MD_CTX_new()};
    EVP_PKEY_CTX* options = nullptr;  // owned by the context
    if (!context ||
        EVP_DigestVerifyInit(context.get(), &options, sha256_method(), nullptr, key.get()) != 1) {
        return false;
    }
    if (EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PADDING) != 1) return false;
    return EVP_DigestVerify(
               context.get(), bytes_of(signature), signature.size(), bytes_of(data), data.size()
           ) == 1;
}

}  // namespace trunkline::seal
