#include "host/plugins/extensions.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "host/seal/crypto.hpp"

namespace trunkline::plugins {
namespace {

bool readable(tl_view view) noexcept {
    return view.data != nullptr || view.size == 0;
}

std::string_view text_of(tl_view view) noexcept {
    return view.size == 0 ? std::string_view{} : std::string_view{view.data, view.size};
}

/// Nothing of ours may throw into a connector.
template <class Work>
tl_status answered(Work work) noexcept {
    try {
        return work();
    } catch (...) {
        return TL_E_NO_MEMORY;
    }
}

int32_t equal(tl_view a, tl_view b) noexcept {
    if (!readable(a) || !readable(b)) return 0;
    return seal::equal_in_constant_time(text_of(a), text_of(b)) ? 1 : 0;
}

tl_status sha256(tl_view bytes, unsigned char* out) noexcept {
    if (!readable(bytes) || out == nullptr) return TL_E_BAD_INPUT;
    return answered([&] {
        const std::string digest = seal::sha256(text_of(bytes));
        std::memcpy(out, digest.data(), TL_SHA256_SIZE);
        return TL_OK;
    });
}

tl_status hmac_sha256(tl_view key, tl_view bytes, unsigned char* out) noexcept {
    if (!readable(key) || !readable(bytes) || out == nullptr) return TL_E_BAD_INPUT;
    return answered([&] {
        const std::string digest = seal::hmac_sha256(text_of(key), text_of(bytes));
        std::memcpy(out, digest.data(), TL_SHA256_SIZE);
        return TL_OK;
    });
}

int32_t verify_rs256(tl_view modulus, tl_view exponent, tl_view data, tl_view signature) noexcept {
    if (!readable(modulus) || !readable(exponent) || !readable(data) || !readable(signature))
        return 0;
    bool verified = false;
    const tl_status status = answered([&] {
        verified = seal::verify_rs256(
            text_of(modulus), text_of(exponent), text_of(data), text_of(signature)
        );
        return TL_OK;
    });
    return status == TL_OK && verified ? 1 : 0;
}

bool is_metric_name(std::string_view name) noexcept {
    const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
    if (name.empty() || name.size() > TL_METRIC_NAME_MAX || !lower(name.front())) return false;
    return std::ranges::all_of(name, [&](char c) {
        return lower(c) || (c >= '0' && c <= '9') || c == '_';
    });
}

}  // namespace

const tl_crypto& crypto_table() noexcept {
    static constexpr tl_crypto kTable{
        sizeof(tl_crypto), 0, equal, sha256, hmac_sha256, verify_rs256};
    return kTable;
}

MetricsTable::MetricsTable() {
    table_.size = sizeof(tl_metrics);
    table_.ctx = this;
    table_.count = [](void* ctx, tl_view name, std::uint64_t by) noexcept -> tl_status {
        if (!readable(name)) return TL_E_BAD_INPUT;
        constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
        return static_cast<MetricsTable*>(ctx)->change(
            text_of(name), false, static_cast<std::int64_t>(std::min(by, kMost))
        );
    };
    table_.gauge = [](void* ctx, tl_view name, std::int64_t value) noexcept -> tl_status {
        if (!readable(name)) return TL_E_BAD_INPUT;
        return static_cast<MetricsTable*>(ctx)->change(text_of(name), true, value);
    };
}

MetricsTable::Slot* MetricsTable::find(std::string_view name) noexcept {
    const auto end = slots_.begin() + static_cast<std::ptrdiff_t>(used_.load());
    const auto found =
        std::find_if(slots_.begin(), end, [&](const Slot& slot) { return slot.name == name; });
    return found == end ? nullptr : &*found;
}

tl_status MetricsTable::change(std::string_view name, bool gauge, std::int64_t value) noexcept {
    if (!is_metric_name(name)) return TL_E_BAD_INPUT;
    return answered([&]() -> tl_status {
        Slot* slot = find(name);
        if (slot == nullptr) {
            const std::lock_guard lock{adding_};
            slot = find(name);
            if (slot == nullptr) {
                const std::size_t next = used_.load();
                if (next == slots_.size()) return TL_E_LIMIT;
                slot = &slots_[next];
                slot->name = name;
                slot->gauge = gauge;
                used_ = next + 1;
            }
        }
        if (slot->gauge != gauge) return TL_E_BAD_STATE;
        if (gauge) {
            slot->value = value;
        } else {
            slot->value += value;
        }
        return TL_OK;
    });
}

std::vector<Metric> MetricsTable::read() const {
    std::vector<Metric> metrics;
    const std::size_t count = used_.load();
    for (std::size_t i = 0; i < count; ++i)
        metrics.push_back({slots_[i].name, slots_[i].gauge, slots_[i].value.load()});
    return metrics;
}

}  // namespace trunkline::plugins
