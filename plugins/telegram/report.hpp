#pragma once

#include <boost/json.hpp>
#include <trunkline/connector.hpp>

#include "to_universal.hpp"

namespace trunkline::telegram {

/// Hands what an update meant to the host: items in their order, aliases, the health of business
/// connections. `update` is what goes to quarantine where it must; null when it is the whole input.
void report(Context& context, const Translated& translated, const boost::json::value* update);

/// An `unsupported` item in the place of a polled update that could not be reported; its beginning
/// goes to the quarantine.
void report_unreadable(Context& context, const boost::json::value& update);

}  // namespace trunkline::telegram
