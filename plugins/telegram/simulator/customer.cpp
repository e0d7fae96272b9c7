#include "plugins/telegram/simulator/customer.hpp"

#include "plugins/telegram/simulator/customer_content.hpp"
#include "plugins/telegram/simulator/media.hpp"
#include "plugins/telegram/simulator/sending.hpp"

namespace trunkline::telegram::simulator {
namespace {

std::string queue_of(const Chat& chat) {
    return (chat.business.empty() ? "chat" : "business" + chat.business + "-") +
           std::to_string(chat.id);
}

}  // namespace

std::variant<Customer::Place, std::string> Customer::place_of(const json::object& what) {
    const json::value whole = what;
    const auto user = number_at(whole, "user");
    Chat* own = user ? world_.chat(*user) : nullptr;
    if (own == nullptr || own->is_group()) return "no such user";
    Place place;
    place.chat = own;
    place.user = &own->user;
    if (const auto connection = text_at(whole, "business"); !connection.empty()) {
        Business* business = world_.business(std::string{connection});
        if (business == nullptr) return "no such business connection";
        place.chat = &world_.business_chat(*business, *own);
        place.owner = text_at(whole, "as") == "owner";
        if (place.owner) place.user = &business->owner;
        return place;
    }
    const auto group = number_at(whole, "chat");
    if (!group || *group == *user) return place;
    place.chat = world_.chat(*group);
    if (place.chat == nullptr || !place.chat->is_group()) return "no such group";
    if (place.chat->migrated_to != 0) return "the group is a supergroup now";
    const auto role = place.chat->roles.find(*user);
    if (role == place.chat->roles.end() || role->second == "left")
        return "not a member of the group";
    return place;
}

/// With privacy mode on, a bot that is no administrator sees what is meant for it.
bool Customer::reaches_bot(const Chat& chat, const json::object& message) const {
    if (!chat.is_group()) return true;
    if (chat.bot != "member") return chat.bot == "administrator";
    const json::value whole = message;
    const std::string_view text = text_at(whole, "text");
    if (text.starts_with("/") || text.find("@shop_bot") != std::string_view::npos) return true;
    return flag_at(whole, "reply_to_message", "from", "is_bot");
}

void Customer::tell(const Chat& chat, const json::object& message, bool edited) {
    if (!reaches_bot(chat, message)) return;
    const std::string kind = chat.business.empty() ? "message" : "business_message";
    updates_.add((edited ? "edited_" : "") + kind, message, queue_of(chat), kMessageLives);
}

json::object Customer::send(const Place& place, json::object message) {
    Chat& chat = *place.chat;
    if (!chat.is_group() && chat.business.empty()) {
        chat.started = true;
        chat.blocked = false;
    }
    chat.messages[message.at("message_id").as_int64()] = message;
    tell(chat, message, false);
    return message;
}

std::optional<std::string> Customer::fill_reply(
    const json::object& what, const Chat& chat, json::object& message
) {
    const json::value whole = what;
    const auto reply = number_at(whole, "reply_to");
    if (const auto thread = number_at(whole, "thread")) {
        if (!chat.topics.contains(*thread)) return "no such topic";
        message["message_thread_id"] = *thread;
        message["is_topic_message"] = true;
    }
    if (!reply) return std::nullopt;
    const json::object* original = chat.message(*reply);
    if (original == nullptr) return "no such message to reply to";
    if (const auto quote = text_at(whole, "quote"); !quote.empty()) {
        const json::value shown = *original;
        std::string text{text_at(shown, "text")};
        if (text.empty()) text = text_at(shown, "caption");
        const std::size_t at = text.find(quote);
        if (at == std::string::npos) return "the quote is not in the message";
        message["quote"] = json::object{
            {"text", quote},
            {"position", utf16_length(std::string_view{text}.substr(0, at))},
            {"is_manual", true}};
    }
    json::object copied = *original;
    copied.erase("reply_to_message");
    message["reply_to_message"] = std::move(copied);
    return std::nullopt;
}

Done Customer::say(const json::object& what) {
    auto found = place_of(what);
    if (auto* why = std::get_if<std::string>(&found)) return *why;
    const Place place = std::get<Place>(found);
    json::object message = world_.new_message(*place.chat, *place.user);
    if (auto wrong = fill_content(world_, what, message)) return *wrong;
    if (auto wrong = fill_reply(what, *place.chat, message)) return *wrong;
    for (const char* extra : {"forward_origin", "media_group_id"}) {
        if (const auto* value = what.if_contains(extra)) message[extra] = *value;
    }
    return send(place, std::move(message));
}

Done Customer::album(const json::object& what) {
    auto found = place_of(what);
    if (auto* why = std::get_if<std::string>(&found)) return *why;
    const Place place = std::get<Place>(found);
    const json::array items = what.at("items").as_array();
    if (items.size() < 2 || items.size() > 10) return "an album has 2-10 items";
    const std::string group = world_.next_album();
    std::vector<json::object> made;
    for (const json::value& item : items) {
        json::object message = world_.new_message(*place.chat, *place.user);
        json::object one = item.as_object();
        if (made.empty() && what.contains("text") && !one.contains("text"))
            one["text"] = what.at("text");
        if (auto wrong = fill_content(world_, one, message)) return *wrong;
        if (auto wrong = fill_reply(what, *place.chat, message)) return *wrong;
        const std::string kind = kind_of(message);
        if (kind != "photo" && kind != "video" && kind != "document" && kind != "audio")
            return "no album of such items";
        message["media_group_id"] = group;
        made.push_back(std::move(message));
    }
    json::array out;
    for (json::object& message : made)
        out.push_back(send(place, std::move(message)));
    return json::object{{"media_group_id", group}, {"messages", std::move(out)}};
}

Done Customer::edit(const json::object& what) {
    auto found = place_of(what);
    if (auto* why = std::get_if<std::string>(&found)) return *why;
    const Place place = std::get<Place>(found);
    Chat& chat = *place.chat;
    const json::value whole = what;
    const auto id = number_at(whole, "message_id");
    if (!id || chat.message(*id) == nullptr) return "no such message";
    json::object message = *chat.message(*id);
    if (message.at("from").at("id") != place.user->at("id"))
        return "a customer edits only messages of their own";
    const std::string kind = kind_of(message);
    if (kind == "location") {
        json::object moved = message.at("location").as_object();
        if (!moved.contains("live_period")) return "only a live location moves";
        for (const char* name : {"latitude", "longitude", "heading"}) {
            if (what.contains(name)) moved[name] = what.at(name);
        }
        message["location"] = std::move(moved);
    } else if (what.contains("kind") && text_at(whole, "kind") != "text") {
        message.erase(kind);
        message.erase("document");
        if (auto wrong = fill_content(world_, what, message)) return *wrong;
    } else {
        const char* name = message.contains("text") ? "text" : "caption";
        const char* entities = message.contains("text") ? "entities" : "caption_entities";
        message[name] = text_at(whole, "text");
        message.erase(entities);
        if (what.contains("entities")) message[entities] = what.at("entities");
    }
    message["edit_date"] = world_.now_s();
    chat.messages[*id] = message;
    tell(chat, message, true);
    return message;
}

Done Customer::forward(const json::object& what) {
    auto found = place_of(what);
    if (auto* why = std::get_if<std::string>(&found)) return *why;
    const Place place = std::get<Place>(found);
    const json::value whole = what;
    const Chat* from = world_.chat(number_at(whole, "from_chat").value_or(0));
    const auto id = number_at(whole, "message_id");
    const json::object* original = from != nullptr && id ? from->message(*id) : nullptr;
    if (original == nullptr) return "no such message to forward";
    json::object message = world_.new_message(*place.chat, *place.user);
    for (const auto& member : *original) {
        const std::string_view name = member.key();
        if (!message.contains(name) && name != "reply_to_message" && name != "quote" &&
            name != "reply_markup" && name != "edit_date" && name != "media_group_id")
            message[name] = member.value();
    }
    fill_origin(*original, message);
    return send(place, std::move(message));
}

}  // namespace trunkline::telegram::simulator
