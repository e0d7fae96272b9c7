#include "portal/desk/compose.hpp"

#include <algorithm>
#include <array>

#include <boost/json/serialize.hpp>

#include "host/base/ulid.hpp"
#include "portal/fields.hpp"
#include "portal/store/command_state.hpp"
#include "portal/store/commands.hpp"
#include "portal/store/conversations.hpp"
#include "portal/store/files.hpp"
#include "portal/store/messages.hpp"

namespace trunkline::portal::desk {

namespace {

constexpr std::size_t kFilesMax = 10;
constexpr std::size_t kListMax = 100;
constexpr std::size_t kQuoteBytesMax = 300;

Error wrong(std::string what) {
    return Error{Fault::malformed, std::move(what)};
}

std::string kind_of(const std::string& mime) {
    if (mime.starts_with("image/") && !mime.starts_with("image/svg")) return "image";
    if (mime.starts_with("video/")) return "video";
    if (mime.starts_with("audio/")) return "audio";
    return "file";
}

/// The attachments as the page and the outbox read them: ours by `file`; the outbox puts the host's
/// id in its place.
Result<json::array> attachments_of(store::Database& database, const Draft& draft) {
    json::array attachments;
    for (const auto& id : draft.files) {
        const auto file = store::find_file(database, id);
        if (!file) return Error{Fault::not_found, "file " + shortened(id, 40)};
        if (!store::file_is_free(database, id))
            return Error{Fault::conflict, "this upload was sent already"};
        attachments.push_back(json::object{
            {"kind", kind_of(file->mime)},
            {"file", file->id},
            {"name", file->name},
            {"mime", file->mime},
            {"size", file->size},
        });
    }
    return attachments;
}

Result<json::object> quote_of(
    store::Database& database, std::int64_t conversation, std::int64_t message
) {
    const auto facts = store::message_facts(database, message);
    if (!facts || facts->conversation != conversation || facts->remote.empty()) {
        return Error{Fault::not_found, "the message to reply to"};
    }
    const auto body = store::message_body(database, message);
    return json::object{
        {"id", facts->remote},
        {"text", body ? shortened(text_of(*body, "text"), kQuoteBytesMax) : std::string{}},
    };
}

}  // namespace

Result<Draft> parse_draft(const json::object& body) {
    constexpr std::array<std::string_view, 6> kKnown{
        "client_id", "text", "spans", "buttons", "files", "reply_to"};
    for (const auto& member : body) {
        const std::string_view key{member.key().data(), member.key().size()};
        if (std::find(kKnown.begin(), kKnown.end(), key) == kKnown.end()) {
            return wrong("unknown member " + shortened(key, 40));
        }
    }
    Draft draft;
    draft.client = text_of(body, "client_id");
    draft.text = text_of(body, "text");
    draft.spans = array_of(body, "spans");
    draft.buttons = array_of(body, "buttons");
    draft.reply_to = number_of(body, "reply_to");
    if (draft.client.size() > 100) return wrong("client_id: at most 100 bytes");
    if (code_points(draft.text) > kTextPointsMax) return wrong("text: at most 65,536 characters");
    if (draft.spans.size() > kListMax || draft.buttons.size() > kListMax)
        return wrong("at most 100 spans or rows");
    for (const auto& file : array_of(body, "files")) {
        if (!file.is_string()) return wrong("files: ids were expected");
        draft.files.emplace_back(file.get_string().data(), file.get_string().size());
        const auto before_last = draft.files.end() - 1;
        if (std::find(draft.files.begin(), before_last, *before_last) != before_last)
            return wrong("files: one is named twice");
    }
    if (draft.files.size() > kFilesMax) return wrong("files: at most 10");
    const bool blank = draft.text.find_first_not_of(" \t\r\n") == std::string::npos;
    if (blank && draft.files.empty()) return wrong("text or files are required");
    return draft;
}

Result<Composed> compose(
    store::Database& database, std::int64_t conversation, const Draft& draft, WallMs now
) {
    if (!store::find_conversation(database, conversation))
        return Error{Fault::not_found, "conversation"};
    if (!draft.client.empty()) {
        const auto former = store::message_by_client(database, conversation, draft.client);
        if (former != 0) return Composed{former, true};
    }
    json::object body{{"text", draft.text}};
    if (!draft.spans.empty()) body["spans"] = draft.spans;
    if (!draft.buttons.empty()) body["buttons"] = draft.buttons;
    auto attachments = attachments_of(database, draft);
    if (!attachments) return attachments.error();
    if (!attachments->empty()) body["attachments"] = *std::move(attachments);
    if (draft.reply_to != 0) {
        auto quote = quote_of(database, conversation, draft.reply_to);
        if (!quote) return quote.error();
        body["reply_to"] = *std::move(quote);
    }

    const auto command = "m-" + make_ulid(now).text();
    store::NewEntry entry;
    entry.conversation = conversation;
    entry.outgoing = true;
    entry.time = now;
    entry.body = body;
    entry.command = command;
    entry.client = draft.client;
    entry.state = "saved";
    const auto message = store::add_entry(database, entry);
    store::NewCommand send;
    send.id = command;
    send.conversation = conversation;
    send.message = message;
    send.type = "send";
    send.message_body = std::move(body);
    send.files = draft.files;
    send.now = now;
    store::add_command(database, send);
    store::mark_seen(database, conversation);
    return Composed{message, false};
}

Result<Composed> alter(
    store::Database& database,
    std::int64_t message,
    Alteration alteration,
    const std::string& text,
    WallMs now
) {
    const auto facts = store::message_facts(database, message);
    if (!facts || !facts->own) return Error{Fault::not_found, "a message sent from here"};
    if (facts->deleted) return Error{Fault::conflict, "the message is deleted"};
    if (facts->remote.empty() || !store::is_confirmed(facts->state)) {
        return Error{Fault::conflict, "the message is not at the messenger yet"};
    }
    store::NewCommand change;
    change.id = (alteration == Alteration::edit ? "e-" : "d-") + make_ulid(now).text();
    change.conversation = facts->conversation;
    change.message = message;
    change.type = alteration == Alteration::edit ? "edit" : "delete";
    change.message_body = {{"id", facts->remote}};
    if (alteration == Alteration::edit) change.message_body["text"] = text;
    change.now = now;
    store::add_command(database, change);
    return Composed{message, false};
}

}  // namespace trunkline::portal::desk
