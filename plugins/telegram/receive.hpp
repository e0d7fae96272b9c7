#pragma once

#include <trunkline/connector.hpp>

#include "config.hpp"

/// Updates in, by webhook, by long poll, or once more out of quarantine. `settings` and the inputs
/// outlive the task. `[serving]`
namespace trunkline::telegram {

Task receive_webhook(Context& context, const Webhook& hook, const Settings& settings);
Task receive_replay(Context& context, const Replay& replay, const Settings& settings);
Task receive_poll(Context& context, const Poll& poll, const Settings& settings);

}  // namespace trunkline::telegram
