#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <trunkline/abi.h>
#include <trunkline/ext/crypto.h>
#include <trunkline/text.hpp>

namespace trunkline::inline face::testing {

/// SHA-256 (FIPS 180-4), 32 raw bytes. For tests only: so that they can sign webhooks without a
/// library to link. Connectors use trunkline.crypto/1.
inline std::string sha256(std::string_view text) {
    constexpr std::array<std::uint32_t, 64> kRound{
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
        0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
        0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
        0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
        0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
        0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
        0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
        0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
        0xc67178f2};
    std::array<std::uint32_t, 8> hash{
        0x6a09e667,
        0xbb67ae85,
        0x3c6ef372,
        0xa54ff53a,
        0x510e527f,
        0x9b05688c,
        0x1f83d9ab,
        0x5be0cd19};
    std::string padded{text};
    padded.push_back('\x80');
    padded.resize((padded.size() + 8 + 63) / 64 * 64 - 8, '\0');
    for (int shift = 56; shift >= 0; shift -= 8) {
        padded.push_back(static_cast<char>((std::uint64_t{text.size()} * 8) >> shift));
    }
    const auto byte = [&](std::size_t i) {
        return std::uint32_t{static_cast<unsigned char>(padded[i])};
    };
    for (std::size_t block = 0; block < padded.size(); block += 64) {
        std::array<std::uint32_t, 64> w{};
        for (std::size_t i = 0; i < 16; ++i) {
            const std::size_t p = block + i * 4;
            w[i] = byte(p) << 24U | byte(p + 1) << 16U | byte(p + 2) << 8U | byte(p + 3);
        }
        for (std::size_t i = 16; i < 64; ++i) {
            const auto a = w[i - 15], b = w[i - 2];
            w[i] = w[i - 16] + w[i - 7] + (std::rotr(a, 7) ^ std::rotr(a, 18) ^ (a >> 3U)) +
                   (std::rotr(b, 17) ^ std::rotr(b, 19) ^ (b >> 10U));
        }
        auto [a, b, c, d, e, f, g, h] = hash;
        for (std::size_t i = 0; i < 64; ++i) {
            const auto up = h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) +
                            ((e & f) ^ (~e & g)) + kRound[i] + w[i];
            const auto down = (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) +
                              ((a & b) ^ (a & c) ^ (b & c));
            h = g, g = f, f = e, e = d + up, d = c, c = b, b = a, a = up + down;
        }
        const std::array<std::uint32_t, 8> round{a, b, c, d, e, f, g, h};
        for (std::size_t i = 0; i < 8; ++i)
            hash[i] += round[i];
    }
    std::string digest;
    for (const std::uint32_t word : hash) {
        for (int shift = 24; shift >= 0; shift -= 8)
            digest.push_back(static_cast<char>(word >> shift));
    }
    return digest;
}

/// HMAC-SHA256 (RFC 2104), 32 raw bytes.
inline std::string hmac_sha256(std::string_view key, std::string_view text) {
    std::string block{key.size() > 64 ? sha256(key) : std::string{key}};
    block.resize(64, '\0');
    const auto mixed = [&](char with) {
        std::string pad = block;
        for (char& c : pad)
            c = static_cast<char>(c ^ with);
        return pad;
    };
    return sha256(mixed('\x5c') + sha256(mixed('\x36') + std::string{text}));
}

/// trunkline.crypto/1 without RS256, which never verifies here.
inline const tl_crypto& crypto_table() noexcept {
    static constexpr tl_crypto kTable{
        sizeof(tl_crypto),
        0,
        [](tl_view a, tl_view b) noexcept -> std::int32_t {
            return equal_secrets(view(a), view(b)) ? 1 : 0;
        },
        [](tl_view bytes, unsigned char* out) noexcept -> tl_status {
            std::ranges::copy(sha256(view(bytes)), out);
            return TL_OK;
        },
        [](tl_view key, tl_view bytes, unsigned char* out) noexcept -> tl_status {
            std::ranges::copy(hmac_sha256(view(key), view(bytes)), out);
            return TL_OK;
        },
        [](tl_view, tl_view, tl_view, tl_view) noexcept -> std::int32_t { return 0; }};
    return kTable;
}

}  // namespace trunkline::inline face::testing
