#include "config.hpp"

#include <charconv>

#include <trunkline/json.hpp>
#include <trunkline/task.hpp>

#include "json_read.hpp"

namespace trunkline::telegram {

namespace {

constexpr std::string_view kWordCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
constexpr std::int64_t kPollTimeoutMaxS = 50;
constexpr std::size_t kTokenMax = 80;
constexpr std::size_t kSecretMax = 256;

std::string text_setting(const json::object& from, std::string_view key) {
    const auto* value = member(from, key);
    if (value == nullptr || value->is_null()) return {};
    if (!value->is_string()) throw BadConfig{std::string{key} + " must be a text"};
    return std::string{text_at(from, key)};
}

std::int64_t poll_timeout(const json::object& from) {
    const auto* value = member(from, "poll_timeout");
    if (value == nullptr || value->is_null()) return kPollTimeoutMaxS;
    auto seconds = integer(*value);
    if (value->is_string()) {  // "20s", as durations are written everywhere else
        const auto text = text_at(from, "poll_timeout");
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        const std::string_view unit{end, static_cast<std::size_t>(text.data() + text.size() - end)};
        if (error == std::errc{} && (unit.empty() || unit == "s")) seconds = number;
    }
    if (!seconds || *seconds < 0 || *seconds > kPollTimeoutMaxS)
        throw BadConfig{"poll_timeout must be 0s to 50s"};
    return *seconds;
}

}  // namespace

bool valid_token(std::string_view token) {
    const auto colon = token.find(':');
    if (colon == std::string_view::npos || token.size() > kTokenMax || token.starts_with('0'))
        return false;
    const auto id = token.substr(0, colon);
    const auto rest = token.substr(colon + 1);
    return !id.empty() && id.size() <= 18 &&
           id.find_first_not_of("0123456789") == std::string_view::npos && !rest.empty() &&
           rest.find_first_not_of(kWordCharacters) == std::string_view::npos;
}

Settings settings_of(std::string_view given) {
    const auto parsed_settings = parsed(given.empty() ? std::string_view{"{}"} : given);
    if (!parsed_settings || !parsed_settings->is_object())
        throw BadConfig{"the settings are no JSON object"};
    const auto& from = parsed_settings->get_object();
    Settings settings;
    settings.token = text_setting(from, "token");
    if (!settings.token.empty() && !valid_token(settings.token)) {
        throw BadConfig{"token must be what BotFather gave: digits, a colon, letters and digits"};
    }
    const auto id = std::string_view{settings.token}.substr(0, settings.token.find(':'));
    std::from_chars(id.data(), id.data() + id.size(), settings.bot_id);

    settings.secret = text_setting(from, "secret");
    if (settings.secret.size() > kSecretMax ||
        settings.secret.find_first_not_of(kWordCharacters) != std::string::npos) {
        throw BadConfig{
            "secret must be 1 to 256 of the letters, digits, _ and - that Telegram takes"};
    }
    settings.api_base = text_setting(from, "api_base");
    if (settings.api_base.empty()) settings.api_base = kApiBase;
    while (settings.api_base.ends_with('/'))
        settings.api_base.pop_back();
    if (!settings.api_base.starts_with("https://") && !settings.api_base.starts_with("http://")) {
        throw BadConfig{"api_base must be an http or https address"};
    }
    const auto receive = text_setting(from, "receive");
    if (!receive.empty() && receive != "webhook" && receive != "poll")
        throw BadConfig{"receive must be webhook or poll"};
    settings.poll = receive == "poll";
    settings.poll_timeout_s = poll_timeout(from);
    // Without it anybody who learns the hook's address could write messages in any customer's name.
    if (settings.connected() && !settings.poll && settings.secret.empty()) {
        throw BadConfig{
            "secret is missing: receive: webhook needs the secret_token that Telegram sends along"};
    }
    return settings;
}

}  // namespace trunkline::telegram
