#include "plugins/telegram/simulator/world.hpp"

namespace trunkline::telegram::simulator {
namespace {

constexpr std::int64_t kBotId = 777'001;
constexpr std::int64_t kSupergroups = -1'000'000'000'000;

}  // namespace

const json::object* Chat::message(std::int64_t number) const {
    const auto at = messages.find(number);
    return at == messages.end() || deleted.contains(number) ? nullptr : &at->second;
}

Chat& World::add_customer(
    std::int64_t id,
    const std::string& name,
    const std::string& username,
    const std::string& language
) {
    Chat& chat = chats_[id];
    chat.id = id;
    chat.user = json::object{
        {"id", id},
        {"is_bot", false},
        {"first_name", name},
        {"language_code", language.empty() ? "en" : language}};
    if (!username.empty()) chat.user["username"] = username;
    return chat;
}

Chat& World::add_group(
    const std::string& title, bool supergroup, std::optional<std::int64_t> wanted
) {
    const std::int64_t number = ++last_group_;
    const std::int64_t id = wanted.value_or(supergroup ? kSupergroups - number : -number);
    Chat& chat = chats_[id];
    chat = Chat{};
    chat.id = id;
    chat.type = supergroup ? "supergroup" : "group";
    chat.title = title;
    chat.bot = "left";
    return chat;
}

Business& World::add_business(const json::object& owner, json::object rights) {
    const std::string id = "bc" + std::to_string(businesses_.size() + 1);
    Business& business = businesses_[id];
    business.id = id;
    business.owner = owner;
    business.made_ms = now_ms();
    business.rights = std::move(rights);
    return business;
}

Chat& World::business_chat(Business& business, const Chat& customer) {
    Chat& chat = business.chats[customer.id];
    chat.id = customer.id;
    chat.user = customer.user;
    chat.business = business.id;
    return chat;
}

Chat* World::chat(std::int64_t id) {
    const auto at = chats_.find(id);
    return at == chats_.end() ? nullptr : &at->second;
}

Business* World::business(const std::string& id) {
    const auto at = businesses_.find(id);
    return at == businesses_.end() ? nullptr : &at->second;
}

std::int64_t World::next_message_id(Chat& chat) {
    return chat.type == "supergroup" ? ++chat.last_message : ++last_message_;
}

json::object World::bot_user() const {
    return {{"id", kBotId}, {"is_bot", true}, {"first_name", "Shop"}, {"username", "shop_bot"}};
}

json::object World::chat_object(const Chat& chat) {
    if (chat.is_group()) {
        json::object out{{"id", chat.id}, {"title", chat.title}, {"type", chat.type}};
        if (chat.forum) out["is_forum"] = true;
        return out;
    }
    json::object out{
        {"id", chat.id}, {"first_name", chat.user.at("first_name")}, {"type", "private"}};
    if (const auto* username = chat.user.if_contains("username")) out["username"] = *username;
    return out;
}

json::object World::member(const json::object& user, const std::string& status) const {
    json::object out{{"user", user}, {"status", status}};
    if (status == "kicked") out["until_date"] = 0;
    return out;
}

json::object World::new_message(Chat& chat, const json::object& from) {
    json::object out{
        {"message_id", next_message_id(chat)},
        {"from", from},
        {"chat", chat_object(chat)},
        {"date", now_s()}};
    if (!chat.business.empty()) out["business_connection_id"] = chat.business;
    return out;
}

const File& World::add_file(
    const std::string& kind,
    std::string name,
    std::string mime,
    std::string bytes,
    std::uint64_t size
) {
    const std::string number = std::to_string(++last_file_);
    const std::size_t dot = name.find_last_of('.');
    File file;
    file.id = "BQACAgIAAxk" + kind + number;
    file.unique_id = "AgAD" + kind + number;
    file.path = kind + "s/file_" + number + (dot == std::string::npos ? "" : name.substr(dot));
    file.kind = kind;
    file.name = std::move(name);
    file.mime = std::move(mime);
    file.bytes = std::move(bytes);
    file.size = size;
    return files_.add(std::move(file));
}

std::string World::add_callback(std::int64_t chat) {
    Callback callback{std::to_string(++last_callback_), chat, now_ms(), false};
    const std::string id = callback.id;
    callbacks_[id] = std::move(callback);
    return id;
}

Callback* World::callback(const std::string& id) {
    const auto at = callbacks_.find(id);
    return at == callbacks_.end() ? nullptr : &at->second;
}

void World::clear() {
    chats_.clear();
    businesses_.clear();
    files_.clear();
    callbacks_.clear();
    photos.clear();
}

}  // namespace trunkline::telegram::simulator
