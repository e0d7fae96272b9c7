#include "host/tasks/fingerprint.hpp"

#include <cstring>

namespace trunkline::tasks {

__extension__ typedef unsigned __int128 Wide;

void Fingerprint::add(std::uint64_t number) noexcept {
    // A multiply-and-fold step: 128 bits of product, both halves kept.
    const auto product = static_cast<Wide>(state_ ^ number) * 0xD6E8FEB86659FD93ULL;
    state_ = static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U) ^
             (state_ << 1U | state_ >> 63U);
}

void Fingerprint::add(std::string_view text) noexcept {
    add(static_cast<std::uint64_t>(text.size()));
    while (text.size() >= sizeof(std::uint64_t)) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data(), sizeof word);
        add(word);
        text.remove_prefix(sizeof word);
    }
    if (text.empty()) return;
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), text.size());
    add(word);
}

}  // namespace trunkline::tasks
