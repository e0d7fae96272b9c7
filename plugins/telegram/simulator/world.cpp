#include "plugins/telegram/simulator/world.hpp"

namespace trunkline::telegram::simulator {
namespace {

constexpr std::int64_t kBotId = 777'001;
constexpr std::size_t kFilesBytesMax = 256U << 20U;

}  // namespace

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

Chat* World::chat(std::int64_t id) {
    const auto at = chats_.find(id);
    return at == chats_.end() ? nullptr : &at->second;
}

json::object World::bot_user() const {
    return {{"id", kBotId}, {"is_bot", true}, {"first_name", "Shop"}, {"username", "shop_bot"}};
}

json::object World::chat_object(const Chat& chat) {
    json::object out{
        {"id", chat.id}, {"first_name", chat.user.at("first_name")}, {"type", "private"}};
    if (const auto* username = chat.user.if_contains("username")) out["username"] = *username;
    return out;
}

json::object World::new_message(const Chat& chat, const json::object& from) {
    return {
        {"message_id", next_message_id()},
        {"from", from},
        {"chat", chat_object(chat)},
        {"date", now_s()}};
}

const File& World::add_file(
    std::string kind, std::string name, std::string mime, std::string bytes
) {
    std::size_t total = bytes.size();
    for (const auto& [id, file] : files_)
        total += file.bytes.size();
    if (total > kFilesBytesMax) files_.clear();  // a simulator forgets rather than grows
    const std::string number = std::to_string(++last_file_);
    File file;
    file.id = "BQACAgIAAxk" + kind + number;
    file.unique_id = "AgAD" + kind + number;
    const std::size_t dot = name.find_last_of('.');
    file.path = kind + "s/file_" + number + (dot == std::string::npos ? "" : name.substr(dot));
    file.name = std::move(name);
    file.mime = std::move(mime);
    file.bytes = std::move(bytes);
    return files_[file.id] = file;
}

const File* World::file(const std::string& id) const {
    const auto at = files_.find(id);
    return at == files_.end() ? nullptr : &at->second;
}

const File* World::file_by_path(const std::string& path) const {
    for (const auto& [id, file] : files_) {
        if (file.path == path) return &file;
    }
    return nullptr;
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
    files_.clear();
    callbacks_.clear();
}

std::size_t utf16_length(std::string_view text) {
    std::size_t units = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte & 0xC0U) != 0x80U) units += byte >= 0xF0 ? 2 : 1;
    }
    return units;
}

}  // namespace trunkline::telegram::simulator
