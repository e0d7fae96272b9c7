#pragma once

#include <string>
#include <vector>

#include "host/config/config.hpp"
#include "host/store/store.hpp"

namespace trunkline {

/// Lanes of `portal` in which something waits and that its configuration names no more: they are
/// delivered to their end, though nothing new is added. Names without "portal/<id>/". `[any]`
std::vector<std::string> lanes_to_drain(const store::Store& store, const config::Portal& portal);

/// Lanes in which something waits for a portal or an account that `config` does not name: they are
/// kept as they are until it is there again. `[any]`
std::vector<store::LaneInfo> orphaned_lanes(
    const store::Store& store, const config::Config& config
);

}  // namespace trunkline
