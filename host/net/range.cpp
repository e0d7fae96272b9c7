#include "host/net/range.hpp"

#include <algorithm>
#include <charconv>

namespace trunkline::net {

std::string Range::content_range(std::uint64_t size) const {
    return "bytes " + std::to_string(first) + "-" + std::to_string(last) + "/" +
           std::to_string(size);
}

std::optional<Range> parse_range(std::string_view header, std::uint64_t size, bool* unsatisfiable) {
    *unsatisfiable = false;
    if (!header.starts_with("bytes=")) return std::nullopt;
    header.remove_prefix(6);
    const std::size_t dash = header.find('-');
    if (dash == std::string_view::npos || header.find(',') != std::string_view::npos)
        return std::nullopt;
    const auto number = [](std::string_view text, std::uint64_t& out) {
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
        return error == std::errc{} && end == text.data() + text.size();
    };
    const std::string_view left = header.substr(0, dash);
    const std::string_view right = header.substr(dash + 1);
    Range range;
    if (left.empty()) {
        std::uint64_t suffix = 0;
        if (!number(right, suffix)) return std::nullopt;
        if (suffix == 0 || size == 0) {
            *unsatisfiable = true;
            return std::nullopt;
        }
        range.first = suffix >= size ? 0 : size - suffix;
        range.last = size - 1;
        return range;
    }
    if (!number(left, range.first)) return std::nullopt;
    if (right.empty())
        range.last = size == 0 ? 0 : size - 1;
    else if (!number(right, range.last) || range.last < range.first)
        return std::nullopt;
    if (range.first >= size) {
        *unsatisfiable = true;
        return std::nullopt;
    }
    range.last = std::min(range.last, size - 1);
    return range;
}

}  // namespace trunkline::net
