#pragma once

#include <trunkline/connector.hpp>

#include "config.hpp"

namespace trunkline::telegram {

/// Performs a command: every call it takes, repaired where Telegram refuses a form, never a second
/// time where the first may have arrived. `command` and `settings` outlive the task. `[serving]`
Task perform_command(Context& context, const Command& command, const Settings& settings);

}  // namespace trunkline::telegram
