#include "plugins/telegram/simulator/groups.hpp"

#include "plugins/telegram/simulator/asking.hpp"

namespace trunkline::telegram::simulator {
namespace {

bool is_role(const std::string& role) {
    for (const char* known : {"member", "administrator", "restricted", "left", "kicked"}) {
        if (role == known) return true;
    }
    return false;
}

/// The older members that still come beside the list of those who joined.
json::object joined(const json::object& user) {
    return {
        {"new_chat_members", json::array{user}},
        {"new_chat_member", user},
        {"new_chat_participant", user}};
}

json::object gone(const json::object& user) {
    return {{"left_chat_member", user}, {"left_chat_participant", user}};
}

}  // namespace

std::variant<Groups::Place, std::string> Groups::place_of(const json::object& what) {
    const json::value whole = what;
    Place place;
    place.chat = world_.chat(number_at(whole, "chat").value_or(0));
    if (place.chat == nullptr || !place.chat->is_group()) return "no such group";
    if (place.chat->migrated_to != 0) return "the group is a supergroup now";
    const Chat* user = world_.chat(number_at(whole, "user").value_or(0));
    if (user != nullptr && !user->is_group()) place.user = &user->user;
    if (place.user == nullptr && what.contains("user")) return "no such user";
    // Somebody does it; who, matters only where it is told.
    for (const auto& [id, role] : place.chat->roles) {
        if (place.user != nullptr) break;
        if (role == "left") continue;
        if (const Chat* member = world_.chat(id)) place.user = &member->user;
    }
    if (place.user == nullptr) return "no such user";
    return place;
}

json::object Groups::tell(Chat& chat, const json::object& by, const json::object& members) {
    json::object message = world_.new_message(chat, by);
    for (const auto& member : members)
        message[member.key()] = member.value();
    chat.messages[message.at("message_id").as_int64()] = message;
    if (chat.bot == "member" || chat.bot == "administrator")
        updates_.add("message", message, "chat" + std::to_string(chat.id), kMessageLives);
    return message;
}

void Groups::tell_member(
    const Chat& chat,
    const json::object& by,
    const json::object& user,
    const std::string& before,
    const std::string& after
) {
    json::object change{
        {"chat", World::chat_object(chat)},
        {"from", by},
        {"date", world_.now_s()},
        {"old_chat_member", world_.member(user, before)},
        {"new_chat_member", world_.member(user, after)}};
    const bool bot = user.at("id") == world_.bot_user().at("id");
    if (!bot && chat.bot != "administrator") return;
    updates_.add(
        bot ? "my_chat_member" : "chat_member",
        std::move(change),
        "member" + std::to_string(chat.id),
        kMessageLives
    );
}

Groups::Done Groups::make(const json::object& what) {
    const json::value whole = what;
    const std::string type{text_at(whole, "type")};
    const bool forum = flag_at(whole, "forum");
    if (!type.empty() && type != "group" && type != "supergroup")
        return "type is group or supergroup";
    std::string title{text_at(whole, "title")};
    if (title.empty()) title = "Group";
    const std::string named{text_at(whole, "bot")};
    const std::string role = named.empty() ? "administrator" : named;
    if (!is_role(role)) return "bot is member, administrator, restricted, left or kicked";
    const json::array& members = list_at(whole, "members");
    for (const json::value& id : members) {
        if (!id.is_int64() || world_.chat(id.as_int64()) == nullptr) return "no such user";
    }
    if (members.empty()) return "members are needed";
    Chat& chat = world_.add_group(title, forum || type == "supergroup", number_at(whole, "id"));
    chat.forum = forum;
    for (const json::value& id : members)
        chat.roles[id.as_int64()] = chat.roles.empty() ? "creator" : "member";
    const json::object& maker = world_.chat(members.at(0).as_int64())->user;
    chat.bot = role;
    if (role != "left") tell_member(chat, maker, world_.bot_user(), "left", role);
    return json::object{{"id", chat.id}, {"chat", World::chat_object(chat)}};
}

Groups::Done Groups::join(const json::object& what) {
    if (!what.contains("user")) return "user is needed";
    auto found = place_of(what);
    if (auto* why = std::get_if<std::string>(&found)) return *why;
    const Place place = std::get<Place>(found);
    Chat& chat = *place.chat;
    const std::int64_t id = place.user->at("id").as_int64();
    const auto role = chat.roles.find(id);
    if (role != chat.roles.end() && role->second != "left") return "a member already";
    const std::string before = role == chat.roles.end() ? "left" : role->second;
    chat.roles[id] = "member";
    tell_member(chat, *place.user, *place.user, before, "member");
    return tell(chat, *place.user, joined(*place.user));
}

Groups::Done Groups::leave(const json::object& what) {
    if (!what.contains("user")) return "user is needed";
    auto found = place_of(what);
    if (auto* why = std::get_if<std::string>(&found)) return *why;
    const Place place = std::get<Place>(found);
    const std::int64_t id = place.user->at("id").as_int64();
    const auto role = place.chat->roles.find(id);
    if (role == place.chat->roles.end() || role->second == "left") return "not a member";
    const std::string before = role->second;
    role->second = "left";
    tell_member(*place.chat, *place.user, *place.user, before, "left");
    return tell(*place.chat, *place.user, gone(*place.user));
}

Groups::Done Groups::set_bot(const json::object& what) {
    auto found = place_of(what);
    if (auto* why = std::get_if<std::string>(&found)) return *why;
    const Place place = std::get<Place>(found);
    Chat& chat = *place.chat;
    const std::string status{text_at(json::value(what), "status")};
    if (!is_role(status)) return "status is member, administrator, restricted, left or kicked";
    const std::string before = chat.bot;
    const auto there = [](const std::string& role) { return role != "left" && role != "kicked"; };
    const json::object me = world_.bot_user();
    chat.bot = status;
    tell_member(chat, *place.user, me, before, status);
    if (!there(before) && there(status)) (void)tell(chat, *place.user, joined(me));
    return json::object{{"id", chat.id}, {"bot", status}};
}

Groups::Done Groups::retitle(const json::object& what) {
    auto found = place_of(what);
    if (auto* why = std::get_if<std::string>(&found)) return *why;
    const Place place = std::get<Place>(found);
    const std::string title{text_at(json::value(what), "title")};
    if (title.empty()) return "title is missing";
    place.chat->title = title;
    const json::object told{{"new_chat_title", title}};
    return tell(*place.chat, *place.user, told);
}

Groups::Done Groups::migrate(const json::object& what) {
    auto found = place_of(what);
    if (auto* why = std::get_if<std::string>(&found)) return *why;
    const Place place = std::get<Place>(found);
    Chat& old = *place.chat;
    if (old.type != "group") return "it is a supergroup already";
    Chat& now = world_.add_group(old.title, true, number_at(json::value(what), "id"));
    now.roles = old.roles;
    now.bot = old.bot;
    const json::object to{{"migrate_to_chat_id", now.id}};
    const json::object from{{"migrate_from_chat_id", old.id}};
    (void)tell(old, *place.user, to);
    (void)tell(now, *place.user, from);
    old.migrated_to = now.id;
    return json::object{{"id", now.id}, {"chat", World::chat_object(now)}};
}

Groups::Done Groups::add_topic(const json::object& what) {
    auto found = place_of(what);
    if (auto* why = std::get_if<std::string>(&found)) return *why;
    const Place place = std::get<Place>(found);
    Chat& chat = *place.chat;
    if (!chat.forum) return "topics are in forums alone";
    const std::string name{text_at(json::value(what), "name")};
    if (name.empty()) return "name is missing";
    // Its first message is what gives it its number.
    const std::int64_t id = chat.last_message + 1;
    chat.topics[id] = {name, false};
    const json::object told{
        {"message_thread_id", id},
        {"is_topic_message", true},
        {"forum_topic_created", {{"name", name}, {"icon_color", 7'322'096}}}};
    (void)tell(chat, *place.user, told);
    return json::object{{"message_thread_id", id}, {"name", name}};
}

Groups::Done Groups::close_topic(const json::object& what) {
    auto found = place_of(what);
    if (auto* why = std::get_if<std::string>(&found)) return *why;
    const Place place = std::get<Place>(found);
    const json::value whole = what;
    const auto topic = place.chat->topics.find(number_at(whole, "thread").value_or(0));
    if (topic == place.chat->topics.end()) return "no such topic";
    const bool closed = !what.contains("closed") || flag_at(whole, "closed");
    topic->second.closed = closed;
    const json::object told{
        {"message_thread_id", topic->first},
        {"is_topic_message", true},
        {closed ? "forum_topic_closed" : "forum_topic_reopened", json::object{}}};
    return tell(*place.chat, *place.user, told);
}

Groups::Done Groups::connect_business(const json::object& what) {
    const json::value whole = what;
    const Chat* owner = world_.chat(number_at(whole, "user").value_or(0));
    if (owner == nullptr || owner->is_group()) return "no such user";
    const auto* rights = object_at(whole, "rights");
    Business& business = world_.add_business(
        owner->user,
        rights != nullptr
            ? *rights
            : json::
                  object{{"can_reply", true}, {"can_read_messages", true}, {"can_delete_sent_messages", true}, {"can_delete_all_messages", true}}
    );
    json::object told = describe_business(business);
    updates_.add("business_connection", told, "business" + business.id, kMessageLives);
    return told;
}

Groups::Done Groups::change_business(const json::object& what) {
    const json::value whole = what;
    Business* business = world_.business(std::string{text_at(whole, "id")});
    if (business == nullptr) return "no such business connection";
    if (what.contains("enabled")) business->enabled = flag_at(whole, "enabled");
    if (const auto* rights = object_at(whole, "rights")) business->rights = *rights;
    json::object told = describe_business(*business);
    updates_.add("business_connection", told, "business" + business->id, kMessageLives);
    return told;
}

}  // namespace trunkline::telegram::simulator
