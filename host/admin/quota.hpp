#pragma once

#include "host/admin/admin_side.hpp"
#include "host/admin/call.hpp"

namespace trunkline::admin {

/// What an account may call at its messenger and how much of that is left: its own buckets, its
/// connector's, and of its conversations those that are not full, at most `limit` of them.
async::Awaitable<net::Response> show_quota(const Rooms& rooms, Call call);

/// How calls waited, of all accounts.
void write_waits(const Rooms& rooms, std::string& out);

}  // namespace trunkline::admin
