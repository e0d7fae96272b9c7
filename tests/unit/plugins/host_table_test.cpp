#include "host/plugins/host_table.hpp"

#include <gtest/gtest.h>

namespace trunkline::plugins {
namespace {

tl_view view_of(std::string_view text) {
    return {text.data(), text.size()};
}

class HostTableTest : public ::testing::Test {
protected:
    LogSink sink_ = [this](const std::string&, int, std::string_view text) {
        lines_.emplace_back(text);
    };
    MetricsTable metrics_;
    HostTable host_{"echo@1#1", sink_, metrics_};
    std::vector<std::string> lines_;
};

TEST_F(HostTableTest, LimitsLinesPerSecondAndLength) {
    for (std::uint32_t i = 0; i < HostTable::kLinesPerSecond + 25; ++i)
        host_.log(TL_LOG_INFO, "again", 100);
    EXPECT_EQ(lines_.size(), HostTable::kLinesPerSecond);
    host_.log(TL_LOG_INFO, std::string(10'000, 'x'), 101);
    ASSERT_EQ(lines_.size(), HostTable::kLinesPerSecond + 1);
    EXPECT_EQ(lines_.back().size(), HostTable::kLineMax);
}

TEST_F(HostTableTest, WritesOneLineWhateverItIsGiven) {
    host_.log(TL_LOG_INFO, std::string_view{"a\nb\r\x1B[31mc\0d", 12}, 1);
    EXPECT_EQ(lines_.back(), "a b  [31mc d");
    const auto& table = host_.table();
    table.log(table.ctx, 99, {nullptr, 5});
    EXPECT_EQ(lines_.size(), 1u);
}

TEST_F(HostTableTest, FindsExtensionsByExactId) {
    const auto& table = host_.table();
    EXPECT_EQ(table.extension(table.ctx, view_of("trunkline.crypto/1")), &crypto_table());
    EXPECT_EQ(table.extension(table.ctx, view_of("trunkline.metrics/1")), &metrics_.table());
    EXPECT_EQ(table.extension(table.ctx, view_of("trunkline.crypto/2")), nullptr);
    EXPECT_EQ(table.extension(table.ctx, {nullptr, 3}), nullptr);
}

}  // namespace
}  // namespace trunkline::plugins
