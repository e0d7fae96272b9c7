#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testdata.hpp"

namespace trunkline::telegram {
namespace {

using testing::Effect;
using ::testing::HasSubstr;
using testing::Input;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::refeed_everywhere;
using testing::TestHost;

constexpr auto kSendText =
    R"({"id":"c1","type":"send","message":{"text":"Да","spans":[{"type":"bold","offset":0,"length":2}],"reply_to":{"id":"41"}}})";
constexpr auto kSendVoice =
    R"({"id":"c2","type":"send","message":{"attachments":[{"kind":"voice","file":"f1","name":"v.ogg","mime":"audio/ogg","duration":4}]}})";
constexpr auto kSendTwo =
    R"({"id":"c3","type":"send","message":{"text":"here","location":{"latitude":1,"longitude":2}}})";
constexpr auto kSent =
    R"({"ok":true,"result":{"message_id":981,"date":1,"chat":{"id":5550001111}}})";

std::string api_refusal(
    int code, const std::string& description, const std::string& parameters = "{}"
) {
    return R"({"ok":false,"error_code":)" + std::to_string(code) + R"(,"description":")" +
           description + R"(","parameters":)" + parameters + "}";
}

/// One command against scripted answers; every step gets the next one.
struct Talk {
    TestHost host{telegram_plugin(), webhook_account()};
    std::uint32_t step = 0;

    explicit Talk(const std::string& command, const std::string& conversation = "5550001111") {
        host.feed(Input::command(1, conversation, command));
    }
    void answer(int status, const std::string& body) {
        host.feed(Input::reply(1, ++step, status, body));
    }
    void lost(bool unknown) { host.feed(Input::no_reply(1, ++step, unknown)); }
    void wake() { host.feed(Input::timer(1, ++step)); }
    const Effect& call() const { return host.latest("http"); }
    std::int64_t kind() const { return host.latest("outcome").json.at("kind").as_int64(); }
    std::string outcome(std::string_view key) const { return host.latest("outcome").string(key); }
};

TEST(TelegramSendTest, ATextIsSentOnceAndEndsWithItsId) {
    Talk talk{kSendText};
    EXPECT_EQ(talk.call().string("url"), "https://api.telegram.org/bot777001:AAtoken/sendMessage");
    EXPECT_NE(talk.call().json.at("flags").to_number<std::uint32_t>() & TL_HTTP_ONCE, 0U)
        << "Telegram has no idempotency key";
    talk.answer(200, kSent);
    EXPECT_EQ(talk.kind(), TL_DONE);
    EXPECT_EQ(talk.outcome("value"), R"(["981"])");
    EXPECT_THAT(talk.host.faults(), IsEmpty());
}

TEST(TelegramSendTest, AFileIsUploadedByItsIdAsAForm) {
    Talk talk{kSendVoice};
    const auto& parts = talk.call().json.at("parts").as_array();
    EXPECT_EQ(talk.call().string("body"), "");
    EXPECT_EQ(parts.at(0).at("name").as_string(), "chat_id");
    EXPECT_EQ(parts.at(0).at("bytes").as_string(), "5550001111");
    const auto& file = parts.at(parts.size() - 1);
    EXPECT_EQ(file.at("name").as_string(), "voice");
    EXPECT_EQ(file.at("filename").as_string(), "v.ogg");
    EXPECT_EQ(file.at("mime").as_string(), "audio/ogg");
    EXPECT_EQ(file.at("file").as_string(), "f1");
}

TEST(TelegramSendTest, AnAnswerThatWasLostIsUnknownAndNeverTriedAgain) {
    for (const bool html : {false, true}) {
        Talk talk{kSendText};
        if (html)
            talk.answer(502, "<html>Bad Gateway</html>");
        else
            talk.lost(true);
        EXPECT_EQ(talk.kind(), TL_UNKNOWN);
        EXPECT_FALSE(talk.host.open(1));
    }
    Talk unreached{kSendText};
    unreached.lost(false);
    EXPECT_EQ(unreached.kind(), TL_RETRY) << "nothing has left, so nothing can be doubled";
}

TEST(TelegramSendTest, A429MakesTheWholeBotWait) {
    Talk talk{kSendText};
    talk.answer(
        429, api_refusal(429, "Too Many Requests: retry after 14", R"({"retry_after":14})")
    );
    EXPECT_EQ(talk.kind(), TL_RETRY);
    EXPECT_EQ(talk.host.latest("outcome").json.at("delay_ms"), 14'000);
    EXPECT_EQ(talk.host.latest("outcome").json.at("scope"), static_cast<std::int64_t>(TL_ACCOUNT));
}

TEST(TelegramSendTest, AMovedGroupIsFollowedOnce) {
    Talk talk{kSendText, "-4012345"};
    talk.answer(
        400,
        api_refusal(
            400,
            "Bad Request: group chat was upgraded to a supergroup chat",
            R"({"migrate_to_chat_id":-1001987654321})"
        )
    );
    EXPECT_EQ(talk.host.latest("alias").string("conversation"), "-1001987654321");
    EXPECT_EQ(talk.host.latest("alias").string("former"), "-4012345");
    EXPECT_THAT(talk.call().string("body"), HasSubstr(R"("chat_id":-1001987654321)"));
    talk.answer(
        400,
        api_refusal(
            400,
            "Bad Request: group chat was upgraded to a supergroup chat",
            R"({"migrate_to_chat_id":-1001})"
        )
    );
    EXPECT_EQ(talk.kind(), TL_REJECTED);
}

TEST(TelegramSendTest, RefusedFormsAreRepairedInTheSameTask) {
    Talk talk{kSendText};
    talk.answer(400, api_refusal(400, "Bad Request: can't parse entities: x"));
    EXPECT_THAT(talk.call().string("body"), Not(HasSubstr("entities")));
    EXPECT_THAT(talk.call().string("body"), HasSubstr("reply_parameters"));
    talk.answer(400, api_refusal(400, "Bad Request: message to be replied not found"));
    EXPECT_EQ(talk.call().string("body"), R"({"chat_id":5550001111,"text":"Да"})");
    talk.answer(400, api_refusal(400, "Bad Request: message to be replied not found"));
    EXPECT_EQ(talk.kind(), TL_REJECTED) << "nothing is left to take away";
    EXPECT_EQ(talk.outcome("code"), "reply_missing");
}

TEST(TelegramSendTest, AForbiddenVoiceMessageGoesAsADocument) {
    Talk talk{kSendVoice};
    talk.answer(400, api_refusal(400, "Bad Request: VOICE_MESSAGES_FORBIDDEN"));
    EXPECT_THAT(talk.call().string("url"), HasSubstr("/sendDocument"));
    EXPECT_EQ(talk.call().json.at("parts").as_array().back().at("name").as_string(), "document");
    talk.answer(200, kSent);
    EXPECT_EQ(talk.kind(), TL_DONE);
}

TEST(TelegramSendTest, AnAddressTelegramCannotFetchIsTriedAsADocument) {
    Talk talk{
        R"({"id":"c","type":"send","message":{"attachments":[{"kind":"image","public_url":"https://h.example/a.png"}]}})"};
    EXPECT_THAT(talk.call().string("body"), HasSubstr(R"("photo":"https://h.example/a.png")"));
    talk.answer(400, api_refusal(400, "Bad Request: wrong file identifier/HTTP URL specified"));
    EXPECT_THAT(talk.call().string("body"), HasSubstr(R"("document":"https://h.example/a.png")"));
    talk.answer(400, api_refusal(400, "Bad Request: failed to get HTTP URL content"));
    EXPECT_EQ(talk.kind(), TL_REJECTED);
}

TEST(TelegramSendTest, WhatWasSentIsNeverSentAgainBecauseTheRestFailed) {
    Talk refused{kSendTwo};
    refused.answer(200, kSent);
    EXPECT_THAT(refused.call().string("url"), HasSubstr("/sendLocation"));
    refused.answer(403, api_refusal(403, "Forbidden: bot was blocked by the user"));
    EXPECT_EQ(refused.kind(), TL_REJECTED);
    EXPECT_EQ(refused.outcome("value"), R"(["981"])");

    Talk waited{kSendTwo};
    waited.answer(200, kSent);
    waited.answer(
        429, api_refusal(429, "Too Many Requests: retry after 3", R"({"retry_after":3})")
    );
    EXPECT_EQ(waited.host.latest("timer").json.at("due_ms").as_int64(), 1'700'000'003'000);
    waited.wake();
    EXPECT_THAT(waited.call().string("url"), HasSubstr("/sendLocation"));
    waited.answer(200, R"({"ok":true,"result":{"message_id":982}})");
    EXPECT_EQ(waited.kind(), TL_DONE);
    EXPECT_EQ(waited.outcome("value"), R"(["981","982"])");

    Talk hopeless{kSendTwo};
    hopeless.answer(200, kSent);
    hopeless.answer(
        429, api_refusal(429, "Too Many Requests: retry after 900", R"({"retry_after":900})")
    );
    EXPECT_EQ(hopeless.kind(), TL_REJECTED)
        << "beyond the deadline, and starting anew would send the text twice";
    EXPECT_EQ(hopeless.outcome("value"), R"(["981"])");
}

TEST(TelegramSendTest, EditsAndDeletionsMayBeRepeated) {
    Talk edit{R"({"id":"c","type":"edit","message":{"id":"77","text":"x"}})"};
    EXPECT_EQ(edit.call().json.at("flags").to_number<std::uint32_t>() & TL_HTTP_ONCE, 0U);
    edit.lost(true);
    edit.wake();
    edit.answer(400, api_refusal(400, "Bad Request: message is not modified: x"));
    EXPECT_EQ(edit.kind(), TL_DONE);

    Talk deletion{R"({"id":"c","type":"delete","message":{"id":"77"}})"};
    deletion.lost(true);
    deletion.wake();
    deletion.answer(400, api_refusal(400, "Bad Request: message to delete not found"));
    EXPECT_EQ(deletion.kind(), TL_DONE) << "the lost call did it";

    Talk unknown_message{R"({"id":"c","type":"delete","message":{"id":"77"}})"};
    unknown_message.answer(400, api_refusal(400, "Bad Request: message to delete not found"));
    EXPECT_EQ(unknown_message.kind(), TL_REJECTED);

    Talk caption{R"({"id":"c","type":"edit","message":{"id":"77","text":"x"}})"};
    caption.answer(400, api_refusal(400, "Bad Request: there is no text in the message to edit"));
    EXPECT_THAT(caption.call().string("url"), HasSubstr("/editMessageCaption"));
    EXPECT_THAT(caption.call().string("body"), HasSubstr(R"("caption":"x")"));
}

TEST(TelegramSendTest, ATypingMarkIsNeverLate) {
    Talk typing{R"({"id":"c","type":"typing","on":true})"};
    typing.answer(
        429, api_refusal(429, "Too Many Requests: retry after 3", R"({"retry_after":3})")
    );
    EXPECT_EQ(typing.kind(), TL_REJECTED);
    Talk off{R"({"id":"c","type":"typing","on":false})"};
    EXPECT_EQ(off.kind(), TL_DONE);
}

TEST(TelegramSendTest, EndsSayWhatHappened) {
    Talk dead{kSendText};
    dead.answer(401, api_refusal(401, "Unauthorized"));
    EXPECT_EQ(dead.kind(), TL_ACCOUNT_BROKEN);
    Talk frozen{kSendText};
    frozen.answer(400, api_refusal(400, "Bad Request: FROZEN_METHOD_INVALID"));
    EXPECT_EQ(frozen.kind(), TL_ACCOUNT_BROKEN);
    Talk blocked{kSendText};
    blocked.answer(403, api_refusal(403, "Forbidden: bot was blocked by the user"));
    EXPECT_EQ(blocked.kind(), TL_REJECTED);
    EXPECT_EQ(blocked.outcome("code"), "blocked_by_customer");
    Talk trouble{kSendText};
    trouble.answer(500, api_refusal(500, "Internal Server Error"));
    EXPECT_EQ(trouble.kind(), TL_RETRY) << "a definite answer: it was not sent";
    Talk large{kSendVoice};
    large.answer(413, "<html>413 Request Entity Too Large</html>");
    EXPECT_EQ(large.kind(), TL_REJECTED);
    EXPECT_EQ(large.outcome("code"), "file_too_large");
    Talk conflict{kSendText};
    conflict.answer(409, api_refusal(409, "Conflict: x"));
    EXPECT_EQ(conflict.kind(), TL_RETRY);
    Talk nowhere{kSendText, "elsewhere"};
    EXPECT_EQ(nowhere.kind(), TL_REJECTED);
    Talk buttons{
        R"({"id":"c","type":"send","message":{"text":"?","buttons":[[{"text":")" +
        std::string(70, 'b') + "\"}]]}}"};
    EXPECT_EQ(buttons.kind(), TL_DEGRADE);
    EXPECT_EQ(buttons.outcome("code"), "buttons");
}

TEST(TelegramSendTest, AnEmulatorsAnswersAreUnderstood) {
    Talk sent{kSendText};
    sent.answer(
        200,
        R"({"ok":true,"result":{"chat_id":"1","text":"x","message_id":3,"chat":{"id":1,"first_name":"Bot","type":"private"},"date":1790000000123}})"
    );
    EXPECT_EQ(sent.outcome("value"), R"(["3"])");
    Talk edited{R"({"id":"c","type":"edit","message":{"id":"77","text":"x"}})"};
    edited.answer(200, R"({"ok":true,"result":null})");
    EXPECT_EQ(edited.kind(), TL_DONE);
    Talk missing{R"({"id":"c","type":"delete","message":{"id":"77"}})"};
    missing.answer(200, api_refusal(400, "Bad Request: message to delete not found"));
    EXPECT_EQ(missing.kind(), TL_REJECTED);
}

TEST(TelegramSendTest, TasksAreRebuiltAtEveryStep) {
    const auto same = [](std::vector<Input> inputs) {
        return refeed_everywhere(telegram_plugin(), webhook_account(), inputs);
    };
    EXPECT_THAT(
        same(
            {Input::command(1, "-4012345", kSendText),
             Input::reply(1, 1, 400, api_refusal(400, "Bad Request: can't parse entities")),
             Input::reply(
                 1,
                 2,
                 400,
                 api_refusal(
                     400,
                     "Bad Request: group chat was upgraded to a supergroup chat",
                     R"({"migrate_to_chat_id":-1001})"
                 )
             ),
             Input::reply(1, 3, 200, kSent)}
        ),
        IsEmpty()
    );
    EXPECT_THAT(
        same(
            {Input::command(1, "5550001111", kSendTwo),
             Input::reply(1, 1, 200, kSent),
             Input::reply(
                 1,
                 2,
                 429,
                 api_refusal(429, "Too Many Requests: retry after 3", R"({"retry_after":3})")
             ),
             Input::timer(1, 3),
             Input::no_reply(1, 4, true)}
        ),
        IsEmpty()
    );
    EXPECT_THAT(
        same(
            {Input::command(1, "5550001111", kSendVoice),
             Input::reply(1, 1, 400, api_refusal(400, "VOICE_MESSAGES_FORBIDDEN")),
             Input::reply(1, 2, 200, kSent)}
        ),
        IsEmpty()
    );
    EXPECT_THAT(
        same(
            {Input::command(
                 1, "5550001111", R"({"id":"c","type":"edit","message":{"id":"7","text":"x"}})"
             ),
             Input::no_reply(1, 1, true),
             Input::timer(1, 2),
             Input::reply(1, 3, 200, kSent)}
        ),
        IsEmpty()
    );
}

}  // namespace
}  // namespace trunkline::telegram
