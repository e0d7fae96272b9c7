#include "errors.hpp"

#include <gtest/gtest.h>

#include "json_read.hpp"

namespace trunkline::telegram {
namespace {

Answer refusal(int code, std::string_view description, std::string_view parameters = "") {
    auto body = json::object{{"ok", false}, {"error_code", code}, {"description", description}};
    if (!parameters.empty()) body["parameters"] = *parse(parameters);
    const auto text = json::serialize(body);
    return read_answer({.status = code, .may_have_arrived = false, .retry_after = "", .body = text}
    );
}

struct Row {
    int code;
    std::string_view description;
    Verdict verdict;
    std::string_view machine;
};

// telegram.md section 6, row by row.
const std::vector<Row> kTable{
    {400, "Bad Request: chat not found", Verdict::rejected, "conversation_not_found"},
    {400, "Bad Request: private chat not found", Verdict::rejected, "conversation_not_found"},
    {400, "Bad Request: PEER_ID_INVALID", Verdict::rejected, "conversation_not_found"},
    {400,
     "Bad Request: message is not modified: specified new message content ...",
     Verdict::not_modified,
     "not_modified"},
    {400, "Bad Request: message to be replied not found", Verdict::reply_missing, "reply_missing"},
    {400, "Bad Request: message to edit not found", Verdict::rejected, "message_not_found"},
    {400, "Bad Request: message can't be edited", Verdict::rejected, "not_editable"},
    {400, "Bad Request: message to delete not found", Verdict::rejected, "message_not_found"},
    {400, "Bad Request: message can't be deleted for everyone", Verdict::rejected, "not_deletable"},
    {400, "Bad Request: message text is empty", Verdict::rejected, "text_empty"},
    {400, "Bad Request: message is too long", Verdict::rejected, "text_too_long"},
    {400, "Bad Request: MEDIA_CAPTION_TOO_LONG", Verdict::rejected, "text_too_long"},
    {400, "Bad Request: message caption is too long", Verdict::rejected, "text_too_long"},
    {400,
     "Bad Request: can't parse entities: Unsupported start tag",
     Verdict::formatting,
     "formatting"},
    {400,
     "Bad Request: there is no text in the message to edit",
     Verdict::caption_only,
     "caption_only"},
    {400,
     "Bad Request: there is no media in the message to edit",
     Verdict::rejected,
     "not_editable"},
    {400, "Bad Request: group send failed", Verdict::retry, "unavailable"},
    {400,
     "Bad Request: wrong file identifier/HTTP URL specified",
     Verdict::file_address,
     "file_address"},
    {400, "Bad Request: Wrong HTTP URL specified", Verdict::file_address, "file_address"},
    {400, "Bad Request: failed to get HTTP URL content", Verdict::file_address, "file_address"},
    {400, "Bad Request: wrong type of the web page content", Verdict::file_address, "file_address"},
    {400, "Bad Request: can't upload file by URL", Verdict::file_address, "file_address"},
    {400, "Bad Request: PHOTO_INVALID_DIMENSIONS", Verdict::file_address, "photo_invalid"},
    {400, "Bad Request: IMAGE_PROCESS_FAILED", Verdict::file_address, "photo_invalid"},
    {400, "Bad Request: file is too big", Verdict::rejected, "file_too_large"},
    {400, "Bad Request: have no rights to send a message", Verdict::rejected, "no_rights"},
    {400,
     "Bad Request: not enough rights to send text messages to the chat",
     Verdict::rejected,
     "no_rights"},
    {400, "Bad Request: CHAT_WRITE_FORBIDDEN", Verdict::rejected, "no_rights"},
    {400, "Bad Request: TOPIC_CLOSED", Verdict::rejected, "no_rights"},
    {400, "Bad Request: message thread not found", Verdict::rejected, "no_rights"},
    {400, "Bad Request: VOICE_MESSAGES_FORBIDDEN", Verdict::voice_forbidden, "voice_forbidden"},
    {400,
     "Bad Request: query is too old and response timeout expired or query ID is invalid",
     Verdict::ignore,
     "query_too_old"},
    {400, "Bad Request: reply markup is too long", Verdict::rejected, "buttons_invalid"},
    {400, "Bad Request: BUTTON_DATA_INVALID", Verdict::rejected, "buttons_invalid"},
    {400, "Bad Request: BUTTON_URL_INVALID", Verdict::rejected, "buttons_invalid"},
    {400, "Logged out", Verdict::account_broken, "logged_out"},
    {400, "Bad Request: FROZEN_METHOD_INVALID", Verdict::account_broken, "bot_frozen"},
    {400, "Bad Request: something nobody has seen", Verdict::rejected, "bad_request"},
    {401, "Unauthorized", Verdict::account_broken, "token_rejected"},
    {401, "Unauthorized: invalid token specified", Verdict::account_broken, "token_rejected"},
    {403, "Forbidden: bot was blocked by the user", Verdict::rejected, "blocked_by_customer"},
    {403, "Forbidden: user is deactivated", Verdict::rejected, "customer_deleted"},
    {403,
     "Forbidden: bot can't initiate conversation with a user",
     Verdict::rejected,
     "conversation_not_started"},
    {403,
     "Forbidden: bot was kicked from the supergroup chat",
     Verdict::rejected,
     "removed_from_group"},
    {403,
     "Forbidden: bot is not a member of the channel chat",
     Verdict::rejected,
     "removed_from_group"},
    {403, "Forbidden: the group chat was deleted", Verdict::rejected, "removed_from_group"},
    {403, "Forbidden: bot can't send messages to bots", Verdict::rejected, "forbidden"},
    {404, "Not Found", Verdict::rejected, "not_found"},
    {406, "Not Acceptable", Verdict::account_broken, "bot_frozen"},
    {409, "Conflict: terminated by other getUpdates request", Verdict::conflict, "conflict"},
    {413, "Request Entity Too Large", Verdict::rejected, "file_too_large"},
    {421,
     "Misdirected Request: unallowed token specified",
     Verdict::account_broken,
     "wrong_server"},
    {429, "Too Many Requests: retry after 14", Verdict::retry, "too_many_requests"},
    {500, "Internal Server Error", Verdict::retry, "unavailable"},
    {500, "Internal Server Error: restart", Verdict::retry, "unavailable"},
};

TEST(TelegramErrorsTest, EveryRowOfTheTableHasItsVerdict) {
    for (const auto& row : kTable) {
        SCOPED_TRACE(row.description);
        const auto answer = refusal(row.code, row.description);
        EXPECT_EQ(answer.verdict, row.verdict);
        EXPECT_EQ(answer.code, row.machine);
        EXPECT_FALSE(answer.text.empty());
    }
}

TEST(TelegramErrorsTest, TextsAreMatchedWithoutCase) {
    EXPECT_EQ(refusal(403, "FORBIDDEN: Bot Was Blocked By The User").code, "blocked_by_customer");
}

TEST(TelegramErrorsTest, APauseComesFromTheBodyElseTheHeader) {
    const auto told = refusal(429, "Too Many Requests: retry after 14", R"({"retry_after":14})");
    EXPECT_EQ(told.delay_ms, 14'000);
    EXPECT_TRUE(told.throttled);
    const auto header = read_answer(
        {.status = 429, .may_have_arrived = false, .retry_after = "7", .body = "slow down"}
    );
    EXPECT_EQ(header.verdict, Verdict::retry);
    EXPECT_EQ(header.delay_ms, 7'000);
    EXPECT_EQ(refusal(429, "x", R"({"retry_after":-5})").delay_ms, 0);
    EXPECT_EQ(refusal(429, "x", R"({"retry_after":99999999999})").delay_ms, 86'400'000);
}

TEST(TelegramErrorsTest, AMovedGroupNamesItsNewId) {
    const auto moved = refusal(
        400,
        "Bad Request: group chat was upgraded to a supergroup chat",
        R"({"migrate_to_chat_id":-1001987654321})"
    );
    EXPECT_EQ(moved.verdict, Verdict::migrated);
    EXPECT_EQ(moved.migrate_to, -1001987654321);
    EXPECT_EQ(
        refusal(400, "Bad Request: group chat was upgraded to a supergroup chat").verdict,
        Verdict::rejected
    ) << "without the new id there is nowhere to go";
}

TEST(TelegramErrorsTest, WhatMayHaveArrivedIsUnknown) {
    const auto verdict = [](int status, bool arrived, std::string_view body) {
        return read_answer(
                   {.status = status, .may_have_arrived = arrived, .retry_after = "", .body = body}
        )
            .verdict;
    };
    EXPECT_EQ(verdict(0, true, ""), Verdict::unknown);
    EXPECT_EQ(verdict(0, false, ""), Verdict::retry);
    EXPECT_EQ(verdict(502, false, "<html>Bad Gateway</html>"), Verdict::unknown);
    EXPECT_EQ(verdict(504, false, ""), Verdict::unknown);
    EXPECT_EQ(
        verdict(500, false, R"({"message":"API method is not supported"})"), Verdict::unknown
    );
    EXPECT_EQ(verdict(200, false, R"({"ok":tr)"), Verdict::unknown);
    EXPECT_EQ(verdict(200, false, R"([true])"), Verdict::unknown);
    EXPECT_EQ(verdict(200, false, R"({"ok":true,"result":true})"), Verdict::ok);
    EXPECT_EQ(verdict(302, false, ""), Verdict::rejected);
}

TEST(TelegramErrorsTest, TheBodysCodeWinsOverTheStatus) {
    const auto answer = read_answer(
        {.status = 200,
         .may_have_arrived = false,
         .retry_after = "",
         .body =
             R"({"ok":false,"error_code":400,"description":"Bad Request: message to delete not found"})"}
    );
    EXPECT_EQ(answer.verdict, Verdict::rejected);
    EXPECT_EQ(answer.code, "message_not_found");
}

}  // namespace
}  // namespace trunkline::telegram
