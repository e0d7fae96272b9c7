#include <algorithm>
#include <array>

#include <trunkline/simulator/url.hpp>

#include "plugins/telegram/simulator/bot_api.hpp"
#include "plugins/telegram/simulator/method_rules.hpp"

namespace trunkline::telegram::simulator {
namespace {

using std::chrono::milliseconds;

constexpr std::array<std::uint16_t, 4> kPorts{443, 80, 88, 8443};
constexpr milliseconds kConflictDelay{3'000};

bool is_secret(const std::string& text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-';
    });
}

/// What Telegram resolves and refuses; a name is looked up by the real one, here only "localhost"
/// is known to be private.
std::optional<Refusal> check_url(const std::string& text, const ApiOptions& options) {
    const auto url = kit::parse_url(text);
    if (!url) return bad_request("invalid webhook URL specified");
    if (!url->secure && !options.allow_http_webhook)
        return bad_request("bad webhook: An HTTPS URL must be provided for webhook");
    if (options.allow_private_webhook) return std::nullopt;
    if (std::find(kPorts.begin(), kPorts.end(), url->port) == kPorts.end())
        return bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443");
    if (url->host.find(':') != std::string::npos)
        return bad_request("bad webhook: IPv6-only addresses are not allowed");
    const std::string address = url->host == "localhost" ? "127.0.0.1" : url->host;
    if (kit::is_reserved_ipv4(address))
        return bad_request("bad webhook: IP address " + address + " is reserved");
    return std::nullopt;
}

}  // namespace

std::optional<Refusal> BotApi::read_allowed(const Parameters& p) {
    if (!p.has("allowed_updates")) return std::nullopt;  // the list set before stays in force
    const auto list = p.structure("allowed_updates");
    if (!list || !list->is_array()) return bad_request("can't parse allowed updates list");
    rooms_.updates.allowed.clear();
    for (const json::value& name : list->as_array()) {
        if (name.is_string()) rooms_.updates.allowed.insert(std::string{name.as_string()});
    }
    return std::nullopt;
}

Outcome BotApi::set_webhook(const Parameters& p) {
    const std::string url = p.text("url");
    if (url.empty()) return delete_webhook(p);
    const WallMs now = rooms_.world.now_ms();
    if (now - webhook_set_ms_ < 1'000 / options_.fast) return words_.too_many(1);
    if (auto refusal = check_url(url, options_)) return *refusal;
    const std::string secret = p.text("secret_token");
    if (!is_secret(secret)) return bad_request("secret token contains unallowed characters");
    if (auto refusal = read_allowed(p)) return *refusal;
    if (p.boolean("drop_pending_updates")) rooms_.updates.clear();
    webhook_set_ms_ = now;
    Hook hook;
    hook.url = url;
    hook.secret = secret;
    hook.max_connections = static_cast<std::size_t>(
        std::clamp<std::int64_t>(p.integer("max_connections").value_or(40), 1, 100)
    );
    rooms_.webhook.set(std::move(hook));
    polls_.stop();
    return json::value(true);
}

Outcome BotApi::delete_webhook(const Parameters& p) {
    if (p.boolean("drop_pending_updates")) rooms_.updates.clear();
    rooms_.webhook.remove();
    return json::value(true);
}

Outcome BotApi::webhook_info() const {
    const Hook& hook = rooms_.webhook.hook();
    json::object out{
        {"url", hook.url},
        {"has_custom_certificate", false},
        {"pending_update_count", rooms_.updates.size()}};
    if (!hook.url.empty()) out["max_connections"] = hook.max_connections;
    if (hook.last_error_ms > 0) {
        out["last_error_date"] = hook.last_error_ms / 1000;
        out["last_error_message"] = hook.last_error;
    }
    if (!rooms_.updates.allowed.empty()) {
        json::array names;
        for (const std::string& name : rooms_.updates.allowed)
            names.emplace_back(name);
        out["allowed_updates"] = std::move(names);
    }
    return json::value(std::move(out));
}

void BotApi::get_updates(const Parameters& p, const kit::Done& done) {
    if (auto refusal = kit::check("getupdates", method_rules().at("getupdates"), p, words_))
        return done(*refusal);
    if (!rooms_.webhook.hook().url.empty()) {
        rooms_.loop.after(kConflictDelay / options_.fast, [done] {
            done(Refusal{
                409,
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook "
                "to delete the webhook first",
                {}});
        });
        return;
    }
    if (auto refusal = read_allowed(p)) return done(*refusal);
    const auto offset = p.integer("offset").value_or(0);
    if (offset > 0) rooms_.updates.confirm_below(offset);
    if (offset < 0) rooms_.updates.keep_last(static_cast<std::size_t>(-offset));
    const auto limit =
        static_cast<std::size_t>(std::clamp<std::int64_t>(p.integer("limit").value_or(100), 1, 100)
        );
    const milliseconds timeout{
        std::clamp<std::int64_t>(p.integer("timeout").value_or(0), 0, 50) * 1'000};
    polls_.begin(limit, timeout, [done](kit::Polls::End how, json::array list) {
        if (how == kit::Polls::End::answered) return done(json::value(std::move(list)));
        const bool webhook = how == kit::Polls::End::stopped;
        done(Refusal{
            409,
            webhook ? "Conflict: terminated by setWebhook request"
                    : "Conflict: terminated by other getUpdates request; make sure that only one "
                      "bot instance is running",
            {}});
    });
}

}  // namespace trunkline::telegram::simulator
