#pragma once

#include <vector>

#include "host/accounts/portal.hpp"
#include "host/config/config.hpp"
#include "host/delivery/portal_lanes.hpp"

/// From what is written of a portal's lanes to what they are.
namespace trunkline {

std::vector<delivery::PortalLaneSpec> lanes_of(const config::Portal& portal);

/// Puts what was made of the lanes of `portal`, in their order, into its terms.
void give_lanes(
    accounts::Terms& terms, const config::Portal& portal, delivery::PortalRoutes routes
);

}  // namespace trunkline
