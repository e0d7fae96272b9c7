#pragma once

#include <string>
#include <vector>

#include "host/accounts/directory.hpp"
#include "host/config/config.hpp"
#include "host/store/store.hpp"

namespace trunkline {

/// Lanes of `portal` in which something waits and that its configuration names no more: they are
/// delivered to their end, though nothing new is added. Names without "portal/<id>/". `[any]`
std::vector<std::string> lanes_to_drain(const store::Store& store, const config::Portal& portal);

/// Lanes in which something waits for a portal or an account that is not there: they are kept as
/// they are until it is again. `[any]`
std::vector<store::LaneInfo> orphaned_lanes(
    const store::Store& store, const accounts::Directory& directory
);

/// Whether something waits in the lane, also what a waiting line has set aside. Where that cannot
/// be read it is taken for granted.
bool something_waits(const store::Store& store, const store::LaneInfo& lane);

}  // namespace trunkline
