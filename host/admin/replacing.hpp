#pragma once

#include <optional>

#include "host/admin/admin_side.hpp"
#include "host/admin/call.hpp"

/// Replacing connectors, as operators see and ask for it. Coroutines of the admin connection's
/// loop.
namespace trunkline::admin {

/// What the replacing knows of a connector, for its row in the list.
boost::json::object replacing_of(const reload::Report& report);

/// `GET plugins/NAME/diff`: what the latest candidate made of the tasks that came lately, against
/// what served then.
net::Response show_diff(const Rooms& rooms, const Call& call);

/// `GET plugins/NAME/recent`: the tasks that came lately, one JSON line for each, as
/// `trunkline-conform --replay` reads them.
async::Awaitable<net::Response> show_recent(const Rooms& rooms, Call call);

/// `POST plugins/NAME/reload|rollback|disable`; none: no such action.
async::Awaitable<std::optional<net::Response>> act_on_plugin(const Rooms& rooms, Call call);

void write_replacing(const Rooms& rooms, std::string& out);

}  // namespace trunkline::admin
