#include "plugins/telegram/simulator/bot_api.hpp"

#include <algorithm>

namespace trunkline::telegram::simulator {
namespace {

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return text;
}

net::Response to_response(const Outcome& outcome) {
    net::Response response;
    response.headers.push_back({"Content-Type", "application/json"});
    if (const auto* refusal = std::get_if<Refusal>(&outcome)) {
        response.status = refusal->code;
        json::object body{
            {"ok", false}, {"error_code", refusal->code}, {"description", refusal->description}};
        if (!refusal->parameters.empty()) body["parameters"] = refusal->parameters;
        if (const auto* after = refusal->parameters.if_contains("retry_after"))
            response.headers.push_back({"Retry-After", json::serialize(*after)});
        response.body = json::serialize(body);
        return response;
    }
    response.body =
        json::serialize(json::object{{"ok", true}, {"result", std::get<json::value>(outcome)}});
    return response;
}

net::Response cut() {
    net::Response response;
    response.status = 0;
    return response;
}

net::Response bad_gateway() {
    net::Response response;
    response.status = 502;
    response.headers.push_back({"Content-Type", "text/html"});
    response.body =
        "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad "
        "Gateway</h1></center></body></html>";
    return response;
}

}  // namespace

async::Awaitable<net::Response> BotApi::call(
    std::string token, std::string method, Parameters parameters
) {
    method = lower(std::move(method));
    json::object entry{{"method", method}, {"parameters", parameters.as_json()}};
    if (!knows(token)) {
        const std::string text =
            token.find(':') == std::string::npos || token.starts_with('0') || token.size() > 80
                ? "Unauthorized: invalid token specified"
                : "Unauthorized";
        entry["refused"] = text;
        journal_.write("call", std::move(entry), world_.now_ms());
        co_return to_response(Refusal{401, text, {}});
    }
    const auto fault = faults_.take(method);
    if (fault) entry["fault"] = fault->action;
    if (fault && fault->action == "delay")
        co_await async::pause(std::chrono::milliseconds{fault->delay_ms});
    if (fault && (fault->action == "error" || fault->action == "drop_before" ||
                  fault->action == "html502")) {
        journal_.write("call", std::move(entry), world_.now_ms());
        if (fault->action == "error") co_return to_response(fault->refusal);
        if (fault->action == "html502") co_return bad_gateway();
        co_return cut();
    }
    Outcome outcome = co_await run(method, std::move(parameters));
    if (const auto* refusal = std::get_if<Refusal>(&outcome))
        entry["refused"] = refusal->description;
    else if (method != "getupdates")
        entry["result"] = std::get<json::value>(outcome);
    else
        entry["count"] = std::get<json::value>(outcome).as_array().size();
    journal_.write("call", std::move(entry), world_.now_ms());
    if (fault && fault->action == "drop_after") co_return cut();
    co_return to_response(outcome);
}

void BotApi::execute(const std::string& method, const json::object& parameters) {
    const std::string name = lower(method);
    if (name.starts_with("get") || name == "setwebhook" || name == "deletewebhook" ||
        name == "close" || name == "logout")
        return;
    net::RequestHead head;
    const std::array<net::HeaderView, 1> headers{{{"Content-Type", "application/json"}}};
    head.headers = headers;
    const auto read = Parameters::read(head, json::serialize(parameters));
    if (read) (void)run_now(name, *read);
}

async::Awaitable<Outcome> BotApi::run(std::string method, Parameters parameters) {
    if (method == "getupdates") {
        auto outcome = co_await get_updates(std::move(parameters));
        co_return outcome;
    }
    co_return run_now(method, parameters);
}

Outcome BotApi::run_now(const std::string& method, const Parameters& p) {
    if (method == "getme") {
        json::object me = world_.bot_user();
        for (const char* flag : {"can_join_groups", "can_connect_to_business"})
            me[flag] = true;
        for (const char* flag :
             {"can_read_all_group_messages", "supports_inline_queries", "has_topics_enabled"})
            me[flag] = false;
        return json::value(std::move(me));
    }
    if (method == "setwebhook") return set_webhook(p);
    if (method == "deletewebhook") return delete_webhook(p);
    if (method == "getwebhookinfo") return webhook_info();
    if (method == "answercallbackquery") return answer_callback(p);
    if (method == "getfile") return get_file(p);
    if (method == "getchat") return get_chat(p);
    if (method == "editmessagetext" || method == "editmessagecaption" ||
        method == "editmessagereplymarkup")
        return edit(method, p);
    if (method == "deletemessage") return remove(p);
    if (method == "sendchataction" || method == "setmessagereaction") {
        auto chat = find_chat(p, true);
        if (auto* refusal = std::get_if<Refusal>(&chat)) return *refusal;
        if (method == "sendchataction") show_action(*std::get<Chat*>(chat), p.text("action"));
        return json::value(true);
    }
    if (method == "getuserprofilephotos")
        return json::value(json::object{{"total_count", 0}, {"photos", json::array{}}});
    if (method.starts_with("send")) return send(method, p);
    return Refusal{404, "Not Found: method not found", {}};
}

void BotApi::show_action(Chat& chat, std::string action) {
    constexpr WallMs kActionLives = 5'000;
    chat.action = std::move(action);
    chat.action_until_ms = world_.now_ms() + kActionLives;
}

Outcome BotApi::answer_callback(const Parameters& p) {
    Callback* callback = world_.callback(p.text("callback_query_id"));
    const WallMs age_max = kCallbackLives;
    if (callback == nullptr || callback->answered ||
        world_.now_ms() - callback->made_ms > age_max) {
        return bad_request("query is too old and response timeout expired or query ID is invalid");
    }
    callback->answered = true;
    if (Chat* chat = world_.chat(callback->chat))
        chat->notice = {
            {"callback", callback->id},
            {"text", p.text("text")},
            {"alert", p.boolean("show_alert")}};
    return json::value(true);
}

Outcome BotApi::get_file(const Parameters& p) const {
    const File* file = world_.file(p.text("file_id"));
    if (file == nullptr) return bad_request("wrong file_id or the file is temporarily unavailable");
    constexpr std::size_t kDownloadMax = 20U << 20U;
    if (file->bytes.size() > kDownloadMax) return bad_request("file is too big");
    return json::value(json::object{
        {"file_id", file->id},
        {"file_unique_id", file->unique_id},
        {"file_size", file->bytes.size()},
        {"file_path", file->path}});
}

Outcome BotApi::get_chat(const Parameters& p) {
    auto chat = find_chat(p, false);
    if (auto* refusal = std::get_if<Refusal>(&chat)) return *refusal;
    return json::value(World::chat_object(*std::get<Chat*>(chat)));
}

}  // namespace trunkline::telegram::simulator
