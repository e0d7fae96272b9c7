#include "content.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>

#include "json_read.hpp"
#include "people.hpp"
#include "spans.hpp"

namespace trunkline::telegram {

namespace {

/// A media kind: Telegram's member, ours, and what Telegram leaves unsaid about it.
struct Media {
    std::string_view key;
    std::string_view kind;
    std::string_view mime;
    std::string_view name;
};

// Order matters: an animation also fills `document` with the same file.
constexpr std::array<Media, 7> kMedia{{
    {"animation", "animation", "video/mp4", "animation.mp4"},
    {"document", "file", "application/octet-stream", "file"},
    {"audio", "audio", "audio/mpeg", "audio.mp3"},
    {"voice", "voice", "audio/ogg", "voice.ogg"},
    {"video", "video", "video/mp4", "video.mp4"},
    {"video_note", "video_note", "video/mp4", "video_note.mp4"},
    {"sticker", "sticker", "image/webp", "sticker.webp"},
}};

// Members that are no content of their own, by the Message type of the Bot API. What is left over
// names the kind.
constexpr std::array<std::string_view, 62> kEnvelope{
    "message_id",
    "message_thread_id",
    "direct_messages_topic",
    "from",
    "sender_chat",
    "sender_boost_count",
    "sender_business_bot",
    "sender_tag",
    "date",
    "business_connection_id",
    "chat",
    "forward_origin",
    "forward_from",
    "forward_from_chat",
    "forward_from_message_id",
    "forward_sender_name",
    "forward_signature",
    "forward_date",
    "is_topic_message",
    "is_automatic_forward",
    "reply_to_message",
    "external_reply",
    "quote",
    "reply_to_story",
    "reply_to_checklist_task_id",
    "via_bot",
    "edit_date",
    "has_protected_content",
    "is_from_offline",
    "is_paid_post",
    "media_group_id",
    "author_signature",
    "paid_star_count",
    "link_preview_options",
    "suggested_post_info",
    "effect_id",
    "show_caption_above_media",
    "has_media_spoiler",
    "reply_markup",
    "text",
    "entities",
    "caption",
    "caption_entities",
    "photo",
    "document",
    "audio",
    "voice",
    "video",
    "video_note",
    "animation",
    "sticker",
    "location",
    "venue",
    "contact",
    "new_chat_member",
    "new_chat_participant",
    "left_chat_participant",
    "connected_website",
    "botToken",
    "guest_bot_caller_user",
    "guest_bot_caller_chat",
    "guest_query_id"};

// Kinds that fill an ordinary member too, so they must be asked for first. A live photo also fills
// `photo`.
constexpr std::array<std::string_view, 3> kDisguised{"live_photo", "paid_media", "game"};

void add_number(
    json::object& to, std::string_view key, const json::object& from, std::string_view name
) {
    const auto value = integer_at(from, name);
    if (value && *value > 0 && *value <= UINT32_MAX) to[key] = *value;
}

json::object attachment(const Media& media, const json::object& file) {
    json::object result(file.storage());
    result["kind"] = media.kind;
    result["ref"] = text_at(file, "file_id");
    const auto name = text_at(file, "file_name");
    const auto mime = text_at(file, "mime_type");
    result["name"] = name.empty() ? media.name : name;
    result["mime"] = mime.empty() ? media.mime : mime;
    add_number(result, "size", file, "file_size");
    add_number(result, "width", file, "width");
    add_number(result, "height", file, "height");
    add_number(result, "duration", file, "duration");
    if (media.key == "video_note") {  // round: one length is both sides
        add_number(result, "width", file, "length");
        add_number(result, "height", file, "length");
    }
    return result;
}

std::optional<json::object> sticker(const json::object& file) {
    auto result = attachment(kMedia[6], file);
    if (flag_at(file, "is_video")) {
        result["mime"] = "video/webm";
        result["name"] = "sticker.webm";
    } else if (flag_at(file, "is_animated")) {
        // Gzip-packed Lottie, which no browser shows; the still picture says the same.
        const auto* still = object_at(file, "thumbnail");
        if (still != nullptr && !text_at(*still, "file_id").empty())
            return attachment(kMedia[6], *still);
        result["mime"] = "application/x-tgsticker";
        result["name"] = "sticker.tgs";
    }
    return result;
}

std::optional<json::object> photo(const json::array& sizes) {
    // "Smallest first" is how they come; the largest is taken by area, so that an order nobody
    // promised does not matter.
    const json::object* best = nullptr;
    std::int64_t best_area = -1;
    for (const auto& value : sizes) {
        const auto* size = value.if_object();
        if (size == nullptr || text_at(*size, "file_id").empty()) continue;
        constexpr std::int64_t kSideMax = 1'000'000;
        const auto width =
            std::clamp<std::int64_t>(integer_at(*size, "width").value_or(0), 0, kSideMax);
        const auto height =
            std::clamp<std::int64_t>(integer_at(*size, "height").value_or(0), 0, kSideMax);
        if (width * height >= best_area) {
            best = size;
            best_area = width * height;
        }
    }
    if (best == nullptr) return std::nullopt;
    return attachment(Media{"photo", "image", "image/jpeg", "photo.jpg"}, *best);
}

/// The file of a message; sets `unsupported` when a member is there but holds no file.
std::optional<json::object> file_of(const json::object& message, std::string& unsupported) {
    if (const auto* sizes = array_at(message, "photo")) {
        auto found = photo(*sizes);
        if (!found) unsupported = "photo";
        return found;
    }
    for (const auto& media : kMedia) {
        const auto* file = object_at(message, media.key);
        if (file == nullptr) continue;
        if (text_at(*file, "file_id").empty()) {
            unsupported = media.key;
            return std::nullopt;
        }
        return media.key == "sticker" ? sticker(*file) : attachment(media, *file);
    }
    return std::nullopt;
}

bool add_place(json::object& to, const json::object& message) {
    const auto* venue = object_at(message, "venue");
    const auto* point = object_at(message, "location");
    if (point == nullptr && venue != nullptr) point = object_at(*venue, "location");
    if (point == nullptr) return false;
    const auto latitude = number_at(*point, "latitude");
    const auto longitude = number_at(*point, "longitude");
    if (!latitude || !longitude || std::abs(*latitude) > 90 || std::abs(*longitude) > 180)
        return false;
    json::object place(message.storage());
    place["latitude"] = *latitude;
    place["longitude"] = *longitude;
    if (venue != nullptr) {
        set_text(place, "title", text_at(*venue, "title"));
        set_text(place, "address", text_at(*venue, "address"));
    }
    to["location"] = std::move(place);
    return true;
}

bool add_contact(json::object& to, const json::object& message) {
    const auto* card = object_at(message, "contact");
    if (card == nullptr) return false;
    json::object contact(message.storage());
    set_text(contact, "name", full_name(*card));
    set_text(contact, "phone", text_at(*card, "phone_number"));
    if (const auto user = integer_at(*card, "user_id")) {
        contact["user"] = std::to_string(*user);
        // Only the button that asks for it makes this true: the number is then the writer's own.
        const auto* from = object_at(message, "from");
        if (from != nullptr && integer_at(*from, "id") == user) contact["own"] = true;
    }
    set_text(contact, "vcard", text_at(*card, "vcard"));
    if (contact.empty()) return false;
    to["contact"] = std::move(contact);
    return true;
}

void add_reply(json::object& to, const json::object& message) {
    const auto* original = object_at(message, "reply_to_message");
    const auto* quote = object_at(message, "quote");
    json::object reply(message.storage());
    // In a forum every message "answers" the service message that opened its topic; nobody wrote
    // that answer.
    if (original != nullptr && member(*original, "forum_topic_created") == nullptr) {
        if (const auto id = integer_at(*original, "message_id")) reply["id"] = std::to_string(*id);
        const auto text = text_at(*original, "text");
        set_text(reply, "text", text.empty() ? text_at(*original, "caption") : text);
    }
    if (quote != nullptr) {
        set_text(reply, "quote", text_at(*quote, "text"));
        // Of a message in another chat nothing but the quote is told.
        if (member(reply, "text") == nullptr) set_text(reply, "text", text_at(*quote, "text"));
    }
    if (!reply.empty()) to["reply_to"] = std::move(reply);
}

void add_forward(json::object& to, const json::object& message) {
    std::string name;
    if (const auto* origin = object_at(message, "forward_origin")) {
        name = text_at(*origin, "sender_user_name");
        for (const auto* key : {"sender_user", "sender_chat", "chat"}) {
            const auto* who = object_at(*origin, key);
            if (name.empty() && who != nullptr) name = full_name(*who);
        }
    } else {
        name = text_at(message, "forward_sender_name");
        for (const auto* key : {"forward_from", "forward_from_chat"}) {
            const auto* who = object_at(message, key);
            if (name.empty() && who != nullptr) name = full_name(*who);
        }
        if (name.empty()) return;
    }
    to["forwarded_from"] = json::object{{"name", name}};
}

/// "/start portal7" is how a deep link t.me/bot?start=portal7 arrives.
void add_start(json::object& to, std::string_view text) {
    constexpr std::string_view kCommand = "/start";
    if (!text.starts_with(kCommand)) return;
    text.remove_prefix(kCommand.size());
    if (text.starts_with('@')) text.remove_prefix(std::min(text.find(' '), text.size()));
    if (!text.empty() && text.front() != ' ') return;
    const auto begin = text.find_first_not_of(' ');
    auto payload = begin == std::string_view::npos ? std::string_view{} : text.substr(begin);
    // A link can carry only this; anything else was typed by hand and is a message like any other.
    constexpr std::string_view kAllowed =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    if (payload.size() > 64 || payload.find_first_not_of(kAllowed) != std::string_view::npos)
        return;
    to["start"] = json::object{{"payload", payload}, {"source", "deep_link"}};
}

/// The first member that is none of the envelope's: the kind of content nobody here knows.
std::string_view foreign_kind(const json::object& message) {
    for (const auto& entry : message) {
        const std::string_view key{entry.key().data(), entry.key().size()};
        if (std::find(kEnvelope.begin(), kEnvelope.end(), key) == kEnvelope.end()) return key;
    }
    return {};
}

/// What a person would want to read of a kind we cannot carry.
std::string readable(const json::object& message, std::string_view kind) {
    const auto* inner = object_at(message, kind);
    if (inner == nullptr) return std::string{text_at(message, kind)};
    for (const auto* key : {"emoji", "question", "title", "text", "data", "name", "description"}) {
        const auto text = text_at(*inner, key);
        if (!text.empty()) return std::string{text};
    }
    return {};
}

void add_text(json::object& to, const json::object& message) {
    const bool captioned = text_at(message, "text").empty();
    const auto text = text_at(message, captioned ? "caption" : "text");
    if (text.empty()) return;
    to["text"] = text;
    if (const auto* entities = array_at(message, captioned ? "caption_entities" : "entities")) {
        auto spans = spans_from_entities(text, *entities);
        if (!spans.empty()) to["spans"] = std::move(spans);
    }
}

}  // namespace

Content content_of(const json::object& message) {
    constexpr std::size_t kMembersUsual = 4;
    Content content{.message = json::object(kMembersUsual, message.storage())};
    auto& to = content.message;
    to["id"] = std::to_string(integer_at(message, "message_id").value_or(0));
    add_text(to, message);
    add_start(to, text_at(message, "text"));
    add_reply(to, message);
    add_forward(to, message);
    set_text(to, "group", text_at(message, "media_group_id"));
    content.text = text_at(to, "text");

    for (const auto kind : kDisguised) {
        if (member(message, kind) != nullptr) content.unsupported = kind;
    }
    if (content.unsupported.empty()) {
        auto file = file_of(message, content.unsupported);
        if (file) {
            to["attachments"] = json::array{*std::move(file)};
            const auto* drawn = object_at(message, "sticker");
            if (drawn != nullptr && member(to, "text") == nullptr)
                set_text(to, "text", text_at(*drawn, "emoji"));
        }
    }
    // A caption alone does not count: it belongs to something, and that something was not
    // understood.
    const bool understood = member(to, "attachments") != nullptr || add_place(to, message) ||
                            add_contact(to, message) || !text_at(message, "text").empty();
    if (content.unsupported.empty() && !understood) {
        const auto kind = foreign_kind(message);
        content.unsupported = kind.empty() ? "empty message" : kind;
    }
    if (!content.unsupported.empty() && content.text.empty())
        content.text = readable(message, content.unsupported);
    content.news = content.unsupported.empty() && !foreign_kind(message).empty();
    return content;
}

}  // namespace trunkline::telegram
