#include "host/net/http.hpp"

#include <algorithm>

namespace trunkline::net {

namespace {

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    return std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
        return lower(x) == lower(y);
    });
}

std::string_view find_header(std::span<const HeaderView> headers, std::string_view name) noexcept {
    for (const auto& header : headers) {
        if (equal_ignoring_case(header.name, name)) return header.value;
    }
    return {};
}

std::string_view find_header(const Headers& headers, std::string_view name) noexcept {
    for (const auto& header : headers) {
        if (equal_ignoring_case(header.name, name)) return header.value;
    }
    return {};
}

}  // namespace trunkline::net
