#include "host/lanes/policy.hpp"

#include <array>

namespace trunkline::lanes {
namespace {

constexpr std::array kWords{"sequential", "keyed", "parallel"};

}  // namespace

const char* to_string(Order order) noexcept {
    return kWords.at(static_cast<std::size_t>(order));
}

std::optional<Order> order_of(std::string_view word) noexcept {
    for (std::size_t i = 0; i < kWords.size(); ++i) {
        if (word == kWords[i]) return static_cast<Order>(i);
    }
    return std::nullopt;
}

}  // namespace trunkline::lanes
