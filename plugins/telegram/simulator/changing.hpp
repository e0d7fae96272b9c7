#pragma once

#include "plugins/telegram/simulator/bot.hpp"

/// Methods that change what is there: edits, deletions, reactions.
namespace trunkline::telegram::simulator {

Outcome edit(Bot& bot, const std::string& method, const Parameters& p);
Outcome remove(Bot& bot, const Parameters& p);
Outcome remove_several(Bot& bot, const Parameters& p);
Outcome react(Bot& bot, const Parameters& p);

}  // namespace trunkline::telegram::simulator
