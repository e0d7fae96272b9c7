#include "host/net/body_decoder.hpp"

#include <gtest/gtest.h>

namespace trunkline::net {

namespace {

struct Outcome {
    std::string body;
    std::size_t used = 0;
    bool done = false;
    bool refused = false;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome decode(std::string_view bytes, std::size_t step) {
    BodyDecoder decoder;
    decoder.start_chunked();
    Outcome out;
    while (out.used < bytes.size() && !decoder.done() && !decoder.refusal()) {
        out.used += decoder.feed(bytes.substr(out.used, step), out.body, 1 << 20);
    }
    out.done = decoder.done();
    out.refused = static_cast<bool>(decoder.refusal());
    return out;
}

TEST(BodyDecoder, ReadsChunksHoweverTheyAreCut) {
    const std::string bytes =
        "5\r\nhello\r\n1;ext=\"x\"\r\n,\r\n00a\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\nNEXT";
    for (const std::size_t step : {1U, 2U, 3U, 7U, 1000U}) {
        const auto out = decode(bytes, step);
        EXPECT_TRUE(out.done) << step;
        EXPECT_EQ(out.body, "hello,0123456789");
        EXPECT_EQ(out.used, bytes.size() - 4) << "what follows belongs to the next request";
    }
}

TEST(BodyDecoder, RefusesBrokenChunks) {
    for (const std::string& bytes : std::vector<std::string>{
             "\r\n",
             "x\r\n",
             "-1\r\n",
             "+5\r\nhello\r\n",
             "0x5\r\nhello\r\n",
             " 5\r\nhello\r\n",
             "5 \r\nhello\r\n",
             "5\nhello\r\n",
             "5\rhello\r\n",
             "5\r\nhello5\r\n",
             "5\r\nhello\n",
             "5\r\nhello\rx",
             "1000000000000000\r\n",
             "5;a\nb\r\n",
             std::string{"5;a\0b\r\n", 7},
             "5;" + std::string(5000, 'x') + "\r\n",
             "0\r\nno colon\r\n\r\n",
             "0\r\n folded: x\r\n\r\n",
             "0\r\nA: b\n\r\n",
             "0\r\n\n",
             "0\r\nA: " + std::string(9000, 'x') + "\r\n\r\n",
             "0\r\nA\x01: b\r\n\r\n"}) {
        const auto whole = decode(bytes, bytes.size());
        EXPECT_TRUE(whole.refused) << bytes.substr(0, 40);
        EXPECT_FALSE(whole.done);
        EXPECT_EQ(decode(bytes, 1), whole) << bytes.substr(0, 40);
    }
}

TEST(BodyDecoder, BoundsWhatItHandsOut) {
    BodyDecoder decoder;
    decoder.start_length(10);
    std::string out;
    EXPECT_EQ(decoder.feed("0123456789ABC", out, 4), 4U);
    EXPECT_EQ(out, "0123");
    EXPECT_FALSE(decoder.done());
    EXPECT_EQ(decoder.feed("456789ABC", out, 100), 6U);
    EXPECT_EQ(out, "0123456789");
    EXPECT_TRUE(decoder.done());
    EXPECT_EQ(decoder.feed("ABC", out, 100), 0U);
}

}  // namespace

}  // namespace trunkline::net
