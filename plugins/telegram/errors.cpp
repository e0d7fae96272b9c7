#include "errors.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "json_read.hpp"

namespace trunkline::telegram {

namespace {

struct Row {
    int status;              ///< 0 = any
    std::string_view words;  ///< lower case, contained in the description; "" = the status alone
    Verdict verdict;
    std::string_view code;
    std::string_view text;  ///< "" = Telegram's own description
};

// The first match wins, so the narrower row stands first. Source: telegram.md section 6, read in
// the official server 10.0.
constexpr std::array<Row, 61> kRows{{
    {401,
     "",
     Verdict::account_broken,
     "token_rejected",
     "Telegram refuses the bot's token: it was revoked or mistyped"},
    {0,
     "frozen_method_invalid",
     Verdict::account_broken,
     "bot_frozen",
     "Telegram has frozen this bot"},
    {406, "", Verdict::account_broken, "bot_frozen", "Telegram has frozen this bot"},
    {400,
     "logged out",
     Verdict::account_broken,
     "logged_out",
     "The bot was moved to another Bot API server"},
    {421,
     "",
     Verdict::account_broken,
     "wrong_server",
     "This Bot API server does not serve this bot"},
    {409, "", Verdict::conflict, "conflict", ""},
    {429, "", Verdict::retry, "too_many_requests", ""},
    {413,
     "",
     Verdict::rejected,
     "file_too_large",
     "The file is larger than Telegram takes (50 MB, photos 10 MB)"},
    {400, "upgraded to a supergroup", Verdict::migrated, "migrated", ""},
    {400, "message is not modified", Verdict::not_modified, "not_modified", ""},
    {400, "message to be replied not found", Verdict::reply_missing, "reply_missing", ""},
    {400, "replied message not found", Verdict::reply_missing, "reply_missing", ""},
    {400, "reply message not found", Verdict::reply_missing, "reply_missing", ""},
    {400, "quote_text_invalid", Verdict::reply_missing, "reply_missing", ""},
    {400, "query is too old", Verdict::ignore, "query_too_old", ""},
    {400, "can't parse entities", Verdict::formatting, "formatting", ""},
    {400, "entity_", Verdict::formatting, "formatting", ""},
    {400,
     "voice_messages_forbidden",
     Verdict::voice_forbidden,
     "voice_forbidden",
     "The customer does not accept voice messages"},
    {400, "wrong file identifier", Verdict::file_address, "file_address", ""},
    {400, "wrong http url", Verdict::file_address, "file_address", ""},
    {400, "failed to get http url content", Verdict::file_address, "file_address", ""},
    {400, "wrong type of the web page content", Verdict::file_address, "file_address", ""},
    {400, "can't upload file by url", Verdict::file_address, "file_address", ""},
    {400, "photo_invalid_dimensions", Verdict::file_address, "photo_invalid", ""},
    {400, "image_process_failed", Verdict::file_address, "photo_invalid", ""},
    {400, "photo_save_file_invalid", Verdict::file_address, "photo_invalid", ""},
    {400, "wrong file_id", Verdict::rejected, "file_unknown", "Telegram no longer knows this file"},
    {400,
     "invalid file_id",
     Verdict::rejected,
     "file_unknown",
     "Telegram no longer knows this file"},
    {400,
     "file is too big",
     Verdict::rejected,
     "file_too_large",
     "The file is larger than the 20 MiB Telegram hands out to bots"},
    {400, "temporarily unavailable", Verdict::retry, "unavailable", ""},
    {400, "group send failed", Verdict::retry, "unavailable", ""},
    {400, "no text in the message to edit", Verdict::caption_only, "caption_only", ""},
    {400, "no media in the message to edit", Verdict::rejected, "not_editable", ""},
    {400, "message to edit not found", Verdict::rejected, "message_not_found", ""},
    {400, "message can't be edited", Verdict::rejected, "not_editable", ""},
    {400, "message to delete not found", Verdict::rejected, "message_not_found", ""},
    {400, "message can't be deleted", Verdict::rejected, "not_deletable", ""},
    {400, "message to react not found", Verdict::rejected, "message_not_found", ""},
    {400, "reaction_invalid", Verdict::rejected, "reaction_invalid", ""},
    {400, "message text is empty", Verdict::rejected, "text_empty", ""},
    {400, "message is too long", Verdict::rejected, "text_too_long", ""},
    {400, "caption is too long", Verdict::rejected, "text_too_long", ""},
    {400, "caption_too_long", Verdict::rejected, "text_too_long", ""},
    {400, "reply markup is too long", Verdict::rejected, "buttons_invalid", ""},
    {400, "button_", Verdict::rejected, "buttons_invalid", ""},
    {400, "message thread not found", Verdict::rejected, "no_rights", ""},
    {400, "topic_closed", Verdict::rejected, "no_rights", ""},
    {400, "no rights", Verdict::rejected, "no_rights", ""},
    {400, "not enough rights", Verdict::rejected, "no_rights", ""},
    {400, "need administrator rights", Verdict::rejected, "no_rights", ""},
    {400, "chat_write_forbidden", Verdict::rejected, "no_rights", ""},
    {400, "business_connection_invalid", Verdict::rejected, "business_disconnected", ""},
    {400, "business_peer_invalid", Verdict::rejected, "business_disconnected", ""},
    {400, "chat not found", Verdict::rejected, "conversation_not_found", ""},
    {400, "peer_id_invalid", Verdict::rejected, "conversation_not_found", ""},
    {403,
     "blocked by the user",
     Verdict::rejected,
     "blocked_by_customer",
     "The customer has blocked the bot"},
    {403,
     "deactivated",
     Verdict::rejected,
     "customer_deleted",
     "The customer has deleted the Telegram account"},
    {403,
     "can't initiate",
     Verdict::rejected,
     "conversation_not_started",
     "The customer has not started the bot"},
    {403, "kicked", Verdict::rejected, "removed_from_group", "The bot was removed from the group"},
    {403,
     "not a member",
     Verdict::rejected,
     "removed_from_group",
     "The bot is not a member of the group"},
    {403,
     "group chat was deleted",
     Verdict::rejected,
     "removed_from_group",
     "The group was deleted"},
}};

constexpr std::int64_t kRetryAfterMaxS = 24 * 3600;

std::string lower(std::string_view text) {
    std::string result{text.substr(0, 1000)};
    std::transform(result.begin(), result.end(), result.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return result;
}

const Row* find_row(std::int64_t status, std::string_view description) {
    const auto words = lower(description);
    const auto* found = std::find_if(kRows.begin(), kRows.end(), [&](const Row& row) {
        return (row.status == 0 || row.status == status) &&
               words.find(row.words) != std::string::npos;
    });
    return found == kRows.end() ? nullptr : found;
}

std::int64_t wait_ms(const json::object* parameters, std::string_view header) {
    std::int64_t seconds = 0;
    if (parameters != nullptr) seconds = integer_at(*parameters, "retry_after").value_or(0);
    if (seconds <= 0) {
        const auto [end, error] =
            std::from_chars(header.data(), header.data() + header.size(), seconds);
        if (error != std::errc{} || end != header.data() + header.size()) seconds = 0;
    }
    return std::clamp<std::int64_t>(seconds, 0, kRetryAfterMaxS) * 1000;
}

/// An answer that is not the Bot API's own: a proxy's page, an emulator's error, half a body.
Answer foreign_answer(const Reply& reply) {
    Answer answer;
    answer.text = "Telegram answered HTTP " + std::to_string(reply.status);
    answer.code = "http_" + std::to_string(reply.status);
    if (reply.status == 401) {
        answer.verdict = Verdict::account_broken;
        answer.code = "token_rejected";
    } else if (reply.status == 429) {
        answer.verdict = Verdict::retry;
        answer.throttled = true;
        answer.delay_ms = wait_ms(nullptr, reply.retry_after);
    } else if (reply.status == 413) {
        answer.verdict = Verdict::rejected;
        answer.code = "file_too_large";
    } else if (reply.status >= 300 && reply.status < 500) {
        answer.verdict = Verdict::rejected;
    } else {
        answer.verdict =
            Verdict::unknown;  // 5xx from somebody in between, or a 200 that cannot be read
    }
    return answer;
}

void explain(Answer& answer, std::int64_t status, std::string_view description, const Row* row) {
    if (row != nullptr) {
        answer.verdict = row->verdict;
        answer.code = row->code;
        answer.text = row->text.empty() ? std::string{description} : std::string{row->text};
        return;
    }
    answer.text = description.empty() ? "Telegram answered " + std::to_string(status)
                                      : std::string{description};
    if (status >= 500) {
        answer.verdict = Verdict::retry;
        answer.code = "unavailable";
    } else {
        answer.verdict = Verdict::rejected;
        answer.code = status == 403 ? "forbidden" : status == 404 ? "not_found" : "bad_request";
    }
}

}  // namespace

Answer read_answer(const Reply& reply) {
    if (reply.status == 0) {
        Answer answer;
        answer.verdict = reply.may_have_arrived ? Verdict::unknown : Verdict::retry;
        answer.code = "no_answer";
        answer.text = "Telegram did not answer";
        return answer;
    }
    auto parsed = parse(reply.body);
    auto* body = parsed && parsed->is_object() ? &parsed->get_object() : nullptr;
    const auto* ok = body == nullptr ? nullptr : member(*body, "ok");
    if (ok == nullptr || !ok->is_bool()) return foreign_answer(reply);

    Answer answer;
    if (ok->get_bool()) {
        if (reply.status >= 300) return foreign_answer(reply);
        answer.verdict = Verdict::ok;
        answer.text = text_at(*body, "description");
        if (auto* result = body->if_contains("result")) answer.result = std::move(*result);
        return answer;
    }
    const auto status = integer_at(*body, "error_code").value_or(reply.status);
    const auto* parameters = object_at(*body, "parameters");
    const auto description = text_at(*body, "description");
    explain(answer, status, description, find_row(status, description));
    if (parameters != nullptr)
        answer.migrate_to = integer_at(*parameters, "migrate_to_chat_id").value_or(0);
    if (answer.migrate_to != 0 && answer.verdict == Verdict::rejected)
        answer.verdict = Verdict::migrated;
    if (answer.verdict == Verdict::migrated && answer.migrate_to == 0)
        answer.verdict = Verdict::rejected;
    if (answer.verdict == Verdict::retry) {
        answer.throttled = status == 429;
        answer.delay_ms = wait_ms(parameters, reply.retry_after);
    }
    return answer;
}

}  // namespace trunkline::telegram
