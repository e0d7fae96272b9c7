#pragma once

#include "plugins/telegram/simulator/bot.hpp"

/// Methods that put messages of the bot into chats.
namespace trunkline::telegram::simulator {

Outcome send(Bot& bot, const std::string& method, const Parameters& p);
Outcome send_album(Bot& bot, const Parameters& p);
Outcome forward(Bot& bot, const std::string& method, const Parameters& p);
Outcome copy(Bot& bot, const std::string& method, const Parameters& p);

/// Where a forwarded message comes from, as `forward_origin` and its older members.
void fill_origin(const json::object& from, json::object& to);

}  // namespace trunkline::telegram::simulator
