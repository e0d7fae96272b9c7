#include "host/base/ulid.hpp"

#include <sys/random.h>

#include "host/base/assert.hpp"

namespace trunkline {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

int value_of(char c) noexcept {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    const auto at = kAlphabet.find(c);
    return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}  // namespace

std::string Ulid::text() const {
    // 26 digits of 5 bits hold 130 bits; the first digit carries only the top three.
    std::string out(26, '0');
    unsigned buffer = 0;
    int bits = 2;  // two zero bits in front make the total 130
    std::size_t at = 0;
    for (const std::uint8_t byte : bytes) {
        buffer = (buffer << 8U) | byte;
        bits += 8;
        while (bits >= 5) {
            bits -= 5;
            out[at++] = kAlphabet[(buffer >> static_cast<unsigned>(bits)) & 31U];
        }
    }
    return out;
}

std::string_view Ulid::view() const noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool Ulid::parse(std::string_view text, Ulid& out) noexcept {
    if (text.size() != 26 || value_of(text[0]) > 7) return false;
    unsigned buffer = 0;
    int bits = -2;
    std::size_t at = 0;
    for (const char c : text) {
        const int value = value_of(c);
        if (value < 0) return false;
        buffer = (buffer << 5U) | static_cast<unsigned>(value);
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            out.bytes[at++] = static_cast<std::uint8_t>(buffer >> static_cast<unsigned>(bits));
        }
    }
    return at == 16;
}

Ulid make_ulid(WallMs now_ms) {
    // Per thread: no lock on the hot path, and ascending within a millisecond is all that readers
    // rely on.
    struct Last {
        WallMs ms = -1;
        Ulid id;
        std::array<std::uint8_t, 640> pool{};
        std::size_t used = 640;
    };
    thread_local Last last;
    if (now_ms <= last.ms) {
        for (std::size_t i = 16; i-- > 6;) {
            if (++last.id.bytes[i] != 0) break;
        }
        return last.id;
    }
    if (last.used + 10 > last.pool.size()) {
        const ssize_t got =
            getrandom(last.pool.data(), 256, 0);  // up to 256 bytes never come short
        TRUNKLINE_ASSERT(got == 256);
        last.used = last.pool.size() - 256;
        for (std::size_t i = 256; i-- > 0;)
            last.pool[last.used + i] = last.pool[i];
    }
    last.ms = now_ms;
    for (std::size_t i = 0; i < 6; ++i)
        last.id.bytes[i] = static_cast<std::uint8_t>(now_ms >> (40 - 8 * static_cast<int>(i)));
    for (std::size_t i = 6; i < 16; ++i)
        last.id.bytes[i] = last.pool[last.used++];
    last.id.bytes[6] &= 0x7F;  // room to count up without overflowing into the time
    return last.id;
}

}  // namespace trunkline
