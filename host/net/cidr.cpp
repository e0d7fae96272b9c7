#include "host/net/cidr.hpp"

#include <algorithm>
#include <charconv>

#include <arpa/inet.h>

namespace trunkline::net {

namespace {

constexpr std::string_view kMappedPrefix{"\0\0\0\0\0\0\0\0\0\0\xff\xff", 12};

}  // namespace

bool Cidr::contains(std::string_view address) const noexcept {
    if (address.size() != bytes.size()) return false;
    const std::size_t whole = bits / 8;
    if (address.substr(0, whole) != std::string_view{bytes}.substr(0, whole)) return false;
    const unsigned rest = bits % 8;
    if (rest == 0) return true;
    const auto mask = static_cast<unsigned char>(0xFFU << (8U - rest));
    const auto a = static_cast<unsigned char>(address[whole]);
    const auto b = static_cast<unsigned char>(bytes[whole]);
    return ((a ^ b) & mask) == 0;
}

std::optional<std::string> address_bytes(std::string_view numeric) {
    const std::string text{numeric.substr(0, numeric.find('%'))};
    std::string out(16, '\0');
    if (inet_pton(AF_INET, text.c_str(), out.data()) == 1) {
        out.resize(4);
        return out;
    }
    if (inet_pton(AF_INET6, text.c_str(), out.data()) != 1) return std::nullopt;
    if (out.starts_with(kMappedPrefix)) out.erase(0, kMappedPrefix.size());
    return out;
}

Result<Cidr> parse_cidr(const std::string& text) {
    const auto slash = text.find('/');
    const auto address = text.substr(0, slash);
    const auto bytes = address_bytes(address);
    const Error bad{Fault::malformed, "not an address range: " + text};
    if (!bytes || text.find('\0') != std::string::npos) return bad;

    const bool mapped = bytes->size() == 4 && address.find(':') != std::string::npos;
    const auto most = static_cast<unsigned>(bytes->size() * 8);
    unsigned bits = most;
    if (slash != std::string::npos) {
        const auto* first = text.data() + slash + 1;
        const auto* last = text.data() + text.size();
        const auto [end, error] = std::from_chars(first, last, bits);
        if (error != std::errc{} || end != last || first == last) return bad;
        if (mapped) {
            if (bits < 96) return bad;
            bits -= 96;
        }
        if (bits > most) return bad;
    }
    return Cidr{*bytes, bits};
}

Result<std::vector<Cidr>> parse_cidrs(const std::vector<std::string>& texts) {
    std::vector<Cidr> out;
    for (const auto& text : texts) {
        auto range = parse_cidr(text);
        if (!range) return range.error();
        out.push_back(*std::move(range));
    }
    return out;
}

bool any_contains(const std::vector<Cidr>& ranges, std::string_view address) noexcept {
    return std::any_of(ranges.begin(), ranges.end(), [address](const Cidr& range) {
        return range.contains(address);
    });
}

}  // namespace trunkline::net
