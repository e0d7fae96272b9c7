#pragma once

#include "plugins/telegram/simulator/world.hpp"

namespace trunkline::telegram::simulator {

/// What the customer's page may offer and show (GET /control/abilities). The page knows no
/// messenger: what is not named here is not on it.
json::object abilities(const World& world);

}  // namespace trunkline::telegram::simulator
