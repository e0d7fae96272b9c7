#include "host/plugins/version.hpp"

#include <algorithm>

namespace trunkline::plugins {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_number(std::string_view text) {
    return std::ranges::all_of(text, is_digit);
}

/// An identifier is letters, digits and dashes; a number has no zero in front, except in a build.
bool is_identifier(std::string_view text, bool build) {
    const auto fits = [](char c) {
        return is_digit(c) || c == '-' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    };
    if (text.empty() || !std::ranges::all_of(text, fits)) return false;
    return build || !is_number(text) || text.size() == 1 || text.front() != '0';
}

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> parts;
    for (;;) {
        const auto dot = text.find('.');
        parts.emplace_back(text.substr(0, dot));
        if (dot == std::string_view::npos) return parts;
        text.remove_prefix(dot + 1);
    }
}

/// Numbers by value, which is by length and then by digits, for none has a zero in front; they come
/// before words, which go by their bytes.
std::weak_ordering compare(const std::string& a, const std::string& b) noexcept {
    const bool numbers = is_number(a);
    if (numbers != is_number(b))
        return numbers ? std::weak_ordering::less : std::weak_ordering::greater;
    if (numbers && a.size() != b.size()) return a.size() <=> b.size();
    return a <=> b;
}

std::weak_ordering compare(
    const std::vector<std::string>& a, const std::vector<std::string>& b
) noexcept {
    return std::lexicographical_compare_three_way(
        a.begin(),
        a.end(),
        b.begin(),
        b.end(),
        [](const std::string& x, const std::string& y) { return compare(x, y); }
    );
}

}  // namespace

Result<Version> Version::parse(std::string_view text) {
    const Error refused{
        Fault::malformed,
        "\"" + std::string{text} + "\" is not a version such as 1.2.3 or 1.3.0-rc.1"};
    const auto plus = text.find('+');
    if (plus != std::string_view::npos) {
        for (const std::string& part : split(text.substr(plus + 1)))
            if (!is_identifier(part, true)) return refused;
        text = text.substr(0, plus);
    }
    Version version;
    const auto dash = text.find('-');
    if (dash != std::string_view::npos) {
        version.pre_release_ = split(text.substr(dash + 1));
        for (const std::string& part : version.pre_release_)
            if (!is_identifier(part, false)) return refused;
    }
    version.core_ = split(text.substr(0, dash));
    const auto number = [](const std::string& part) {
        return is_number(part) && is_identifier(part, false);
    };
    if (version.core_.size() != 3 || !std::ranges::all_of(version.core_, number)) return refused;
    return version;
}

std::weak_ordering operator<=>(const Version& a, const Version& b) noexcept {
    const auto core = compare(a.core_, b.core_);
    if (core != 0) return core;
    // A version comes after all that lead to it.
    const bool a_ready = a.pre_release_.empty();
    const bool b_ready = b.pre_release_.empty();
    if (a_ready || b_ready) return a_ready <=> b_ready;
    return compare(a.pre_release_, b.pre_release_);
}

}  // namespace trunkline::plugins
