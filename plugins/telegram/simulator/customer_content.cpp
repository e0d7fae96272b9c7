#include "plugins/telegram/simulator/customer_content.hpp"

#include <trunkline/simulator/url.hpp>

#include "plugins/telegram/simulator/media.hpp"

namespace trunkline::telegram::simulator {
namespace {

/// The smallest picture a browser will show: one grey pixel.
constexpr const char* kPixel =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==";
/// A sticker's: one transparent pixel, as WEBP.
constexpr const char* kStickerPixel = "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==";

std::string text_of(
    const json::object& from, std::string_view key, std::string_view fallback = ""
) {
    const auto* value = from.if_contains(key);
    return value != nullptr && value->is_string() ? std::string{value->as_string()}
                                                  : std::string{fallback};
}

void fill_text(const std::string& text, const json::value* entities, json::object& message) {
    message["text"] = text;
    if (entities != nullptr) message["entities"] = *entities;
    if (!text.starts_with("/") || entities != nullptr) return;
    message["entities"] = json::array{json::object{
        {"offset", 0},
        {"length", utf16_length(text.substr(0, text.find(' ')))},
        {"type", "bot_command"}}};
}

void fill_location(const json::object& what, bool venue, json::object& message) {
    json::object place{{"latitude", what.at("latitude")}, {"longitude", what.at("longitude")}};
    for (const char* name : {"live_period", "heading", "horizontal_accuracy"}) {
        if (const auto* value = what.if_contains(name)) place[name] = *value;
    }
    message["location"] = place;
    if (venue)
        message["venue"] = json::object{
            {"location", std::move(place)},
            {"title", text_of(what, "title", "Somewhere")},
            {"address", text_of(what, "address", "1 Main Street")}};
}

void fill_contact(const json::object& what, json::object& message) {
    json::object contact{
        {"phone_number", text_of(what, "phone_number")},
        {"first_name", text_of(what, "first_name")}};
    for (const char* name : {"last_name", "vcard"}) {
        if (what.contains(name)) contact[name] = what.at(name);
    }
    if (const auto own = number_at(json::value(what), "contact_user")) contact["user_id"] = *own;
    message["contact"] = std::move(contact);
}

/// What connectors can do no more with than say that it was there.
bool fill_strange(const std::string& kind, json::object& message) {
    if (kind == "dice") {
        message["dice"] = json::object{{"emoji", "🎲"}, {"value", 4}};
    } else if (kind == "poll") {
        message["poll"] = json::object{
            {"id", "5201"},
            {"question", "Which one?"},
            {"options",
             {json::object{{"text", "This"}, {"voter_count", 0}},
              json::object{{"text", "That"}, {"voter_count", 0}}}},
            {"total_voter_count", 0},
            {"is_closed", false},
            {"is_anonymous", true},
            {"type", "regular"},
            {"allows_multiple_answers", false}};
    } else if (kind == "story") {
        message["story"] = json::object{{"chat", message.at("chat")}, {"id", 7}};
    } else {
        return false;
    }
    return true;
}

bool is_media(const std::string& kind) {
    for (const char* known :
         {"photo", "document", "voice", "video", "audio", "animation", "video_note", "sticker"}) {
        if (kind == known) return true;
    }
    return false;
}

std::string usual_mime(const std::string& kind) {
    if (kind == "photo") return "image/png";
    if (kind == "sticker") return "image/webp";
    if (kind == "voice") return "audio/ogg";
    if (kind == "audio") return "audio/mpeg";
    if (kind == "video" || kind == "video_note" || kind == "animation") return "video/mp4";
    return "application/octet-stream";
}

std::string usual_name(const std::string& kind) {
    if (kind == "photo") return "photo.png";
    if (kind == "sticker") return "sticker.webp";
    if (kind == "voice") return "voice.oga";
    return "file.bin";
}

std::optional<std::string> fill_media(
    World& world, const std::string& kind, const json::object& what, json::object& message
) {
    const auto bytes =
        kit::base64_decode(text_of(what, "bytes", kind == "sticker" ? kStickerPixel : kPixel));
    if (!bytes) return "bytes is not base64";
    const json::value whole = what;
    const auto size = number_at(whole, "size").value_or(0);
    if (size < 0) return "size is not negative";
    const File& file = world.add_file(
        kind,
        text_of(what, "name", usual_name(kind)),
        text_of(what, "mime", usual_mime(kind)),
        *bytes,
        static_cast<std::uint64_t>(size)
    );
    json::object details = what;
    if (!details.contains("duration")) details["duration"] = 3;
    if (kind == "sticker" && !details.contains("emoji")) details["emoji"] = "👍";
    json::value media = describe(file, Parameters::of(std::move(details)));
    if (kind == "photo") {
        // The small one has an id of its own, and is the same picture.
        const File& small = world.add_file(kind, "small.png", file.mime, *bytes);
        json::object shown{
            {"file_id", small.id},
            {"file_unique_id", small.unique_id},
            {"file_size", small.size},
            {"width", 90},
            {"height", 67}};
        media.as_array().insert(media.as_array().begin(), std::move(shown));
    }
    message[kind] = std::move(media);
    if (kind == "sticker") message.at(kind).as_object()["set_name"] = "SimulatedStickers";
    if (kind == "animation") message["document"] = message.at(kind);
    return std::nullopt;
}

}  // namespace

std::optional<std::string> fill_content(
    World& world, const json::object& what, json::object& message
) {
    const std::string kind = text_of(what, "kind", "text");
    const std::string text = text_of(what, "text");
    const auto* entities = what.if_contains("entities");
    if (kind == "text") {
        if (text.empty()) return "text is missing";
        fill_text(text, entities, message);
        return std::nullopt;
    }
    if (!text.empty()) message["caption"] = text;
    if (!text.empty() && entities != nullptr) message["caption_entities"] = *entities;
    if (kind == "location" || kind == "venue") {
        fill_location(what, kind == "venue" || what.contains("title"), message);
        return std::nullopt;
    }
    if (kind == "contact") {
        fill_contact(what, message);
        return std::nullopt;
    }
    if (fill_strange(kind, message)) return std::nullopt;
    if (!is_media(kind)) return "kind is unknown";
    return fill_media(world, kind, what, message);
}

}  // namespace trunkline::telegram::simulator
