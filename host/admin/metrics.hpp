#pragma once

#include <string>

#include "host/admin/admin_side.hpp"

namespace trunkline::admin {

/// Prometheus text, format 0.0.4.
async::Awaitable<std::string> write_metrics(const Rooms& rooms);

}  // namespace trunkline::admin
