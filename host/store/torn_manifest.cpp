#include "host/store/torn_manifest.hpp"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>

#include <boost/crc.hpp>

namespace trunkline::store {
namespace {

constexpr std::size_t kBlock = 32'768;
constexpr std::size_t kHeader = 7;  // checksum (4), length (2), type (1)
constexpr std::size_t kNameMax = 256;

std::uint32_t number(std::string_view bytes, std::size_t at, std::size_t count) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < count; ++i)
        value |= std::uint32_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
    return value;
}

/// As RocksDB stores a CRC-32C: turned and shifted, so that a checksum of checksums is none.
constexpr std::uint32_t masked(std::uint32_t sum) {
    return ((sum >> 15U) | (sum << 17U)) + 0xa282ead8U;
}

/// Whether some beginning of `bytes` (a record's type and payload) has that checksum.
bool begins_with_whole(std::string_view bytes, std::uint32_t checksum) {
    boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
    for (const char byte : bytes) {
        crc.process_byte(static_cast<unsigned char>(byte));
        if (masked(crc.checksum()) == checksum) return true;
    }
    return false;
}

}  // namespace

bool a_length_is_damaged(std::string_view manifest) {
    std::size_t at = 0;
    while (at + kHeader <= manifest.size()) {
        const std::size_t left_in_block = kBlock - at % kBlock;
        if (left_in_block < kHeader) {
            at += left_in_block;  // padding
            continue;
        }
        const std::size_t length = number(manifest, at + 4, 2);
        const std::size_t end = at + kHeader + length;
        if (end <= manifest.size() && kHeader + length <= left_in_block) {
            at = end;
            continue;
        }
        // It reaches too far: are all its bytes there all the same?
        const std::size_t rest = std::min(manifest.size() - at, left_in_block);
        return begins_with_whole(manifest.substr(at + 6, rest - 6), number(manifest, at, 4));
    }
    return false;
}

std::string read_manifest(const std::string& folder) {
    std::ifstream current{folder + "/CURRENT", std::ios::binary};
    std::string name;
    std::getline(current, name);
    if (name.empty() || name.size() > kNameMax || name.find('/') != std::string::npos) return {};
    std::ifstream in{folder + "/" + name, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

}  // namespace trunkline::store
