#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <trunkline/ext/crypto.h>
#include <trunkline/ext/metrics.h>

#include "host/plugins/generation.hpp"

namespace trunkline::plugins {

/// The primitives of seal/ as a connector calls them. `[any]`, lives for ever.
const tl_crypto& crypto_table() noexcept;

/// The figures of one generation. `[any]`: names are added under a lock, values are atomic.
class MetricsTable {
public:
    MetricsTable();
    MetricsTable(const MetricsTable&) = delete;
    MetricsTable& operator=(const MetricsTable&) = delete;

    const tl_metrics& table() const noexcept { return table_; }
    std::vector<Metric> read() const;

private:
    struct Slot {
        std::string name;
        bool gauge = false;
        std::atomic<std::int64_t> value{0};
    };

    tl_status change(std::string_view name, bool gauge, std::int64_t value) noexcept;
    Slot* find(std::string_view name) noexcept;

    tl_metrics table_{};
    std::mutex adding_;
    std::atomic<std::size_t> used_{0};  ///< slots below it never change their name
    std::array<Slot, TL_METRICS_MAX> slots_;
};

}  // namespace trunkline::plugins
