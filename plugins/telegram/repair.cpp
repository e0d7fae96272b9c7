#include "repair.hpp"

#include "json_read.hpp"

namespace trunkline::telegram {

namespace {

/// What Telegram takes when it refuses a photo, a voice message or a video as such. An album goes
/// as a whole: documents stand only with documents.
bool as_document(Call& call) {
    bool changed = false;
    for (auto& file : call.files) {
        if (file.field == "document") continue;
        file.field = "document";
        for (const auto* key : {"duration", "width", "height", "supports_streaming"})
            file.about.erase(key);
        changed = true;
    }
    if (changed && call.files.size() == 1 && call.method != "editMessageMedia")
        call.method = "sendDocument";
    return changed;
}

bool without_formatting(Call& call) {
    auto taken = call.params.erase("entities") + call.params.erase("caption_entities");
    for (auto& file : call.files)
        taken += file.about.erase("caption_entities");
    return taken != 0;
}

bool with_bytes(Call& call) {
    bool changed = false;
    for (auto& file : call.files) {
        if (!file.by_url || file.id.empty()) continue;
        file.by_url = false;
        changed = true;
    }
    return changed;
}

/// A quote must stand in the message word for word; the answer itself says enough without it.
bool without_quote(Call& call) {
    auto* reply = call.params.if_contains("reply_parameters");
    return reply != nullptr && reply->is_object() && reply->get_object().erase("quote") != 0;
}

bool as_caption(Call& call) {
    if (call.method != "editMessageText") return false;
    call.method = "editMessageCaption";
    for (const auto& [from, to] :
         {std::pair{"text", "caption"}, std::pair{"entities", "caption_entities"}}) {
        if (auto* value = call.params.if_contains(from)) {
            json::value moved = std::move(*value);
            call.params.erase(from);
            call.params[to] = std::move(moved);
        }
    }
    return true;
}

bool at_new_id(Call& call, std::int64_t id) {
    const auto now = integer_at(call.params, "chat_id");
    if (id == 0 || now == id) return false;
    // A group moves once; a second move in one call would be a loop somebody else built.
    if (call.moved) return false;
    call.migrated_from = now.value_or(0);
    call.params["chat_id"] = id;
    call.moved = true;
    return true;
}

}  // namespace

bool repair(Call& call, const Answer& answer) {
    switch (answer.verdict) {
        case Verdict::formatting:
            return without_formatting(call);
        case Verdict::reply_missing:
            return without_quote(call) || call.params.erase("reply_parameters") != 0;
        case Verdict::file_address:
            return with_bytes(call) || as_document(call);
        case Verdict::voice_forbidden:
            return as_document(call);
        case Verdict::caption_only:
            return as_caption(call);
        case Verdict::migrated:
            return at_new_id(call, answer.migrate_to);
        case Verdict::ok:
        case Verdict::not_modified:
        case Verdict::ignore:
        case Verdict::retry:
        case Verdict::unknown:
        case Verdict::account_broken:
        case Verdict::conflict:
        case Verdict::rejected:
            return false;
    }
    return false;
}

}  // namespace trunkline::telegram
