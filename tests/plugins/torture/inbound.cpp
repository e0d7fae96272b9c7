#include "work.hpp"

namespace trunkline::torture {
namespace {

void report_message(Context& context, const json::value& message) {
    const std::string chat = id_at(message, "chat");
    const std::string id = id_at(message, "id");
    const json::value event = {
        {"type", "message"},
        {"conversation", {{"id", chat}, {"kind", "direct"}}},
        {"sender", {{"id", chat}, {"name", text_at(message, "from")}}},
        {"message", {{"id", id}, {"text", text_at(message, "text")}}}};
    context.item(
        {.conversation = chat,
         .dedup = chat + "/" + id,
         .json = json::serialize(event),
         .note = std::string{text_at(message, "reply_address")},
         .outgoing = flag_at(message, "echo"),
         .history = flag_at(message, "old")}
    );
    // The echo of our own call tells a task that lost its answer what became of it.
    if (flag_at(message, "echo") && !text_at(message, "token").empty()) {
        context.put(
            Scope::account,
            "echo/" + std::string{text_at(message, "token")},
            id,
            context.now_ms() + 600'000
        );
    }
}

void report_unsupported(Context& context, const json::value& entry) {
    const json::value event = {
        {"type", "unsupported"}, {"reason", "unknown_type"}, {"text", text_at(entry, "text")}};
    const std::string chat = id_at(entry, "chat");
    context.item(
        {.conversation = chat,
         .dedup = chat + "/" + id_at(entry, "id"),
         .json = json::serialize(event),
         .raw = json::serialize(entry)}
    );
}

}  // namespace

void report(Context& context, const json::value& body) {
    for (const json::value& entry : list_at(body, "messages")) {
        const std::string_view type = text_at(entry, "type");
        if (type == "text") {
            report_message(context, entry);
        } else if (type == "migrated") {
            context.alias(id_at(entry, "chat"), id_at(entry, "former"));
        } else if (type == "restricted") {
            context.health(
                "blocked",
                "restricted",
                "Sending is restricted.",
                number_at(entry, "until").value_or(0)
            );
        } else {
            report_unsupported(context, entry);
        }
    }
}

}  // namespace trunkline::torture
