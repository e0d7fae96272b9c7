#pragma once

#include <trunkline/simulator/control.hpp>

#include "plugins/telegram/simulator/customer.hpp"
#include "plugins/telegram/simulator/groups.hpp"

namespace trunkline::telegram::simulator {

/// What a customer of Telegram can do and sees.
kit::Abilities abilities(const World& world);

/// Telegram's part of /control/...: who there is, what customers do and what becomes of groups.
/// All of it must outlive `control`.
void add_routes(
    kit::Control& control,
    kit::Loop& loop,
    World& world,
    Updates& updates,
    Customer& customer,
    Groups& groups
);

}  // namespace trunkline::telegram::simulator
