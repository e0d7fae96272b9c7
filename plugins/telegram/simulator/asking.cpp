#include "plugins/telegram/simulator/asking.hpp"

#include <algorithm>

namespace trunkline::telegram::simulator {
namespace {

constexpr std::uint64_t kDownloadMax = 20U << 20U;
constexpr WallMs kActionLasts = 5'000;

std::variant<Chat*, Refusal> group_of(Bot& bot, const Parameters& p) {
    auto found = find_chat(bot, p, Need::look);
    if (auto* refusal = std::get_if<Refusal>(&found)) return *refusal;
    if (!std::get<Chat*>(found)->is_group())
        return bad_request("there are no administrators in the private chat");
    return found;
}

json::object picture_sizes(const std::string& file) {
    return {
        {"small_file_id", file},
        {"small_file_unique_id", "AQAD" + file + "s"},
        {"big_file_id", file},
        {"big_file_unique_id", "AQAD" + file + "b"}};
}

/// Who a member of a group is to others.
const json::object* user_of(Bot& bot, std::int64_t id) {
    const Chat* chat = bot.world.chat(id);
    return chat == nullptr || chat->is_group() ? nullptr : &chat->user;
}

}  // namespace

json::value get_me(const World& world) {
    json::object me = world.bot_user();
    for (const char* flag : {"can_join_groups", "can_connect_to_business"})
        me[flag] = true;
    for (const char* flag :
         {"can_read_all_group_messages", "supports_inline_queries", "has_topics_enabled"})
        me[flag] = false;
    return me;
}

Outcome get_file(Bot& bot, const Parameters& p) {
    const File* file = bot.world.files().find(p.text("file_id"));
    if (file == nullptr) return bad_request("wrong file_id or the file is temporarily unavailable");
    if (file->size > kDownloadMax) return bad_request("file is too big");
    return json::value(json::object{
        {"file_id", file->id},
        {"file_unique_id", file->unique_id},
        {"file_size", file->size},
        {"file_path", file->path}});
}

Outcome get_chat(Bot& bot, const Parameters& p) {
    auto found = find_chat(bot, p, Need::look);
    if (auto* refusal = std::get_if<Refusal>(&found)) return *refusal;
    const Chat& chat = *std::get<Chat*>(found);
    json::object out = World::chat_object(chat);
    if (const auto* username = chat.user.if_contains("username"))
        out["active_usernames"] = json::array{*username};
    if (const auto photo = bot.world.photos.find(chat.id); photo != bot.world.photos.end())
        out["photo"] = picture_sizes(photo->second);
    out["max_reaction_count"] = 11;
    return json::value(std::move(out));
}

Outcome get_member(Bot& bot, const Parameters& p) {
    auto found = find_chat(bot, p, Need::look);
    if (auto* refusal = std::get_if<Refusal>(&found)) return *refusal;
    const Chat& chat = *std::get<Chat*>(found);
    const std::int64_t id = p.integer("user_id").value();
    const json::object me = bot.world.bot_user();
    if (me.at("id") == id)
        return json::value(bot.world.member(me, chat.is_group() ? chat.bot : "member"));
    const json::object* user = user_of(bot, id);
    const auto role = chat.roles.find(id);
    if (user == nullptr || role == chat.roles.end()) return bad_request("member not found");
    return json::value(bot.world.member(*user, role->second));
}

Outcome count_members(Bot& bot, const Parameters& p) {
    auto found = find_chat(bot, p, Need::look);
    if (auto* refusal = std::get_if<Refusal>(&found)) return *refusal;
    const Chat& chat = *std::get<Chat*>(found);
    if (!chat.is_group()) return json::value(2);
    const auto there = std::count_if(chat.roles.begin(), chat.roles.end(), [](const auto& one) {
        return one.second != "left" && one.second != "kicked";
    });
    return json::value(there + 1);
}

Outcome list_administrators(Bot& bot, const Parameters& p) {
    auto found = group_of(bot, p);
    if (auto* refusal = std::get_if<Refusal>(&found)) return *refusal;
    const Chat& chat = *std::get<Chat*>(found);
    json::array out;
    for (const auto& [id, role] : chat.roles) {
        const json::object* user = user_of(bot, id);
        if (user != nullptr && (role == "creator" || role == "administrator"))
            out.push_back(bot.world.member(*user, role));
    }
    if (chat.bot == "administrator")
        out.push_back(bot.world.member(bot.world.bot_user(), chat.bot));
    return json::value(std::move(out));
}

Outcome get_profile_photos(Bot& bot, const Parameters& p) {
    const std::int64_t id = p.integer("user_id").value();
    if (user_of(bot, id) == nullptr) return bad_request("user not found");
    json::array photos;
    const auto at = bot.world.photos.find(id);
    const bool there = at != bot.world.photos.end();
    if (there && p.integer("offset").value_or(0) == 0) {
        json::array sizes;
        for (const int side : {160, 320, 640}) {
            const File* file = bot.world.files().find(at->second);
            sizes.push_back(json::object{
                {"file_id", at->second},
                {"file_unique_id", "AQAD" + std::to_string(side)},
                {"file_size", file == nullptr ? 0 : file->size},
                {"width", side},
                {"height", side}});
        }
        photos.push_back(std::move(sizes));
    }
    return json::value(json::object{{"total_count", there ? 1 : 0}, {"photos", std::move(photos)}});
}

Outcome leave_chat(Bot& bot, const Parameters& p) {
    auto found = group_of(bot, p);
    if (auto* refusal = std::get_if<Refusal>(&found)) return *refusal;
    std::get<Chat*>(found)->bot = "left";
    return json::value(true);
}

Outcome show_action(Bot& bot, const Parameters& p) {
    auto found = find_chat(bot, p, Need::write);
    if (auto* refusal = std::get_if<Refusal>(&found)) return *refusal;
    Chat& chat = *std::get<Chat*>(found);
    json::object ignored;
    if (auto refusal = fill_topic(p, chat, ignored)) return *refusal;
    chat.action = p.text("action");
    chat.action_until_ms = bot.world.now_ms() + kActionLasts;
    return json::value(true);
}

Outcome answer_callback(Bot& bot, const Parameters& p) {
    Callback* callback = bot.world.callback(p.text("callback_query_id"));
    if (callback == nullptr || callback->answered ||
        bot.world.now_ms() - callback->made_ms > kCallbackLives)
        return bad_request("query is too old and response timeout expired or query ID is invalid");
    callback->answered = true;
    if (Chat* chat = bot.world.chat(callback->chat); chat != nullptr && p.has("text"))
        chat->notice = {
            {"callback", callback->id},
            {"text", p.text("text")},
            {"alert", p.boolean("show_alert")}};
    return json::value(true);
}

json::object describe_business(const Business& business) {
    return {
        {"id", business.id},
        {"user", business.owner},
        {"user_chat_id", business.owner.at("id")},
        {"date", business.made_ms / 1000},
        {"can_reply", flag_at(json::value(business.rights), "can_reply")},
        {"rights", business.rights},
        {"is_enabled", business.enabled}};
}

Outcome get_business(Bot& bot, const Parameters& p) {
    const Business* business = bot.world.business(p.text("business_connection_id"));
    if (business == nullptr) return bad_request("business connection not found");
    return json::value(describe_business(*business));
}

Outcome read_business(Bot& bot, const Parameters& p) {
    auto found = find_chat(bot, p, Need::look);
    if (auto* refusal = std::get_if<Refusal>(&found)) return *refusal;
    Chat& chat = *std::get<Chat*>(found);
    const Business& business = *bot.world.business(chat.business);
    if (!flag_at(json::value(business.rights), "can_read_messages"))
        return Refusal{403, "Forbidden: BUSINESS_CONNECTION_NOT_ALLOWED", {}};
    const std::int64_t id = p.integer("message_id").value();
    if (chat.message(id) == nullptr) return bad_request("message not found");
    chat.read_to = std::max(chat.read_to, id);
    return json::value(true);
}

Outcome delete_business(Bot& bot, const Parameters& p) {
    Business* business = bot.world.business(p.text("business_connection_id"));
    if (business == nullptr) return bad_request("business connection not found");
    if (!business->enabled) return bad_request("BUSINESS_CONNECTION_INVALID");
    const json::value rights = business->rights;
    const json::value ids = p.structure("message_ids").value();
    std::vector<std::pair<Chat*, std::int64_t>> going;
    for (const json::value& id : ids.as_array()) {
        if (!id.is_int64()) return bad_request("invalid message identifier specified");
        Chat* where = nullptr;
        for (auto& [customer, chat] : business->chats) {
            if (chat.message(id.as_int64()) != nullptr) where = &chat;
        }
        if (where == nullptr) return bad_request("message to delete not found");
        const bool own = is_own(*where->message(id.as_int64()), *where);
        const bool may = flag_at(rights, "can_delete_all_messages") ||
                         (own && flag_at(rights, "can_delete_sent_messages"));
        if (!may) return Refusal{403, "Forbidden: BUSINESS_CONNECTION_NOT_ALLOWED", {}};
        if (!going.empty() && going.front().first != where)
            return bad_request("messages must be from the same chat");
        going.emplace_back(where, id.as_int64());
    }
    for (const auto& [chat, id] : going)
        chat->deleted.insert(id);
    return json::value(true);
}

}  // namespace trunkline::telegram::simulator
