#include "host/plugins/extensions.hpp"

#include <thread>

#include <gtest/gtest.h>

#include "host/base/base64.hpp"

namespace trunkline::plugins {
namespace {

tl_view view(std::string_view text) {
    return {text.data(), text.size()};
}

TEST(CryptoTableTest, ComputesWhatThePublishedVectorsSay) {
    std::array<unsigned char, TL_SHA256_SIZE> out{};
    const auto hex = [&] {
        return hex_encode({reinterpret_cast<const char*>(out.data()), out.size()});
    };
    ASSERT_EQ(crypto_table().sha256(view("abc"), out.data()), TL_OK);  // FIPS 180-4 example
    EXPECT_EQ(hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    // RFC 4231 test case 2
    ASSERT_EQ(
        crypto_table().hmac_sha256(view("Jefe"), view("what do ya want for nothing?"), out.data()),
        TL_OK
    );
    EXPECT_EQ(hex(), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(CryptoTableTest, ComparesAndRefusesNonsense) {
    EXPECT_EQ(crypto_table().equal(view("secret"), view("secret")), 1);
    EXPECT_EQ(crypto_table().equal(view("secret"), view("secreT")), 0);
    EXPECT_EQ(crypto_table().equal(view("secret"), view("secrets")), 0);
    EXPECT_EQ(crypto_table().equal({nullptr, 4}, view("abcd")), 0);
    EXPECT_EQ(crypto_table().sha256(view("abc"), nullptr), TL_E_BAD_INPUT);
    EXPECT_EQ(
        crypto_table().verify_rs256(view("n"), view("e"), view("data"), view("signature")), 0
    );
}

TEST(MetricsTableTest, CountsAndGauges) {
    MetricsTable metrics;
    const auto& table = metrics.table();
    EXPECT_EQ(table.count(table.ctx, view("updates"), 2), TL_OK);
    EXPECT_EQ(table.count(table.ctx, view("updates"), 3), TL_OK);
    EXPECT_EQ(table.gauge(table.ctx, view("sessions"), -4), TL_OK);
    const auto read = metrics.read();
    ASSERT_EQ(read.size(), 2u);
    EXPECT_EQ(read[0].name, "updates");
    EXPECT_EQ(read[0].value, 5);
    EXPECT_FALSE(read[0].gauge);
    EXPECT_EQ(read[1].value, -4);
    EXPECT_TRUE(read[1].gauge);
}

TEST(MetricsTableTest, RefusesWhatIsNotAllowed) {
    MetricsTable metrics;
    const auto& table = metrics.table();
    for (const std::string_view name : {"", "Upper", "1st", "with space", "line\nbreak"}) {
        EXPECT_EQ(table.count(table.ctx, view(name), 1), TL_E_BAD_INPUT) << name;
    }
    EXPECT_EQ(table.count(table.ctx, view(std::string(49, 'a')), 1), TL_E_BAD_INPUT);
    ASSERT_EQ(table.count(table.ctx, view("c"), 1), TL_OK);
    EXPECT_EQ(table.gauge(table.ctx, view("c"), 1), TL_E_BAD_STATE);
    for (unsigned i = 1; i < TL_METRICS_MAX; ++i) {
        ASSERT_EQ(table.count(table.ctx, view("c" + std::to_string(i)), 1), TL_OK);
    }
    EXPECT_EQ(table.count(table.ctx, view("one_more"), 1), TL_E_LIMIT);
    EXPECT_EQ(metrics.read().size(), TL_METRICS_MAX);
}

TEST(MetricsTableTest, LosesNothingBetweenThreads) {
    MetricsTable metrics;
    const auto work = [&] {
        const auto& table = metrics.table();
        for (int i = 0; i < 2000; ++i)
            table.count(table.ctx, view("n" + std::to_string(i % 20)), 1);
    };
    std::thread other{work};
    work();
    other.join();
    std::int64_t sum = 0;
    for (const auto& metric : metrics.read())
        sum += metric.value;
    EXPECT_EQ(sum, 4000);
    EXPECT_EQ(metrics.read().size(), 20u);
}

}  // namespace
}  // namespace trunkline::plugins
