#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "host/base/id.hpp"

namespace trunkline::seal {

/// What a batch is a function of. Borrowed.
struct BatchIdentity {
    const PortalId& portal;
    std::string_view lane;
    std::uint64_t epoch = 0;
    std::span<const std::string> event_ids;  ///< in the batch's order; none when a portal is opened
};

/// The `webhook-id` of a batch: the same list has the same id over tries and restarts, another list
/// has another id. `batch_` and 144 bits of SHA-256 as base64url, 30 characters. `[any]`
std::string webhook_id(const BatchIdentity& batch);

}  // namespace trunkline::seal
