#include "plugins/telegram/simulator/words.hpp"

#include <map>

namespace trunkline::telegram::simulator {
namespace {

using What = kit::Finding::What;

/// What is said of a parameter that is missing, or of another type than it must be.
const std::map<std::string_view, std::string_view> kMissing{
    {"chat_id", "chat_id is empty"},
    {"text", "message text is empty"},
    {"message_id", "message identifier is not specified"},
    {"message_ids", "message identifiers are not specified"},
    {"user_id", "invalid user_id specified"},
    {"latitude", "location must be non-empty"},
    {"longitude", "location must be non-empty"},
    {"title", "venue must be non-empty"},
    {"address", "venue must be non-empty"},
    {"phone_number", "phone number is empty"},
    {"first_name", "first name is empty"},
    {"media", "can't parse media: expected an Array of InputMedia"},
    {"action", "wrong parameter action in request"},
    {"business_connection_id", "business connection not found"},
    {"callback_query_id", "query is too old and response timeout expired or query ID is invalid"},
    {"file_id", "file_id not specified"},
};
const std::map<std::string_view, std::string_view> kTooLong{
    {"text", "message is too long"},
    {"caption", "message caption is too long"},
    {"secret_token", "secret token is too long"},
    {"message_ids", "too many message identifiers specified"},
    {"media", "too many messages to send as an album"},
    {"quote", "QUOTE_TEXT_INVALID"},
    {"reaction", "REACTIONS_TOO_MANY"},
};

std::string_view type_name(kit::Type type) {
    switch (type) {
        case kit::Type::integer:
        case kit::Type::number:
            return "Number";
        case kit::Type::boolean:
            return "Boolean";
        case kit::Type::object:
            return "Object";
        case kit::Type::list:
            return "Array";
        default:
            return "String";
    }
}

/// Inside of an object: "reply_parameters.quote" is a member of reply parameters.
std::string of_member(const kit::Finding& finding, std::size_t dot) {
    std::string object = finding.path.substr(0, finding.path.find_first_of(".[", 0));
    for (char& c : object)
        c = c == '_' ? ' ' : c;
    const std::string name{finding.rule->name};
    if (finding.what == What::missing)
        return "can't parse " + object + ": Can't find field \"" + name + "\"";
    if (finding.what == What::wrong_type)
        return "can't parse " + object + ": Field \"" + name + "\" must be of type " +
               std::string{type_name(finding.rule->type)};
    (void)dot;
    return "can't parse " + object + ": field \"" + name + "\" has an invalid value";
}

}  // namespace

Refusal bad_request(const std::string& what) {
    return {400, "Bad Request: " + what, {}};
}

kit::Response BotWords::answer(const json::value& result) const {
    return kit::Response::of_json(json::object{{"ok", true}, {"result", result}});
}

kit::Response BotWords::refuse(const Refusal& refusal) const {
    json::object body{
        {"ok", false}, {"error_code", refusal.code}, {"description", refusal.description}};
    if (!refusal.parameters.empty()) body["parameters"] = refusal.parameters;
    kit::Response response = kit::Response::of_json(body, refusal.code);
    if (const auto* after = refusal.parameters.if_contains("retry_after"))
        response.headers.emplace_back("Retry-After", json::serialize(*after));
    return response;
}

Refusal BotWords::too_many(std::int64_t retry_after_s) const {
    return {
        429,
        "Too Many Requests: retry after " + std::to_string(retry_after_s),
        {{"retry_after", retry_after_s}}};
}

Refusal BotWords::server_error(int code) const {
    return {code, code == 502 ? "Bad Gateway" : "Internal Server Error", {}};
}

Refusal BotWords::wrong(const kit::Finding& finding) const {
    const std::string name{finding.rule->name};
    const auto said = [&name](const auto& table) {
        const auto at = table.find(name);
        return at == table.end() ? std::string{} : std::string{at->second};
    };
    if (finding.what == What::not_utf8) return bad_request("strings must be encoded in UTF-8");
    if (finding.what == What::too_long || finding.what == What::too_many) {
        if (const auto text = said(kTooLong); !text.empty()) return bad_request(text);
    }
    if (const std::size_t dot = finding.path.find('.'); dot != std::string::npos)
        return bad_request(of_member(finding, dot));
    if (name == "chat_id" && finding.what == What::wrong_type) return bad_request("chat not found");
    if (finding.what == What::too_few && name == "media")
        return bad_request("an album must have 2-10 items");
    if (finding.what == What::missing && finding.rule->type == kit::Type::file)
        return bad_request("there is no " + name + " in the request");
    if (const auto text = said(kMissing); !text.empty()) return bad_request(text);
    if (finding.what == What::missing) return bad_request("parameter \"" + name + "\" is required");
    if (finding.what == What::wrong_type)
        return bad_request(
            "can't parse " + name + ": must be of type " +
            std::string{type_name(finding.rule->type)}
        );
    return bad_request("parameter \"" + name + "\" is out of bounds");
}

json::object BotWords::note(const std::string& method, const json::value& result) const {
    if (method == "getupdates") return {{"count", result.as_array().size()}};
    return {{"result", result}};
}

}  // namespace trunkline::telegram::simulator
