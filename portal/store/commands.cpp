#include "portal/store/commands.hpp"

#include <boost/json/serialize.hpp>

#include "portal/fields.hpp"
#include "portal/store/command_state.hpp"
#include "portal/store/messages.hpp"

namespace trunkline::portal::store {

namespace {

struct Known {
    std::string id, type, state, body;
    std::int64_t conversation = 0, message = 0;
};

std::optional<Known> find(Database& database, const std::string& id) {
    Statement row = database.query(
        "SELECT id, type, state, body, conversation, message FROM commands WHERE id = ?", id
    );
    if (!row.step()) return std::nullopt;
    return Known{row.text(0), row.text(1), row.text(2), row.text(3), row.number(4), row.number(5)};
}

/// An edit or a deletion is shown once the messenger confirmed it, not when it was asked for.
void take_effect(Database& database, const Known& command, WallMs time) {
    if (command.type == "delete") delete_message(database, command.message);
    if (command.type != "edit") return;
    auto changed = parse_object(command.body);
    auto body = message_body(database, command.message);
    if (!changed || !body) return;
    (*body)["text"] = text_of(*changed, "text");
    body->erase("spans");
    edit_message(database, {.message = command.message, .body = *std::move(body), .time = time});
}

/// Moves the command, and the message it sends, to `state` unless they are further already.
void advance(
    Database& database,
    const Known& command,
    const std::string& state,
    const json::object& detail,
    WallMs time
) {
    const int before = rank_of(command.state);
    const int after = rank_of(state);
    // `delayed` again brings a new time.
    if (after < before || (after == before && state != "delayed")) return;
    const auto text = json::serialize(detail);
    database.run("UPDATE commands SET state = ?, detail = ? WHERE id = ?", state, text, command.id);
    if (command.type == "send") {
        // What was degraded is told once, with `sent`; later states must not hide it.
        database.run(
            "UPDATE messages SET state = ?1, detail = json_patch(detail, ?2) WHERE command = ?3",
            state,
            text,
            command.id
        );
    } else if (is_confirmed(state) && !is_confirmed(command.state)) {
        take_effect(database, command, time);
    }
    if (command.message != 0) tell_message(database, command.message);
}

/// Puts the host's ids of the files in the place of ours.
json::object with_media(Database& database, json::object message) {
    auto* attachments = message.if_contains("attachments");
    if (attachments == nullptr || !attachments->is_array()) return message;
    for (auto& attachment : attachments->get_array()) {
        if (!attachment.is_object()) continue;
        auto& object = attachment.get_object();
        const auto file = text_of(object, "file");
        Statement row = database.query("SELECT media FROM files WHERE id = ?", file);
        if (!row.step()) continue;
        object.erase("file");
        object["media"] = row.text(0);
    }
    return message;
}

}  // namespace

void add_command(Database& database, const NewCommand& command) {
    database.run(
        "INSERT INTO commands(id, conversation, message, type, body, files_missing, created, "
        "expires) "
        "VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
        command.id,
        command.conversation,
        command.message,
        command.type,
        json::serialize(command.message_body),
        static_cast<std::int64_t>(command.files.size()),
        command.now,
        command.now + kCommandLife
    );
    for (const auto& file : command.files) {
        database.run(
            "UPDATE files SET command = ? WHERE id = ? AND command IS NULL", command.id, file
        );
    }
    if (command.message != 0) tell_message(database, command.message);
}

std::vector<WaitingCommand> waiting_commands(Database& database, std::int64_t limit) {
    std::vector<WaitingCommand> waiting;
    Statement row = database.query(
        "SELECT c.id, c.type, c.body, v.account, v.external FROM commands c JOIN conversations v "
        "ON v.id = c.conversation "
        "WHERE c.stage = 'waiting' AND NOT EXISTS (SELECT 1 FROM commands b WHERE b.stage = "
        "'waiting' "
        "AND b.conversation = c.conversation AND b.number <= c.number AND b.files_missing > 0) "
        "ORDER BY c.number LIMIT ?",
        limit
    );
    while (row.step()) {
        auto message = parse_object(row.text(2));
        waiting.push_back({
            .id = row.text(0),
            .wire =
                {
                    {"id", row.text(0)},
                    {"type", row.text(1)},
                    {"account", row.text(3)},
                    {"conversation", row.text(4)},
                    {"message",
                     with_media(database, message ? *std::move(message) : json::object{})},
                    {"expires", "24h"},
                },
        });
    }
    return waiting;
}

std::vector<FileToSend> files_to_send(Database& database, std::int64_t limit) {
    std::vector<FileToSend> files;
    Statement row = database.query(
        "SELECT f.id, f.name, f.mime, f.sha256, f.command, v.account, f.size FROM commands c "
        "JOIN files f ON f.command = c.id JOIN conversations v ON v.id = c.conversation "
        "WHERE c.stage = 'waiting' AND c.files_missing > 0 AND f.media = '' ORDER BY c.number, "
        "f.rowid LIMIT ?",
        limit
    );
    while (row.step()) {
        files.push_back(
            {row.text(0),
             row.text(1),
             row.text(2),
             row.text(3),
             row.text(4),
             row.text(5),
             row.number(6)}
        );
    }
    return files;
}

void file_at_host(Database& database, const std::string& file, const std::string& media) {
    database.run("UPDATE files SET media = ? WHERE id = ? AND media = ''", media, file);
    if (database.changed_rows() == 0) return;
    database.run(
        "UPDATE commands SET files_missing = files_missing - 1 WHERE files_missing > 0 "
        "AND id = (SELECT command FROM files WHERE id = ?)",
        file
    );
}

void file_refused(
    Database& database, const std::string& file, const std::string& code, const std::string& why
) {
    database.run("UPDATE files SET failure = ? WHERE id = ?", shortened(why, 500), file);
    std::string command;
    {
        Statement row = database.query("SELECT command FROM files WHERE id = ?", file);
        if (row.step()) command = row.text(0);
    }
    if (!command.empty()) command_refused(database, command, code, why);
}

void command_accepted(Database& database, const std::string& id) {
    database.run("UPDATE commands SET stage = 'accepted' WHERE id = ? AND stage = 'waiting'", id);
    if (auto command = find(database, id)) advance(database, *command, "accepted", {}, 0);
}

void command_refused(
    Database& database, const std::string& id, const std::string& code, const std::string& why
) {
    database.run("UPDATE commands SET stage = 'refused' WHERE id = ? AND stage = 'waiting'", id);
    if (database.changed_rows() == 0) return;
    auto command = find(database, id);
    if (!command) return;
    const json::object error{
        {"code", shortened(code, 100)}, {"message", shortened(why, 500)}, {"permanent", true}};
    advance(database, *command, "failed", {{"error", error}}, 0);
}

void command_maybe_arrived(Database& database, const std::string& id) {
    database.run("UPDATE commands SET maybe_arrived = 1 WHERE id = ?", id);
}

std::int64_t expire_commands(Database& database, WallMs now) {
    struct Expired {
        std::string id;
        bool maybe_arrived;
    };
    std::vector<Expired> expired;
    {
        Statement row = database.query(
            "SELECT id, maybe_arrived FROM commands WHERE stage = 'waiting' AND expires <= ? ORDER "
            "BY number LIMIT 500",
            now
        );
        while (row.step())
            expired.push_back({row.text(0), row.number(1) != 0});
    }
    for (const auto& item : expired) {
        database.run("UPDATE commands SET stage = 'expired' WHERE id = ?", item.id);
        auto command = find(database, item.id);
        if (!command) continue;
        const json::object error{
            {"code", "expired"},
            {"message",
             item.maybe_arrived ? "No answer for 24 hours; it may have arrived"
                                : "Not sent for 24 hours"},
            {"permanent", true}};
        advance(
            database, *command, item.maybe_arrived ? "unknown" : "failed", {{"error", error}}, now
        );
    }
    return static_cast<std::int64_t>(expired.size());
}

void apply_status(Database& database, const StatusChange& change) {
    auto command = find(database, change.command);
    if (!command) return;
    // A status is proof that the host has the command, even if its answer to us was lost.
    database.run(
        "UPDATE commands SET stage = 'accepted' WHERE id = ? AND stage = 'waiting'", change.command
    );
    if (command->type == "send") {
        for (const auto& remote : change.remotes) {
            remember_remote(database, command->conversation, command->message, remote);
            database.run(
                "UPDATE messages SET remote = ? WHERE id = ? AND remote = ''",
                remote,
                command->message
            );
        }
    }
    advance(database, *command, change.state, change.detail, change.time);
}

}  // namespace trunkline::portal::store
