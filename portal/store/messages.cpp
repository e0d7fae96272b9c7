#include "portal/store/messages.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "portal/fields.hpp"
#include "portal/store/changes.hpp"
#include "portal/store/conversations.hpp"

namespace trunkline::portal::store {

namespace {

constexpr std::size_t kSummaryBytesMax = 160;

// The list says what the timeline says, in the same words (web/desk/format.ts, entry.tsx).

std::string name_of(const NewEntry& entry) {
    const auto* who = entry.body.if_contains("who");
    std::string name = who != nullptr && who->is_object() ? text_of(who->get_object(), "name")
                                                          : text_of(entry.body, "who");
    if (name.empty()) name = text_of(entry.sender, "name");
    return name.empty() ? "The customer" : shortened(name, 80);
}

std::string pressed(const NewEntry& entry) {
    const auto& button = object_of(entry.body, "button");
    std::string label;
    for (const char* key : {"text", "payload", "id"}) {
        if (label.empty()) label = text_of(button, key);
    }
    return name_of(entry) + " pressed “" + shortened(label, 60) + "”";
}

std::string happened(const NewEntry& entry) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kWords{{
        {"joined", "joined the conversation"},
        {"left", "left the conversation"},
        {"blocked", "blocked this channel"},
        {"unblocked", "unblocked this channel"},
    }};
    const auto action = text_of(entry.body, "action");
    const auto* known = std::find_if(kWords.begin(), kWords.end(), [&](const auto& one) {
        return one.first == action;
    });
    return name_of(entry) + " " +
           (known == kWords.end() ? shortened(action, 40) : std::string{known->second});
}

std::string summary_of(const NewEntry& entry) {
    if (entry.kind == "callback") return pressed(entry);
    if (entry.kind == "member") return happened(entry);
    if (auto text = text_of(entry.body, "text"); !text.empty())
        return shortened(text, kSummaryBytesMax);
    if (entry.kind == "unsupported") return "A message of a kind not understood yet";
    const auto& attachments = array_of(entry.body, "attachments");
    if (!attachments.empty() && attachments[0].is_object()) {
        const auto& first = attachments[0].get_object();
        const auto name = text_of(first, "name");
        return "[" + text_of(first, "kind") + "]" + (name.empty() ? "" : " " + shortened(name, 80));
    }
    for (const char* key : {"location", "contact", "product"}) {
        if (entry.body.contains(key)) return std::string{"["} + key + "]";
    }
    return {};
}

std::int64_t one_number(Statement row) {
    return row.step() ? row.number(0) : 0;
}

std::optional<json::object> one_object(Statement row) {
    if (!row.step()) return std::nullopt;
    auto object = parse_object(row.text(0));
    if (!object) return std::nullopt;
    return *std::move(object);
}

}  // namespace

std::int64_t add_entry(Database& database, const NewEntry& entry) {
    const auto placed = next_revision(database);
    // NULL where there is no id: an empty text would clash with the next empty one.
    database.run(
        "INSERT INTO messages(conversation, placed, kind, outgoing, time, sender, body, remote, "
        "event, command, client, late, "
        "state) VALUES(?, ?, ?, ?, ?, ?, ?, ?, nullif(?, ''), nullif(?, ''), nullif(?, ''), ?, ?)",
        entry.conversation,
        placed,
        entry.kind,
        entry.outgoing ? 1 : 0,
        entry.time,
        json::serialize(entry.sender),
        json::serialize(entry.body),
        entry.remote,
        entry.event,
        entry.command,
        entry.client,
        entry.late ? 1 : 0,
        entry.state
    );
    const auto id = database.last_id();
    tell(database, "message", entry.conversation, id);
    if (!entry.remote.empty()) remember_remote(database, entry.conversation, id, entry.remote);
    if (!entry.late) {
        show_last(
            database,
            {.conversation = entry.conversation,
             .placed = placed,
             .time = entry.time,
             .text = summary_of(entry),
             .unread = !entry.outgoing && entry.kind != "member"}
        );
    }
    return id;
}

void remember_remote(
    Database& database, std::int64_t conversation, std::int64_t message, const std::string& remote
) {
    database.run(
        "INSERT INTO remotes(conversation, remote, message) VALUES(?, ?, ?) "
        "ON CONFLICT DO UPDATE SET message = excluded.message",
        conversation,
        remote,
        message
    );
}

std::int64_t message_by_remote(
    Database& database, std::int64_t conversation, const std::string& remote
) {
    return one_number(database.query(
        "SELECT message FROM remotes WHERE conversation = ? AND remote = ?", conversation, remote
    ));
}

std::int64_t message_by_event(Database& database, const std::string& event) {
    return one_number(database.query("SELECT id FROM messages WHERE event = ?", event));
}

std::int64_t message_by_client(
    Database& database, std::int64_t conversation, const std::string& client
) {
    return one_number(database.query(
        "SELECT id FROM messages WHERE conversation = ? AND client = ?", conversation, client
    ));
}

void edit_message(Database& database, const Edit& edit) {
    {
        Statement row =
            database.query("SELECT kind, revision, edits FROM messages WHERE id = ?", edit.message);
        if (!row.step()) return;
        if (edit.revision != 0 && edit.revision <= row.number(1)) return;
        if (row.text(0) == "message") {
            database.run(
                "INSERT INTO edits(message, number, time, body) SELECT id, edits + 1, ?, body FROM "
                "messages WHERE id = ?",
                edit.time,
                edit.message
            );
            database.run("UPDATE messages SET edits = edits + 1 WHERE id = ?", edit.message);
        }
    }
    database.run(
        "UPDATE messages SET kind = 'message', body = ?, revision = max(revision, ?) WHERE id = ?",
        json::serialize(edit.body),
        edit.revision,
        edit.message
    );
    tell_message(database, edit.message);
}

void delete_message(Database& database, std::int64_t message) {
    database.run("UPDATE messages SET deleted = 1 WHERE id = ?", message);
    tell_message(database, message);
}

void react(Database& database, const Reaction& reaction) {
    if (reaction.removed) {
        database.run(
            "DELETE FROM reactions WHERE message = ?1 AND sender = ?2 AND (?3 = '' OR emoji = ?3)",
            reaction.message,
            reaction.sender,
            reaction.emoji
        );
    } else {
        database.run(
            "INSERT INTO reactions(message, sender, emoji) VALUES(?, ?, ?) ON CONFLICT DO NOTHING",
            reaction.message,
            reaction.sender,
            reaction.emoji
        );
    }
    tell_message(database, reaction.message);
}

void tell_message(Database& database, std::int64_t message) {
    const auto conversation =
        one_number(database.query("SELECT conversation FROM messages WHERE id = ?", message));
    tell(database, "message", conversation, message);
}

std::optional<MessageFacts> message_facts(Database& database, std::int64_t message) {
    Statement row = database.query(
        "SELECT conversation, command IS NOT NULL, deleted, kind, state, remote FROM messages "
        "WHERE id = ?",
        message
    );
    if (!row.step()) return std::nullopt;
    return MessageFacts{
        row.number(0),
        row.number(1) != 0,
        row.number(2) != 0,
        row.text(3),
        row.text(4),
        row.text(5)};
}

std::string newest_incoming_remote(Database& database, std::int64_t conversation) {
    Statement row = database.query(
        "SELECT remote FROM messages WHERE conversation = ? AND outgoing = 0 AND remote <> '' "
        "ORDER BY id DESC LIMIT 1",
        conversation
    );
    return row.step() ? row.text(0) : std::string{};
}

std::optional<json::object> message_body(Database& database, std::int64_t message) {
    return one_object(database.query("SELECT body FROM messages WHERE id = ?", message));
}

std::optional<json::object> message_sender(Database& database, std::int64_t message) {
    return one_object(database.query("SELECT sender FROM messages WHERE id = ?", message));
}

}  // namespace trunkline::portal::store
