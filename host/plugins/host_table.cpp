#include "host/plugins/host_table.hpp"

#include <algorithm>
#include <chrono>

#include <spdlog/spdlog.h>

namespace trunkline::plugins {
namespace {

constexpr std::string_view kProductVersion = "trunkline";

std::int64_t steady_seconds() noexcept {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::steady_clock::now().time_since_epoch()
    )
        .count();
}

void log_line(void* context, std::int32_t level, tl_view text) noexcept {
    if (text.data == nullptr) return;
    static_cast<HostTable*>(context)->log(level, {text.data, text.size}, steady_seconds());
}

/// A connector's text in one line: whoever reads the log must not be fooled by a line break or an
/// escape sequence.
std::string clean(std::string_view text) {
    std::string line{text.substr(0, HostTable::kLineMax)};
    std::ranges::replace_if(
        line, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' '
    );
    return line;
}

}  // namespace

HostTable::HostTable(std::string label, const LogSink& sink, const MetricsTable& metrics)
    : label_{std::move(label)}, sink_{sink}, metrics_{metrics} {
    table_.size = sizeof(tl_host);
    table_.abi_minor = TL_ABI_MINOR;
    table_.ctx = this;
    table_.product_version = {kProductVersion.data(), kProductVersion.size()};
    table_.log = log_line;
    table_.extension = extension_of;
}

const void* HostTable::extension_of(void* context, tl_view id) noexcept {
    return id.data == nullptr
               ? nullptr
               : static_cast<const HostTable*>(context)->find_extension({id.data, id.size});
}

const void* HostTable::find_extension(std::string_view id) const noexcept {
    // trunkline.random/1 belongs to an instance: tasks/ offers it.
    if (id == TL_EXT_CRYPTO) return &crypto_table();
    if (id == TL_EXT_METRICS) return &metrics_.table();
    return nullptr;
}

bool HostTable::admit(std::int64_t now_s, std::uint32_t& left_out) noexcept {
    auto window = window_s_.load();
    if (window != now_s && window_s_.compare_exchange_strong(window, now_s)) {
        lines_ = 0;
        left_out = left_out_.exchange(0);
    }
    if (lines_.fetch_add(1) < kLinesPerSecond) return true;
    ++left_out_;
    return false;
}

void HostTable::log(int level, std::string_view text, std::int64_t now_s) noexcept {
    std::uint32_t left_out = 0;
    const bool admitted = admit(now_s, left_out);
    try {
        if (left_out > 0) {
            spdlog::warn("plugins.log_limited connector={} left_out={}", label_, left_out);
        }
        if (!admitted) return;
        const std::string line = clean(text);
        if (sink_) {
            sink_(label_, level, line);
            return;
        }
        const auto severity = level >= TL_LOG_ERROR     ? spdlog::level::err
                              : level >= TL_LOG_WARNING ? spdlog::level::warn
                              : level >= TL_LOG_INFO    ? spdlog::level::info
                                                        : spdlog::level::debug;
        spdlog::log(severity, "plugins.said connector={} text=\"{}\"", label_, line);
    } catch (...) {
        // A line that cannot be written is not worth a connector's life.
        ++left_out_;
    }
}

}  // namespace trunkline::plugins
