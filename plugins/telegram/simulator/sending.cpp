#include "plugins/telegram/simulator/sending.hpp"

#include <algorithm>

#include "plugins/telegram/simulator/media.hpp"

namespace trunkline::telegram::simulator {
namespace {

/// A message that is being made: everything but what it says.
struct Draft {
    Chat* chat = nullptr;
    json::object message;
    Markup markup;
};

/// The part of the original that is quoted, where there is one. Telegram compares it as it is.
std::optional<Refusal> fill_quote(
    const json::value& reply, const json::object& original, json::object& message
) {
    const std::string quote{text_at(reply, "quote")};
    if (quote.empty()) return std::nullopt;
    const json::value whole = original;
    std::string text{text_at(whole, "text")};
    if (text.empty()) text = text_at(whole, "caption");
    const std::size_t at = text.find(quote);
    if (at == std::string::npos) return bad_request("QUOTE_TEXT_INVALID");
    message["quote"] = json::object{
        {"text", quote},
        {"position", utf16_length(std::string_view{text}.substr(0, at))},
        {"is_manual", true}};
    return std::nullopt;
}

std::optional<Refusal> fill_reply(const Parameters& p, Chat& chat, json::object& message) {
    std::optional<std::int64_t> target;
    bool tolerant = p.boolean("allow_sending_without_reply");
    json::value reply;
    if (p.has("reply_parameters")) {
        reply = p.structure("reply_parameters").value();
        target = number_at(reply, "message_id");
        tolerant = flag_at(reply, "allow_sending_without_reply");
    } else if (p.has("reply_to_message_id")) {
        target = p.integer("reply_to_message_id");
    }
    if (!target) return std::nullopt;
    const json::object* found = chat.message(*target);
    if (found == nullptr) {
        if (tolerant) return std::nullopt;
        return bad_request("message to be replied not found");
    }
    if (auto refusal = fill_quote(reply, *found, message)) return refusal;
    json::object original = *found;
    original.erase("reply_to_message");
    message["reply_to_message"] = std::move(original);
    return std::nullopt;
}

std::variant<Draft, Refusal> begin(Bot& bot, const Parameters& p) {
    auto found = find_chat(bot, p, Need::write);
    if (auto* refusal = std::get_if<Refusal>(&found)) return *refusal;
    Draft draft;
    draft.chat = std::get<Chat*>(found);
    Chat& chat = *draft.chat;
    if (auto refusal = check_rate(bot, chat)) return *refusal;
    json::object& message = draft.message;
    message["message_id"] = 0;
    message["from"] = bot.world.bot_user();
    if (!chat.business.empty()) {
        message["from"] = bot.world.business(chat.business)->owner;
        message["sender_business_bot"] = bot.world.bot_user();
        message["business_connection_id"] = chat.business;
    }
    message["chat"] = World::chat_object(chat);
    message["date"] = bot.world.now_s();
    if (auto refusal = fill_topic(p, chat, message)) return *refusal;
    if (auto refusal = read_markup(p, draft.markup)) return *refusal;
    if (auto refusal = check_requests(draft.markup, chat)) return *refusal;
    if (draft.markup.reply && !chat.business.empty())
        return bad_request("inline keyboard expected");
    if (auto refusal = fill_reply(p, chat, message)) return *refusal;
    return draft;
}

/// What a reply keyboard does: it stays until another one comes or it is taken away.
void show_keyboard(const Markup& markup, Chat& chat) {
    if (!markup.reply) return;
    if (markup.reply->contains("remove_keyboard"))
        chat.keyboard.clear();
    else
        chat.keyboard = *markup.reply;
}

json::object keep(Bot& bot, Draft draft) {
    Chat& chat = *draft.chat;
    const std::int64_t id = bot.world.next_message_id(chat);
    draft.message["message_id"] = id;
    if (draft.markup.inline_keyboard) draft.message["reply_markup"] = *draft.markup.inline_keyboard;
    show_keyboard(draft.markup, chat);
    chat.action.clear();
    return chat.messages[id] = std::move(draft.message);
}

std::optional<Refusal> fill_place(
    const std::string& method, const Parameters& p, json::object& message
) {
    const auto latitude = p.number("latitude").value_or(100);
    const auto longitude = p.number("longitude").value_or(200);
    if (latitude < -90 || latitude > 90 || longitude < -180 || longitude > 180)
        return bad_request("location must be non-empty");
    json::object place{{"latitude", latitude}, {"longitude", longitude}};
    for (const char* name : {"live_period", "heading", "proximity_alert_radius"}) {
        if (const auto value = p.integer(name)) place[name] = *value;
    }
    message["location"] = place;
    if (method == "sendvenue")
        message["venue"] = json::object{
            {"location", std::move(place)},
            {"title", p.text("title")},
            {"address", p.text("address")}};
    return std::nullopt;
}

void fill_contact(const Parameters& p, json::object& message) {
    json::object contact;
    for (const char* name : {"phone_number", "first_name", "last_name", "vcard"}) {
        if (p.has(name)) contact[name] = p.text(name);
    }
    message["contact"] = std::move(contact);
}

std::optional<Refusal> fill(
    Bot& bot, const std::string& method, const Parameters& p, json::object& message
) {
    if (method == "sendmessage") {
        FormattedText text;
        if (auto refusal = read_text(p, "text", "entities", kTextMax, false, text)) return refusal;
        message["text"] = text.text;
        if (!text.entities.empty()) message["entities"] = text.entities;
        return std::nullopt;
    }
    if (method == "sendlocation" || method == "sendvenue") return fill_place(method, p, message);
    if (method == "sendcontact") {
        fill_contact(p, message);
        return std::nullopt;
    }
    std::string kind = method.substr(4);
    if (kind == "videonote") kind = "video_note";
    if (auto refusal = put_media(bot, kind, p.text(kind), p.upload(kind), p, message))
        return refusal;
    return put_caption(p, message);
}

/// What copies are made of: a message without where it was and to what it replied.
json::object content_of(const json::object& message) {
    json::object out = message;
    for (const char* name :
         {"message_id",
          "from",
          "chat",
          "date",
          "edit_date",
          "reply_to_message",
          "quote",
          "reply_markup",
          "media_group_id",
          "message_thread_id",
          "is_topic_message",
          "business_connection_id",
          "sender_business_bot"})
        out.erase(name);
    return out;
}

/// The messages that `message_id` or `message_ids` name, oldest first. Of several, those that are
/// not there are left out.
std::variant<std::vector<const json::object*>, Refusal> sources(
    Bot& bot, const Parameters& p, const std::string& verb
) {
    auto found = find_chat(bot, p, Need::look, "from_chat_id");
    if (auto* refusal = std::get_if<Refusal>(&found)) return *refusal;
    const Chat& from = *std::get<Chat*>(found);
    std::vector<const json::object*> out;
    if (const auto one = p.integer("message_id")) {
        const json::object* message = from.message(*one);
        if (message == nullptr) return bad_request("message to " + verb + " not found");
        out.push_back(message);
        return out;
    }
    const auto ids = p.structure("message_ids").value_or(json::array{});
    for (const json::value& id : ids.as_array()) {
        if (!id.is_int64()) return bad_request("invalid message identifier specified");
        if (const json::object* message = from.message(id.as_int64())) out.push_back(message);
    }
    if (out.empty()) return bad_request("message to " + verb + " not found");
    return out;
}

}  // namespace

Outcome send(Bot& bot, const std::string& method, const Parameters& p) {
    auto begun = begin(bot, p);
    if (auto* refusal = std::get_if<Refusal>(&begun)) return *refusal;
    Draft draft = std::get<Draft>(std::move(begun));
    if (auto refusal = fill(bot, method, p, draft.message)) return *refusal;
    return json::value(keep(bot, std::move(draft)));
}

Outcome send_album(Bot& bot, const Parameters& p) {
    auto begun = begin(bot, p);
    if (auto* refusal = std::get_if<Refusal>(&begun)) return *refusal;
    const Draft frame = std::get<Draft>(std::move(begun));
    const json::value list = p.structure("media").value();
    const std::string first{text_at(list.at(0), "type")};
    const std::string group = bot.world.next_album();
    std::vector<Draft> drafts;
    for (const json::value& media : list.as_array()) {
        const std::string type{text_at(media, "type")};
        if (type == "animation")
            return bad_request("animations can't be sent as a part of an album");
        for (const char* alone : {"document", "audio"}) {
            if (type != first && (type == alone || first == alone))
                return bad_request(
                    (alone == std::string_view{"audio"} ? "Audio" : "Document") +
                    std::string{" can't be mixed with other media types"}
                );
        }
        Draft draft = frame;
        draft.message["media_group_id"] = group;
        if (auto refusal = put_input_media(bot, media.as_object(), p, draft.message))
            return *refusal;
        drafts.push_back(std::move(draft));
    }
    json::array out;
    for (Draft& draft : drafts)
        out.push_back(keep(bot, std::move(draft)));
    return json::value(std::move(out));
}

void fill_origin(const json::object& from, json::object& to) {
    const auto* origin = from.if_contains("forward_origin");
    to["forward_origin"] =
        origin != nullptr
            ? *origin
            : json::value(json::object{
                  {"type", "user"}, {"sender_user", from.at("from")}, {"date", from.at("date")}});
    if (origin != nullptr) return;
    to["forward_from"] = from.at("from");
    to["forward_date"] = from.at("date");
}

Outcome forward(Bot& bot, const std::string& method, const Parameters& p) {
    auto begun = begin(bot, p);
    if (auto* refusal = std::get_if<Refusal>(&begun)) return *refusal;
    const Draft frame = std::get<Draft>(std::move(begun));
    auto found = sources(bot, p, "forward");
    if (auto* refusal = std::get_if<Refusal>(&found)) return *refusal;
    json::array ids;
    json::object last;
    for (const json::object* source : std::get<0>(found)) {
        const json::object original = *source;  // it may be in the chat that grows
        Draft draft = frame;
        for (const auto& member : content_of(original))
            draft.message[member.key()] = member.value();
        fill_origin(original, draft.message);
        last = keep(bot, std::move(draft));
        ids.push_back(json::object{{"message_id", last.at("message_id")}});
    }
    if (method == "forwardmessage") return json::value(std::move(last));
    return json::value(std::move(ids));
}

Outcome copy(Bot& bot, const std::string& method, const Parameters& p) {
    auto begun = begin(bot, p);
    if (auto* refusal = std::get_if<Refusal>(&begun)) return *refusal;
    const Draft frame = std::get<Draft>(std::move(begun));
    auto found = sources(bot, p, "copy");
    if (auto* refusal = std::get_if<Refusal>(&found)) return *refusal;
    json::array ids;
    for (const json::object* source : std::get<0>(found)) {
        Draft draft = frame;
        for (const auto& member : content_of(*source))
            draft.message[member.key()] = member.value();
        if (p.has("caption")) {
            if (auto refusal = put_caption(p, draft.message)) return *refusal;
        }
        if (p.boolean("remove_caption")) draft.message.erase("caption");
        const json::object kept = keep(bot, std::move(draft));
        ids.push_back(json::object{{"message_id", kept.at("message_id")}});
    }
    if (method == "copymessage") return ids.at(0);
    return json::value(std::move(ids));
}

}  // namespace trunkline::telegram::simulator
