#include "account.hpp"

#include <algorithm>

#include "api.hpp"
#include "json_read.hpp"
#include "people.hpp"
#include "webhook.hpp"

namespace trunkline::telegram {

namespace {

constexpr std::string_view kWebhookKey = "webhook";
constexpr std::int64_t kErrorFreshMs = 15 * 60 * 1000;
constexpr std::int64_t kLaterMs = 30'000;
constexpr std::int64_t kFileLivesMs = 55 * 60 * 1000;  // Telegram promises an hour

/// How a task ends that could not ask Telegram what it needed to know.
Outcome not_now(const Answer& answer) {
    if (answer.verdict == Verdict::account_broken)
        return Outcome::account_broken(answer.code, answer.text);
    if (answer.verdict == Verdict::rejected) return Outcome::rejected(answer.code, answer.text);
    return Outcome::retry(
        std::max(answer.delay_ms, kLaterMs), Scope::account, answer.code, answer.text
    );
}

json::object object_of(const Answer& answer) {
    const auto* object = answer.result.if_object();
    return object == nullptr ? json::object{} : *object;
}

/// Telegram keeps its last error for ever; only a recent one says something about now.
std::string recent_error(const json::object& info, std::int64_t now_ms) {
    const auto date = integer_at(info, "last_error_date").value_or(0);
    if (date <= 0 || date > now_ms / 1000 + 3600 || now_ms / 1000 - date > kErrorFreshMs / 1000)
        return {};
    return std::string{text_at(info, "last_error_message")};
}

Step<bool> check_webhook(
    Context& context,
    const Settings& settings,
    const std::string& hook_url,
    const json::object& info,
    bool known
) {
    const auto wanted = webhook_fingerprint(settings, hook_url);
    const std::optional<std::string> told = co_await context.stored(Scope::account, kWebhookKey);
    const bool elsewhere = known && text_at(info, "url") != hook_url;
    if (elsewhere || told != wanted) {
        const Answer set = co_await set_webhook(context, settings, hook_url);
        if (set.verdict != Verdict::ok) {
            context.health("degraded", "webhook_refused", webhook_advice(set, hook_url));
            co_return false;
        }
        if (elsewhere && told == wanted)
            context.host().log(TL_LOG_WARNING, "telegram.webhook_repaired");
        context.put_secret(Scope::account, kWebhookKey, wanted);
        context.health("ok", {}, {});
        co_return true;
    }
    const auto error = recent_error(info, context.now_ms());
    if (!error.empty()) {
        context.health(
            "degraded", "webhook_failing", "Telegram cannot deliver to " + hook_url + ": " + error
        );
        co_return false;
    }
    context.health("ok", {}, {});
    co_return true;
}

Step<bool> check_polling(Context& context, const Settings& settings, const json::object& info) {
    if (text_at(info, "url").empty()) co_return true;
    const auto request = request_of("deleteWebhook", json::object{}, settings);
    const HttpReply reply = co_await context.http(request);
    const bool removed = answer_of(reply).verdict == Verdict::ok;
    if (removed) {
        context.host().log(TL_LOG_WARNING, "telegram.webhook_removed");
        context.health("ok", {}, {});
    } else {
        context.health(
            "degraded", "webhook_set", "A webhook is set for this bot and could not be removed"
        );
    }
    co_return removed;
}

}  // namespace

Task check_account(Context& context, const Settings& settings, const std::string& hook_url) {
    if (!settings.connected())
        co_return Outcome::account_broken("not_connected", "The account has no token yet");
    const auto me_request = request_of("getMe", json::object{}, settings);
    const HttpReply me_reply = co_await context.http(me_request);
    const Answer me = answer_of(me_reply);
    if (me.verdict != Verdict::ok) co_return not_now(me);
    const auto info_request = request_of("getWebhookInfo", json::object{}, settings);
    const HttpReply info_reply = co_await context.http(info_request);
    const Answer info = answer_of(info_reply);
    if (info.verdict == Verdict::account_broken) co_return not_now(info);
    // An emulator may not know this call; what it would have told is then asked for by doing.
    const bool known = info.verdict == Verdict::ok;
    const auto facts = object_of(info);
    bool healthy = false;
    if (settings.poll)
        healthy = co_await check_polling(context, settings, facts);
    else
        healthy = co_await check_webhook(context, settings, hook_url, facts, known);
    const auto bot = object_of(me);
    json::object result{
        {"account_key", std::to_string(integer_at(bot, "id").value_or(0))}, {"healthy", healthy}};
    set_text(result, "username", text_at(bot, "username"));
    set_text(result, "title", full_name(bot));
    if (const auto pending = integer_at(facts, "pending_update_count"))
        result["pending"] = *pending;
    co_return Outcome::result(json::serialize(result));
}

Task disconnect_account(Context& context, const Settings& settings) {
    context.put(Scope::account, kWebhookKey, {});
    if (!settings.connected() || settings.poll) co_return Outcome::done();
    const auto request = request_of("deleteWebhook", json::object{}, settings);
    const HttpReply reply = co_await context.http(request);
    const Answer answer = answer_of(reply);
    // A revoked token can do no more harm than a removed webhook.
    if (answer.verdict == Verdict::ok || answer.verdict == Verdict::account_broken)
        co_return Outcome::done();
    co_return not_now(answer);
}

Task locate_file(Context& context, const File& file, const Settings& settings) {
    if (!settings.connected())
        co_return Outcome::account_broken("not_connected", "The account has no token yet");
    const auto request = request_of("getFile", json::object{{"file_id", file.ref}}, settings);
    const HttpReply reply = co_await context.http(request);
    const Answer answer = answer_of(reply);
    if (answer.verdict == Verdict::file_address)
        co_return Outcome::rejected("file_unknown", "Telegram no longer knows this file");
    if (answer.verdict != Verdict::ok) {
        if (answer.verdict != Verdict::retry && answer.verdict != Verdict::unknown)
            co_return not_now(answer);
        const auto delay = std::max<std::int64_t>(answer.delay_ms, 2'000);
        co_return Outcome::retry(delay, Scope::account, answer.code, answer.text);
    }
    const auto url = file_url(text_at(object_of(answer), "file_path"), settings);
    if (url.empty())
        co_return Outcome::rejected(
            "file_not_served", "This Bot API server does not serve files over HTTP"
        );
    context.source(Request::get(url), context.now_ms() + kFileLivesMs);
    co_return Outcome::done();
}

Task fetch_profile(Context& context, const Profile& profile, const Settings& settings) {
    if (!settings.connected())
        co_return Outcome::account_broken("not_connected", "The account has no token yet");
    const auto place = place_of(profile.customer, {});
    if (!place) co_return Outcome::rejected("customer_unknown", "This is no Telegram customer");
    const auto request = request_of("getChat", json::object{{"chat_id", place->chat}}, settings);
    const HttpReply reply = co_await context.http(request);
    const Answer answer = answer_of(reply);
    if (answer.verdict != Verdict::ok) co_return not_now(answer);
    const auto chat = object_of(answer);
    auto result = person(chat);
    const auto* photo = object_at(chat, "photo");
    if (photo != nullptr) set_text(result, "avatar_ref", text_at(*photo, "small_file_id"));
    co_return Outcome::result(json::serialize(result));
}

}  // namespace trunkline::telegram
