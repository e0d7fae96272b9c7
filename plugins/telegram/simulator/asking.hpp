#pragma once

#include "plugins/telegram/simulator/bot.hpp"

/// Methods that ask for something, or tell no more than that something is going on.
namespace trunkline::telegram::simulator {

json::value get_me(const World& world);
Outcome get_file(Bot& bot, const Parameters& p);
Outcome get_chat(Bot& bot, const Parameters& p);
Outcome get_member(Bot& bot, const Parameters& p);
Outcome count_members(Bot& bot, const Parameters& p);
Outcome list_administrators(Bot& bot, const Parameters& p);
Outcome get_profile_photos(Bot& bot, const Parameters& p);
Outcome leave_chat(Bot& bot, const Parameters& p);
Outcome show_action(Bot& bot, const Parameters& p);
Outcome answer_callback(Bot& bot, const Parameters& p);

Outcome get_business(Bot& bot, const Parameters& p);
Outcome read_business(Bot& bot, const Parameters& p);
Outcome delete_business(Bot& bot, const Parameters& p);
json::object describe_business(const Business& business);

}  // namespace trunkline::telegram::simulator
