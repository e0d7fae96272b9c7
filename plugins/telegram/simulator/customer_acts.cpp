// What customers do besides writing: buttons, keys, reactions, deletions, blocking.
#include "plugins/telegram/simulator/customer.hpp"

namespace trunkline::telegram::simulator {
namespace {

/// The key called `text` of a reply keyboard.
const json::value* find_key(const json::object& keyboard, std::string_view text) {
    const auto* rows = keyboard.if_contains("keyboard");
    if (rows == nullptr) return nullptr;
    for (const json::value& row : rows->as_array()) {
        for (const json::value& key : row.as_array()) {
            const std::string_view name =
                key.is_string() ? std::string_view{key.as_string()} : text_at(key, "text");
            if (name == text) return &key;
        }
    }
    return nullptr;
}

/// A number that belongs to a customer, the same each time.
std::string phone_of(const json::object& user) {
    const std::string id = std::to_string(user.at("id").as_int64());
    return "+7999" + std::string(id.size() < 7 ? 7 - id.size() : 0, '0') +
           id.substr(id.size() < 7 ? 0 : id.size() - 7);
}

json::array reactions_of(const json::object& what) {
    json::array out;
    const auto* emoji = what.if_contains("emoji");
    if (emoji == nullptr) return out;
    const auto add = [&out](const json::value& one) {
        if (one.is_string() && !one.as_string().empty())
            out.push_back(json::object{{"type", "emoji"}, {"emoji", one}});
    };
    if (const auto* list = emoji->if_array()) {
        for (const json::value& one : *list)
            add(one);
    } else {
        add(*emoji);
    }
    return out;
}

}  // namespace

Done Customer::press(const json::object& what) {
    auto found = place_of(what);
    if (auto* why = std::get_if<std::string>(&found)) return *why;
    const Place place = std::get<Place>(found);
    const json::value whole = what;
    const auto id = number_at(whole, "message_id");
    if (!id || !place.chat->messages.contains(*id)) return "no such message";
    json::object message = place.chat->messages.at(*id);
    if (place.chat->deleted.contains(*id))  // what Telegram shows of a message it has no more
        message = {{"message_id", *id}, {"chat", World::chat_object(*place.chat)}, {"date", 0}};
    const std::string callback = world_.add_callback(place.chat->id);
    json::object query{
        {"id", callback},
        {"from", *place.user},
        {"message", std::move(message)},
        {"chat_instance", "-3812"},
        {"data", text_at(whole, "data")}};
    const std::string queue = "user" + std::to_string(place.user->at("id").as_int64());
    updates_.add("callback_query", query, queue, kCallbackLives);
    return query;
}

Done Customer::key(const json::object& what) {
    auto found = place_of(what);
    if (auto* why = std::get_if<std::string>(&found)) return *why;
    const Place place = std::get<Place>(found);
    const std::string text{text_at(json::value(what), "text")};
    const json::value* key = find_key(place.chat->keyboard, text);
    if (key == nullptr) return "no such key is shown";
    json::object said = what;
    if (flag_at(*key, "request_contact")) {
        said["kind"] = "contact";
        said.erase("text");
        said["phone_number"] = phone_of(*place.user);
        said["first_name"] = place.user->at("first_name");
        said["contact_user"] = place.user->at("id");
    } else if (flag_at(*key, "request_location")) {
        said["kind"] = "location";
        said.erase("text");
        if (!said.contains("latitude")) said["latitude"] = 55.751244;
        if (!said.contains("longitude")) said["longitude"] = 37.618423;
    }
    if (flag_at(json::value(place.chat->keyboard), "one_time_keyboard"))
        place.chat->keyboard.clear();
    return say(said);
}

Done Customer::react(const json::object& what) {
    auto found = place_of(what);
    if (auto* why = std::get_if<std::string>(&found)) return *why;
    const Place place = std::get<Place>(found);
    const auto id = number_at(json::value(what), "message_id");
    if (!id || place.chat->message(*id) == nullptr) return "no such message";
    const std::string who = std::to_string(place.user->at("id").as_int64());
    auto& reactions = place.chat->reactions[*id];
    const json::array old = reactions.contains(who) ? reactions.at(who) : json::array{};
    const json::array now = reactions_of(what);
    if (now.empty())
        reactions.erase(who);
    else
        reactions[who] = now;
    json::object change{
        {"chat", World::chat_object(*place.chat)},
        {"message_id", *id},
        {"user", *place.user},
        {"date", world_.now_s()},
        {"old_reaction", old},
        {"new_reaction", now}};
    // In groups, an administrator alone is told.
    if (!place.chat->is_group() || place.chat->bot == "administrator")
        updates_.add(
            "message_reaction", change, "reaction" + std::to_string(place.chat->id), kMessageLives
        );
    return change;
}

Done Customer::remove(const json::object& what) {
    auto found = place_of(what);
    if (auto* why = std::get_if<std::string>(&found)) return *why;
    const Place place = std::get<Place>(found);
    const json::value whole = what;
    json::array ids = list_at(whole, "message_ids");
    if (const auto one = number_at(whole, "message_id")) ids.emplace_back(*one);
    if (ids.empty()) return "message_id or message_ids is needed";
    for (const json::value& id : ids) {
        if (!id.is_int64() || place.chat->message(id.as_int64()) == nullptr)
            return "no such message";
    }
    for (const json::value& id : ids)
        place.chat->deleted.insert(id.as_int64());
    json::object out{{"chat", World::chat_object(*place.chat)}, {"message_ids", ids}};
    if (place.chat->business.empty()) return out;
    out["business_connection_id"] = place.chat->business;
    updates_.add(
        "deleted_business_messages",
        out,
        "business" + place.chat->business + "-" + std::to_string(place.chat->id),
        kMessageLives
    );
    return out;
}

Done Customer::block(const json::object& what, bool blocked) {
    auto found = place_of(what);
    if (auto* why = std::get_if<std::string>(&found)) return *why;
    const Place place = std::get<Place>(found);
    Chat& chat = *place.chat;
    if (chat.is_group() || !chat.business.empty()) return "a bot is blocked in a private chat";
    const json::object me = world_.bot_user();
    json::object change{
        {"chat", World::chat_object(chat)},
        {"from", chat.user},
        {"date", world_.now_s()},
        {"old_chat_member", world_.member(me, blocked ? "member" : "kicked")},
        {"new_chat_member", world_.member(me, blocked ? "kicked" : "member")},
    };
    chat.blocked = blocked;
    updates_.add("my_chat_member", change, "member" + std::to_string(chat.id), kMessageLives);
    return change;
}

Done Customer::update(const json::object& what) {
    const auto* payload = what.if_contains("payload");
    const json::value whole = what;
    const std::string kind{text_at(whole, "kind")};
    if (kind.empty() || payload == nullptr || !payload->is_object())
        return "kind and payload are needed";
    std::string queue{text_at(whole, "queue")};
    if (queue.empty()) queue = "other";
    updates_.add(kind, payload->as_object(), queue, kMessageLives);
    return json::object{{"queued", kind}};
}

}  // namespace trunkline::telegram::simulator
