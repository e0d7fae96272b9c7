#include "portal/store/views.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include <boost/json/parse.hpp>

#include "portal/fields.hpp"
#include "portal/store/batches.hpp"
#include "portal/store/changes.hpp"
#include "portal/store/command_state.hpp"
#include "portal/store/conversations.hpp"
#include "portal/store/projection.hpp"

namespace trunkline::portal::store {

namespace {

constexpr std::int64_t kShownAtOnce = 100;

json::object object_in(const std::string& text) {
    auto object = parse_object(text);
    return object ? *std::move(object) : json::object{};
}

/// Replaces each file's address by one of the portal's own. A `link` stays as it is: it is text the
/// customer sent.
void localise(json::object& body, std::int64_t message) {
    auto* attachments = body.if_contains("attachments");
    if (attachments == nullptr || !attachments->is_array()) return;
    std::size_t index = 0;
    for (auto& attachment : attachments->get_array()) {
        const auto place = index++;
        if (!attachment.is_object()) continue;
        auto& object = attachment.get_object();
        if (const auto file = text_of(object, "file"); !file.empty()) {
            object["url"] = "/api/files/" + file;
        } else if (text_of(object, "kind") != "link" && !text_of(object, "url").empty()) {
            object["url"] = "/api/media/" + std::to_string(message) + "/" + std::to_string(place);
        }
    }
}

json::array reactions_of(Database& database, std::int64_t message) {
    json::array reactions;
    Statement row = database.query(
        "SELECT emoji, count(*) FROM reactions WHERE message = ? GROUP BY emoji ORDER BY emoji",
        message
    );
    while (row.step())
        reactions.push_back(json::object{{"emoji", row.text(0)}, {"count", row.number(1)}});
    return reactions;
}

/// The edit or deletion that is on its way, or that failed and was not tried again; empty when
/// there is none.
json::object pending_of(Database& database, std::int64_t message) {
    Statement row = database.query(
        "SELECT type, state, detail FROM commands WHERE message = ? AND type IN ('edit', 'delete') "
        "ORDER BY number DESC LIMIT 1",
        message
    );
    if (!row.step() || is_confirmed(row.text(1))) return {};
    return {{"type", row.text(0)}, {"state", row.text(1)}, {"detail", object_in(row.text(2))}};
}

json::object view_of(Database& database, const Statement& row) {
    const auto id = row.number(0);
    auto body = object_in(row.text(6));
    const bool deleted = row.number(8) != 0;
    if (deleted) body = {};
    localise(body, id);
    auto sender = object_in(row.text(5));
    if (!text_of(sender, "avatar").empty())
        sender["avatar"] = "/api/media/" + std::to_string(id) + "/avatar";
    json::object view{
        {"id", id},
        {"conversation", row.number(1)},
        {"placed", row.number(2)},
        {"kind", row.text(3)},
        {"outgoing", row.number(4) != 0},
        {"sender", std::move(sender)},
        {"body", std::move(body)},
        {"late", row.number(7) != 0},
        {"deleted", deleted},
        {"edits", row.number(9)},
        {"state", row.text(10)},
        {"detail", object_in(row.text(11))},
        {"time", rfc3339(row.number(12))},
        {"client", row.text(13)},
        {"own", !row.null(14)},
        {"reactions", reactions_of(database, id)},
    };
    if (auto pending = pending_of(database, id); !pending.empty())
        view["pending"] = std::move(pending);
    return view;
}

constexpr const char* kOne =
    "SELECT id, conversation, placed, kind, outgoing, sender, body, late, deleted, edits, state, "
    "detail, time, client, "
    "command FROM messages WHERE id = ?";
constexpr const char* kPage =
    "SELECT id, conversation, placed, kind, outgoing, sender, body, late, deleted, edits, state, "
    "detail, time, client, "
    "command FROM messages WHERE conversation = ?1 AND (?2 = 0 OR id < ?2) ORDER BY id DESC LIMIT "
    "?3";

void fill(Database& database, const std::string& kind, std::int64_t item, json::object& data) {
    if (kind == "message") {
        if (auto view = message_view(database, item)) data["message"] = *std::move(view);
    } else if (kind == "conversation") {
        if (auto view = conversation_view(database, item)) data["conversation"] = *std::move(view);
    } else if (kind == "notice") {
        data["notices"] = list_notices(database, kShownAtOnce);
    } else if (kind == "gaps") {
        data["gaps"] = list_gaps(database, kShownAtOnce);
    }
}

}  // namespace

std::optional<json::object> message_view(Database& database, std::int64_t id) {
    Statement row = database.query(kOne, id);
    if (!row.step()) return std::nullopt;
    return view_of(database, row);
}

json::array list_messages(
    Database& database, std::int64_t conversation, std::int64_t before, std::int64_t limit
) {
    json::array messages;
    Statement row = database.query(kPage, conversation, before, limit);
    while (row.step())
        messages.push_back(view_of(database, row));
    std::reverse(messages.begin(), messages.end());
    return messages;
}

json::array list_edits(Database& database, std::int64_t message) {
    json::array edits;
    Statement row = database.query(
        "SELECT number, time, body FROM edits WHERE message = ? ORDER BY number", message
    );
    while (row.step()) {
        edits.push_back(json::object{
            {"number", row.number(0)},
            {"time", rfc3339(row.number(1))},
            {"body", object_in(row.text(2))}});
    }
    return edits;
}

LiveChanges changes_after(Database& database, std::int64_t after, std::int64_t limit) {
    LiveChanges live;
    {
        Statement range =
            database.query("SELECT coalesce(min(rev), 1), coalesce(max(rev), 0) FROM changes");
        if (range.step()) live.too_old = after > range.number(1) || after + 1 < range.number(0);
    }
    if (live.too_old) return live;

    struct Latest {
        std::int64_t rev;
        std::string kind;
        std::int64_t item;
    };
    std::map<std::pair<std::string, std::int64_t>, std::int64_t> newest;
    std::vector<Latest> rows;
    {
        Statement row = database.query(
            "SELECT rev, kind, item FROM changes WHERE rev > ? ORDER BY rev LIMIT ?", after, limit
        );
        while (row.step()) {
            // Lists are sent whole, so one of them stands for all its changes.
            const auto kind = row.text(1);
            const auto item = kind == "notice" || kind == "gaps" ? 0 : row.number(2);
            rows.push_back({row.number(0), kind, item});
            newest[{kind, item}] = row.number(0);
        }
    }
    for (const auto& row : rows) {
        if (newest[{row.kind, row.item}] != row.rev) continue;
        LiveChange change{.rev = row.rev, .data = {{"rev", row.rev}}};
        fill(database, row.kind, row.item, change.data);
        live.changes.push_back(std::move(change));
    }
    return live;
}

}  // namespace trunkline::portal::store
