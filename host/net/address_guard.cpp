#include "host/net/address_guard.hpp"

#include <array>
#include <exception>

#include "host/net/cidr.hpp"

namespace trunkline::net {

namespace {

struct Block {
    std::array<unsigned char, 16> bytes;
    unsigned bits;
};

// IANA special-purpose registry, IPv4 (RFC 6890 and its updates), plus multicast and class E.
constexpr std::array<Block, 16> kClosed4{{
    {{0}, 8},              // "this network"
    {{10}, 8},             // private, RFC 1918
    {{100, 64}, 10},       // carrier NAT, RFC 6598
    {{127}, 8},            // loopback
    {{169, 254}, 16},      // link-local, where clouds keep their metadata service
    {{172, 16}, 12},       // private
    {{192, 0, 0}, 24},     // protocol assignments
    {{192, 0, 2}, 24},     // documentation
    {{192, 31, 196}, 24},  // AS112
    {{192, 52, 193}, 24},  // AMT
    {{192, 88, 99}, 24},   // 6to4 relay anycast
    {{192, 168}, 16},      // private
    {{198, 18}, 15},       // benchmarking
    {{198, 51, 100}, 24},  // documentation
    {{203, 0, 113}, 24},   // documentation
    {{224}, 3},            // multicast and class E, broadcast among it
}};

// Of IPv6 only global unicast (2000::/3) is open at all; these are the exceptions within it.
constexpr std::array<Block, 6> kClosed6{{
    {{0x20, 0x01, 0x00, 0x00}, 23},  // protocol assignments: Teredo, ORCHID, benchmarking
    {{0x20, 0x01, 0x0D, 0xB8}, 32},  // documentation
    {{0x20, 0x02}, 16},              // 6to4: judged by the IPv4 address inside, before this list
    {{0x26, 0x20, 0x00, 0x4F, 0x80, 0x00}, 48},  // AS112
    {{0x3F, 0xFF}, 20},                          // documentation, RFC 9637
    {{0x3F, 0xFE}, 16},                          // the former 6bone
}};

bool within(std::string_view bytes, const Block& block) {
    const std::string prefix(reinterpret_cast<const char*>(block.bytes.data()), bytes.size());
    return Cidr{prefix, block.bits}.contains(bytes);
}

bool public4(std::string_view bytes) {
    for (const auto& block : kClosed4) {
        if (within(bytes, block)) return false;
    }
    return true;
}

// NAT64 (RFC 6052) and 6to4 (RFC 3056) carry an IPv4 address that the packet ends up at; the
// compatible form is dead but some stacks still route it.
std::string_view embedded4(std::string_view bytes) {
    using namespace std::string_view_literals;
    if (bytes.starts_with("\x00\x64\xff\x9b\0\0\0\0\0\0\0\0"sv)) return bytes.substr(12);
    if (bytes.starts_with("\x20\x02"sv)) return bytes.substr(2, 4);
    return {};
}

bool public6(std::string_view bytes) {
    const auto inner = embedded4(bytes);
    if (!inner.empty()) return public4(inner);
    if ((static_cast<unsigned char>(bytes[0]) & 0xE0U) != 0x20U) return false;
    for (const auto& block : kClosed6) {
        if (within(bytes, block)) return false;
    }
    return true;
}

}  // namespace

Result<AddressGuard> AddressGuard::make(bool allow_private, const std::vector<std::string>& allow) {
    auto ranges = parse_cidrs(allow);
    if (!ranges) return ranges.error();
    AddressGuard guard;
    guard.allow_private_ = allow_private;
    for (auto& range : *ranges)
        guard.allow_.push_back({std::move(range.bytes), range.bits});
    return guard;
}

bool AddressGuard::permits(std::string_view address) const noexcept {
    try {
        const auto bytes = address_bytes(address);
        if (!bytes) return false;
        if (allow_private_) return true;
        for (const auto& range : allow_) {
            if (Cidr{range.bytes, range.bits}.contains(*bytes)) return true;
        }
        return bytes->size() == 4 ? public4(*bytes) : public6(*bytes);
    } catch (const std::exception&) {
        return false;  // memory ran out: closed is the safe side
    }
}

}  // namespace trunkline::net
