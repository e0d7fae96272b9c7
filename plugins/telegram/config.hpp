#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace trunkline::telegram {

/// An account's settings. Source of the limits: telegram.md sections 1 and 2.
struct Settings {
    std::string token;     ///< "<bot id>:<secret>"; "" while the account is still being connected
    std::string secret;    ///< webhook's secret_token, 1-256 of A-Za-z0-9_-
    std::string api_base;  ///< without a slash at the end
    bool poll = false;     ///< getUpdates instead of a webhook
    std::int64_t poll_timeout_s = 50;
    std::int64_t bot_id = 0;  ///< from the token

    bool connected() const noexcept { return !token.empty(); }
};

constexpr std::string_view kApiBase = "https://api.telegram.org";

/// Reads and checks `settings` (a JSON object); throws BadConfig with one line that names the key
/// and never its value.
Settings settings_of(std::string_view settings);

/// True for what BotFather hands out: digits, a colon, and nothing that could leave its place in a
/// URL.
bool valid_token(std::string_view token);

}  // namespace trunkline::telegram
