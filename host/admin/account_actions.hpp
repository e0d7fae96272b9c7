#pragma once

#include "host/admin/admin_side.hpp"
#include "host/admin/call.hpp"

namespace trunkline::admin {

/// Making, changing, connecting and disconnecting accounts; none when the call is something else.
async::Awaitable<std::optional<net::Response>> act_on_account(const Rooms& rooms, Call call);

/// `GET /v1/accounts/{id}/connect`: where its connect flow stands.
net::Response show_flow(const Rooms& rooms, const Call& call);

}  // namespace trunkline::admin
