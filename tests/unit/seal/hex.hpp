#pragma once

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace trunkline::seal {

/// What the vectors of the standards are written in.
inline std::string from_hex(std::string_view text) {
    const auto digit = [](char c) {
        const auto at = std::string_view{"0123456789abcdef"}.find(c);
        EXPECT_NE(at, std::string_view::npos) << c;
        return at;
    };
    std::string out;
    EXPECT_EQ(text.size() % 2, 0U);
    for (std::size_t i = 0; i + 1 < text.size(); i += 2)
        out += static_cast<char>(digit(text[i]) * 16 + digit(text[i + 1]));
    return out;
}

}  // namespace trunkline::seal
