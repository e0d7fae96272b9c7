#pragma once

#include <string_view>

namespace trunkline::portal::store {

/// How far a command is. A state replaces one of lower rank only, so that answers and statuses may
/// come in any order; what a messenger confirms later (delivered) outranks an earlier doubt
/// (unknown). Unknown words rank lowest but one.
constexpr int rank_of(std::string_view state) {
    if (state == "saved") return 0;
    if (state == "accepted") return 2;
    if (state == "delayed") return 3;
    if (state == "sent") return 4;
    if (state == "unknown") return 5;
    if (state == "failed") return 6;
    if (state == "delivered") return 7;
    if (state == "read") return 8;
    return 1;
}

constexpr bool is_confirmed(std::string_view state) {
    return state == "sent" || state == "delivered" || state == "read";
}

}  // namespace trunkline::portal::store
