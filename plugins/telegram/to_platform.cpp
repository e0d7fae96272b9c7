#include "to_platform.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <trunkline/text.hpp>

#include "json_read.hpp"
#include "spans.hpp"

namespace trunkline::telegram {

namespace {

constexpr std::size_t kCaptionMax = 1024;     // UTF-16 units
constexpr std::size_t kCallbackDataMax = 64;  // bytes
constexpr std::size_t kButtonsMax = 100;
constexpr std::size_t kRowMax = 8;
constexpr std::int64_t kPhotoBytesMax = 10LL * 1024 * 1024;
constexpr std::int64_t kUploadBytesMax = 50LL * 1024 * 1024;
constexpr std::size_t kVcardMax = 2048;
constexpr std::size_t kQuoteMax = 1024;  // UTF-16 units
constexpr std::size_t kAlbumMax = 10;

struct Kind {
    std::string_view kind;
    std::string_view method;
    std::string_view field;
    bool caption;
};

constexpr std::array<Kind, 8> kKinds{{
    {"file", "sendDocument", "document", true},
    {"image", "sendPhoto", "photo", true},
    {"video", "sendVideo", "video", true},
    {"audio", "sendAudio", "audio", true},
    {"voice", "sendVoice", "voice", true},
    {"animation", "sendAnimation", "animation", true},
    {"video_note", "sendVideoNote", "video_note", false},
    {"sticker", "sendSticker", "sticker", false},
}};

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

Call call_to(const Place& place, std::string_view method) {
    Call call;
    call.method = method;
    if (!place.business.empty()) call.params["business_connection_id"] = place.business;
    call.params["chat_id"] = place.chat;
    return call;
}

Call send_to(const Place& place, std::string_view method) {
    auto call = call_to(place, method);
    if (place.topic != 0) call.params["message_thread_id"] = place.topic;
    call.once = true;
    return call;
}

Refusal refuse(std::string code, std::string text) {
    return {std::move(code), std::move(text), {}};
}

/// A message kind that Telegram would not take as what it claims to be goes as a document.
const Kind& kind_of(const json::object& attachment) {
    const auto kind = text_at(attachment, "kind");
    const auto mime = text_at(attachment, "mime");
    const auto size = integer_at(attachment, "size").value_or(0);
    const auto named = [](std::string_view name) -> const Kind& {
        const auto* found = std::find_if(kKinds.begin(), kKinds.end(), [name](const Kind& each) {
            return each.kind == name;
        });
        return found == kKinds.end() ? kKinds.front() : *found;
    };
    if (kind == "image" && mime == "image/gif") return named("animation");
    if (kind == "image" && (size > kPhotoBytesMax || mime == "image/svg+xml")) return named("file");
    const bool playable = mime.empty() || mime == "audio/mpeg" || mime == "audio/mp3" ||
                          mime == "audio/mp4" || mime == "audio/x-m4a" || mime == "audio/m4a";
    if (kind == "audio" && !playable) return named("file");
    if (kind == "voice" && !playable && !mime.starts_with("audio/ogg")) return named("file");
    return named(kind);
}

void set_formatted(
    json::object& to,
    std::string_view key,
    std::string_view entities_key,
    const json::object& message
) {
    const auto text = text_at(message, "text");
    if (text.empty()) return;
    to[key] = text;
    const auto* spans = array_at(message, "spans");
    if (spans == nullptr) return;
    auto entities = entities_from_spans(text, *spans);
    if (!entities.empty()) to[entities_key] = std::move(entities);
}

std::optional<json::object> button_of(const json::object& from, bool& fits) {
    const auto text = text_at(from, "text");
    if (text.empty()) return std::nullopt;
    json::object button{{"text", text}};
    if (const auto asks = text_at(from, "asks"); !asks.empty()) {
        if (asks == "contact") button["request_contact"] = true;
        if (asks == "location") button["request_location"] = true;
        return button;  // a plain one writes its text
    }
    if (const auto url = text_at(from, "url"); !url.empty()) {
        button["url"] = url;
        return button;
    }
    // What comes back with the press is the payload when it fits, else the id, by which the portal
    // finds it.
    for (const auto data : {text_at(from, "payload"), text_at(from, "id"), text}) {
        if (data.empty() || data.size() > kCallbackDataMax) continue;
        button["callback_data"] = data;
        return button;
    }
    fits = false;
    return std::nullopt;
}

/// The keyboard of a message: under it, or, when its buttons ask for something, in place of the
/// customer's own, for one answer. None when it has no buttons.
std::optional<json::object> keyboard_of(const json::object& message, bool& fits) {
    const auto* rows = array_at(message, "buttons");
    if (rows == nullptr) return std::nullopt;
    json::array keyboard;
    std::size_t count = 0;
    bool asking = false;
    for (const auto& value : *rows) {
        const json::array single{value};
        const auto* row = value.if_array();
        json::array line;
        for (const auto& each : row == nullptr ? single : *row) {
            const auto* from = each.if_object();
            auto button = from == nullptr ? std::nullopt : button_of(*from, fits);
            if (!button) continue;
            asking = asking || !text_at(*from, "asks").empty();
            if (++count > kButtonsMax) fits = false;
            if (line.size() == kRowMax) keyboard.push_back(std::exchange(line, {}));
            line.push_back(*std::move(button));
        }
        if (!line.empty()) keyboard.push_back(std::move(line));
    }
    if (keyboard.empty()) return std::nullopt;
    if (!asking) return json::object{{"inline_keyboard", std::move(keyboard)}};
    return json::object{
        {"keyboard", std::move(keyboard)}, {"resize_keyboard", true}, {"one_time_keyboard", true}};
}

OutgoingFile file_of(const json::object& attachment) {
    const auto& kind = kind_of(attachment);
    OutgoingFile file;
    file.field = kind.field;
    file.id = text_at(attachment, "file");
    file.url = text_at(attachment, "public_url");
    if (file.url.empty()) file.url = text_at(attachment, "url");
    file.name = text_at(attachment, "name");
    file.mime = text_at(attachment, "mime");
    file.by_url = file.id.empty();
    const bool timed = kind.kind == "video" || kind.kind == "audio" || kind.kind == "voice" ||
                       kind.kind == "animation" || kind.kind == "video_note";
    const auto duration = integer_at(attachment, "duration").value_or(0);
    if (timed && duration > 0) file.about["duration"] = duration;
    if (kind.kind == "video" || kind.kind == "animation") {
        for (const auto* side : {"width", "height"}) {
            const auto length = integer_at(attachment, side).value_or(0);
            if (length > 0) file.about[side] = length;
        }
    }
    if (kind.kind == "video") file.about["supports_streaming"] = true;
    return file;
}

/// Photos and videos make an album, documents one of their own, and so do pieces of music
/// (sendMediaGroup).
bool together(const OutgoingFile& one, const OutgoingFile& other) {
    const auto seen = [](const OutgoingFile& file) {
        return file.field == "photo" || file.field == "video";
    };
    if (seen(one)) return seen(other);
    return one.field == other.field && (one.field == "document" || one.field == "audio");
}

/// Sends the file with those before it where it can.
void add_file(std::vector<Call>& calls, OutgoingFile file, const Place& place) {
    if (!calls.empty()) {
        auto& files = calls.back().files;
        if (!files.empty() && files.size() < kAlbumMax && together(files.front(), file)) {
            calls.back().method = "sendMediaGroup";
            return files.push_back(std::move(file));
        }
    }
    const auto* kind = std::find_if(kKinds.begin(), kKinds.end(), [&](const Kind& each) {
        return each.field == file.field;
    });
    calls.push_back(send_to(place, kind->method));
    calls.back().files.push_back(std::move(file));
}

std::optional<Refusal> add_attachments(
    std::vector<Call>& calls, const json::object& message, const Place& place
) {
    const auto* attachments = array_at(message, "attachments");
    if (attachments == nullptr) return std::nullopt;
    for (const auto& value : *attachments) {
        const auto* attachment = value.if_object();
        if (attachment == nullptr) return refuse("bad_command", "An attachment is no object");
        if (integer_at(*attachment, "size").value_or(0) > kUploadBytesMax) {
            return refuse("file_too_large", "Telegram takes files up to 50 MB");
        }
        if (text_at(*attachment, "kind") == "link") {
            auto call = send_to(place, "sendMessage");
            call.params["text"] = text_at(*attachment, "url");
            calls.push_back(std::move(call));
            continue;
        }
        auto file = file_of(*attachment);
        if (file.id.empty() && file.url.empty()) {
            return refuse("bad_command", "An attachment has neither a file nor an address");
        }
        add_file(calls, std::move(file), place);
    }
    return std::nullopt;
}

std::optional<Refusal> add_place(
    std::vector<Call>& calls, const json::object& message, const Place& place
) {
    const auto* location = object_at(message, "location");
    if (location == nullptr) return std::nullopt;
    const auto latitude = number_at(*location, "latitude");
    const auto longitude = number_at(*location, "longitude");
    if (!latitude || !longitude)
        return refuse("bad_command", "A location needs latitude and longitude");
    const auto title = text_at(*location, "title");
    const auto address = text_at(*location, "address");
    const bool venue = !title.empty() || !address.empty();
    auto call = send_to(place, venue ? "sendVenue" : "sendLocation");
    call.params["latitude"] = *latitude;
    call.params["longitude"] = *longitude;
    if (venue) {  // both are required
        call.params["title"] = title.empty() ? address : title;
        call.params["address"] = address.empty() ? title : address;
    }
    calls.push_back(std::move(call));
    return std::nullopt;
}

std::optional<Refusal> add_contact(
    std::vector<Call>& calls, const json::object& message, const Place& place
) {
    const auto* contact = object_at(message, "contact");
    if (contact == nullptr) return std::nullopt;
    const auto phone = text_at(*contact, "phone");
    if (phone.empty()) return refuse("bad_command", "A contact needs a phone number");
    const auto name = text_at(*contact, "name");
    const auto vcard = text_at(*contact, "vcard");
    auto call = send_to(place, "sendContact");
    call.params["phone_number"] = phone;
    call.params["first_name"] = name.empty() ? phone : name;
    if (!vcard.empty() && vcard.size() <= kVcardMax) call.params["vcard"] = vcard;
    calls.push_back(std::move(call));
    return std::nullopt;
}

/// The text stands as the caption of the first file that can have one and it fits into, else as a
/// message before it.
void add_text(std::vector<Call>& calls, const json::object& message, const Place& place) {
    const auto text = text_at(message, "text");
    if (text.empty()) return;
    // Telegram shows the one caption of an album's first item under the album.
    auto* file =
        calls.empty() || calls.front().files.empty() ? nullptr : &calls.front().files.front();
    const bool captioned = file != nullptr && file->field != "sticker" &&
                           file->field != "video_note" && text_length(text).utf16 <= kCaptionMax;
    if (captioned) {
        set_formatted(file->about, "caption", "caption_entities", message);
        return;
    }
    auto call = send_to(place, "sendMessage");
    set_formatted(call.params, "text", "entities", message);
    calls.insert(calls.begin(), std::move(call));
}

Plan plan_send(const json::object& message, const Place& place) {
    Plan plan;
    plan.refused = add_attachments(plan.calls, message, place);
    if (!plan.refused) plan.refused = add_place(plan.calls, message, place);
    if (!plan.refused) plan.refused = add_contact(plan.calls, message, place);
    if (plan.refused) return plan;
    add_text(plan.calls, message, place);
    if (plan.calls.empty()) {
        plan.refused = refuse("text_empty", "The message is empty");
        return plan;
    }
    bool fits = true;
    if (auto keyboard = keyboard_of(message, fits)) {
        fits = fits && plan.calls.back().files.size() < 2;  // an album has no buttons
        // A keyboard of the customer's own is there only where the bot itself talks with people.
        const bool own = place.business.empty() && place.type != "channel";
        fits = fits && (own || !keyboard->contains("keyboard"));
        plan.calls.back().params["reply_markup"] = *std::move(keyboard);
    }
    if (!fits) {
        plan.refused = Refusal{{}, {}, "buttons"};
        return plan;
    }
    const auto* reply = object_at(message, "reply_to");
    const auto original = reply == nullptr ? std::nullopt : number(text_at(*reply, "id"));
    if (original) {
        json::object answered{{"message_id", *original}, {"allow_sending_without_reply", true}};
        const auto quote = text_at(*reply, "quote");
        if (!quote.empty() && text_length(quote).utf16 <= kQuoteMax) answered["quote"] = quote;
        plan.calls.front().params["reply_parameters"] = std::move(answered);
    }
    return plan;
}

/// What may take the place of a file in a message (editMessageMedia).
bool replaceable(std::string_view field) {
    return field == "photo" || field == "video" || field == "animation" || field == "audio" ||
           field == "document";
}

Plan plan_edit(const json::object& message, const Place& place, std::int64_t id) {
    Plan plan;
    bool fits = true;
    auto keyboard = keyboard_of(message, fits);
    // Only the keyboard under a message can be exchanged.
    if (!fits || (keyboard && keyboard->contains("keyboard"))) {
        plan.refused = Refusal{{}, {}, "buttons"};
        return plan;
    }
    const auto* attachments = array_at(message, "attachments");
    const bool media = attachments != nullptr && !attachments->empty();
    const bool text = !text_at(message, "text").empty();
    auto call = call_to(
        place,
        media  ? "editMessageMedia"
        : text ? "editMessageText"
               : "editMessageReplyMarkup"
    );
    call.params["message_id"] = id;
    if (media) {
        std::vector<Call> with_file;
        plan.refused = add_attachments(with_file, message, place);
        const bool single = with_file.size() == 1 && with_file.front().files.size() == 1;
        if (!plan.refused && !single)
            plan.refused = refuse("not_editable", "An edit of a message takes one file");
        if (plan.refused) return plan;
        call.files = std::move(with_file.front().files);
        auto& file = call.files.front();
        if (replaceable(file.field)) {
            set_formatted(file.about, "caption", "caption_entities", message);
        } else if (file.field == "voice" && text) {
            // The voice stays as it was spoken; what is written under it can change.
            call.method = "editMessageCaption";
            call.files.clear();
            set_formatted(call.params, "caption", "caption_entities", message);
        } else {
            plan.refused = refuse(
                "not_editable", "Telegram exchanges no voice, video message or sticker of a message"
            );
            return plan;
        }
    } else if (text) {
        set_formatted(call.params, "text", "entities", message);
    }
    if (keyboard) call.params["reply_markup"] = *std::move(keyboard);
    plan.calls.push_back(std::move(call));
    return plan;
}

Plan single(Call call) {
    Plan plan;
    plan.calls.push_back(std::move(call));
    return plan;
}

Plan refused(std::string code, std::string text) {
    Plan plan;
    plan.refused = refuse(std::move(code), std::move(text));
    return plan;
}

Plan plan_on_message(
    std::string_view type,
    const json::object& command,
    const json::object& message,
    const Place& place
) {
    const auto id = number(text_at(message, "id"));
    if (!id) return refused("bad_command", "The command names no message");
    if (type == "edit") return plan_edit(message, place, *id);
    if (type == "delete") {
        auto call =
            call_to(place, place.business.empty() ? "deleteMessage" : "deleteBusinessMessages");
        if (place.business.empty()) {
            call.params["message_id"] = *id;
        } else {
            call.params.erase("chat_id");
            call.params["message_ids"] = json::array{*id};
        }
        return single(std::move(call));
    }
    if (type == "read") {
        if (place.business.empty())
            return refused("unsupported", "Telegram has no read mark for bot conversations");
        auto call = call_to(place, "readBusinessMessage");
        call.params["message_id"] = *id;
        return single(std::move(call));
    }
    if (!place.business.empty())
        return refused("unsupported", "Telegram has no reactions for business accounts");
    auto emoji = text_at(command, "emoji");
    if (emoji.empty()) emoji = text_at(message, "emoji");
    json::array reaction;
    constexpr std::string_view kCustom = "custom:";
    if (!emoji.empty() && !flag_at(command, "removed") && !flag_at(message, "removed")) {
        const bool custom = emoji.starts_with(kCustom);
        if (custom)
            reaction.push_back(
                {{"type", "custom_emoji"}, {"custom_emoji_id", emoji.substr(kCustom.size())}}
            );
        else
            reaction.push_back({{"type", "emoji"}, {"emoji", emoji}});
    }
    auto call = call_to(place, "setMessageReaction");
    call.params["message_id"] = *id;
    call.params["reaction"] = std::move(reaction);
    return single(std::move(call));
}

}  // namespace

Plan plan_command(const json::object& command, const Place& place) {
    const auto type = text_at(command, "type");
    const auto* given = object_at(command, "message");
    const auto message = given == nullptr ? json::object{} : *given;
    if (type == "send") return plan_send(message, place);
    if (type == "edit" || type == "delete" || type == "read" || type == "react") {
        return plan_on_message(type, command, message, place);
    }
    if (type == "typing") {
        const auto* on = member(command, "on");
        if (on != nullptr && on->is_bool() && !on->get_bool())
            return {};  // it ends by itself within 5 seconds
        auto call = call_to(place, "sendChatAction");
        if (place.topic != 0) call.params["message_thread_id"] = place.topic;
        call.params["action"] = "typing";
        return single(std::move(call));
    }
    return refused("unsupported", "Telegram has no equivalent of this command");
}

}  // namespace trunkline::telegram
