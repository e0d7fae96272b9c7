#include "work.hpp"

namespace trunkline::torture {
namespace {

/// What became of a file: the id it is stored under, or the status of the call that was refused.
struct Uploaded {
    std::string id;
    int refused = 0;
};

/// Address, bytes, save. Throws nothing of its own.
Step<Uploaded> upload(
    Context& context, const Settings& settings, std::string file, std::string name
) {
    const HttpReply place = co_await context.http(Request::get(settings.base_url + "/upload_url"));
    const auto where = place.ok() ? parsed(place.body) : std::nullopt;
    Uploaded uploaded{{}, place.status};
    if (!where) co_return uploaded;

    Request send = Request::post(std::string{text_at(*where, "url")});
    Part bytes;
    bytes.name = "file";
    bytes.filename = std::move(name);
    bytes.file = std::move(file);
    send.part(std::move(bytes)).bucket("uploads").timeout(120'000);
    const HttpReply sent = co_await context.http(send);
    uploaded.refused = sent.status;
    if (!sent.ok()) co_return uploaded;

    const HttpReply saved =
        co_await context.http(Request::post(settings.base_url + "/save").json(sent.body));
    const auto stored = saved.ok() ? parsed(saved.body) : std::nullopt;
    uploaded.refused = saved.status;
    if (stored) uploaded.id = id_at(*stored, "id");
    co_return uploaded;
}

/// The answer is lost: wait for the echo, which names our token.
Step<std::string> echo_of(Context& context, std::string token) {
    co_await context.timer(5'000);
    const auto echo = co_await context.stored(Scope::account, "echo/" + token);
    co_return echo.value_or("");
}

Outcome refused(Context& context, const HttpReply& reply) {
    if (reply.status == 401) {
        context.health("broken", "token", "The token is not valid any more.");
    }
    const auto body = parsed(reply.body);
    const std::string_view error = body ? text_at(*body, "error") : "";
    if (reply.status == 400 && error == "no_markup") return Outcome::degrade("spans");
    if (reply.status == 403 && error == "chat") {
        return Outcome::retry(
            60'000, Scope::conversation, "chat_slow", "This chat is slowed down."
        );
    }
    return failure_of(reply, Scope::connector);
}

}  // namespace

Task deliver(Context& context, const Settings& settings, const Command& command) {
    const auto wanted = parsed(command.json);
    if (!wanted) co_return Outcome::bad_input("torture.not_json");
    if (text_at(*wanted, "type") != "send")
        co_return Outcome::rejected("unsupported", "Only sending is possible.");

    json::object message{
        {"chat", command.conversation},
        {"reply_address", command.note},
        {"token", id_at(*wanted, "id")},
        {"text", text_at(*wanted, "message", "text")}};
    for (const json::value& attachment : list_at(*wanted, "message", "attachments")) {
        Uploaded uploaded = co_await upload(
            context, settings, id_at(attachment, "file"), id_at(attachment, "name")
        );
        if (uploaded.refused == 401)
            co_return Outcome::account_broken("token", "The token is not valid any more.");
        if (uploaded.id.empty())
            co_return Outcome::retry(10'000, Scope::conversation, "upload", "The upload failed.");
        message["attachment"] = uploaded.id;
    }

    Request request = Request::post(settings.base_url + "/send").json(json::serialize(message));
    request.header("authorization", settings.token).once();
    const HttpReply reply = co_await context.http(request);
    if (reply.unknown) {
        const std::string id = co_await echo_of(context, id_at(*wanted, "id"));
        if (!id.empty()) co_return Outcome::done({id});
        co_return Outcome::unknown("no_echo", "The answer was lost and no echo came.");
    }
    if (!reply.ok()) co_return refused(context, reply);
    const auto sent = parsed(reply.body);
    if (!sent) co_return Outcome::unknown("bad_answer", "The answer cannot be read.");
    std::vector<std::string> ids;
    for (const json::value& id : list_at(*sent, "ids")) {
        if (id.is_string()) ids.emplace_back(id.get_string());
    }
    co_return Outcome::done(ids);
}

Task connect_account(Context& context, const Settings& settings, const Connect& connect) {
    const auto known = parsed(connect.json);
    if (!known) co_return Outcome::bad_input("torture.not_json");
    const json::value sign_in = {
        {"kind", "redirect"},
        {"title", "Sign in"},
        {"url", settings.base_url + "/oauth?state=" + percent_encoded(text_at(*known, "state"))}};
    const std::string returned = co_await context.form(json::serialize(sign_in));
    const auto came_back = parsed(returned);
    const std::string_view code = came_back ? text_at(*came_back, "query", "code") : "";
    if (code.empty()) co_return Outcome::rejected("declined", "The sign-in was not finished.");

    Request exchange = Request::post(settings.base_url + "/token");
    exchange.field("code", code).field("redirect_uri", text_at(*known, "return_url"));
    const HttpReply granted = co_await context.http(exchange);
    if (!granted.ok()) co_return failure_of(granted);
    const auto grant = parsed(granted.body);
    if (!grant) co_return Outcome::rejected("bad_answer", "The platform's answer cannot be read.");

    json::array options;
    for (const json::value& page : list_at(*grant, "pages")) {
        options.push_back({{"value", id_at(page, "id")}, {"title", text_at(page, "name")}});
    }
    const json::value pick = {
        {"kind", "input"},
        {"title", "Which page?"},
        {"fields",
         {{{"key", "page"}, {"type", "choice"}, {"title", "Page"}, {"options", options}}}}};
    const std::string picked = co_await context.form(json::serialize(pick));
    const auto choice = parsed(picked);
    const std::string page = choice ? id_at(*choice, "values", "page") : "";
    if (page.empty()) co_return Outcome::rejected("declined", "No page was picked.");

    context.put(Scope::account, "confirmation", hex_of(context.random_bytes(4)));
    const HttpReply subscribed =
        co_await context.http(Request::post(settings.base_url + "/subscribe/" + page));
    if (!subscribed.ok()) co_return failure_of(subscribed);
    const json::value account = {
        {"settings", {{"base_url", settings.base_url}, {"page", page}}},
        {"secrets", {{"token", text_at(*grant, "token")}}},
        {"account_key", page},
        {"title", "Page " + page}};
    co_return Outcome::result(json::serialize(account));
}

}  // namespace trunkline::torture
