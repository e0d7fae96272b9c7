// A connector of a messenger that takes three counted messages an hour, and others as many as come.
#include <trunkline/connector.hpp>

namespace {

using namespace trunkline;

constexpr char kManifest[] = R"({
  "settings": [{"key": "base_url", "type": "url", "title": "Address to send to", "required": true}],
  "receive": ["webhook"],
  "quotas": [{"bucket": "sends", "scope": "account", "rate": 3, "per": "1h", "burst": 3}],
  "features": {"*": {"text_max": 4096, "reply": false}}
})";

class Thrifty final : public Connector {
public:
    explicit Thrifty(const Setup& setup) {
        const auto settings = parsed(setup.settings);
        if (settings) base_url_ = text_at(*settings, "base_url");
        if (base_url_.empty()) throw BadConfig{"base_url is missing"};
    }

    Task on_webhook(Context& context, const Webhook& hook) const override {
        const auto update = parsed(hook.body);
        if (!update) co_return Outcome::bad_input("thrifty.not_json");
        const std::string chat = id_at(*update, "chat");
        const std::string id = id_at(*update, "id");
        const json::value event = {
            {"type", "message"},
            {"conversation", {{"id", chat}, {"kind", "direct"}}},
            {"sender", {{"id", chat}, {"name", chat}}},
            {"message", {{"id", id}, {"text", text_at(*update, "text")}}}};
        context.item({.conversation = chat, .dedup = id, .json = json::serialize(event)});
        context.answer(200, "ok");
        co_return Outcome::done();
    }

    Task on_command(Context& context, const Command& command) const override {
        const auto wanted = parsed(command.json);
        if (!wanted) co_return Outcome::bad_input("thrifty.not_json");
        Request request = Request::post(base_url_ + "/send").json(std::string{command.json}).once();
        if (text_at(*wanted, "message", "text").starts_with("counted")) request.bucket("sends");
        const HttpReply reply = co_await context.http(request);
        if (reply.unknown) co_return Outcome::unknown("unknown", "No answer came.");
        if (!reply.ok()) co_return failure_of(reply);
        const auto sent = parsed(reply.body);
        if (!sent) co_return Outcome::unknown("bad_answer", "The answer cannot be read.");
        co_return Outcome::done({id_at(*sent, "id")});
    }

private:
    std::string base_url_;
};

}  // namespace

TRUNKLINE_CONNECTOR(Thrifty, "thrifty", "1.0.0", "Thrifty", kManifest)
