#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <trunkline/abi.h>

#include "host/base/clock.hpp"
#include "host/net/http.hpp"

namespace trunkline::tasks {

/// An input that owns its bytes: what a task can be rebuilt from. A value.
struct Input {
    std::uint32_t kind = 0;
    std::uint32_t step = 0;
    std::uint32_t flags = 0;
    std::int32_t status = 0;
    WallMs at_ms = 0;  ///< when it was handed in first; 0 = not yet
    std::string method, target, body, key, note;
    net::Headers pairs;
    bool secret = false;  ///< the body is what a connector stored as a secret

    bool starts_task() const noexcept { return kind < TL_IN_HTTP_REPLY; }
    std::size_t bytes() const noexcept;

    /// The same input as it crosses the border: borrowed from this and from `scratch`, which must
    /// outlive the call. `scratch` must have room for all pairs, so that it never moves.
    tl_input lend(std::uint64_t task, WallMs deadline_ms, std::vector<tl_pair>& scratch) const;
};

inline tl_view lend(std::string_view text) noexcept {
    return {text.data(), text.size()};
}
/// Only for views that were found readable.
inline std::string_view text_of(tl_view view) noexcept {
    return view.size == 0 ? std::string_view{} : std::string_view{view.data, view.size};
}

}  // namespace trunkline::tasks
