#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <openssl/evp.h>
#include <openssl/kdf.h>

/// OpenSSL's contexts as resources with an owner. Only for the sources of this folder.
namespace trunkline::seal {

inline constexpr std::size_t kKeyBytes = 32;
inline constexpr std::size_t kIvBytes = 12;
inline constexpr std::size_t kTagBytes = 16;

struct EvpDeleter {
    void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
    void operator()(EVP_MAC_CTX* context) const noexcept { EVP_MAC_CTX_free(context); }
    void operator()(EVP_KDF_CTX* context) const noexcept { EVP_KDF_CTX_free(context); }
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
    void operator()(EVP_PKEY_CTX* context) const noexcept { EVP_PKEY_CTX_free(context); }
};
template <class T>
using Evp = std::unique_ptr<T, EvpDeleter>;

const EVP_MD* sha256_method(
);  ///< fetched once: a fetch per call costs more than hashing a message

inline const unsigned char* bytes_of(std::string_view text) noexcept {
    return reinterpret_cast<const unsigned char*>(text.data());
}
inline unsigned char* bytes_of(char* text) noexcept {
    return reinterpret_cast<unsigned char*>(text);
}

/// Overwrites a secret before its memory is given back.
void cleanse(std::string& secret) noexcept;

/// HMAC-SHA256 under one key, reused for every message. A resource, one thread. OpenSSL cleanses
/// its copy of the key.
class Mac {
public:
    explicit Mac(std::string_view key);

    void start();
    void update(std::string_view bytes);
    std::string finish();  ///< 32 bytes

private:
    Evp<EVP_MAC_CTX> context_;
};

/// AES-256-GCM under one key, reused for every message. A resource, one thread. OpenSSL cleanses
/// its copy of the key.
class Gcm {
public:
    explicit Gcm(std::string_view key);

    /// Writes plain.size() bytes to `out` and 16 to `tag`.
    void encrypt(
        std::string_view iv, std::string_view bound, std::string_view plain, char* out, char* tag
    );
    /// Writes sealed.size() bytes to `out`; when it returns false they are wiped.
    bool decrypt(
        std::string_view iv,
        std::string_view bound,
        std::string_view sealed,
        std::string_view tag,
        char* out
    );

private:
    Evp<EVP_CIPHER_CTX> encrypt_;
    Evp<EVP_CIPHER_CTX> decrypt_;
};

}  // namespace trunkline::seal
