#include <array>

#include "host/universal/json.hpp"
#include "host/universal/read_message.hpp"
#include "host/universal/reader.hpp"

namespace trunkline::universal {

namespace json = boost::json;

namespace {

constexpr std::size_t kMessagesMax = 1000;  // ids of one status
constexpr std::size_t kChangesMax = 100;

void read_conversation(Reading& reading, const json::value& value, Conversation& out) {
    Members members{reading, value};
    put(out, &Conversation::mutable_id, members.id("id", kNameBytesMax));
    put(out, &Conversation::mutable_kind, members.text("kind", 64));
    put(out, &Conversation::mutable_title, members.text("title", kNameBytesMax));
    put(out, &Conversation::mutable_url, members.url("url", kUrlBytesMax));
    put(out, &Conversation::mutable_thread, members.id("thread", kNameBytesMax));
}

void read_sender(Reading& reading, const json::value& value, Sender& out) {
    Members members{reading, value};
    put(out, &Sender::mutable_id, members.id("id", kNameBytesMax));
    put(out, &Sender::mutable_name, members.text("name", kNameBytesMax));
    put(out, &Sender::mutable_username, members.text("username", kNameBytesMax));
    put(out, &Sender::mutable_language, members.text("language", 64));
    put(out, &Sender::mutable_avatar, members.url("avatar", kUrlBytesMax));
    put(out, &Sender::mutable_phone, members.text("phone", 256));
    out.set_bot(members.flag("bot").value_or(false));
    put(out, &Sender::mutable_avatar_ref, members.text("avatar_ref", kUrlBytesMax));
}

void read_error(Reading& reading, const json::value& value, Failure& out) {
    Members members{reading, value};
    put(out, &Failure::mutable_code, members.id("code", kNameBytesMax));
    put(out, &Failure::mutable_message, members.text("message", kNameBytesMax));
    out.set_permanent(members.flag("permanent").value_or(false));
}

void read_status(Reading& reading, Members& members, Event& out) {
    put(out, &Event::mutable_command, members.id("command", kNameBytesMax));
    put(out, &Event::mutable_state, members.text("state", 64));
    if (const auto until = members.time("until")) out.set_until(*until);
    if (const auto* ids = members.list("messages", kMessagesMax)) {
        const Reading::Step step{reading, "messages"};
        for (std::size_t i = 0; i < ids->size() && reading.good(); ++i) {
            const Reading::Step at{reading, i};
            const auto* text = (*ids)[i].if_string();
            if (text != nullptr && text->size() <= kNameBytesMax)
                out.add_messages(std::string{text->data(), text->size()});
            else if (const auto* number = (*ids)[i].if_int64())
                out.add_messages(std::to_string(*number));
            else
                reading.fail("expected an id");
        }
    }
    if (const auto* changes = members.list("changes", kChangesMax)) {
        const Reading::Step step{reading, "changes"};
        for (std::size_t i = 0; i < changes->size() && reading.good(); ++i) {
            const Reading::Step at{reading, i};
            Members change{reading, (*changes)[i]};
            Change& into = *out.add_changes();
            into.set_what(change.text("what", kNameBytesMax));
            into.set_how(change.text("how", kNameBytesMax));
        }
    }
    if (const auto* error = members.take("error")) {
        const Reading::Step step{reading, "error"};
        read_error(reading, *error, *out.mutable_error());
    }
    if (const auto time = members.time("through_time")) out.set_through_time(*time);
    put(out, &Event::mutable_through_message, members.id("through_message", kNameBytesMax));
}

void read_details(Reading& reading, Members& members, Event& out) {
    out.set_outgoing(members.flag("outgoing").value_or(false));
    out.set_late(members.flag("late").value_or(false));
    if (const auto revision = members.integer("revision")) out.set_revision(*revision);
    put(out, &Event::mutable_replaces, members.text("replaces", 64));
    put(out, &Event::mutable_emoji, members.text("emoji", 256));
    if (const auto removed = members.flag("removed")) out.set_removed(*removed);
    if (const auto on = members.flag("on")) out.set_on(*on);
    put(out, &Event::mutable_action, members.text("action", 64));
    put(out, &Event::mutable_former, members.id("former", kNameBytesMax));
    put(out, &Event::mutable_reason, members.text("reason", kNameBytesMax));
    put(out, &Event::mutable_quarantine, members.text("quarantine", kNameBytesMax));
    if (auto text = members.optional_text("text", kTextCodePointsMax))
        out.set_text(*std::move(text));
    put(out, &Event::mutable_code, members.text("code", kNameBytesMax));
    if (const auto* button = members.take("button")) {
        const Reading::Step step{reading, "button"};
        read_button(reading, *button, Origin::connector, *out.mutable_button());
    }
    if (const auto* who = members.take("who")) {
        const Reading::Step step{reading, "who"};
        read_sender(reading, *who, *out.mutable_who());
    }
    if (const auto* gap = members.take("gap")) {
        const Reading::Step step{reading, "gap"};
        Members of{reading, *gap};
        out.mutable_gap()->set_from(of.size("from"));
        out.mutable_gap()->set_through(of.size("through"));
        out.mutable_gap()->set_count(of.size("count"));
        out.mutable_gap()->set_reason(of.text("reason", kNameBytesMax));
    }
}

// What a type cannot do without. Types nobody here knows need nothing.
void require(Reading& reading, const Event& event) {
    const std::string& type = event.type();
    const bool message = event.has_message();
    const bool id = message && !event.message().id().empty();
    if (type.empty()) return reading.fail("an event needs a type");
    if (type == "message" && !message) return reading.fail("needs a message");
    if ((type == "edited" || type == "deleted" || type == "reaction") && !id)
        return reading.fail("needs message.id");
    if (type == "reaction" && event.emoji().empty()) return reading.fail("needs an emoji");
    if (type == "callback" && !event.has_button()) return reading.fail("needs a button");
    if ((type == "status" || type == "presence") && event.state().empty())
        return reading.fail("needs a state");
    const bool watermark = event.has_through_time() || !event.through_message().empty();
    const bool named = id || event.messages_size() > 0 || watermark;
    if (type == "status" && event.command().empty() && !named) {
        return reading.fail("needs command, message, messages, through_time or through_message");
    }
    if (type == "read" && !named)
        return reading.fail("needs through_time, through_message or message");
    if (type == "typing" && !event.has_on()) return reading.fail("needs on");
    if (type == "member" && event.action().empty()) return reading.fail("needs an action");
}

// A status may name its message by the bare id; everywhere else `message` is the whole thing.
void read_message_member(Reading& reading, Members& members, Event& out) {
    const auto* value = members.take("message");
    if (value == nullptr) return;
    const Reading::Step step{reading, "message"};
    const bool bare = (out.type() == "status" || out.type() == "read") && !value->is_object();
    if (!bare) return read_message(reading, *value, Origin::connector, *out.mutable_message());
    if (value->is_int64())
        out.mutable_message()->set_id(std::to_string(value->get_int64()));
    else if (value->is_string())
        out.mutable_message()->set_id(value->get_string().c_str());
    else
        reading.fail("expected an id or an object");
}

// What the host adds at acceptance.
void read_host_members(Reading& reading, Members& members, Event& out) {
    put(out, &Event::mutable_id, members.text("id", 64));
    out.set_sequence(members.size("sequence"));
    out.set_conversation_sequence(members.size("conversation_sequence"));
    if (const auto received = members.time("received")) out.set_received(*received);
    put(out, &Event::mutable_connector, members.text("connector", 64));
    put(out, &Event::mutable_line, members.text("line", kNameBytesMax));
    if (const auto* requeued = members.take("requeued")) {
        const Reading::Step step{reading, "requeued"};
        Members of{reading, *requeued};
        out.mutable_requeued()->set_sequence(of.size("sequence"));
    }
    const auto* account = members.take("account");
    if (account == nullptr) return;
    const Reading::Step step{reading, "account"};
    if (account->is_string()) {
        out.set_account(std::string{account->get_string().data(), account->get_string().size()});
        return;
    }
    Members of{reading, *account};
    AccountHealth& health = *out.mutable_health();
    health.set_account(of.text("account", kNameBytesMax));
    health.set_state(of.text("state", 64));
    health.set_code(of.text("code", kNameBytesMax));
    health.set_text(of.text("text", kNameBytesMax));
    health.set_action(of.text("action", kNameBytesMax));
    if (const auto until = of.time("until")) health.set_until(*until);
}

void refuse_host_members(Reading& reading, Members& members) {
    for (const char* name :
         {"id",
          "sequence",
          "conversation_sequence",
          "received",
          "connector",
          "account",
          "line",
          "requeued"}) {
        if (members.take(name) == nullptr) continue;
        const Reading::Step step{reading, name};
        return reading.fail("is for the host to say");
    }
}

Result<void> read(std::string_view text, bool written, Event& event) {
    Reading reading;
    // A message without files fits, and nothing is asked of the heap.
    std::array<unsigned char, 8 * 1024> typical;  // NOLINT: not to be filled
    json::monotonic_resource memory{typical.data(), typical.size()};
    const json::value value = parse_bounded(reading, text, &memory);
    if (reading.good()) {
        Members members{reading, value};
        put(event, &Event::mutable_type, members.text("type", 64));
        if (const auto time = members.time("time")) event.set_time(*time);
        if (written)
            read_host_members(reading, members, event);
        else
            refuse_host_members(reading, members);
        if (const auto* conversation = members.take("conversation")) {
            const Reading::Step step{reading, "conversation"};
            read_conversation(reading, *conversation, *event.mutable_conversation());
        }
        if (const auto* sender = members.take("sender")) {
            const Reading::Step step{reading, "sender"};
            read_sender(reading, *sender, *event.mutable_sender());
        }
        read_message_member(reading, members, event);
        read_status(reading, members, event);
        read_details(reading, members, event);
        put(event, &Event::mutable_extra, members.rest());
        if (!written) require(reading, event);
    }
    if (!reading.good()) return Error{Fault::malformed, reading.problem()};
    return {};
}

Result<Event> read(std::string_view text, bool written) {
    Event event;
    const auto done = read(text, written, event);
    if (!done) return done.error();
    return event;
}

}  // namespace

Result<Event> read_event(std::string_view json) {
    return read(json, false);
}
Result<void> read_event(std::string_view json, Event& out) {
    return read(json, false, out);
}
Result<Event> read_written_event(std::string_view json) {
    return read(json, true);
}

}  // namespace trunkline::universal
