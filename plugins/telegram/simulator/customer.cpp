#include "plugins/telegram/simulator/customer.hpp"

#include "host/base/base64.hpp"

namespace trunkline::telegram::simulator {
namespace {

std::string text_of(const json::object& from, const char* key, const char* fallback = "") {
    const auto* value = from.if_contains(key);
    return value != nullptr && value->is_string() ? std::string{value->as_string()} : fallback;
}

std::optional<std::int64_t> integer_of(const json::object& from, const char* key) {
    const auto* value = from.if_contains(key);
    if (value == nullptr || !value->is_int64()) return std::nullopt;
    return value->as_int64();
}

/// The smallest picture a browser will show: one grey pixel.
constexpr const char* kPixel =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==";

}  // namespace

Chat* Customer::chat_of(const json::object& what) {
    const auto id = integer_of(what, "user");
    return id ? world_.chat(*id) : nullptr;
}

std::optional<std::string> Customer::fill(const json::object& what, json::object& message) {
    const std::string kind = text_of(what, "kind", "text");
    const std::string text = text_of(what, "text");
    const auto* entities = what.if_contains("entities");
    if (kind == "text") {
        if (text.empty()) return "text is missing";
        message["text"] = text;
        if (entities != nullptr) message["entities"] = *entities;
        if (text.starts_with("/") && entities == nullptr) {
            message["entities"] = json::array{json::object{
                {"offset", 0},
                {"length", utf16_length(text.substr(0, text.find(' ')))},
                {"type", "bot_command"}}};
        }
        return std::nullopt;
    }
    if (!text.empty()) message["caption"] = text;
    if (!text.empty() && entities != nullptr) message["caption_entities"] = *entities;
    if (kind == "location" || kind == "venue") {
        message["location"] =
            json::object{{"latitude", what.at("latitude")}, {"longitude", what.at("longitude")}};
        if (kind == "venue")
            message["venue"] = json::object{
                {"location", message.at("location")},
                {"title", text_of(what, "title")},
                {"address", text_of(what, "address")}};
        return std::nullopt;
    }
    if (kind == "contact") {
        message["contact"] = json::object{
            {"phone_number", text_of(what, "phone_number")},
            {"first_name", text_of(what, "first_name")}};
        if (const auto own = integer_of(what, "contact_user"))
            message.at("contact").as_object()["user_id"] = *own;
        return std::nullopt;
    }
    if (kind != "photo" && kind != "document" && kind != "voice" && kind != "video" &&
        kind != "audio" && kind != "video_note" && kind != "sticker")
        return "kind is unknown";
    std::string bytes;
    if (!base64_decode(text_of(what, "bytes", kPixel), bytes)) return "bytes is not base64";
    const std::string mime = text_of(
        what,
        "mime",
        kind == "photo"   ? "image/png"
        : kind == "voice" ? "audio/ogg"
                          : "application/octet-stream"
    );
    const File& file = world_.add_file(
        kind, text_of(what, "name", kind == "photo" ? "photo.png" : "file.bin"), mime, bytes
    );
    json::object media{
        {"file_id", file.id}, {"file_unique_id", file.unique_id}, {"file_size", file.bytes.size()}};
    if (kind == "photo") {
        json::object small = media;
        small["file_id"] = file.id + "small";
        small["width"] = 90;
        small["height"] = 67;
        media["width"] = integer_of(what, "width").value_or(1280);
        media["height"] = integer_of(what, "height").value_or(960);
        message["photo"] = json::array{std::move(small), std::move(media)};
        return std::nullopt;
    }
    if (kind == "sticker") {
        for (const char* side : {"width", "height"})
            media[side] = 512;
        for (const char* flag : {"is_animated", "is_video"})
            media[flag] = false;
        media["type"] = "regular";
        media["emoji"] = text_of(what, "emoji");
        message["sticker"] = std::move(media);
        return std::nullopt;
    }
    if (kind == "video_note") {  // round, and always MP4: nothing else is said of it
        media["length"] = 384;
        media["duration"] = integer_of(what, "duration").value_or(3);
        message["video_note"] = std::move(media);
        return std::nullopt;
    }
    media["mime_type"] = mime;
    if (kind != "voice") media["file_name"] = file.name;
    if (kind != "document") media["duration"] = integer_of(what, "duration").value_or(3);
    message[kind] = std::move(media);
    return std::nullopt;
}

std::variant<json::object, std::string> Customer::say(const json::object& what) {
    Chat* chat = chat_of(what);
    if (chat == nullptr) return "no such user";
    json::object message = world_.new_message(*chat, chat->user);
    if (auto wrong = fill(what, message)) return *wrong;
    if (const auto reply = integer_of(what, "reply_to")) {
        const auto at = chat->messages.find(*reply);
        if (at == chat->messages.end()) return "no such message to reply to";
        json::object original = at->second;
        original.erase("reply_to_message");
        message["reply_to_message"] = std::move(original);
    }
    for (const char* extra : {"forward_origin", "media_group_id"}) {
        if (const auto* value = what.if_contains(extra)) message[extra] = *value;
    }
    chat->started = true;
    chat->blocked = false;
    chat->messages[message.at("message_id").as_int64()] = message;
    updates_.add("message", message, "chat" + std::to_string(chat->id), kMessageLives);
    sender_.wake();
    return message;
}

std::variant<json::object, std::string> Customer::edit(const json::object& what) {
    Chat* chat = chat_of(what);
    const auto id = integer_of(what, "message_id");
    const auto at = chat != nullptr && id ? chat->messages.find(*id)
                                          : std::map<std::int64_t, json::object>::iterator{};
    if (chat == nullptr || !id || at == chat->messages.end()) return "no such message";
    if (at->second.at("from").at("is_bot") == true)
        return "a customer edits only messages of their own";
    const char* name = at->second.contains("text") ? "text" : "caption";
    json::object& message = at->second;
    message[name] = text_of(what, "text");
    message.erase("entities");
    if (const auto* entities = what.if_contains("entities")) message["entities"] = *entities;
    message["edit_date"] = world_.now_s();
    updates_.add("edited_message", message, "chat" + std::to_string(chat->id), kMessageLives);
    sender_.wake();
    return message;
}

std::variant<json::object, std::string> Customer::remove(const json::object& what) {
    Chat* chat = chat_of(what);
    const auto id = integer_of(what, "message_id");
    if (chat == nullptr || !id || !chat->messages.contains(*id) || chat->deleted.contains(*id))
        return "no such message";
    if (chat->messages.at(*id).at("from").at("is_bot") == true)
        return "a customer deletes only messages of their own";
    chat->deleted.insert(*id);
    return json::object{{"deleted", *id}};
}

std::variant<json::object, std::string> Customer::press(const json::object& what) {
    Chat* chat = chat_of(what);
    const auto id = integer_of(what, "message_id");
    if (chat == nullptr || !id || !chat->messages.contains(*id)) return "no such message";
    json::object message = chat->messages.at(*id);
    const std::string callback = world_.add_callback(chat->id);
    json::object query{
        {"id", callback},
        {"from", chat->user},
        {"message", std::move(message)},
        {"chat_instance", "-3812"},
        {"data", text_of(what, "data")}};
    updates_.add("callback_query", query, "user" + std::to_string(chat->id), kCallbackLives);
    sender_.wake();
    return query;
}

std::variant<json::object, std::string> Customer::block(const json::object& what, bool blocked) {
    Chat* chat = chat_of(what);
    if (chat == nullptr) return "no such user";
    const auto member = [&](const char* status) {
        return json::object{{"user", world_.bot_user()}, {"status", status}};
    };
    json::object change{
        {"chat", World::chat_object(*chat)},
        {"from", chat->user},
        {"date", world_.now_s()},
        {"old_chat_member", member(blocked ? "member" : "kicked")},
        {"new_chat_member", member(blocked ? "kicked" : "member")},
    };
    chat->blocked = blocked;
    updates_.add("my_chat_member", change, "member" + std::to_string(chat->id), kMessageLives);
    sender_.wake();
    return change;
}

std::variant<json::object, std::string> Customer::update(const json::object& what) {
    const auto* payload = what.if_contains("payload");
    const std::string kind = text_of(what, "kind");
    if (kind.empty() || payload == nullptr || !payload->is_object())
        return "kind and payload are needed";
    updates_.add(kind, payload->as_object(), text_of(what, "queue", "other"), kMessageLives);
    sender_.wake();
    return json::object{{"queued", kind}};
}

}  // namespace trunkline::telegram::simulator
