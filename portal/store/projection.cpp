#include "portal/store/projection.hpp"

#include <array>
#include <utility>

#include <boost/json/serialize.hpp>

#include "portal/fields.hpp"
#include "portal/store/changes.hpp"
#include "portal/store/commands.hpp"
#include "portal/store/conversations.hpp"
#include "portal/store/messages.hpp"

namespace trunkline::portal::store {

namespace {

struct Event {
    const json::object& body;
    std::string id;
    WallMs time = 0;
    std::int64_t conversation = 0;
};

NewEntry entry_of(const Event& event) {
    return {
        .conversation = event.conversation,
        .outgoing = flag_of(event.body, "outgoing"),
        .late = flag_of(event.body, "late"),
        .time = event.time,
        .sender = object_of(event.body, "sender"),
        .event = event.id,
    };
}

void on_message(Database& database, const Event& event) {
    const auto& message = object_of(event.body, "message");
    NewEntry entry = entry_of(event);
    entry.body = message;
    entry.remote = text_of(message, "id");
    // Written by a person in the messenger's own app: it is with the customer already.
    if (entry.outgoing) entry.state = "sent";
    add_entry(database, entry);
}

void on_edited(Database& database, const Event& event) {
    const auto& message = object_of(event.body, "message");
    const auto remote = text_of(message, "id");
    auto target = message_by_event(database, text_of(event.body, "replaces"));
    if (target == 0) target = message_by_remote(database, event.conversation, remote);
    if (target == 0) {
        // An edit of something older than this store: its new form is all there is to show.
        on_message(database, event);
        return;
    }
    if (!remote.empty()) {
        remember_remote(database, event.conversation, target, remote);
        database.run("UPDATE messages SET remote = ? WHERE id = ? AND remote = ''", remote, target);
    }
    edit_message(
        database,
        {.message = target,
         .body = message,
         .revision = number_of(event.body, "revision"),
         .time = event.time}
    );
}

void on_deleted(Database& database, const Event& event) {
    const auto remote = text_of(object_of(event.body, "message"), "id");
    if (const auto target = message_by_remote(database, event.conversation, remote); target != 0) {
        delete_message(database, target);
    }
}

void on_unsupported(Database& database, const Event& event) {
    NewEntry entry = entry_of(event);
    entry.kind = "unsupported";
    entry.body = {{"text", text_of(event.body, "text")}, {"reason", text_of(event.body, "reason")}};
    add_entry(database, entry);
}

void on_callback(Database& database, const Event& event) {
    NewEntry entry = entry_of(event);
    entry.kind = "callback";
    entry.body = {
        {"button", object_of(event.body, "button")},
        {"message",
         message_by_remote(
             database, event.conversation, text_of(object_of(event.body, "message"), "id")
         )},
    };
    add_entry(database, entry);
}

void on_member(Database& database, const Event& event) {
    NewEntry entry = entry_of(event);
    entry.kind = "member";
    const auto* who = event.body.if_contains("who");
    entry.body = {
        {"action", text_of(event.body, "action")}, {"who", who == nullptr ? json::value{} : *who}};
    add_entry(database, entry);
}

void on_reaction(Database& database, const Event& event) {
    const auto remote = text_of(object_of(event.body, "message"), "id");
    const auto target = message_by_remote(database, event.conversation, remote);
    if (target == 0) return;
    react(
        database,
        {.message = target,
         .sender = text_of(object_of(event.body, "sender"), "id"),
         .emoji = shortened(text_of(event.body, "emoji"), 64),
         .removed = flag_of(event.body, "removed")}
    );
}

void on_status(Database& database, const Event& event) {
    json::object detail;
    for (const char* key : {"error", "changes", "until"}) {
        if (const auto* value = event.body.if_contains(key); value != nullptr) detail[key] = *value;
    }
    StatusChange change{
        .command = text_of(event.body, "command"),
        .state = text_of(event.body, "state"),
        .detail = std::move(detail),
        .time = event.time,
    };
    for (const auto& id : array_of(event.body, "messages")) {
        if (id.is_string())
            change.remotes.emplace_back(id.get_string().data(), id.get_string().size());
    }
    apply_status(database, change);
}

void on_notice(Database& database, const Event& event) {
    json::object detail;
    for (const char* key : {"gap", "account", "lane"}) {
        if (const auto* value = event.body.if_contains(key); value != nullptr) detail[key] = *value;
    }
    if (event.conversation != 0) detail["conversation"] = event.conversation;
    database.run(
        "INSERT INTO notices(event, placed, time, code, text, detail) VALUES(?, ?, ?, ?, ?, ?)",
        event.id,
        next_revision(database),
        event.time,
        text_of(event.body, "code"),
        shortened(text_of(event.body, "text"), 2'000),
        json::serialize(detail)
    );
    tell(database, "notice", event.conversation, database.last_id());
}

void on_conversation(Database&, const Event&) {
    // `conversation_of` has taken over the new facts already.
}

using Step = void (*)(Database&, const Event&);

struct Row {
    std::string_view type;
    Step step;
    bool needs_conversation;
};

constexpr std::array kSteps{
    Row{"message", on_message, true},
    Row{"edited", on_edited, true},
    Row{"deleted", on_deleted, true},
    Row{"unsupported", on_unsupported, true},
    Row{"callback", on_callback, true},
    Row{"member", on_member, true},
    Row{"reaction", on_reaction, true},
    Row{"status", on_status, false},
    Row{"notice", on_notice, false},
    Row{"conversation", on_conversation, true},
};

}  // namespace

void project(Database& database, const json::object& body, const std::string& type, WallMs now) {
    for (const auto& row : kSteps) {
        if (row.type != type) continue;
        Event event{.body = body, .id = text_of(body, "id"), .time = time_of(body, "time", now)};
        // A status about nobody's conversation must not make one.
        if (type != "status") event.conversation = conversation_of(database, body);
        if (row.needs_conversation && event.conversation == 0) return;
        row.step(database, event);
        return;
    }
}

json::object passing_typing(Database& database, const json::object& event) {
    return {
        {"conversation", conversation_of(database, event)},
        {"name", shortened(text_of(object_of(event, "sender"), "name"), 200)},
        {"on", flag_of(event, "on")},
        {"until", text_of(event, "until")},
    };
}

json::array list_notices(Database& database, std::int64_t limit) {
    json::array notices;
    Statement row = database.query(
        "SELECT id, placed, time, code, text, detail FROM notices ORDER BY id DESC LIMIT ?", limit
    );
    while (row.step()) {
        auto detail = parse_object(row.text(5));
        json::object notice = detail ? *std::move(detail) : json::object{};
        notice["id"] = row.number(0);
        notice["placed"] = row.number(1);
        notice["time"] = rfc3339(row.number(2));
        notice["code"] = row.text(3);
        notice["text"] = row.text(4);
        notices.push_back(std::move(notice));
    }
    return notices;
}

}  // namespace trunkline::portal::store
