#pragma once

#include <boost/json.hpp>

#include "host/admin/admin_side.hpp"
#include "host/admin/call.hpp"

/// What people look at. None of these shows a secret or the content of a message, but for one dead
/// letter or one quarantined payload shown by name. Coroutines of the admin connection's loop.
namespace trunkline::admin {

async::Awaitable<net::Response> show_status(const Rooms& rooms, WallMs started_ms);
net::Response list_plugins(const Rooms& rooms, const Call& call);
net::Response list_accounts(const Rooms& rooms, const Call& call);
async::Awaitable<net::Response> list_portals(const Rooms& rooms, Call call);
async::Awaitable<net::Response> list_lanes(const Rooms& rooms, Call call);
async::Awaitable<net::Response> list_dead_letters(const Rooms& rooms, Call call);
async::Awaitable<net::Response> show_dead_letter(const Rooms& rooms, Call call);
async::Awaitable<net::Response> list_quarantine(const Rooms& rooms, Call call);
async::Awaitable<net::Response> show_quarantine(const Rooms& rooms, Call call);
async::Awaitable<net::Response> list_audit(const Rooms& rooms, Call call);

/// "file:line", by which people find what is theirs.
std::string place_text(const config::Place& place);

/// Names of all lanes, sorted.
async::Awaitable<std::vector<lanes::LaneStatus>> all_lanes(const Rooms& rooms);

}  // namespace trunkline::admin
