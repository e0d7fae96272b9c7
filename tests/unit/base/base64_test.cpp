#include "host/base/base64.hpp"

#include <gtest/gtest.h>

namespace trunkline {
namespace {

TEST(Base64Test, WritesTheVectorsOfRfc4648) {
    EXPECT_EQ(base64_encode(""), "");
    EXPECT_EQ(base64_encode("f"), "Zg==");
    EXPECT_EQ(base64_encode("fo"), "Zm8=");
    EXPECT_EQ(base64_encode("foobar"), "Zm9vYmFy");
    EXPECT_EQ(base64url_encode("\xfb\xff"), "-_8");
}

TEST(Base64Test, ReadsBackWhatItWrote) {
    for (std::size_t size = 0; size < 70; ++size) {
        std::string bytes;
        for (std::size_t i = 0; i < size; ++i)
            bytes += static_cast<char>(i * 37 + size);
        std::string back;
        ASSERT_TRUE(base64_decode(base64_encode(bytes), back));
        EXPECT_EQ(back, bytes);
        ASSERT_TRUE(base64url_decode(base64url_encode(bytes), back));
        EXPECT_EQ(back, bytes);
    }
}

TEST(Base64Test, RefusesWhatIsNotExactlyOneSpelling) {
    std::string out;
    EXPECT_FALSE(base64_decode("Zg=", out));
    EXPECT_FALSE(base64_decode("Zg", out));
    EXPECT_FALSE(base64_decode("Zh==", out)) << "left-over bits set";
    EXPECT_FALSE(base64_decode("Z g=", out));
    EXPECT_FALSE(base64url_decode("Zg==", out));
    EXPECT_FALSE(base64url_decode("+/8", out));
}

TEST(Base64Test, WritesHexInLowerCase) {
    EXPECT_EQ(hex_encode(""), "");
    EXPECT_EQ(hex_encode(std::string_view{"\0\x0f\xf0\xff", 4}), "000ff0ff");
}

}  // namespace
}  // namespace trunkline
