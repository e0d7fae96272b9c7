#pragma once

#include <optional>

#include "host/admin/admin_side.hpp"
#include "host/admin/call.hpp"

namespace trunkline::admin {

/// What people change. Every change that was made leaves an audit row (who, what, when). None:
/// there is no such action.
async::Awaitable<std::optional<net::Response>> act(const Rooms& rooms, Call call);

}  // namespace trunkline::admin
