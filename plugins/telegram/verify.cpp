#include "verify.hpp"

#include <trunkline/ext/crypto.h>

namespace trunkline::telegram {

bool from_telegram(const Webhook& hook, std::string_view secret, const Host& host) {
    const auto given = hook.header("x-telegram-bot-api-secret-token");
    if (secret.empty() || given.empty()) return false;
    const auto* crypto = host.extension<tl_crypto>(TL_EXT_CRYPTO);
    if (crypto != nullptr && TL_HAS(crypto, tl_crypto, equal))
        return crypto->equal(raw(given), raw(secret)) != 0;
    return equal_secrets(given, secret);
}

}  // namespace trunkline::telegram
