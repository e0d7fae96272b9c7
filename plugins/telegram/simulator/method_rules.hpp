#pragma once

#include "plugins/telegram/simulator/world.hpp"

namespace trunkline::telegram::simulator {

/// What each method of the Bot API may be given. What needs more than one value to judge (entities
/// within a text, a quote within a message) is in checks.hpp and where the method is carried out.
const kit::RuleBook& method_rules();

/// Of an element of sendMediaGroup's and of editMessageMedia's `media`.
const kit::Rules& media_rules();

}  // namespace trunkline::telegram::simulator
