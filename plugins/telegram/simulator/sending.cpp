#include <algorithm>
#include <array>

#include "plugins/telegram/simulator/bot_api.hpp"

namespace trunkline::telegram::simulator {
namespace {

constexpr std::size_t kTextMax = 4096;
constexpr std::size_t kCaptionMax = 1024;
constexpr std::size_t kPhotoBytesMax = 10U << 20U;
constexpr std::size_t kFileBytesMax = 50U << 20U;
constexpr std::int64_t kDeletableFor = 48LL * 3600;

bool ends_in_kind(const std::string& method, std::string& kind) {
    for (const char* known :
         {"photo", "document", "video", "voice", "audio", "animation", "sticker", "videonote"}) {
        if (method == std::string{"send"} + known) {
            kind = known == std::string{"videonote"} ? "video_note" : known;
            return true;
        }
    }
    return false;
}

}  // namespace

std::variant<Chat*, Refusal> BotApi::find_chat(const Parameters& p, bool to_write) {
    const auto id = p.integer("chat_id");
    if (!p.has("chat_id")) return bad_request("chat_id is empty");
    Chat* chat = id ? world_.chat(*id) : nullptr;
    if (chat == nullptr) return bad_request("chat not found");
    if (to_write && chat->blocked)
        return Refusal{403, "Forbidden: bot was blocked by the user", {}};
    if (to_write && !chat->started)
        return Refusal{403, "Forbidden: bot can't initiate conversation with a user", {}};
    return chat;
}

std::optional<Refusal> BotApi::check_rate(const Chat& chat) {
    if (!rates.on) return std::nullopt;
    const WallMs now = world_.now_ms();
    WallMs& next = rates.next_free[chat.id];
    constexpr WallMs kBurst = 3'000;  // three messages at once, then one a second
    constexpr WallMs kBotEach = 1'000 / 30;
    const WallMs wait = std::max(next - now - kBurst, rates.bot_next_free - now - 1'000);
    if (wait > 0) {
        const std::int64_t seconds = wait / 1000 + 1;
        return Refusal{
            429,
            "Too Many Requests: retry after " + std::to_string(seconds),
            {{"retry_after", seconds}}};
    }
    next = std::max(next, now) + 1'000;
    rates.bot_next_free = std::max(rates.bot_next_free, now) + kBotEach;
    return std::nullopt;
}

Outcome BotApi::send(const std::string& method, const Parameters& p) {
    auto found = find_chat(p, true);
    if (auto* refusal = std::get_if<Refusal>(&found)) return *refusal;
    Chat& chat = *std::get<Chat*>(found);
    if (auto refusal = check_rate(chat)) return *refusal;
    json::object message{
        {"message_id", 0},
        {"from", world_.bot_user()},
        {"chat", World::chat_object(chat)},
        {"date", world_.now_s()}};
    std::optional<json::object> keyboard;
    if (auto refusal = read_keyboard(p, keyboard)) return *refusal;
    if (auto refusal = fill_reply(p, chat, message)) return *refusal;
    if (auto refusal = fill(method, p, message)) return *refusal;
    if (keyboard) message["reply_markup"] = *keyboard;
    const std::int64_t id = world_.next_message_id();
    message["message_id"] = id;
    chat.messages[id] = message;
    chat.action_until_ms = 0;
    return json::value(std::move(message));
}

std::optional<Refusal> BotApi::fill_reply(const Parameters& p, Chat& chat, json::object& message) {
    std::optional<std::int64_t> target;
    bool tolerant = p.boolean("allow_sending_without_reply");
    if (p.has("reply_parameters")) {
        const auto reply = p.structure("reply_parameters");
        const auto* object = reply ? reply->if_object() : nullptr;
        const auto* id = object != nullptr ? object->if_contains("message_id") : nullptr;
        if (id == nullptr || !id->is_int64())
            return bad_request("can't parse reply parameters: Can't find field \"message_id\"");
        target = id->as_int64();
        const auto* allow = object->if_contains("allow_sending_without_reply");
        tolerant = allow != nullptr && *allow == true;
    } else if (p.has("reply_to_message_id")) {
        target = p.integer("reply_to_message_id");
    }
    if (!target) return std::nullopt;
    const auto at = chat.messages.find(*target);
    if (at == chat.messages.end() || chat.deleted.contains(*target)) {
        if (tolerant) return std::nullopt;
        return bad_request("message to be replied not found");
    }
    json::object original = at->second;
    original.erase("reply_to_message");
    message["reply_to_message"] = std::move(original);
    return std::nullopt;
}

std::optional<Refusal> BotApi::fill(
    const std::string& method, const Parameters& p, json::object& message
) {
    std::string kind;
    if (method == "sendmessage") {
        FormattedText text;
        if (auto refusal = read_text(p, "text", "entities", kTextMax, false, text)) return refusal;
        message["text"] = text.text;
        if (!text.entities.empty()) message["entities"] = text.entities;
        return std::nullopt;
    }
    if (method == "sendlocation" || method == "sendvenue") {
        const auto latitude = p.number("latitude");
        const auto longitude = p.number("longitude");
        if (!latitude || !longitude || *latitude < -90 || *latitude > 90 || *longitude < -180 ||
            *longitude > 180)
            return bad_request("location must be non-empty");
        message["location"] = json::object{{"latitude", *latitude}, {"longitude", *longitude}};
        if (method == "sendvenue") {
            if (p.text("title").empty()) return bad_request("venue must be non-empty");
            message["venue"] = json::object{
                {"location", message.at("location")},
                {"title", p.text("title")},
                {"address", p.text("address")}};
        }
        return std::nullopt;
    }
    if (method == "sendcontact") {
        if (p.text("phone_number").empty()) return bad_request("phone number is empty");
        if (p.text("first_name").empty()) return bad_request("first name is empty");
        message["contact"] = json::object{
            {"phone_number", p.text("phone_number")}, {"first_name", p.text("first_name")}};
        if (p.has("last_name"))
            message.at("contact").as_object()["last_name"] = p.text("last_name");
        return std::nullopt;
    }
    if (ends_in_kind(method, kind)) return fill_media(kind, p, message);
    return Refusal{404, "Not Found: method not found", {}};
}

std::optional<Refusal> BotApi::fill_media(
    const std::string& kind, const Parameters& p, json::object& message
) {
    FormattedText caption;
    if (auto refusal = read_text(p, "caption", "caption_entities", kCaptionMax, true, caption))
        return refusal;
    const File* file = nullptr;
    const std::string given = p.text(kind);
    if (const Upload* upload = p.upload(kind)) {
        if (upload->bytes.empty()) return bad_request("file must be non-empty");
        if (upload->bytes.size() > kFileBytesMax)
            return Refusal{413, "Request Entity Too Large", {}};
        if (kind == "photo" && upload->bytes.size() > kPhotoBytesMax)
            return bad_request("file is too big");
        if (kind == "photo" && !upload->mime.starts_with("image/"))
            return bad_request("IMAGE_PROCESS_FAILED");
        file = &world_.add_file(kind, upload->filename, upload->mime, upload->bytes);
    } else if (is_web_url(given)) {
        file = &world_.add_file(
            kind,
            given.substr(given.find_last_of('/') + 1),
            "application/octet-stream",
            "fetched from " + given
        );
    } else {
        file = world_.file(given);
        if (file == nullptr) return bad_request("wrong file identifier/HTTP URL specified");
    }
    json::object media{
        {"file_id", file->id},
        {"file_unique_id", file->unique_id},
        {"file_size", file->bytes.size()}};
    if (kind == "photo") {
        media["width"] = 1280;
        media["height"] = 960;
        message["photo"] = json::array{std::move(media)};
    } else {
        if (kind != "voice" && kind != "video_note" && kind != "sticker" && !file->name.empty())
            media["file_name"] = file->name;
        if (!file->mime.empty()) media["mime_type"] = file->mime;
        if (kind == "voice" || kind == "audio" || kind == "video" || kind == "video_note")
            media["duration"] = p.integer("duration").value_or(1);
        message[kind] = std::move(media);
    }
    if (!caption.text.empty()) message["caption"] = caption.text;
    if (!caption.entities.empty()) message["caption_entities"] = caption.entities;
    return std::nullopt;
}

Outcome BotApi::edit(const std::string& method, const Parameters& p) {
    auto found = find_chat(p, false);
    if (auto* refusal = std::get_if<Refusal>(&found)) return *refusal;
    Chat& chat = *std::get<Chat*>(found);
    const auto id = p.integer("message_id");
    if (!id) return bad_request("message identifier is not specified");
    const auto at = chat.messages.find(*id);
    if (at == chat.messages.end() || chat.deleted.contains(*id))
        return bad_request("message to edit not found");
    if (at->second.at("from").at("is_bot") != true) return bad_request("message can't be edited");
    json::object changed = at->second;
    std::optional<json::object> keyboard;
    if (auto refusal = read_keyboard(p, keyboard)) return *refusal;
    const bool text = method == "editmessagetext";
    if (text && !changed.contains("text"))
        return bad_request("there is no text in the message to edit");
    if (method == "editmessagecaption" && changed.contains("text"))
        return bad_request("there is no caption in the message to edit");
    if (method != "editmessagereplymarkup") {
        FormattedText content;
        const char* name = text ? "text" : "caption";
        const char* entities = text ? "entities" : "caption_entities";
        if (auto refusal =
                read_text(p, name, entities, text ? kTextMax : kCaptionMax, !text, content))
            return *refusal;
        changed[name] = content.text;
        changed.erase(entities);
        if (!content.entities.empty()) changed[entities] = content.entities;
    }
    changed.erase("reply_markup");
    if (keyboard) changed["reply_markup"] = *keyboard;
    if (changed == at->second) {
        return bad_request(
            "message is not modified: specified new message content and reply markup are exactly "
            "the same as a current content and reply markup of the message"
        );
    }
    changed["edit_date"] = world_.now_s();
    at->second = changed;
    return json::value(std::move(changed));
}

Outcome BotApi::remove(const Parameters& p) {
    auto found = find_chat(p, false);
    if (auto* refusal = std::get_if<Refusal>(&found)) return *refusal;
    Chat& chat = *std::get<Chat*>(found);
    const auto id = p.integer("message_id");
    const auto at = id ? chat.messages.find(*id) : chat.messages.end();
    if (at == chat.messages.end() || chat.deleted.contains(*id))
        return bad_request("message to delete not found");
    if (world_.now_s() - at->second.at("date").to_number<std::int64_t>() > kDeletableFor)
        return bad_request("message can't be deleted");
    chat.deleted.insert(*id);
    return json::value(true);
}

}  // namespace trunkline::telegram::simulator
