#include "plugins/telegram/simulator/bot.hpp"

namespace trunkline::telegram::simulator {
namespace {

constexpr WallMs kBusinessWithin = 24LL * 3600 * 1000;

std::variant<Chat*, Refusal> find_business_chat(
    Bot& bot, const std::string& connection, std::optional<std::int64_t> id, Need need
) {
    Business* business = bot.world.business(connection);
    if (business == nullptr) return bad_request("business connection not found");
    if (!business->enabled) return bad_request("BUSINESS_CONNECTION_INVALID");
    const auto at = id ? business->chats.find(*id) : business->chats.end();
    if (at == business->chats.end()) return bad_request("BUSINESS_PEER_INVALID");
    Chat& chat = at->second;
    if (need == Need::look) return &chat;
    if (!flag_at(json::value(business->rights), "can_reply"))
        return Refusal{403, "Forbidden: BUSINESS_CONNECTION_NOT_ALLOWED", {}};
    // A business bot may answer those who wrote within a day.
    std::int64_t last_s = 0;
    for (const auto& [message_id, message] : chat.messages) {
        if (message.at("from").at("id") == chat.id) last_s = message.at("date").as_int64();
    }
    if (bot.world.now_ms() - last_s * 1000 > kBusinessWithin)
        return bad_request("BUSINESS_PEER_USAGE_MISSING");
    return &chat;
}

std::optional<Refusal> check_group(const Chat& chat) {
    const std::string kind = chat.type == "supergroup" ? "supergroup chat" : "group chat";
    if (chat.migrated_to != 0)
        return Refusal{
            400,
            "Bad Request: group chat was upgraded to a supergroup chat",
            {{"migrate_to_chat_id", chat.migrated_to}}};
    if (chat.bot == "kicked") return Refusal{403, "Forbidden: bot was kicked from the " + kind, {}};
    if (chat.bot == "left")
        return Refusal{403, "Forbidden: bot is not a member of the " + kind, {}};
    return std::nullopt;
}

}  // namespace

std::variant<Chat*, Refusal> find_chat(
    Bot& bot, const Parameters& p, Need need, std::string_view name
) {
    const auto id = p.integer(name);
    const std::string connection = p.text("business_connection_id");
    if (!connection.empty() && name == "chat_id")
        return find_business_chat(bot, connection, id, need);
    Chat* chat = id ? bot.world.chat(*id) : nullptr;
    if (chat == nullptr) return bad_request("chat not found");
    if (chat->is_group()) {
        if (auto refusal = check_group(*chat)) return *refusal;
        return chat;
    }
    if (need == Need::look) return chat;
    if (chat->deactivated) return Refusal{403, "Forbidden: user is deactivated", {}};
    if (chat->blocked) return Refusal{403, "Forbidden: bot was blocked by the user", {}};
    if (!chat->started)
        return Refusal{403, "Forbidden: bot can't initiate conversation with a user", {}};
    return chat;
}

std::optional<Refusal> fill_topic(const Parameters& p, const Chat& chat, json::object& message) {
    const auto thread = p.integer("message_thread_id");
    if (!thread) return std::nullopt;
    const auto topic = chat.topics.find(*thread);
    if (topic == chat.topics.end()) return bad_request("message thread not found");
    if (topic->second.closed && chat.bot != "administrator") return bad_request("TOPIC_CLOSED");
    message["message_thread_id"] = *thread;
    message["is_topic_message"] = true;
    return std::nullopt;
}

std::optional<Refusal> check_rate(Bot& bot, const Chat& chat) {
    using std::chrono::milliseconds;
    // A message a second in a chat, "short bursts tolerated": whoever keeps to that is not refused
    // because the network brought two calls nearer to each other.
    std::map<std::string, kit::RateLimit> limits{
        {"bot", {30, milliseconds{1'000 / 30}}},
        {"chat " + std::to_string(chat.id) + chat.business, {5, milliseconds{1'000}}}};
    if (chat.is_group()) limits["group " + std::to_string(chat.id)] = {20, milliseconds{3'000}};
    const auto seconds = bot.rates.take(limits, bot.world.now_ms());
    if (!seconds) return std::nullopt;
    return Refusal{
        429,
        "Too Many Requests: retry after " + std::to_string(*seconds),
        {{"retry_after", *seconds}}};
}

bool is_own(const json::object& message, const Chat& chat) {
    if (!chat.business.empty()) return message.contains("sender_business_bot");
    return message.at("from").at("is_bot") == true;
}

}  // namespace trunkline::telegram::simulator
