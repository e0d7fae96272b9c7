// My Messenger: what comes in by webhook becomes a message, what is sent goes out by HTTP.
#include <trunkline/connector.hpp>

namespace {

using namespace trunkline;

// What a host may know without running any of this: reference/manifest.md of the documentation.
constexpr char kManifest[] = R"({
  "settings": [
    {"key": "base_url", "type": "url", "title": "Address of the messenger", "required": true},
    {"key": "secret", "type": "secret", "title": "Secret that its webhooks carry", "required": true}
  ],
  "receive": ["webhook"],
  "accept": {
    "verify": {"header_equals": {"header": "x-webhook-secret", "setting": "secret"}},
    "answer": {"status": 200, "body": "ok"}
  },
  "receives": {"text": "full"},
  "features": {"*": {"text_max": 4096}}
})";

// One object for each connected account.
class Account final : public Connector {
public:
    explicit Account(const Setup& setup) {
        const auto settings = parsed(setup.settings);
        if (!settings) throw BadConfig{"the settings are no JSON object"};
        base_url_ = text_at(*settings, "base_url");
        secret_ = text_at(*settings, "secret");
        if (base_url_.empty()) throw BadConfig{"base_url is missing"};
        if (secret_.empty()) throw BadConfig{"secret is missing"};
    }

    // The messenger calls: {"chat":"5","id":17,"name":"Ann","text":"Is it in stock?"}
    Task on_webhook(Context& context, const Webhook& hook) const override {
        if (!equal_secrets(hook.header("x-webhook-secret"), secret_)) co_return Outcome::forged();
        if (!report(context, hook.body))
            co_return Outcome::bad_input("my_messenger.not_understood");
        context.answer(200, "ok");
        co_return Outcome::done();
    }

    // A payload that an earlier version did not understand comes again, verified then.
    Task on_replay(Context& context, const Replay& replay) const override {
        if (!report(context, replay.body))
            co_return Outcome::bad_input("my_messenger.not_understood");
        co_return Outcome::done();
    }

    // The portal sends; no more than what `features` in the manifest declares comes here.
    Task on_command(Context& context, const Command& command) const override {
        const auto wanted = parsed(command.json);
        if (!wanted || text_at(*wanted, "type") != "send")
            co_return Outcome::rejected("unsupported", "Only sending is supported.");
        const json::value message = {
            {"chat", command.conversation}, {"text", text_at(*wanted, "message", "text")}};

        Request request =
            Request::post(base_url_ + "/messages").json(json::serialize(message)).once();
        const HttpReply reply = co_await context.http(request);

        if (!reply.ok()) co_return failure_of(reply);
        const auto sent = parsed(reply.body);
        const std::string id = sent ? id_at(*sent, "id") : "";
        if (id.empty()) co_return Outcome::unknown("bad_answer", "The answer names no message.");
        co_return Outcome::done({id});
    }

private:
    // Reports a customer's message; false when the body is something else.
    static bool report(Context& context, std::string_view body) {
        const auto update = parsed(body);
        if (!update) return false;
        const std::string chat = id_at(*update, "chat");
        const std::string id = id_at(*update, "id");
        if (chat.empty() || id.empty()) return false;
        const json::value event = {
            {"type", "message"},
            {"conversation", {{"id", chat}, {"kind", "direct"}}},
            {"sender", {{"id", chat}, {"name", text_at(*update, "name")}}},
            {"message", {{"id", id}, {"text", text_at(*update, "text")}}}};
        context.item(
            {.conversation = chat, .dedup = chat + "/" + id, .json = json::serialize(event)}
        );
        return true;
    }

    std::string base_url_, secret_;
};

}  // namespace

TRUNKLINE_CONNECTOR(Account, "my_messenger", "1.0.0", "My Messenger", kManifest)
