// The fast form must say exactly what host/base says, in both directions.

#include "host/seal/base64url.hpp"

#include <gtest/gtest.h>

#include "host/base/base64.hpp"
#include "host/seal/crypto.hpp"

namespace trunkline::seal {
namespace {

TEST(Base64UrlTest, AgreesWithTheBaseForEverySize) {
    for (std::size_t size = 0; size < 100; ++size) {
        const std::string bytes = random_bytes(size);
        std::string text = "kept";
        base64url_append(bytes, text);
        EXPECT_EQ(text, "kept" + base64url_encode(bytes));
        std::string back = "dropped";
        ASSERT_TRUE(base64url_read(text.substr(4), back)) << size;
        EXPECT_EQ(back, bytes);
    }
}

TEST(Base64UrlTest, RefusesWhatTheBaseRefuses) {
    for (int first = 0; first < 256; ++first) {
        for (const std::string rest : {"", "A", "AA", "AAA", "AAAA", "AAQAA"}) {
            const std::string text = static_cast<char>(first) + rest;
            const std::string turned = rest + static_cast<char>(first);
            std::string mine, theirs;
            EXPECT_EQ(base64url_read(text, mine), base64url_decode(text, theirs)) << text;
            EXPECT_EQ(base64url_read(turned, mine), base64url_decode(turned, theirs)) << turned;
        }
    }
}

}  // namespace
}  // namespace trunkline::seal
