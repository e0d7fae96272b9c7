// A connector of no messenger whose files die: each message may have a file, told as an attachment
// is, and may be told again as edited. What it sends goes up as one multipart form.
#include <string>

#include <trunkline/connector.hpp>

namespace {

using namespace trunkline;

constexpr char kManifest[] = R"({
  "settings": [{"key": "base_url", "type": "url", "title": "Address of the messenger", "required": true}],
  "receive": ["webhook"],
  "media": {"copy_before": "1h"},
  "profile": {"every": "24h"},
  "features": {"*": {"text_max": 4096, "attachments": {"file": {"max_bytes": 33554432}, "image": {"max_bytes": 1024}}}}
})";

class Mortal final : public Connector {
public:
    explicit Mortal(const Setup& setup) {
        const auto settings = parsed(setup.settings);
        base_url_ = settings ? std::string{text_at(*settings, "base_url")} : std::string{};
        if (base_url_.empty()) throw BadConfig{"base_url is missing"};
    }

    Task on_webhook(Context& context, const Webhook& hook) const override {
        const auto update = parsed(hook.body);
        if (!update) co_return Outcome::bad_input("mortal.not_json");
        const std::string chat = id_at(*update, "chat");
        const std::string id = id_at(*update, "id");
        json::object message{{"id", id}, {"text", text_at(*update, "text")}};
        if (const auto* file = object_at(*update, "file"))
            message["attachments"] = json::array{*file};  // kind, ref, expires, ... as they are
        const bool edited = !text_at(*update, "edited").empty();
        const json::value event = {
            {"type", edited ? "edited" : "message"},
            {"conversation", {{"id", chat}, {"kind", "direct"}}},
            {"sender", {{"id", chat}, {"name", "Ann"}}},
            {"message", std::move(message)}};
        const std::string dedup = id + std::string{text_at(*update, "edited")};
        context.item({.conversation = chat, .dedup = dedup, .json = json::serialize(event)});
        context.answer(200, "ok");
        co_return Outcome::done();
    }

    Task on_file(Context& context, const File& file) const override {
        const HttpReply reply =
            co_await context.http(Request::get(base_url_ + "/where/" + percent_encoded(file.ref)));
        if (reply.status == 404) co_return Outcome::rejected("gone", "The file is gone.");
        if (!reply.ok()) co_return failure_of(reply);
        const auto found = parsed(reply.body);
        if (!found) co_return Outcome::bad_input("mortal.not_json");
        context.source(
            Request::get(std::string{text_at(*found, "url")}), context.now_ms() + 3'600'000
        );
        co_return Outcome::done();
    }

    Task on_profile(Context& context, const Profile& profile) const override {
        const HttpReply reply = co_await context.http(
            Request::get(base_url_ + "/user/" + percent_encoded(profile.customer))
        );
        if (reply.status == 404)
            co_return Outcome::rejected("unknown", "Nobody knows this person.");
        if (!reply.ok()) co_return failure_of(reply);
        co_return Outcome::result(std::string{reply.body});
    }

    Task on_command(Context& context, const Command& command) const override {
        const auto wanted = parsed(command.json);
        if (!wanted) co_return Outcome::bad_input("mortal.not_json");
        Request send = Request::post(base_url_ + "/send");
        Part text;
        text.name = "text";
        text.bytes = std::string{text_at(*wanted, "message", "text")};
        send.part(std::move(text));
        for (const json::value& attachment : list_at(*wanted, "message", "attachments")) {
            Part bytes;
            bytes.name = "file";
            bytes.filename = id_at(attachment, "name");
            bytes.mime = id_at(attachment, "mime");
            bytes.file = id_at(attachment, "file");
            send.part(std::move(bytes));
            Part address;
            address.name = "public_url";
            address.bytes = std::string{text_at(attachment, "public_url")};
            send.part(std::move(address));
        }
        const HttpReply sent = co_await context.http(send.timeout(60'000));
        if (!sent.ok()) co_return failure_of(sent);
        const auto answer = parsed(sent.body);
        co_return Outcome::done({answer ? id_at(*answer, "id") : std::string{}});
    }

private:
    std::string base_url_;
};

}  // namespace

TRUNKLINE_CONNECTOR(Mortal, "mortal", "1.0.0", "Mortal", kManifest)
