// The methods of the Bot API, and who may call them.
#include <gmock/gmock.h>

#include "bot.hpp"

namespace trunkline::telegram::simulator::test {
namespace {

using testing::HasSubstr;

class CallsTest : public BotTest {
protected:
    Answer send(const std::string& text, const std::string& more = "") {
        return call("sendMessage", R"({"chat_id":1001,"text":")" + text + '"' + more + "}");
    }
    std::string id(const Answer& answer) {
        EXPECT_TRUE(answer.ok()) << json::serialize(answer.body);
        return answer.ok() ? json::serialize(answer.result().at("message_id")) : "0";
    }
};

TEST_F(CallsTest, AWrongTokenIsRefusedAndChangesNothing) {
    const std::size_t before = world.chat(1001)->messages.size();
    const std::string body = R"({"chat_id":1001,"text":"x"})";
    for (const char* token : {"777001:other", "", "nonsense", "0777001:AAE-simulated"}) {
        const Answer answer = call("sendMessage", body, token);
        EXPECT_EQ(answer.status, 401) << token;
        EXPECT_EQ(answer.body.at("ok"), false);
        EXPECT_EQ(answer.body.at("error_code"), 401);
        EXPECT_THAT(answer.description(), HasSubstr("Unauthorized"));
    }
    EXPECT_EQ(world.chat(1001)->messages.size(), before);
    EXPECT_EQ(call("getMe", "{}", kToken).status, 200);
}

TEST_F(CallsTest, MethodsHaveNoCaseAndUnknownOnesAreNotFound) {
    EXPECT_EQ(call("GETME").result().at("username"), "shop_bot");
    EXPECT_EQ(call("getMee").status, 404);
    EXPECT_EQ(call("").status, 404);
    EXPECT_EQ(call("sendNothing", R"({"chat_id":1001})").status, 404);
}

TEST_F(CallsTest, AMessageIsKeptAndComesBackAsItIs) {
    const Answer answer = send("hello", R"(,"entities":[{"type":"bold","offset":0,"length":5}])");
    ASSERT_TRUE(answer.ok()) << json::serialize(answer.body);
    EXPECT_EQ(answer.result().at("text"), "hello");
    EXPECT_EQ(answer.result().at("chat").at("id"), 1001);
    EXPECT_EQ(answer.result().at("from").at("is_bot"), true);
    EXPECT_EQ(answer.result().at("entities").as_array().size(), 1u);
    EXPECT_EQ(
        json::serialize(world.chat(1001)->messages.at(answer.result().at("message_id").as_int64())),
        json::serialize(answer.result())
    );
    EXPECT_NE(id(send("hello")), id(answer)) << "two calls are two messages";
}

TEST_F(CallsTest, TheBotNeverSpeaksFirst) {
    world.add_customer(1002, "Bob", "", "");
    EXPECT_EQ(refusal("sendMessage", R"({"text":"x"})"), "Bad Request: chat_id is empty");
    for (const char* chat : {"5", "\"@nobody\"", "\"\"", "1.5"})
        EXPECT_EQ(
            refusal("sendMessage", R"({"text":"x","chat_id":)" + std::string{chat} + "}"),
            "Bad Request: chat not found"
        ) << chat;
    const std::string to_bob = R"({"chat_id":1002,"text":"x"})";
    const Answer first = call("sendMessage", to_bob);
    EXPECT_EQ(first.status, 403);
    EXPECT_THAT(first.description(), HasSubstr("can't initiate"));
    customer.say({{"user", 1002}, {"text", "hi"}});
    EXPECT_TRUE(call("sendMessage", to_bob).ok());
    customer.block({{"user", 1002}}, true);
    EXPECT_THAT(call("sendMessage", to_bob).description(), HasSubstr("blocked"));
    EXPECT_EQ(call("sendChatAction", R"({"chat_id":1002,"action":"typing"})").status, 403);
    customer.block({{"user", 1002}}, false);
    EXPECT_TRUE(call("sendMessage", to_bob).ok());
}

TEST_F(CallsTest, TooLongATextIsRefused) {
    EXPECT_TRUE(send(std::string(4096, 'a')).ok());
    EXPECT_EQ(
        refusal("sendMessage", R"({"chat_id":1001,"text":")" + std::string(4097, 'a') + "\"}"),
        "Bad Request: message is too long"
    );
    const auto caption = [](std::size_t size) {
        return R"({"chat_id":1001,"photo":"https://a.example/p.jpg","caption":")" +
               std::string(size, 'a') + "\"}";
    };
    EXPECT_TRUE(call("sendPhoto", caption(1024)).ok());
    EXPECT_EQ(refusal("sendPhoto", caption(1025)), "Bad Request: message caption is too long");
}

TEST_F(CallsTest, AReplyNamesAMessageThatIsThere) {
    const std::string there = id(send("question"));
    const auto reply = [&](const std::string& to, const std::string& more = "") {
        return call(
            "sendMessage",
            R"({"chat_id":1001,"text":"x","reply_parameters":{"message_id":)" + to + more + "}}"
        );
    };
    const Answer answer = reply(there);
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer.result().at("reply_to_message").at("text"), "question");
    EXPECT_EQ(reply("99999").description(), "Bad Request: message to be replied not found");
    const Answer tolerant = reply("99999", R"(,"allow_sending_without_reply":true)");
    ASSERT_TRUE(tolerant.ok());
    EXPECT_FALSE(tolerant.result().as_object().contains("reply_to_message"));
    EXPECT_THAT(reply("\"7\"").description(), HasSubstr("reply parameters"));
}

TEST_F(CallsTest, FloodWaitsAreToldInSeconds) {
    for (int i = 0; i < 10; ++i)
        EXPECT_TRUE(send("x").ok()) << "off until a test wants it";
    rates.on = true;
    int taken = 0;
    Answer answer = send("x");
    for (; answer.ok() && taken < 100; answer = send("x"))
        ++taken;
    EXPECT_GT(taken, 0);
    EXPECT_LT(taken, 10) << "a few at once, then one a second";
    EXPECT_EQ(answer.status, 429);
    const std::int64_t after = answer.body.at("parameters").at("retry_after").as_int64();
    EXPECT_GE(after, 1);
    EXPECT_EQ(kit::find_header(answer.headers, "Retry-After"), std::to_string(after));
    EXPECT_EQ(answer.description(), "Too Many Requests: retry after " + std::to_string(after));
    clock.advance(std::chrono::seconds{after});
    EXPECT_TRUE(send("x").ok());
}

TEST_F(CallsTest, OnlyTheBotsOwnMessagesAreEdited) {
    const std::string mine = id(send("before"));
    const auto edit = [&](const std::string& which, const std::string& text) {
        return call(
            "editMessageText",
            R"({"chat_id":1001,"message_id":)" + which + R"(,"text":")" + text + "\"}"
        );
    };
    const Answer edited = edit(mine, "after");
    ASSERT_TRUE(edited.ok());
    EXPECT_EQ(edited.result().at("text"), "after");
    EXPECT_TRUE(edited.result().as_object().contains("edit_date"));
    EXPECT_THAT(edit("99999", "x").description(), HasSubstr("message to edit not found"));
    EXPECT_THAT(edit(mine, "").description(), HasSubstr("message text is empty"));
    const std::string theirs = std::to_string(world.chat(1001)->messages.begin()->first);
    EXPECT_THAT(edit(theirs, "x").description(), HasSubstr("can't be edited"));
    EXPECT_THAT(
        refusal("editMessageText", R"({"chat_id":1001,"text":"x"})"), HasSubstr("identifier")
    );
    EXPECT_THAT(
        refusal(
            "editMessageCaption", R"({"chat_id":1001,"caption":"x","message_id":)" + mine + "}"
        ),
        HasSubstr("no caption")
    );
    // An edit that changes nothing is refused, even when it is a repeat of one that went through.
    const std::string plain = id(send("same"));
    EXPECT_THAT(edit(plain, "same").description(), HasSubstr("message is not modified"));
}

TEST_F(CallsTest, AMessageIsDeletedOnceAndWithinTwoDays) {
    const std::string first = id(send("a"));
    const std::string second = id(send("b"));
    const auto remove = [&](const std::string& which) {
        return call("deleteMessage", R"({"chat_id":1001,"message_id":)" + which + "}");
    };
    EXPECT_TRUE(remove(first).ok());
    EXPECT_THAT(remove(first).description(), HasSubstr("message to delete not found"));
    clock.advance(std::chrono::hours{49});
    EXPECT_THAT(remove(second).description(), HasSubstr("can't be deleted"));
}

TEST_F(CallsTest, AButtonPressIsAnsweredOnceAndSoon) {
    const Answer with_button = send(
        "choose", R"(,"reply_markup":{"inline_keyboard":[[{"text":"a","callback_data":"x"}]]})"
    );
    const auto press = [&] {
        const auto pressed = customer.press(
            {{"user", 1001}, {"message_id", with_button.result().at("message_id")}, {"data", "x"}}
        );
        return std::string{std::get<json::object>(pressed).at("id").as_string()};
    };
    const auto answer = [&](const std::string& which) {
        return call("answerCallbackQuery", R"({"callback_query_id":")" + which + "\"}");
    };
    const std::string first = press();
    EXPECT_TRUE(answer(first).ok());
    EXPECT_THAT(answer(first).description(), HasSubstr("query is too old"));
    const std::string late = press();
    clock.advance(std::chrono::milliseconds{kCallbackLives + 1});
    EXPECT_THAT(answer(late).description(), HasSubstr("query is too old"));
    EXPECT_EQ(answer("1").status, 400);
}

TEST_F(CallsTest, AFileIsFoundByTheIdThatItWasShownUnder) {
    const auto said = customer.say({{"user", 1001}, {"kind", "document"}, {"bytes", "aGVsbG8="}});
    const auto& message = std::get<json::object>(said);
    const std::string file{message.at("document").at("file_id").as_string()};
    const Answer answer = call("getFile", R"({"file_id":")" + file + "\"}");
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer.result().at("file_size"), 5);
    const auto* found =
        world.files().find_path(std::string{answer.result().at("file_path").as_string()});
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->bytes, "hello");
    EXPECT_THAT(refusal("getFile", R"({"file_id":"x"})"), HasSubstr("wrong file_id"));
    EXPECT_THAT(
        refusal("sendDocument", R"({"chat_id":1001,"document":"x"})"),
        HasSubstr("wrong file identifier")
    );
    EXPECT_TRUE(call("sendDocument", R"({"chat_id":1001,"document":")" + file + "\"}").ok());
}

TEST_F(CallsTest, EveryCallIsInTheJournal) {
    send("hello");
    call("getMe", "{}", "777001:wrong");
    refusal("sendMessage", R"({"chat_id":5,"text":"x"})");
    const json::array log = journal.after(0, 10);
    ASSERT_EQ(log.size(), 3u);
    EXPECT_EQ(log[0].at("method"), "sendmessage");
    EXPECT_EQ(log[0].at("parameters").at("text"), "hello");
    EXPECT_EQ(log[0].at("result").at("text"), "hello");
    EXPECT_EQ(log[1].at("refused"), "Unauthorized");
    EXPECT_FALSE(log[1].as_object().contains("parameters")) << "nobody's words are not kept";
    EXPECT_EQ(log[2].at("refused"), "Bad Request: chat not found");
    EXPECT_EQ(journal.after(2, 10).size(), 1u);
    EXPECT_EQ(journal.after(0, 2).size(), 2u);
}

TEST_F(CallsTest, AWebhooksAnswerMayActButNotAsk) {
    const std::size_t before = world.chat(1001)->messages.size();
    api.execute("sendMessage", {{"chat_id", 1001}, {"text", "from the answer"}});
    EXPECT_EQ(world.chat(1001)->messages.size(), before + 1);
    api.execute("setWebhook", {{"url", "https://shop.example/hook"}});
    EXPECT_EQ(webhook.hook().url, "");
    api.execute("sendMessage", {{"chat_id", 5}, {"text", "x"}});
    api.execute("editMessageText", {{"chat_id", 1001}, {"message_id", 1ULL << 63U}, {"text", "x"}});
    EXPECT_EQ(world.chat(1001)->messages.size(), before + 1);
}

}  // namespace
}  // namespace trunkline::telegram::simulator::test
