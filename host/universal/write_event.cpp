#include "host/universal/json.hpp"
#include "host/universal/json_text.hpp"
#include "host/universal/write_message.hpp"

namespace trunkline::universal {
namespace {

void write_conversation(const Conversation& conversation, std::string& out) {
    ObjectText object{out};
    object.text("id", conversation.id());
    object.text("kind", conversation.kind());
    object.text("title", conversation.title());
    object.text("url", conversation.url());
    object.text("thread", conversation.thread());
    object.end();
}

void write_sender(const Sender& sender, std::string& out) {
    ObjectText object{out};
    object.text("id", sender.id());
    object.text("name", sender.name());
    object.text("username", sender.username());
    object.text("language", sender.language());
    object.text("avatar", sender.avatar());
    object.text("phone", sender.phone());
    object.flag("bot", sender.bot());
    object.end();
}

void write_status(const Event& event, ObjectText& object, std::string& out) {
    object.text_if("command", event.command());
    object.text_if("state", event.state());
    if (event.has_until()) object.time("until", event.until());
    if (event.messages_size() > 0) {
        append_json_list(event.messages(), object.key("messages"), [&](const std::string& id) {
            append_json_string(id, out);
        });
    }
    if (event.changes_size() > 0) {
        append_json_list(event.changes(), object.key("changes"), [&](const Change& change) {
            ObjectText one{out};
            one.text("what", change.what());
            one.text("how", change.how());
            one.end();
        });
    }
    if (event.has_error()) {
        ObjectText error{object.key("error")};
        error.text("code", event.error().code());
        error.text("message", event.error().message());
        error.flag("permanent", event.error().permanent());
        error.end();
    }
    if (event.has_through_time()) object.time("through_time", event.through_time());
    object.text_if("through_message", event.through_message());
}

void write_notice(const Event& event, ObjectText& object) {
    object.text_if("code", event.code());
    if (event.has_gap()) {
        ObjectText gap{object.key("gap")};
        gap.number("from", event.gap().from());
        gap.number("through", event.gap().through());
        gap.number("count", event.gap().count());
        gap.text("reason", event.gap().reason());
        gap.end();
    }
    if (event.has_health()) {
        const AccountHealth& health = event.health();
        ObjectText account{object.key("account")};
        account.text("account", health.account());
        account.text("state", health.state());
        account.text_if("code", health.code());
        account.text("text", health.text());
        account.text("action", health.action());
        if (health.has_until()) account.time("until", health.until());
        account.end();
    }
}

void write_head(const Event& event, ObjectText& object) {
    object.text_if("id", event.id());
    object.number_if("sequence", event.sequence());
    object.number_if("conversation_sequence", event.conversation_sequence());
    object.text("type", event.type());
    if (event.has_time()) object.time("time", event.time());
    if (event.has_received()) object.time("received", event.received());
    object.text_if("connector", event.connector());
    // A notice about an account's health has an object of that name, which names the account
    // itself.
    if (!event.has_health()) object.text_if("account", event.account());
    object.text_if("line", event.line());
}

}  // namespace

void write_json(const Event& event, std::string& out) {
    ObjectText object{out};
    write_head(event, object);
    if (event.has_conversation())
        write_conversation(event.conversation(), object.key("conversation"));
    if (event.has_sender()) write_sender(event.sender(), object.key("sender"));
    if (event.has_message())
        write_message(event.message(), Audience::portal, object.key("message"));
    object.flag_if("outgoing", event.outgoing());
    object.flag_if("late", event.late());
    if (event.has_revision()) object.number("revision", event.revision());
    object.text_if("replaces", event.replaces());
    object.text_if("emoji", event.emoji());
    if (event.has_removed()) object.flag("removed", event.removed());
    if (event.has_button()) write_button(event.button(), object.key("button"));
    write_status(event, object, out);
    if (event.has_on()) object.flag("on", event.on());
    if (event.has_who()) write_sender(event.who(), object.key("who"));
    object.text_if("action", event.action());
    object.text_if("former", event.former());
    object.text_if("reason", event.reason());
    object.text_if("quarantine", event.quarantine());
    if (event.has_text()) object.text("text", event.text());
    write_notice(event, object);
    if (event.has_requeued()) {
        ObjectText requeued{object.key("requeued")};
        requeued.number("sequence", event.requeued().sequence());
        requeued.end();
    }
    object.members_of(event.extra());
    object.end();
}

}  // namespace trunkline::universal
