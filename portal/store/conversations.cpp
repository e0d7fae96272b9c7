#include "portal/store/conversations.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "portal/fields.hpp"
#include "portal/store/changes.hpp"

namespace trunkline::portal::store {

namespace {

constexpr std::size_t kNameBytesMax = 512;

struct Facts {
    std::string connector{}, line{}, kind{}, title{}, url{}, customer{};
    bool operator==(const Facts&) const = default;
};

/// What is known already, with what the event adds. Empty values in an event mean "not said", never
/// "now empty".
Facts merged(Facts known, const json::object& event, const json::object& conversation) {
    const auto take = [](std::string& into, std::string value) {
        if (!value.empty()) into = shortened(value, kNameBytesMax);
    };
    take(known.connector, text_of(event, "connector"));
    take(known.line, text_of(event, "line"));
    take(known.kind, text_of(conversation, "kind"));
    take(known.title, text_of(conversation, "title"));
    take(known.url, text_of(conversation, "url"));
    // In a group every message has another sender; there the title is the name and nobody is "the
    // customer".
    const auto& sender = object_of(event, "sender");
    if (known.kind != "direct" || sender.empty() || flag_of(event, "outgoing") ||
        flag_of(sender, "bot"))
        return known;
    boost::system::error_code failure;
    auto former = json::parse(known.customer, failure);
    json::object customer = !failure && former.is_object() ? former.get_object() : json::object{};
    for (const char* key : {"id", "name", "username", "language", "avatar", "phone"}) {
        if (auto value = text_of(sender, key); !value.empty())
            customer[key] = shortened(value, kNameBytesMax);
    }
    known.customer = json::serialize(customer);
    return known;
}

constexpr const char* kColumns =
    "SELECT id, account, external, connector, line, kind, title, url, customer, last_text, "
    "last_time, last_placed, unread "
    "FROM conversations WHERE id = ?";
constexpr const char* kList =
    "SELECT id, account, external, connector, line, kind, title, url, customer, last_text, "
    "last_time, last_placed, unread "
    "FROM conversations WHERE ?1 = 0 OR last_placed < ?1 ORDER BY last_placed DESC, id DESC LIMIT "
    "?2";

json::object view_of(const Statement& row) {
    boost::system::error_code failure;
    auto customer = json::parse(row.text(8), failure);
    json::object shown = !failure && customer.is_object() ? customer.get_object() : json::object{};
    const auto id = row.number(0);
    // The page asks the portal for pictures, never another origin.
    if (!text_of(shown, "avatar").empty())
        shown["avatar"] = "/api/conversations/" + std::to_string(id) + "/avatar";
    const auto kind = row.text(5);
    auto name = kind == "direct" ? text_of(shown, "name") : row.text(6);
    if (name.empty()) name = text_of(shown, "username");
    if (name.empty()) name = row.text(6).empty() ? row.text(2) : row.text(6);
    return {
        {"id", id},
        {"account", row.text(1)},
        {"external", row.text(2)},
        {"connector", row.text(3)},
        {"line", row.text(4)},
        {"kind", kind},
        {"name", name},
        {"title", row.text(6)},
        {"url", row.text(7)},
        {"customer", std::move(shown)},
        {"last_text", row.text(9)},
        {"last_time", row.number(10) == 0 ? std::string{} : rfc3339(row.number(10))},
        {"placed", row.number(11)},
        {"unread", row.number(12)},
    };
}

}  // namespace

std::int64_t conversation_of(Database& database, const json::object& event) {
    const auto& conversation = object_of(event, "conversation");
    const auto account = text_of(event, "account");
    const auto external = text_of(conversation, "id");
    if (account.empty() || external.empty()) return 0;

    std::int64_t id = 0;
    Facts known{.kind = "direct", .customer = "{}"};
    {
        Statement row = database.query(
            "SELECT id, connector, line, kind, title, url, customer FROM conversations WHERE "
            "account = ? AND external = ?",
            account,
            external
        );
        if (row.step()) {
            id = row.number(0);
            known = {row.text(1), row.text(2), row.text(3), row.text(4), row.text(5), row.text(6)};
        }
    }
    const Facts facts = merged(known, event, conversation);
    if (id == 0) {
        database.run(
            "INSERT INTO conversations(account, external) VALUES(?, ?)", account, external
        );
        id = database.last_id();
    } else if (facts == known) {
        return id;
    }
    database.run(
        "UPDATE conversations SET connector = ?, line = ?, kind = ?, title = ?, url = ?, customer "
        "= ? WHERE id = ?",
        facts.connector,
        facts.line,
        facts.kind,
        facts.title,
        facts.url,
        facts.customer,
        id
    );
    tell(database, "conversation", id, id);
    return id;
}

std::optional<ConversationAddress> find_conversation(Database& database, std::int64_t id) {
    Statement row =
        database.query("SELECT id, account, external FROM conversations WHERE id = ?", id);
    if (!row.step()) return std::nullopt;
    return ConversationAddress{row.number(0), row.text(1), row.text(2)};
}

void show_last(Database& database, const LastEntry& entry) {
    database.run(
        "UPDATE conversations SET last_text = ?, last_time = ?, last_placed = ?, unread = unread + "
        "? WHERE id = ?",
        entry.text,
        entry.time,
        entry.placed,
        entry.unread ? 1 : 0,
        entry.conversation
    );
    tell(database, "conversation", entry.conversation, entry.conversation);
}

void mark_seen(Database& database, std::int64_t conversation) {
    database.run("UPDATE conversations SET unread = 0 WHERE id = ? AND unread > 0", conversation);
    if (database.changed_rows() > 0) tell(database, "conversation", conversation, conversation);
}

std::optional<json::object> conversation_view(Database& database, std::int64_t id) {
    Statement row = database.query(kColumns, id);
    if (!row.step()) return std::nullopt;
    return view_of(row);
}

std::string customer_avatar(Database& database, std::int64_t id) {
    Statement row = database.query("SELECT customer FROM conversations WHERE id = ?", id);
    if (!row.step()) return {};
    const auto customer = parse_object(row.text(0));
    return customer ? text_of(*customer, "avatar") : std::string{};
}

json::array list_conversations(Database& database, std::int64_t before, std::int64_t limit) {
    json::array conversations;
    Statement row = database.query(kList, before, limit);
    while (row.step())
        conversations.push_back(view_of(row));
    return conversations;
}

}  // namespace trunkline::portal::store
