#include "plugins/telegram/simulator/changing.hpp"

#include "plugins/telegram/simulator/media.hpp"

namespace trunkline::telegram::simulator {
namespace {

constexpr std::int64_t kDeletableFor = 48LL * 3600;

bool may_delete(const json::object& message, const Chat& chat, std::int64_t now_s) {
    if (chat.is_group() && chat.bot == "administrator") return true;
    if (now_s - message.at("date").to_number<std::int64_t>() > kDeletableFor) return false;
    return !chat.is_group() || is_own(message, chat);
}

std::optional<Refusal> edit_text(
    const std::string& method, const Parameters& p, json::object& changed
) {
    if (method == "editmessagecaption") {
        if (changed.contains("text") || kind_of(changed) == "location")
            return bad_request("there is no caption in the message to edit");
        return put_caption(p, changed);
    }
    if (!changed.contains("text")) return bad_request("there is no text in the message to edit");
    FormattedText content;
    if (auto refusal = read_text(p, "text", "entities", kTextMax, false, content)) return refusal;
    changed["text"] = content.text;
    changed.erase("entities");
    if (!content.entities.empty()) changed["entities"] = content.entities;
    return std::nullopt;
}

/// What a file may take the place of.
bool takes_media(std::string_view kind) {
    return kind == "photo" || kind == "video" || kind == "animation" || kind == "audio" ||
           kind == "document" || kind == "text";
}

std::optional<Refusal> edit_media(Bot& bot, const Parameters& p, json::object& changed) {
    const json::value media = p.structure("media").value();
    const std::string kind = kind_of(changed);
    const std::string type{text_at(media, "type")};
    if (!takes_media(kind)) return bad_request("there is no media in the message to edit");
    if (changed.contains("media_group_id")) {
        const bool alone = kind == "document" || kind == "audio" || type == "document" ||
                           type == "audio" || type == "animation";
        if (alone && kind != type) return bad_request("message can't be edited");
    }
    if (!kind.empty()) changed.erase(kind);
    changed.erase("document");
    changed.erase("text");
    changed.erase("entities");
    return put_input_media(bot, media.as_object(), p, changed);
}

}  // namespace

Outcome edit(Bot& bot, const std::string& method, const Parameters& p) {
    auto found = find_chat(bot, p, Need::look);
    if (auto* refusal = std::get_if<Refusal>(&found)) return *refusal;
    Chat& chat = *std::get<Chat*>(found);
    const std::int64_t id = p.integer("message_id").value();
    const json::object* original = chat.message(id);
    if (original == nullptr) return bad_request("message to edit not found");
    if (!is_own(*original, chat)) return bad_request("message can't be edited");
    json::object changed = *original;
    Markup markup;
    if (auto refusal = read_markup(p, markup)) return *refusal;
    if (markup.reply) return bad_request("inline keyboard expected");
    std::optional<Refusal> refusal;
    if (method == "editmessagemedia")
        refusal = edit_media(bot, p, changed);
    else if (method != "editmessagereplymarkup")
        refusal = edit_text(method, p, changed);
    if (refusal) return *refusal;
    changed.erase("reply_markup");
    if (markup.inline_keyboard) changed["reply_markup"] = *markup.inline_keyboard;
    if (changed == *original) {
        return bad_request(
            "message is not modified: specified new message content and reply markup are exactly "
            "the same as a current content and reply markup of the message"
        );
    }
    changed["edit_date"] = bot.world.now_s();
    chat.messages[id] = changed;
    return json::value(std::move(changed));
}

Outcome remove(Bot& bot, const Parameters& p) {
    auto found = find_chat(bot, p, Need::look);
    if (auto* refusal = std::get_if<Refusal>(&found)) return *refusal;
    Chat& chat = *std::get<Chat*>(found);
    const std::int64_t id = p.integer("message_id").value();
    const json::object* message = chat.message(id);
    if (message == nullptr) return bad_request("message to delete not found");
    if (!may_delete(*message, chat, bot.world.now_s()))
        return bad_request("message can't be deleted");
    chat.deleted.insert(id);
    return json::value(true);
}

Outcome remove_several(Bot& bot, const Parameters& p) {
    auto found = find_chat(bot, p, Need::look);
    if (auto* refusal = std::get_if<Refusal>(&found)) return *refusal;
    Chat& chat = *std::get<Chat*>(found);
    const json::value ids = p.structure("message_ids").value();
    for (const json::value& id : ids.as_array()) {
        if (!id.is_int64()) return bad_request("invalid message identifier specified");
        const json::object* message = chat.message(id.as_int64());
        // Those that are gone, or may not go, are skipped without a word.
        if (message != nullptr && may_delete(*message, chat, bot.world.now_s()))
            chat.deleted.insert(id.as_int64());
    }
    return json::value(true);
}

Outcome react(Bot& bot, const Parameters& p) {
    auto found = find_chat(bot, p, Need::write);
    if (auto* refusal = std::get_if<Refusal>(&found)) return *refusal;
    Chat& chat = *std::get<Chat*>(found);
    const std::int64_t id = p.integer("message_id").value();
    if (chat.message(id) == nullptr) return bad_request("message to react not found");
    json::array list = p.structure("reaction").value_or(json::array{}).as_array();
    for (const json::value& one : list) {
        const auto type = text_at(one, "type");
        if (type == "paid") return bad_request("bots can't use paid reactions");
        if (type == "emoji" && text_at(one, "emoji").empty())
            return bad_request("REACTION_INVALID");
        if (type == "custom_emoji" && text_at(one, "custom_emoji_id").empty())
            return bad_request("REACTION_INVALID");
    }
    if (list.empty())
        chat.reactions[id].erase("bot");
    else
        chat.reactions[id]["bot"] = std::move(list);
    return json::value(true);
}

}  // namespace trunkline::telegram::simulator
