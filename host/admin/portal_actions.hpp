#pragma once

#include <optional>

#include "host/admin/admin_side.hpp"
#include "host/admin/call.hpp"

namespace trunkline::admin {

/// Making, changing and removing portals. None: no such action, or the configuration owns the
/// portal.
async::Awaitable<std::optional<net::Response>> act_on_portal(const Rooms& rooms, Call call);

}  // namespace trunkline::admin
