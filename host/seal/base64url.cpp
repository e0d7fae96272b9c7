#include "host/seal/base64url.hpp"

#include <array>
#include <cstdint>

namespace trunkline::seal {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// Two characters for each 12 bits: half the look-ups, and 8 KiB stay in the first cache.
struct Pair {
    char first, second;
};
constexpr auto kPairs = [] {
    std::array<Pair, 4096> table{};
    for (std::size_t i = 0; i < table.size(); ++i)
        table[i] = {kAlphabet[i >> 6U], kAlphabet[i & 63U]};
    return table;
}();

constexpr std::uint32_t kBad = 0x80000000U;
constexpr auto kValues = [] {
    std::array<std::uint32_t, 256> table{};
    for (auto& entry : table)
        entry = kBad;
    for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
        table[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint32_t>(i);
    }
    return table;
}();

std::uint32_t byte_at(std::string_view bytes, std::size_t i) {
    return static_cast<unsigned char>(bytes[i]);
}

}  // namespace

void base64url_append(std::string_view bytes, std::string& out) {
    const std::size_t start = out.size();
    out.resize(start + base64url_size(bytes.size()));
    char* to = out.data() + start;
    std::size_t i = 0;
    for (; i + 3 <= bytes.size(); i += 3, to += 4) {
        const std::uint32_t v =
            byte_at(bytes, i) << 16U | byte_at(bytes, i + 1) << 8U | byte_at(bytes, i + 2);
        const Pair high = kPairs[v >> 12U];
        const Pair low = kPairs[v & 4095U];
        to[0] = high.first;
        to[1] = high.second;
        to[2] = low.first;
        to[3] = low.second;
    }
    const std::size_t rest = bytes.size() - i;
    if (rest == 0) return;
    const std::uint32_t v =
        byte_at(bytes, i) << 16U | (rest == 2 ? byte_at(bytes, i + 1) << 8U : 0U);
    to[0] = kPairs[v >> 12U].first;
    to[1] = kPairs[v >> 12U].second;
    if (rest == 2) to[2] = kPairs[v & 4095U].first;
}

bool base64url_read(std::string_view text, std::string& out) {
    out.clear();
    const std::size_t rest = text.size() % 4;
    if (rest == 1) return false;
    const auto at = [&](std::size_t i) { return kValues[static_cast<unsigned char>(text[i])]; };
    out.resize(text.size() / 4 * 3 + (rest == 0 ? 0 : rest - 1));
    char* to = out.data();
    std::uint32_t seen =
        0;  // gathers the mark of every bad character, so that the loop has no branch
    std::size_t i = 0;
    for (; i + 4 <= text.size(); i += 4, to += 3) {
        const std::uint32_t a = at(i), b = at(i + 1), c = at(i + 2), d = at(i + 3);
        seen |= a | b | c | d;
        const std::uint32_t v = (a & 63U) << 18U | (b & 63U) << 12U | (c & 63U) << 6U | (d & 63U);
        to[0] = static_cast<char>(v >> 16U);
        to[1] = static_cast<char>(v >> 8U & 255U);
        to[2] = static_cast<char>(v & 255U);
    }
    if (rest != 0) {
        const std::uint32_t a = at(i), b = at(i + 1), c = rest == 3 ? at(i + 2) : 0U;
        seen |= a | b | c;
        const std::uint32_t v = (a & 63U) << 18U | (b & 63U) << 12U | (c & 63U) << 6U;
        to[0] = static_cast<char>(v >> 16U);
        if (rest == 3) to[1] = static_cast<char>(v >> 8U & 255U);
        // Left-over bits must be zero, or two texts would mean one value.
        if ((rest == 2 ? v & 0xFFFFU : v & 0xFFU) != 0) seen |= kBad;
    }
    if ((seen & kBad) == 0) return true;
    out.clear();
    return false;
}

}  // namespace trunkline::seal
