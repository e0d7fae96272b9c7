#include <algorithm>

#include "account.hpp"
#include "api.hpp"
#include "json_read.hpp"
#include "people.hpp"
#include "webhook.hpp"

namespace trunkline::telegram {

namespace {

constexpr int kTriesMax = 10;  // forms one flow may show; a task has 64 steps

std::string token_form(std::string_view error) {
    json::object form{
        {"kind", "input"},
        {"title", "Connect a Telegram bot"},
        {"text", "Open @BotFather in Telegram, send /newbot, and paste the token it answers with."},
        {"fields",
         json::array{json::object{
             {"key", "token"}, {"type", "secret"}, {"title", "Bot token"}, {"required", true}}}}};
    set_text(form, "error", error);
    return json::serialize(form);
}

/// The bot already delivers to another program, which will hear nothing any more.
std::string takeover_form(std::string_view bot, std::string_view url) {
    const auto host_begin = std::min(url.find("://"), url.size());
    const auto host = url.substr(std::min(host_begin + 3, url.size()));
    json::object form{
        {"kind", "input"},
        {"title", "This bot is in use"},
        {"text",
         "@" + std::string{bot} + " sends its messages to " +
             std::string{host.substr(0, host.find('/'))} +
             ". If you go on, that program receives nothing any more."},
        {"fields",
         json::array{json::object{
             {"key", "take_over"},
             {"type", "confirm"},
             {"title", "Take the bot over"},
             {"required", true}}}}};
    return json::serialize(form);
}

/// A value a person entered: at the top of the answer or under `values`.
std::string entered(const std::string& answer, std::string_view key) {
    const auto value = parse(answer);
    const auto* object = value ? value->if_object() : nullptr;
    if (object == nullptr) return {};
    const auto* values = object_at(*object, "values");
    const auto& from = values == nullptr ? *object : *values;
    if (flag_at(from, key)) return "true";
    std::string text{text_at(from, key)};
    // What is copied out of a chat brings its line end along.
    const auto begin = text.find_first_not_of(" \t\r\n");
    const auto end = text.find_last_not_of(" \t\r\n");
    return begin == std::string::npos ? std::string{} : text.substr(begin, end - begin + 1);
}

std::string account_json(const Settings& settings, const json::object& bot, std::string_view said) {
    json::object plain{{"receive", settings.poll ? "poll" : "webhook"}};
    if (settings.api_base != kApiBase) plain["api_base"] = settings.api_base;
    json::object secrets{{"token", settings.token}};
    set_text(secrets, "secret", settings.secret);
    const auto username = text_at(bot, "username");
    json::object account{
        {"settings", std::move(plain)},
        {"secrets", std::move(secrets)},
        {"account_key", std::to_string(integer_at(bot, "id").value_or(0))},
        {"title", username.empty() ? full_name(bot) : std::string{username}}};
    if (!username.empty()) account["url"] = "https://t.me/" + std::string{username};
    set_text(account, "text", said);
    return json::serialize(account);
}

/// Asks until a token works. The bot's own description, or the outcome the flow ends with.
struct Asked {
    json::object bot;
    std::optional<Outcome> ended;
};

Step<Asked> ask_for_token(Context& context, Settings& settings) {
    std::string error;
    for (int tries = 0; tries < kTriesMax; ++tries) {
        const auto form = token_form(error);
        const std::string answer = co_await context.form(form);
        settings.token = entered(answer, "token");
        if (!valid_token(settings.token)) {
            error = "This is not a bot token: it looks like 123456789:AAH...";
            continue;
        }
        const auto request = request_of("getMe", json::object{}, settings);
        const HttpReply reply = co_await context.http(request);
        const Answer me = answer_of(reply);
        Asked asked;
        if (me.verdict == Verdict::ok && me.result.is_object()) {
            asked.bot = me.result.get_object();
            co_return asked;
        }
        const bool refused =
            me.verdict == Verdict::account_broken || me.verdict == Verdict::rejected;
        error = refused ? "Telegram does not know this token. Copy it once more from BotFather."
                        : "Telegram could not be reached. Please try again.";
    }
    Asked asked;
    asked.ended = Outcome::rejected("no_token", "No working token was entered");
    co_return asked;
}

}  // namespace

Task connect_account(
    Context& context, const Connect&, const Settings& known, const std::string& hook_url
) {
    Settings settings = known;
    Asked asked = co_await ask_for_token(context, settings);
    if (asked.ended) co_return *asked.ended;
    const auto info_request = request_of("getWebhookInfo", json::object{}, settings);
    const HttpReply info_reply = co_await context.http(info_request);
    const Answer info = answer_of(info_reply);
    const auto* facts = info.result.if_object();
    const std::string present{facts == nullptr ? std::string_view{} : text_at(*facts, "url")};
    if (!present.empty() && present != hook_url) {
        const auto form = takeover_form(text_at(asked.bot, "username"), present);
        const std::string answer = co_await context.form(form);
        if (entered(answer, "take_over") != "true")
            co_return Outcome::rejected("not_taken_over", "The bot stays where it was");
    }
    if (settings.secret.empty())
        settings.secret = derived_secret(settings, hook_url, context.host());
    std::string said;
    bool hooked = false;
    if (!settings.poll && !settings.secret.empty()) {
        const Answer set = co_await set_webhook(context, settings, hook_url);
        hooked = set.verdict == Verdict::ok;
        if (!hooked) said = webhook_advice(set, hook_url);
    }
    if (!hooked) {
        // Fetching needs no address of ours, so a host that Telegram cannot reach still gets every
        // message.
        settings.poll = true;
        if (!present.empty()) {
            const auto removal = request_of("deleteWebhook", json::object{}, settings);
            (void)co_await context.http(removal);
        }
    } else {
        context.put_secret(Scope::account, "webhook", webhook_fingerprint(settings, hook_url));
    }
    co_return Outcome::result(account_json(settings, asked.bot, said));
}

}  // namespace trunkline::telegram
