#include "to_universal.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "content.hpp"
#include "json_read.hpp"
#include "people.hpp"

namespace trunkline::telegram {

namespace {

constexpr std::size_t kPartsMax =
    200;  // members or deletions of one update; Telegram sends at most 100

/// Builds the items of one update: each gets the conversation, the time and a dedup key of its own.
class Builder {
public:
    Builder(Translated& out, std::string update_id, json::storage_ptr memory)
        : out_{out}, update_id_{std::move(update_id)}, memory_{std::move(memory)} {}

    Event& add(std::string_view type, const Place& place, const json::object& chat) {
        constexpr std::size_t kMembersUsual = 8;
        Event item{.json = json::object(kMembersUsual, memory_)};
        item.conversation = conversation_id(place);
        item.dedup = out_.items.empty() || update_id_.empty()
                         ? update_id_
                         : update_id_ + "." + std::to_string(out_.items.size());
        item.json["type"] = type;
        item.json["conversation"] = conversation_of(place, chat);
        return out_.items.emplace_back(std::move(item));
    }

    Translated& out() { return out_; }

private:
    Translated& out_;
    std::string update_id_;
    json::storage_ptr memory_;
};

void set_time(Event& item, std::optional<std::int64_t> seconds) {
    set_text(item.json, "time", time_text(seconds));
}

void set_sender(Event& item, const json::object* who) {
    if (who != nullptr && integer_at(*who, "id")) item.json["sender"] = person(*who);
}

void add_unsupported(
    Builder& builder,
    const Place& place,
    const json::object& chat,
    std::string reason,
    std::string text
) {
    auto& item = builder.add("unsupported", place, chat);
    item.json["reason"] = std::move(reason);
    set_text(item.json, "text", text);
    item.keep_raw = true;
}

void add_member(
    Builder& builder,
    const Place& place,
    const json::object& message,
    const json::object& user,
    std::string_view action
) {
    auto& item = builder.add("member", place, *object_at(message, "chat"));
    item.json["who"] = person(user);
    item.json["action"] = action;
    set_time(item, integer_at(message, "date"));
    if (auto sender = sender_of(message)) item.json["sender"] = *std::move(sender);
}

/// Service messages that are facts of the conversation, not content. True when this was one.
bool service_message(
    Builder& builder, const Place& place, const json::object& message, std::int64_t bot_id
) {
    const auto& chat = *object_at(message, "chat");
    const auto name = [](std::int64_t id) { return std::to_string(id); };
    if (const auto next = integer_at(message, "migrate_to_chat_id")) {
        builder.out().aliases.push_back({name(*next), conversation_id(place)});
        return true;
    }
    if (const auto former = integer_at(message, "migrate_from_chat_id")) {
        builder.out().aliases.push_back({conversation_id(place), name(*former)});
        return true;
    }
    if (const auto* joined = array_at(message, "new_chat_members")) {
        std::size_t count = 0;
        for (const auto& value : *joined) {
            const auto* user = value.if_object();
            // Our own arrival is told by my_chat_member, which also comes where no service message
            // does.
            if (user == nullptr || integer_at(*user, "id") == bot_id || ++count > kPartsMax)
                continue;
            add_member(builder, place, message, *user, "joined");
        }
        return true;
    }
    if (const auto* user = object_at(message, "left_chat_member")) {
        if (integer_at(*user, "id") != bot_id) add_member(builder, place, message, *user, "left");
        return true;
    }
    const auto title = text_at(message, "new_chat_title");
    const bool created = flag_at(message, "group_chat_created") ||
                         flag_at(message, "supergroup_chat_created") ||
                         flag_at(message, "channel_chat_created");
    if (title.empty() && !created) return false;
    auto& item = builder.add("conversation", place, chat);
    if (!title.empty()) item.json["conversation"].as_object()["title"] = title;
    set_time(item, integer_at(message, "date"));
    return true;
}

void translate_message(
    Builder& builder, const json::object& message, bool edited, std::int64_t bot_id
) {
    const auto* chat = object_at(message, "chat");
    const auto business = text_at(message, "business_connection_id");
    auto place = chat == nullptr ? std::nullopt : place_of_chat(*chat, business);
    if (!place)
        return add_unsupported(
            builder, {}, {}, "message without a chat", std::string{text_at(message, "text")}
        );
    // Outside forums the thread id only groups replies; as a topic it would be refused when
    // sending.
    if (flag_at(message, "is_topic_message"))
        place->topic = integer_at(message, "message_thread_id").value_or(0);
    if (!edited && service_message(builder, *place, message, bot_id)) return;

    auto content = content_of(message);
    if (content.news) ++builder.out().news;
    if (!content.unsupported.empty()) {
        add_unsupported(builder, *place, *chat, content.unsupported, content.text);
        builder.out().items.back().json["message"] = json::object{{"id", content.message["id"]}};
    } else {
        auto& item = builder.add(edited ? "edited" : "message", *place, *chat);
        item.json["message"] = std::move(content.message);
        if (edited) item.json["revision"] = integer_at(message, "edit_date").value_or(0);
    }
    auto& item = builder.out().items.back();
    set_time(item, integer_at(message, edited ? "edit_date" : "date"));
    if (auto sender = sender_of(message)) {
        item.json["sender"] = *std::move(sender);
    } else if (place->chat > 0) {
        item.json["sender"] = person(*chat);  // a private chat is its customer
    }
    item.note = note_of(*place);
    // A connected business account's chat is private: whoever is not the customer is the owner, or
    // ourselves.
    const auto* from = object_at(message, "from");
    const bool owner = from != nullptr && integer_at(*from, "id") != place->chat;
    item.outgoing =
        !business.empty() && (owner || member(message, "sender_business_bot") != nullptr);
    if (item.outgoing) item.json["outgoing"] = true;
}

std::string_view label_of(const json::object& message, std::string_view data) {
    const auto* markup = object_at(message, "reply_markup");
    const auto* rows = markup == nullptr ? nullptr : array_at(*markup, "inline_keyboard");
    if (rows == nullptr) return {};
    for (const auto& row : *rows) {
        const auto* buttons = row.if_array();
        if (buttons == nullptr) continue;
        for (const auto& value : *buttons) {
            const auto* button = value.if_object();
            if (button != nullptr && text_at(*button, "callback_data") == data)
                return text_at(*button, "text");
        }
    }
    return {};
}

void translate_callback(Builder& builder, const json::object& query) {
    const auto id = text_at(query, "id");
    if (!id.empty()) builder.out().callback_queries.emplace_back(id);
    const auto* from = object_at(query, "from");
    const auto* message = object_at(query, "message");
    const auto* chat = message == nullptr ? nullptr : object_at(*message, "chat");
    // A press on an inline-mode message names no chat; the customer's own chat is where it can be
    // answered.
    if (chat == nullptr) chat = from;
    const auto business =
        message == nullptr ? std::string_view{} : text_at(*message, "business_connection_id");
    const auto place = chat == nullptr ? std::nullopt : place_of_chat(*chat, business);
    if (!place) return add_unsupported(builder, {}, {}, "callback_query without a chat", {});
    const auto data = text_at(query, "data");
    auto& item = builder.add("callback", *place, *chat);
    set_sender(item, from);
    json::object button{{"id", data}, {"payload", data}};
    if (message != nullptr) {
        item.json["message"] =
            json::object{{"id", std::to_string(integer_at(*message, "message_id").value_or(0))}};
        set_text(button, "text", label_of(*message, data));
    }
    item.json["button"] = std::move(button);
}

bool inside(const json::object& participant) {
    const auto status = text_at(participant, "status");
    if (status == "restricted") return flag_at(participant, "is_member");
    return status == "member" || status == "administrator" || status == "creator";
}

void translate_membership(Builder& builder, const json::object& change, bool ours) {
    const auto* chat = object_at(change, "chat");
    const auto* before = object_at(change, "old_chat_member");
    const auto* after = object_at(change, "new_chat_member");
    const auto place = chat == nullptr ? std::nullopt : place_of_chat(*chat, {});
    if (!place || after == nullptr)
        return add_unsupported(builder, {}, {}, "my_chat_member without a chat", {});
    const bool was = before != nullptr && inside(*before);
    const bool is = inside(*after);
    if (was == is)
        return;  // a promotion or a changed right: nothing a customer's conversation shows
    const bool direct = ours && place->chat > 0;
    const auto* who = direct ? object_at(change, "from") : object_at(*after, "user");
    auto& item = builder.add("member", *place, *chat);
    item.json["action"] = direct ? (is ? "unblocked" : "blocked") : (is ? "joined" : "left");
    if (who != nullptr) item.json["who"] = person(*who);
    set_sender(item, object_at(change, "from"));
    set_time(item, integer_at(change, "date"));
}

void translate_deleted(Builder& builder, const json::object& deleted) {
    const auto* chat = object_at(deleted, "chat");
    const auto* ids = array_at(deleted, "message_ids");
    const auto place = chat == nullptr
                           ? std::nullopt
                           : place_of_chat(*chat, text_at(deleted, "business_connection_id"));
    if (!place || ids == nullptr)
        return add_unsupported(builder, {}, {}, "deletion without a chat", {});
    std::size_t count = 0;
    for (const auto& value : *ids) {
        const auto id = integer(value);
        if (!id || ++count > kPartsMax) continue;
        builder.add("deleted", *place, *chat).json["message"] =
            json::object{{"id", std::to_string(*id)}};
    }
}

std::vector<std::string> emojis(const json::array* reactions) {
    std::vector<std::string> result;
    if (reactions == nullptr) return result;
    for (const auto& value : *reactions) {
        const auto* reaction = value.if_object();
        if (reaction == nullptr || result.size() == kPartsMax) continue;
        const auto emoji = text_at(*reaction, "emoji");
        const auto custom = text_at(*reaction, "custom_emoji_id");
        if (!emoji.empty())
            result.emplace_back(emoji);
        else if (!custom.empty())
            result.push_back("custom:" + std::string{custom});
        else if (text_at(*reaction, "type") == "paid")
            result.emplace_back("⭐");
    }
    return result;
}

void translate_reaction(Builder& builder, const json::object& change) {
    const auto* chat = object_at(change, "chat");
    const auto place = chat == nullptr ? std::nullopt : place_of_chat(*chat, {});
    if (!place) return add_unsupported(builder, {}, {}, "reaction without a chat", {});
    const auto before = emojis(array_at(change, "old_reaction"));
    const auto after = emojis(array_at(change, "new_reaction"));
    const auto add = [&](const std::string& emoji, bool removed) {
        auto& item = builder.add("reaction", *place, *chat);
        item.json["message"] =
            json::object{{"id", std::to_string(integer_at(change, "message_id").value_or(0))}};
        item.json["emoji"] = emoji;
        item.json["removed"] = removed;
        const auto* user = object_at(change, "user");
        set_sender(item, user == nullptr ? object_at(change, "actor_chat") : user);
        set_time(item, integer_at(change, "date"));
    };
    const auto missing = [](const std::vector<std::string>& from, const std::string& emoji) {
        return std::find(from.begin(), from.end(), emoji) == from.end();
    };
    for (const auto& emoji : before) {
        if (missing(after, emoji)) add(emoji, true);
    }
    for (const auto& emoji : after) {
        if (missing(before, emoji)) add(emoji, false);
    }
}

void translate_business(Builder& builder, const json::object& connection) {
    const auto* user = object_at(connection, "user");
    const bool enabled =
        member(connection, "is_enabled") == nullptr || flag_at(connection, "is_enabled");
    builder.out().business.push_back({enabled, user == nullptr ? std::string{} : full_name(*user)});
}

/// An update of a kind that is newer than this connector: kept whole, in the conversation it seems
/// to belong to.
void translate_foreign(Builder& builder, std::string_view kind, const json::object* body) {
    const json::object* chat = nullptr;
    if (body != nullptr) {
        chat = object_at(*body, "chat");
        const auto* message = object_at(*body, "message");
        if (chat == nullptr && message != nullptr) chat = object_at(*message, "chat");
        for (const auto* key : {"from", "user"}) {
            if (chat == nullptr) chat = object_at(*body, key);
        }
    }
    const auto place = chat == nullptr ? std::nullopt : place_of_chat(*chat, {});
    add_unsupported(
        builder,
        place.value_or(Place{}),
        chat == nullptr ? json::object{} : *chat,
        std::string{kind},
        {}
    );
}

bool translate_known(
    Builder& builder, std::string_view kind, const json::object& body, std::int64_t bot_id
) {
    if (kind == "message" || kind == "channel_post" || kind == "business_message") {
        translate_message(builder, body, false, bot_id);
    } else if (kind == "edited_message" || kind == "edited_channel_post" || kind == "edited_business_message") {
        translate_message(builder, body, true, bot_id);
    } else if (kind == "callback_query") {
        translate_callback(builder, body);
    } else if (kind == "my_chat_member" || kind == "chat_member") {
        translate_membership(builder, body, kind == "my_chat_member");
    } else if (kind == "deleted_business_messages") {
        translate_deleted(builder, body);
    } else if (kind == "message_reaction") {
        translate_reaction(builder, body);
    } else if (kind == "business_connection") {
        translate_business(builder, body);
    } else {
        return false;
    }
    return true;
}

}  // namespace

Translated to_universal(const json::object& update, std::int64_t bot_id) {
    Translated out;
    const auto number = integer_at(update, "update_id");
    Builder builder{out, number ? std::to_string(*number) : std::string{}, update.storage()};
    std::string_view foreign;
    for (const auto& entry : update) {
        const std::string_view kind{entry.key().data(), entry.key().size()};
        if (kind == "update_id") continue;
        // "At most one other field": a second one would be two events under one dedup key.
        const auto* body = entry.value().if_object();
        if (body != nullptr && translate_known(builder, kind, *body, bot_id)) return out;
        if (foreign.empty()) foreign = kind;
    }
    if (!foreign.empty()) translate_foreign(builder, foreign, object_at(update, foreign));
    return out;
}

Translated unreadable_update() {
    Translated out;
    Builder builder{out, {}, {}};
    add_unsupported(builder, {}, {}, "no update", {});
    return out;
}

}  // namespace trunkline::telegram
