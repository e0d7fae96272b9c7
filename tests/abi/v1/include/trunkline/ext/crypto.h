/*
 * trunkline/ext/crypto.h - what webhooks are verified with, so that no connector brings its own.
 * The table is found by tl_host.extension("trunkline.crypto/1") and lives as long as the host.
 */
#ifndef TRUNKLINE_EXT_CRYPTO_H
#define TRUNKLINE_EXT_CRYPTO_H

#include <trunkline/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TL_EXT_CRYPTO "trunkline.crypto/1"
#define TL_SHA256_SIZE 32u

/* Sized. Truth is 1 or 0. */
typedef struct tl_crypto {
    uint32_t size, reserved;

    /* Compares secrets: how long it takes does not tell where they differ. [any] */
    int32_t (*equal)(tl_view a, tl_view b) TL_NOEXCEPT;

    /* FIPS 180-4. Writes TL_SHA256_SIZE bytes. [any] */
    tl_status (*sha256)(tl_view bytes, unsigned char* out) TL_NOEXCEPT;

    /* RFC 2104 with SHA-256. Writes TL_SHA256_SIZE bytes. [any] */
    tl_status (*hmac_sha256)(tl_view key, tl_view bytes, unsigned char* out) TL_NOEXCEPT;

    /* RS256 (RFC 7518 section 3.3); modulus and exponent big-endian, as decoded from a JWK. 0 for
       anything that does not verify. [any] */
    int32_t (*verify_rs256
    )(tl_view modulus, tl_view exponent, tl_view data, tl_view signature) TL_NOEXCEPT;
} tl_crypto;

#ifdef __cplusplus
}
#endif
#endif
