// What a talk is made of besides messages: quotes, keys, reactions, edits, forwards.
#include <gmock/gmock.h>

#include "bot.hpp"

namespace trunkline::telegram::simulator::test {
namespace {

using testing::HasSubstr;

class TalkTest : public BotTest {
protected:
    TalkTest() {
        call(
            "getUpdates",
            R"({"allowed_updates":["message","edited_message","message_reaction",)"
            R"("callback_query"],"offset":999999999})"
        );
    }
    std::int64_t sent(const std::string& text, const std::string& more = "") {
        const Answer answer =
            call("sendMessage", R"({"chat_id":1001,"text":")" + text + '"' + more + "}");
        EXPECT_TRUE(answer.ok()) << json::serialize(answer.body);
        return answer.ok() ? answer.result().at("message_id").as_int64() : 0;
    }
    json::value update(const char* kind) {
        const json::value list = call("getUpdates").result();
        if (list.as_array().empty()) return {};
        const json::value last = list.as_array().back();
        EXPECT_TRUE(last.as_object().contains(kind)) << json::serialize(last);
        return last.as_object().contains(kind) ? last.at(kind) : json::value{};
    }
    Chat& chat() { return *world.chat(1001); }
};

TEST_F(TalkTest, AQuoteIsAPartOfWhatIsAnswered) {
    const auto id = sent("Delivery 😀 tomorrow or later");
    const auto reply = [&](const std::string& quote) {
        return call(
            "sendMessage",
            R"({"chat_id":1001,"text":"x","reply_parameters":{"message_id":)" + std::to_string(id) +
                R"(,"quote":")" + quote + "\"}}"
        );
    };
    const Answer answer = reply("tomorrow");
    ASSERT_TRUE(answer.ok()) << json::serialize(answer.body);
    EXPECT_EQ(answer.result().at("quote").at("text"), "tomorrow");
    EXPECT_EQ(answer.result().at("quote").at("position"), 12u);
    EXPECT_EQ(reply("Tomorrow").description(), "Bad Request: QUOTE_TEXT_INVALID");
    EXPECT_THAT(reply(std::string(1025, 'a')).description(), HasSubstr("QUOTE_TEXT_INVALID"));

    const auto said =
        customer.say({{"user", 1001}, {"text", "this"}, {"reply_to", id}, {"quote", "later"}});
    ASSERT_EQ(said.index(), 0u);
    const json::value message = update("message");
    EXPECT_EQ(message.at("quote").at("position"), 24u);
    EXPECT_EQ(message.at("quote").at("is_manual"), true);
    EXPECT_EQ(message.at("reply_to_message").at("message_id"), id);
    EXPECT_EQ(
        customer.say({{"user", 1001}, {"text", "x"}, {"reply_to", id}, {"quote", "never"}}).index(),
        1u
    );
}

TEST_F(TalkTest, KeysSayWhatTheyAreFor) {
    const std::string keyboard =
        R"(,"reply_markup":{"keyboard":[["Yes",{"text":"Phone","request_contact":true}],)"
        R"([{"text":"Place","request_location":true}]])";
    const Answer shown =
        call("sendMessage", R"({"chat_id":1001,"text":"Choose")" + keyboard + "}}");
    ASSERT_TRUE(shown.ok()) << json::serialize(shown.body);
    EXPECT_FALSE(shown.result().as_object().contains("reply_markup"))
        << "a reply keyboard is no part of a message";
    EXPECT_EQ(customer.key({{"user", 1001}, {"text", "Yes"}}).index(), 0u);
    EXPECT_EQ(update("message").at("text"), "Yes");
    EXPECT_EQ(customer.key({{"user", 1001}, {"text", "Phone"}}).index(), 0u);
    const json::value contact = update("message").at("contact");
    EXPECT_EQ(contact.at("user_id"), 1001) << "the sender's own number";
    EXPECT_THAT(std::string{contact.at("phone_number").as_string()}, HasSubstr("+7999"));
    EXPECT_EQ(customer.key({{"user", 1001}, {"text", "Place"}}).index(), 0u);
    EXPECT_TRUE(update("message").as_object().contains("location"));
    EXPECT_EQ(customer.key({{"user", 1001}, {"text", "No"}}).index(), 1u);

    sent("once", R"(,"reply_markup":{"keyboard":[["Go"]],"one_time_keyboard":true})");
    EXPECT_EQ(customer.key({{"user", 1001}, {"text", "Yes"}}).index(), 1u) << "another is shown";
    EXPECT_EQ(customer.key({{"user", 1001}, {"text", "Go"}}).index(), 0u);
    EXPECT_EQ(customer.key({{"user", 1001}, {"text", "Go"}}).index(), 1u);
    sent("again", R"(,"reply_markup":{"keyboard":[["Go"]]})");
    sent("plain");
    EXPECT_FALSE(chat().keyboard.empty()) << "it stays";
    sent("away", R"(,"reply_markup":{"remove_keyboard":true})");
    EXPECT_TRUE(chat().keyboard.empty());
}

TEST_F(TalkTest, ReactionsGoBothWays) {
    const auto id = sent("hello");
    const auto react = [&](const std::string& list, std::int64_t to) {
        return call(
            "setMessageReaction",
            R"({"chat_id":1001,"message_id":)" + std::to_string(to) + R"(,"reaction":)" + list + "}"
        );
    };
    const std::string thumb = R"({"type":"emoji","emoji":"👍"})";
    EXPECT_TRUE(react("[" + thumb + "]", id).ok());
    EXPECT_EQ(chat().reactions.at(id).at("bot").size(), 1u);
    EXPECT_EQ(
        react("[" + thumb + "," + thumb + "]", id).description(), "Bad Request: REACTIONS_TOO_MANY"
    );
    EXPECT_THAT(react(R"([{"type":"emoji"}])", id).description(), HasSubstr("REACTION_INVALID"));
    EXPECT_EQ(react(R"([{"type":"nod"}])", id).status, 400);
    EXPECT_EQ(react("5", id).status, 400);
    EXPECT_EQ(
        react("[" + thumb + "]", 99'999).description(), "Bad Request: message to react not found"
    );
    EXPECT_TRUE(react("[]", id).ok());
    EXPECT_FALSE(chat().reactions.at(id).contains("bot"));

    EXPECT_EQ(customer.react({{"user", 1001}, {"message_id", id}, {"emoji", "❤"}}).index(), 0u);
    json::value told = update("message_reaction");
    EXPECT_EQ(told.at("message_id"), id);
    EXPECT_TRUE(told.at("old_reaction").as_array().empty());
    EXPECT_EQ(told.at("new_reaction").at(0).at("emoji"), "❤");
    EXPECT_EQ(customer.react({{"user", 1001}, {"message_id", id}, {"emoji", ""}}).index(), 0u);
    told = update("message_reaction");
    EXPECT_EQ(told.at("old_reaction").at(0).at("emoji"), "❤");
    EXPECT_TRUE(told.at("new_reaction").as_array().empty());
}

TEST_F(TalkTest, EveryKindIsEdited) {
    const auto said = [&](json::object what) {
        what["user"] = 1001;
        return std::get<json::object>(customer.say(what)).at("message_id").as_int64();
    };
    const auto edit = [&](std::int64_t id, json::object what) {
        what["user"] = 1001;
        what["message_id"] = id;
        return customer.edit(what).index() == 0 ? update("edited_message") : json::value{};
    };
    const auto photo = said({{"kind", "photo"}, {"text", "before"}});
    EXPECT_EQ(edit(photo, {{"text", "after"}}).at("caption"), "after");
    const json::value changed = edit(photo, {{"kind", "video"}});
    EXPECT_TRUE(changed.as_object().contains("video"));
    EXPECT_FALSE(changed.as_object().contains("photo"));
    const auto live =
        said({{"kind", "location"}, {"latitude", 1}, {"longitude", 2}, {"live_period", 900}});
    EXPECT_EQ(edit(live, {{"latitude", 3}}).at("location").at("latitude"), 3);
    const auto still = said({{"kind", "location"}, {"latitude", 1}, {"longitude", 2}});
    EXPECT_TRUE(edit(still, {{"latitude", 3}}).is_null());
    EXPECT_TRUE(edit(sent("the bot's"), {{"text", "mine"}}).is_null());
}

TEST_F(TalkTest, AForwardTellsWhereItComesFrom) {
    const auto id = sent("an offer");
    ASSERT_EQ(
        customer.forward({{"user", 1001}, {"from_chat", 1001}, {"message_id", id}}).index(), 0u
    );
    const json::value message = update("message");
    EXPECT_EQ(message.at("text"), "an offer");
    EXPECT_EQ(message.at("from").at("id"), 1001);
    EXPECT_EQ(message.at("forward_origin").at("type"), "user");
    EXPECT_EQ(message.at("forward_origin").at("sender_user").at("is_bot"), true);
    EXPECT_EQ(message.at("forward_from"), message.at("forward_origin").at("sender_user"));

    const std::string of = R"({"chat_id":1001,"from_chat_id":1001,"message_id":)";
    const Answer forwarded = call("forwardMessage", of + std::to_string(id) + "}");
    ASSERT_TRUE(forwarded.ok());
    EXPECT_TRUE(forwarded.result().as_object().contains("forward_origin"));
    const Answer copied = call("copyMessage", of + std::to_string(id) + "}");
    ASSERT_TRUE(copied.ok());
    const auto copy = copied.result().at("message_id").as_int64();
    EXPECT_FALSE(chat().messages.at(copy).contains("forward_origin"));
    EXPECT_EQ(chat().messages.at(copy).at("text"), "an offer");
    EXPECT_EQ(
        call("forwardMessage", of + "99999}").description(),
        "Bad Request: message to forward not found"
    );
    EXPECT_EQ(
        call("copyMessage", of + "99999}").description(), "Bad Request: message to copy not found"
    );
    const Answer several = call(
        "forwardMessages",
        R"({"chat_id":1001,"from_chat_id":1001,"message_ids":[)" + std::to_string(id) + ",99999]}"
    );
    ASSERT_TRUE(several.ok());
    EXPECT_EQ(several.result().as_array().size(), 1u);
}

TEST_F(TalkTest, WhatTheBotIsDoingIsShownForAMoment) {
    EXPECT_TRUE(call("sendChatAction", R"({"chat_id":1001,"action":"typing"})").ok());
    EXPECT_EQ(chat().action, "typing");
    EXPECT_EQ(chat().action_until_ms, clock.ms + 5'000);
    sent("done");
    EXPECT_EQ(chat().action, "");
    EXPECT_EQ(
        refusal("sendChatAction", R"({"chat_id":1001,"action":"thinking"})"),
        "Bad Request: wrong parameter action in request"
    );
}

TEST_F(TalkTest, APressIsAnsweredWithAWord) {
    const auto id = sent(
        "choose", R"(,"reply_markup":{"inline_keyboard":[[{"text":"a","callback_data":"x"}]]})"
    );
    const auto press = [&] {
        return std::string{std::get<json::object>(
                               customer.press({{"user", 1001}, {"message_id", id}, {"data", "x"}})
        )
                               .at("id")
                               .as_string()};
    };
    const auto answer = [&](const std::string& which, const std::string& text) {
        return call(
            "answerCallbackQuery",
            R"({"callback_query_id":")" + which + R"(","show_alert":true,"text":")" + text + "\"}"
        );
    };
    EXPECT_EQ(answer(press(), std::string(201, 'a')).status, 400);
    EXPECT_TRUE(answer(press(), "Thanks").ok());
    EXPECT_EQ(chat().notice.at("text"), "Thanks");
    EXPECT_EQ(chat().notice.at("alert"), true);
    call("deleteMessage", R"({"chat_id":1001,"message_id":)" + std::to_string(id) + "}");
    press();
    const json::value message = update("callback_query").at("message");
    EXPECT_EQ(message.at("date"), 0) << "what is gone cannot be shown";
    EXPECT_FALSE(message.as_object().contains("text"));
}

TEST_F(TalkTest, PeopleHaveFacesIfTheyShowThem) {
    const auto photos = [&](const std::string& user) {
        return call("getUserProfilePhotos", R"({"user_id":)" + user + "}");
    };
    EXPECT_EQ(photos("1001").result().at("total_count"), 0);
    EXPECT_FALSE(call("getChat", R"({"chat_id":1001})").result().as_object().contains("photo"));
    world.photos[1001] = world.add_file("photo", "a.png", "image/png", "face").id;
    const Answer shown = photos("1001");
    ASSERT_TRUE(shown.ok());
    EXPECT_EQ(shown.result().at("photos").at(0).as_array().size(), 3u);
    const json::value photo = call("getChat", R"({"chat_id":1001})").result().at("photo");
    const std::string big{photo.at("big_file_id").as_string()};
    EXPECT_TRUE(call("getFile", R"({"file_id":")" + big + "\"}").ok());
    EXPECT_EQ(photos("5").description(), "Bad Request: user not found");
    EXPECT_EQ(photos("\"x\"").description(), "Bad Request: invalid user_id specified");
}

TEST_F(TalkTest, WhoIsGoneCannotBeWrittenTo) {
    chat().deactivated = true;
    const Answer answer = call("sendMessage", R"({"chat_id":1001,"text":"x"})");
    EXPECT_EQ(answer.status, 403);
    EXPECT_EQ(answer.description(), "Forbidden: user is deactivated");
}

TEST_F(TalkTest, ParametersThatNobodyReadsAreNamed) {
    call("sendMessage", R"({"chat_id":1001,"text":"x","txet":"y"})");
    const json::array log = journal.after(0, 100);
    EXPECT_EQ(log.back().at("unknown_parameters"), (json::array{"txet"}));
}

}  // namespace
}  // namespace trunkline::telegram::simulator::test
