#include "webhook.hpp"

#include <array>

#include <trunkline/ext/crypto.h>

#include "api.hpp"
#include "json_read.hpp"

namespace trunkline::telegram {

namespace {

constexpr int kTriesMax = 4;
constexpr std::int64_t kPauseMs = 1'500;
constexpr int kConnectionsMax = 40;  // parallel deliveries; Telegram's own default, said aloud

std::string hex(const unsigned char* bytes, std::size_t size) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (std::size_t i = 0; i < size; ++i) {
        text.push_back(kDigits[bytes[i] >> 4U]);
        text.push_back(kDigits[bytes[i] & 15U]);
    }
    return text;
}

}  // namespace

Step<Answer> set_webhook(Context& context, const Settings& settings, const std::string& hook_url) {
    json::object params{
        {"url", hook_url},
        {"secret_token", settings.secret},
        {"allowed_updates", allowed_updates()},
        {"max_connections", kConnectionsMax}};
    const auto request = request_of("setWebhook", params, settings);
    for (int tries = 1;; ++tries) {
        const HttpReply reply = co_await context.http(request);
        Answer answer = answer_of(reply);
        const bool passing = answer.verdict == Verdict::retry ||
                             answer.verdict == Verdict::conflict ||
                             answer.verdict == Verdict::unknown;
        const auto due = context.now_ms() + std::max(answer.delay_ms, kPauseMs);
        if (!passing || tries == kTriesMax || due >= context.deadline_ms()) co_return answer;
        (void)co_await context.sleep_until(due);
    }
}

std::string webhook_fingerprint(const Settings& settings, const std::string& hook_url) {
    return hook_url + "\n" + settings.secret + "\n" + json::serialize(allowed_updates());
}

std::string derived_secret(
    const Settings& settings, const std::string& hook_url, const Host& host
) {
    const auto* crypto = host.extension<tl_crypto>(TL_EXT_CRYPTO);
    if (crypto == nullptr || !TL_HAS(crypto, tl_crypto, hmac_sha256)) return {};
    const auto about = "trunkline telegram webhook " + hook_url;
    std::array<unsigned char, TL_SHA256_SIZE> mac{};
    if (crypto->hmac_sha256(raw(settings.token), raw(about), mac.data()) != TL_OK) return {};
    return hex(mac.data(), mac.size());
}

std::string webhook_advice(const Answer& answer, const std::string& hook_url) {
    return "Telegram does not take the address " + hook_url + " (" + answer.text +
           "). It needs a public https address on port 443, 80, 88 or 8443: set public_url, or "
           "receive: poll, which works "
           "behind any firewall";
}

}  // namespace trunkline::telegram
