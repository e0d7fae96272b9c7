#pragma once

#include <boost/json/object.hpp>

#include "host/connect/flow.hpp"

namespace trunkline::connect {

/// A stage as the admin API and the page tell it; see docs/operate/accounts.md.
boost::json::object to_json(const Stage& stage);

}  // namespace trunkline::connect
