#pragma once

#include <string>

#include <trunkline/connector.hpp>

#include "config.hpp"
#include "errors.hpp"

namespace trunkline::telegram {

/// Registers `hook_url` with the account's secret. Waits out Telegram's "one a second", a few
/// times.
Step<Answer> set_webhook(Context& context, const Settings& settings, const std::string& hook_url);

/// What setWebhook was last told, to be compared without asking: Telegram never shows the secret
/// again.
std::string webhook_fingerprint(const Settings& settings, const std::string& hook_url);

/// A secret for the webhook that only the holder of the token can know, and the same each time it
/// is asked for. Empty when the host has no crypto table.
std::string derived_secret(const Settings& settings, const std::string& hook_url, const Host& host);

/// Why Telegram would not take an address, with what to do about it.
std::string webhook_advice(const Answer& answer, const std::string& hook_url);

}  // namespace trunkline::telegram
