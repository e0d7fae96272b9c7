#include "crypto.hpp"

#include <memory>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <trunkline/text.hpp>

namespace trunkline::conform {
namespace {

constexpr std::uint64_t kSmallestModulus = 256;  // bytes

struct Free {
    void operator()(BIGNUM* each) const noexcept { BN_free(each); }
    void operator()(OSSL_PARAM_BLD* each) const noexcept { OSSL_PARAM_BLD_free(each); }
    void operator()(OSSL_PARAM* each) const noexcept { OSSL_PARAM_free(each); }
    void operator()(EVP_PKEY_CTX* each) const noexcept { EVP_PKEY_CTX_free(each); }
    void operator()(EVP_PKEY* each) const noexcept { EVP_PKEY_free(each); }
    void operator()(EVP_MD_CTX* each) const noexcept { EVP_MD_CTX_free(each); }
};
template <class Object>
using Owned = std::unique_ptr<Object, Free>;

const unsigned char* bytes(tl_view of) noexcept {
    return reinterpret_cast<const unsigned char*>(of.data);
}

Owned<BIGNUM> number(tl_view of) {
    return Owned<BIGNUM>{BN_bin2bn(bytes(of), static_cast<int>(of.size), nullptr)};
}

Owned<EVP_PKEY> key_of(tl_view modulus, tl_view exponent) {
    const auto n = number(modulus), e = number(exponent);
    const Owned<OSSL_PARAM_BLD> builder{OSSL_PARAM_BLD_new()};
    const Owned<EVP_PKEY_CTX> context{EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr)};
    if (!n || !e || !builder || !context) return nullptr;
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
    const Owned<OSSL_PARAM> parameters{OSSL_PARAM_BLD_to_param(builder.get())};
    EVP_PKEY* key = nullptr;
    if (EVP_PKEY_fromdata_init(context.get()) == 1)
        (void)EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get());
    return Owned<EVP_PKEY>{key};
}

std::int32_t verify(tl_view modulus, tl_view exponent, tl_view data, tl_view signature) noexcept {
    if (modulus.size < kSmallestModulus || modulus.size > 1024 || exponent.size > 8) return 0;
    const auto key = key_of(modulus, exponent);
    const Owned<EVP_MD_CTX> context{EVP_MD_CTX_new()};
    if (!key || !context) return 0;
    const bool good =
        EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
        EVP_DigestVerify(context.get(), bytes(signature), signature.size, bytes(data), data.size) ==
            1;
    return good ? 1 : 0;
}

}  // namespace

const tl_crypto& crypto() noexcept {
    static constexpr tl_crypto kTable{
        sizeof(tl_crypto),
        0,
        [](tl_view a, tl_view b) noexcept -> std::int32_t {
            return a.size == b.size && (a.size == 0 || CRYPTO_memcmp(a.data, b.data, a.size) == 0)
                       ? 1
                       : 0;
        },
        [](tl_view text, unsigned char* out) noexcept -> tl_status {
            const int done = EVP_Digest(text.data, text.size, out, nullptr, EVP_sha256(), nullptr);
            return done == 1 ? TL_OK : TL_E_INTERNAL;
        },
        [](tl_view key, tl_view text, unsigned char* out) noexcept -> tl_status {
            unsigned size = 0;
            static constexpr unsigned char kNoKey = 0;
            const void* const secret = key.size == 0 ? &kNoKey : bytes(key);
            const auto* const done = HMAC(
                EVP_sha256(), secret, static_cast<int>(key.size), bytes(text), text.size, out, &size
            );
            return done != nullptr ? TL_OK : TL_E_INTERNAL;
        },
        &verify};
    return kTable;
}

}  // namespace trunkline::conform
