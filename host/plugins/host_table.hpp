#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <trunkline/abi.h>

#include "host/plugins/extensions.hpp"

namespace trunkline::plugins {

using LogSink = std::function<void(const std::string& label, int level, std::string_view text)>;

/// A loop's `tl_host` for one generation. Its log is cut to 4 KiB a line, cleaned of control
/// characters, and limited to `kLinesPerSecond`; what was left out is counted in the next line.
/// `[any]`, without locks.
class HostTable {
public:
    static constexpr std::uint32_t kLinesPerSecond = 50;
    static constexpr std::size_t kLineMax = 4096;

    HostTable(std::string label, const LogSink& sink, const MetricsTable& metrics);
    HostTable(const HostTable&) = delete;
    HostTable& operator=(const HostTable&) = delete;

    const tl_host& table() const noexcept { return table_; }

    static const void* extension_of(void* context, tl_view id) noexcept;

    /// `now_s`: seconds on any clock that never goes back.
    void log(int level, std::string_view text, std::int64_t now_s) noexcept;

private:
    const void* find_extension(std::string_view id) const noexcept;
    bool admit(std::int64_t now_s, std::uint32_t& left_out) noexcept;

    std::string label_;
    const LogSink& sink_;
    const MetricsTable& metrics_;
    tl_host table_{};
    std::atomic<std::int64_t> window_s_{-1};
    std::atomic<std::uint32_t> lines_{0};
    std::atomic<std::uint32_t> left_out_{0};
};

}  // namespace trunkline::plugins
