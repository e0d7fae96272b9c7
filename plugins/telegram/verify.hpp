#pragma once

#include <string_view>

#include <trunkline/connector.hpp>

namespace trunkline::telegram {

/// True when the request carries the secret that setWebhook was given. Telegram signs nothing, so
/// this header is all there is; it is compared in constant time. An empty `secret` verifies
/// nothing. `[any]` Source: telegram.md section 1, X-Telegram-Bot-Api-Secret-Token.
bool from_telegram(const Webhook& hook, std::string_view secret, const Host& host);

}  // namespace trunkline::telegram
