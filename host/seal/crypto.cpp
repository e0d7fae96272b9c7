#include "host/seal/crypto.hpp"

#include <array>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "host/base/assert.hpp"
#include "host/seal/evp.hpp"

namespace trunkline::seal {

bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && (a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

std::string sha256(std::string_view bytes) {
    // Making a context costs more than hashing a key or an id. It holds no secret of ours between
    // calls.
    thread_local const Evp<EVP_MD_CTX> context{EVP_MD_CTX_new()};
    std::string out(32, '\0');
    const bool good = EVP_DigestInit_ex2(context.get(), sha256_method(), nullptr) == 1 &&
                      EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1 &&
                      EVP_DigestFinal_ex(context.get(), bytes_of(out.data()), nullptr) == 1;
    TRUNKLINE_ASSERT(good);
    return out;
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
    Mac mac{key};
    mac.update(bytes);
    return mac.finish();
}

std::string hkdf_sha256(std::string_view ikm, std::string_view info, std::size_t size) {
    static EVP_KDF* const method = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
    TRUNKLINE_ASSERT(method != nullptr);
    const Evp<EVP_KDF_CTX> context{EVP_KDF_CTX_new(method)};
    TRUNKLINE_ASSERT(context != nullptr);
    std::array<char, 7> digest{"SHA256"};
    // The parameters are read only; the interface merely lacks const.
    const std::array<OSSL_PARAM, 4> parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_octet_string(
            OSSL_KDF_PARAM_KEY, const_cast<char*>(ikm.data()), ikm.size()
        ),
        OSSL_PARAM_construct_octet_string(
            OSSL_KDF_PARAM_INFO, const_cast<char*>(info.data()), info.size()
        ),
        OSSL_PARAM_construct_end()};
    std::string out(size, '\0');
    const int done =
        EVP_KDF_derive(context.get(), bytes_of(out.data()), out.size(), parameters.data());
    TRUNKLINE_ASSERT(done == 1);
    return out;
}

std::string random_bytes(std::size_t count) {
    TRUNKLINE_ASSERT(count <= 1U << 20U);
    std::string out(count, '\0');
    TRUNKLINE_ASSERT(RAND_bytes(bytes_of(out.data()), static_cast<int>(count)) == 1);
    return out;
}

struct Sha256::State {
    Evp<EVP_MD_CTX> context{EVP_MD_CTX_new()};
};

Sha256::Sha256() : state_{std::make_unique<State>()} {
    TRUNKLINE_ASSERT(state_->context != nullptr);
    TRUNKLINE_ASSERT(EVP_DigestInit_ex2(state_->context.get(), sha256_method(), nullptr) == 1);
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;

void Sha256::update(std::string_view bytes) {
    TRUNKLINE_ASSERT(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}

std::string Sha256::finish() {
    std::string out(32, '\0');
    auto* context = state_->context.get();
    TRUNKLINE_ASSERT(EVP_DigestFinal_ex(context, bytes_of(out.data()), nullptr) == 1);
    TRUNKLINE_ASSERT(
        EVP_DigestInit_ex2(context, sha256_method(), nullptr) == 1
    );  // ready for the next
    return out;
}

}  // namespace trunkline::seal
