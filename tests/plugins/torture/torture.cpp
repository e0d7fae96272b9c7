// A connector of no messenger: it uses everything the border offers, so that the border can be
// tested.
#include <trunkline/connector.hpp>

#include "settings.hpp"
#include "work.hpp"

namespace trunkline::torture {
namespace {

constexpr char kManifest[] = R"({
  "settings": [
    {"key": "base_url", "type": "url", "title": "Address of the platform", "required": true},
    {"key": "token", "type": "text", "title": "Token", "secret": true, "required": true},
    {"key": "page", "type": "text", "title": "Page"}
  ],
  "receive": ["webhook", "poll"],
  "poll": {"every": "30s", "jitter": "5s"},
  "redelivery_window": "48h",
  "limits": [{"scope": "account", "rate": 30, "per": "1s", "burst": 30}],
  "quotas": [{"bucket": "uploads", "scope": "account", "rate": 100, "per": "1h", "burst": 100}],
  "features": {"*": {"text_max": 4096, "reply": false}},
  "accept": {
    "verify": {"hmac_sha256": {"header": "x-signature", "prefix": "sha256=", "setting": "app_secret"}},
    "answer": {"status": 200, "body": "EVENT_RECEIVED"}
  },
  "idempotent": true,
  "check_every": "1h"
})";

class Torture final : public Connector {
public:
    static constexpr std::uint32_t kStateSchema = 2;

    explicit Torture(const Setup& setup) : settings_{Settings::read(setup)} {
        if (!setup.state.empty() && setup.state != "warm") throw BadState{"torture.state"};
    }

    /// What `save` hands over is a cache: losing it changes nothing.
    std::string save() const override { return "warm"; }
    static bool self_check(Host) { return parsed(kManifest).has_value(); }

    Task on_webhook(Context& context, const Webhook& hook) const override {
        if (settings_.application) return application_hook(context, hook);
        return account_hook(context, hook);
    }

    Task on_routed(Context& context, const Routed& part) const override {
        const auto body = parsed(part.body);
        if (!body) co_return Outcome::bad_input("torture.not_json");
        report(context, *body);
        co_return Outcome::done();
    }

    Task on_replay(Context& context, const Replay& replay) const override {
        const auto body = parsed(replay.body);
        if (!body) co_return Outcome::bad_input("torture.not_json");
        report(context, *body);
        co_return Outcome::done();
    }

    Task on_poll(Context& context, const Poll& poll) const override {
        const std::string since{poll.cursor};
        Request request =
            Request::get(settings_.base_url + "/updates?since=" + percent_encoded(since));
        request.long_poll().timeout(50'000).reply_max(1U << 20U);
        const HttpReply reply = co_await context.http(request);
        if (reply.truncated)
            co_return Outcome::rejected("too_large", "The batch of updates is too large.");
        if (!reply.ok()) co_return failure_of(reply);
        const auto updates = parsed(reply.body);
        if (!updates) co_return Outcome::bad_input("torture.not_json");
        report(context, *updates);
        const std::string next = id_at(*updates, "next");
        co_return Outcome::polled(
            next.empty() ? since : next, list_at(*updates, "messages").empty() ? -1 : 0
        );
    }

    Task on_command(Context& context, const Command& command) const override {
        return deliver(context, settings_, command);
    }

    Task on_file(Context& context, const File& file) const override {
        Request request = Request::get(settings_.base_url + "/file/" + percent_encoded(file.ref));
        const HttpReply reply =
            co_await context.http(request.header("authorization", settings_.token));
        if (!reply.ok()) co_return failure_of(reply);
        const auto found = parsed(reply.body);
        if (!found) co_return Outcome::rejected("gone", "The file is not there any more.");
        Request source = Request::get(std::string{text_at(*found, "url")});
        context.source(
            source.header("authorization", settings_.token), context.now_ms() + 3'600'000
        );
        co_return Outcome::done();
    }

    Task on_profile(Context& context, const Profile& profile) const override {
        const HttpReply reply = co_await context.http(
            Request::get(settings_.base_url + "/user/" + percent_encoded(profile.customer))
        );
        if (!reply.ok()) co_return failure_of(reply);
        const auto user = parsed(reply.body);
        if (!user) throw BadInput{"torture.not_json"};
        co_return Outcome::result(json::serialize(json::value{{"name", text_at(*user, "name")}}));
    }

    Task on_connect(Context& context, const Connect& connect) const override {
        return connect_account(context, settings_, connect);
    }

    /// Two calls under way at once, awaited in the other order.
    Task on_check(Context& context) const override {
        auto me = context.http(Request::get(settings_.base_url + "/me"));
        auto token = context.stored(Scope::account, "token_expires");
        const std::optional<std::string> expires = co_await token;
        const HttpReply reply = co_await me;
        if (reply.status == 401) {
            context.health("broken", "token", "The token is not valid any more.");
            co_return Outcome::account_broken("token", "The token is not valid any more.");
        }
        context.health(reply.ok() ? "ok" : "degraded", "", "", context.now_ms() + 3'600'000);
        if (!expires) context.put_secret(Scope::account, "token", hex_of(context.random_bytes(4)));
        context.put(
            Scope::connector, "seen", std::to_string(context.now_ms()), context.deadline_ms()
        );
        co_return Outcome::result(json::serialize(json::value{{"expires", expires.value_or("")}}));
    }

    Task on_disconnect(Context& context) const override {
        const HttpReply reply =
            co_await context.http(Request{"DELETE", settings_.base_url + "/subscription"});
        if (!reply.ok() && reply.status != 404) co_return failure_of(reply);
        context.put(Scope::account, "token", "");
        co_return Outcome::done();
    }

private:
    /// One request for many accounts: verified here, handed on in parts.
    Task application_hook(Context& context, const Webhook& hook) const {
        if (hook.method == "GET") {
            const auto token = query_value(hook.target, "verify_token");
            if (!token || !equal_secrets(*token, settings_.app_secret)) co_return Outcome::forged();
            context.answer(
                200,
                query_value(hook.target, "challenge").value_or(""),
                {{"content-type", "text/plain"}}
            );
            co_return Outcome::done();
        }
        const std::string wanted =
            "sha256=" + hex_of(context.host().hmac_sha256(settings_.app_secret, hook.body));
        if (!equal_secrets(hook.header("x-signature"), wanted)) co_return Outcome::forged();
        const auto body = parsed(hook.body);
        if (!body) co_return Outcome::bad_input("torture.not_json");
        for (const json::value& entry : list_at(*body, "entries")) {
            context.route(id_at(entry, "account"), json::serialize(entry));
        }
        context.answer(200, "EVENT_RECEIVED");
        co_return Outcome::done();
    }

    /// The confirmation code must be in the answer, and it is in the store.
    Task account_hook(Context& context, const Webhook& hook) const {
        const auto body = parsed(hook.body);
        if (!body) co_return Outcome::bad_input("torture.not_json");
        const std::string_view op = text_at(*body, "op");
        if (op == "bug") throw std::logic_error{"torture.bug"};
        if (op == "no_memory") throw std::bad_alloc{};
        if (op == "strange") throw BadInput{"torture.strange"};
        if (op == "confirm") {
            const auto code = co_await context.stored(Scope::account, "confirmation");
            context.answer(code ? 200 : 503, code.value_or(""));
            co_return Outcome::done();
        }
        report(context, *body);
        context.answer(200, "ok", {{"content-type", "text/plain"}});
        co_return Outcome::done();
    }

    Settings settings_;
};

}  // namespace
}  // namespace trunkline::torture

TRUNKLINE_CONNECTOR(
    trunkline::torture::Torture, "torture", "1.0.0", "Torture", trunkline::torture::kManifest
)
