#include "host/seal/evp.hpp"

#include <array>
#include <climits>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#include "host/base/assert.hpp"

namespace trunkline::seal {
namespace {

// OpenSSL counts in int; nothing the host seals comes near it, because requests and batches are
// bounded.
int int_size(std::string_view bytes) {
    TRUNKLINE_ASSERT(bytes.size() <= INT_MAX);
    return static_cast<int>(bytes.size());
}

const EVP_CIPHER* gcm_method() {
    static EVP_CIPHER* const method = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
    TRUNKLINE_ASSERT(method != nullptr);
    return method;
}

EVP_MAC* hmac_method() {
    static EVP_MAC* const method = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    TRUNKLINE_ASSERT(method != nullptr);
    return method;
}

}  // namespace

const EVP_MD* sha256_method() {
    static EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    TRUNKLINE_ASSERT(method != nullptr);
    return method;
}

void cleanse(std::string& secret) noexcept {
    OPENSSL_cleanse(secret.data(), secret.size());
    secret.clear();
}

Mac::Mac(std::string_view key) : context_{EVP_MAC_CTX_new(hmac_method())} {
    TRUNKLINE_ASSERT(context_ != nullptr);
    std::array<char, 7> digest{"SHA256"};
    const std::array<OSSL_PARAM, 2> parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_end()};
    // A null key would mean "keep the key", so an empty one is passed as a pointer to nothing.
    const auto* bytes = key.empty() ? bytes_of(std::string_view{"", 0}) : bytes_of(key);
    TRUNKLINE_ASSERT(EVP_MAC_init(context_.get(), bytes, key.size(), parameters.data()) == 1);
}

void Mac::start() {
    TRUNKLINE_ASSERT(EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1);
}

void Mac::update(std::string_view bytes) {
    TRUNKLINE_ASSERT(EVP_MAC_update(context_.get(), bytes_of(bytes), bytes.size()) == 1);
}

std::string Mac::finish() {
    std::string out(32, '\0');
    std::size_t size = 0;
    const int done = EVP_MAC_final(context_.get(), bytes_of(out.data()), &size, out.size());
    TRUNKLINE_ASSERT(done == 1);
    TRUNKLINE_ASSERT(size == 32);
    return out;
}

Gcm::Gcm(std::string_view key) : encrypt_{EVP_CIPHER_CTX_new()}, decrypt_{EVP_CIPHER_CTX_new()} {
    TRUNKLINE_ASSERT(encrypt_ != nullptr);
    TRUNKLINE_ASSERT(decrypt_ != nullptr);
    TRUNKLINE_ASSERT(key.size() == kKeyBytes);
    const auto* method = gcm_method();
    const auto* bytes = bytes_of(key);
    TRUNKLINE_ASSERT(EVP_EncryptInit_ex2(encrypt_.get(), method, bytes, nullptr, nullptr) == 1);
    TRUNKLINE_ASSERT(EVP_DecryptInit_ex2(decrypt_.get(), method, bytes, nullptr, nullptr) == 1);
}

void Gcm::encrypt(
    std::string_view iv, std::string_view bound, std::string_view plain, char* out, char* tag
) {
    TRUNKLINE_ASSERT(iv.size() == kIvBytes);
    auto* context = encrypt_.get();
    int size = 0;
    int last = 0;
    bool good = EVP_EncryptInit_ex2(context, nullptr, nullptr, bytes_of(iv), nullptr) == 1;
    if (!bound.empty()) {
        good = good &&
               EVP_EncryptUpdate(context, nullptr, &size, bytes_of(bound), int_size(bound)) == 1;
    }
    size = 0;
    if (!plain.empty()) {
        good =
            good &&
            EVP_EncryptUpdate(context, bytes_of(out), &size, bytes_of(plain), int_size(plain)) == 1;
    }
    std::array<unsigned char, 16> none{};  // GCM adds nothing at the end, but wants a place for it
    good = good && EVP_EncryptFinal_ex(context, none.data(), &last) == 1;
    good = good && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, kTagBytes, tag) == 1;
    TRUNKLINE_ASSERT(good);
    TRUNKLINE_ASSERT(static_cast<std::size_t>(size) == plain.size());
}

bool Gcm::decrypt(
    std::string_view iv,
    std::string_view bound,
    std::string_view sealed,
    std::string_view tag,
    char* out
) {
    if (iv.size() != kIvBytes || tag.size() != kTagBytes) return false;
    auto* context = decrypt_.get();
    int size = 0;
    int last = 0;
    bool good = EVP_DecryptInit_ex2(context, nullptr, nullptr, bytes_of(iv), nullptr) == 1;
    if (!bound.empty()) {
        good = good &&
               EVP_DecryptUpdate(context, nullptr, &size, bytes_of(bound), int_size(bound)) == 1;
    }
    if (!sealed.empty()) {
        good = good && EVP_DecryptUpdate(
                           context, bytes_of(out), &size, bytes_of(sealed), int_size(sealed)
                       ) == 1;
    }
    std::array<char, kTagBytes> expected{};
    tag.copy(expected.data(), kTagBytes);
    good =
        good && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, kTagBytes, expected.data()) == 1;
    std::array<unsigned char, 16> none{};
    good = good && EVP_DecryptFinal_ex(context, none.data(), &last) == 1;
    if (!good && !sealed.empty())
        OPENSSL_cleanse(out, sealed.size());  // never hand out what is not authentic
    return good;
}

}  // namespace trunkline::seal
