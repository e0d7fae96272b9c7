#pragma once

#include "host/admin/admin_side.hpp"
#include "host/admin/call.hpp"

namespace trunkline::admin {

/// The answer to a call that nothing serves: 409 for what the configuration owns, with its place;
/// 501 for what this version does not have; 405 for another method of a known path; else 404.
net::Response unserved(const Rooms& rooms, const Call& call);

}  // namespace trunkline::admin
