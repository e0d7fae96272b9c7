#pragma once

#include <string_view>

#include <trunkline/connector.hpp>

#include "to_universal.hpp"

namespace trunkline::telegram {

/// Hands what an update meant to the host: items in their order, aliases, the health of business
/// connections. `raw` is the update itself, for the quarantine.
void report(Context& context, const Translated& translated, std::string_view raw);

}  // namespace trunkline::telegram
