#pragma once

#include <string>

#include <trunkline/connector.hpp>

#include "config.hpp"

/// An account's life at Telegram. `settings` and `hook_url` outlive the task. `[serving]`
namespace trunkline::telegram {

/// Asks for the token, takes the bot over, and registers where updates go.
Task connect_account(
    Context& context, const Connect& connect, const Settings& settings, const std::string& hook_url
);

/// Looks whether the token lives and updates arrive; sets the webhook anew when somebody moved or
/// removed it.
Task check_account(Context& context, const Settings& settings, const std::string& hook_url);

/// Removes the webhook.
Task disconnect_account(Context& context, const Settings& settings);

/// Where the bytes of a file are: an address that lives an hour.
Task locate_file(Context& context, const File& file, const Settings& settings);

/// A customer's present name and picture.
Task fetch_profile(Context& context, const Profile& profile, const Settings& settings);

}  // namespace trunkline::telegram
