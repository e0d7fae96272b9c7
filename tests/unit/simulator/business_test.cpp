// A business account that the bot speaks for.
#include <gmock/gmock.h>

#include "bot.hpp"

namespace trunkline::telegram::simulator::test {
namespace {

using testing::HasSubstr;

class BusinessTest : public BotTest {
protected:
    BusinessTest() {
        world.add_customer(2001, "Olga", "olga_shop", "en");
        updates.clear();
    }
    std::string connect(json::object what = {}) {
        what["user"] = 2001;
        const auto made = groups.connect_business(what);
        EXPECT_EQ(made.index(), 0u);
        return std::string{std::get<json::object>(made).at("id").as_string()};
    }
    json::value last() {
        const json::array list = updates.list(100);
        return list.empty() ? json::value{} : list.back();
    }
    std::int64_t said(const std::string& connection, const char* text, bool owner = false) {
        const auto made = customer.say(
            {{"user", 1001}, {"business", connection}, {"text", text}, {"as", owner ? "owner" : ""}}
        );
        EXPECT_EQ(made.index(), 0u);
        return std::get<json::object>(made).at("message_id").as_int64();
    }
    Answer send(const std::string& connection, const std::string& more = "") {
        return call(
            "sendMessage",
            R"({"chat_id":1001,"text":"x","business_connection_id":")" + connection + '"' + more +
                "}"
        );
    }
};

TEST_F(BusinessTest, AConnectionIsToldOf) {
    const std::string id = connect();
    const json::value told = last().at("business_connection");
    EXPECT_EQ(told.at("id"), json::string_view{id});
    EXPECT_EQ(told.at("user").at("id"), 2001);
    EXPECT_EQ(told.at("is_enabled"), true);
    EXPECT_EQ(told.at("rights").at("can_reply"), true);
    const Answer asked =
        call("getBusinessConnection", R"({"business_connection_id":")" + id + "\"}");
    EXPECT_EQ(asked.result(), told);
    groups.change_business({{"id", id}, {"enabled", false}});
    EXPECT_EQ(last().at("business_connection").at("is_enabled"), false);
    EXPECT_EQ(
        call("getBusinessConnection", R"({"business_connection_id":"bc9"})").description(),
        "Bad Request: business connection not found"
    );
}

TEST_F(BusinessTest, CustomerAndOwnerAreHeard) {
    const std::string id = connect();
    said(id, "a question");
    const json::value question = last().at("business_message");
    EXPECT_EQ(question.at("business_connection_id"), json::string_view{id});
    EXPECT_EQ(question.at("chat").at("id"), 1001);
    EXPECT_EQ(question.at("from").at("id"), 1001);
    said(id, "an answer from the phone", true);
    EXPECT_EQ(last().at("business_message").at("from").at("id"), 2001);
    EXPECT_EQ(last().at("business_message").at("chat").at("id"), 1001);
    EXPECT_EQ(world.chat(1001)->messages.size(), 1u) << "the talk with the bot is another one";
}

TEST_F(BusinessTest, TheBotAnswersInTheOwnersName) {
    const std::string id = connect();
    EXPECT_EQ(send(id).description(), "Bad Request: BUSINESS_PEER_INVALID") << "nobody wrote";
    said(id, "a question");
    const Answer answer = send(id);
    ASSERT_TRUE(answer.ok()) << json::serialize(answer.body);
    EXPECT_EQ(answer.result().at("from").at("id"), 2001);
    EXPECT_EQ(answer.result().at("sender_business_bot").at("is_bot"), true);
    EXPECT_TRUE(last().as_object().contains("business_message")) << "not echoed";
    EXPECT_EQ(last().at("business_message").at("text"), "a question");
    EXPECT_EQ(send("bc9").description(), "Bad Request: business connection not found");
    clock.advance(std::chrono::hours{25});
    EXPECT_EQ(send(id).description(), "Bad Request: BUSINESS_PEER_USAGE_MISSING");
}

TEST_F(BusinessTest, RightsAreAsked) {
    const std::string id = connect({{"rights", {{"can_reply", false}}}});
    const std::int64_t message = said(id, "a question");
    EXPECT_EQ(send(id).status, 403);
    const std::string which = R"({"business_connection_id":")" + id +
                              R"(","chat_id":1001,"message_id":)" + std::to_string(message) + "}";
    EXPECT_EQ(call("readBusinessMessage", which).status, 403);
    groups.change_business({{"id", id}, {"rights", {{"can_read_messages", true}}}});
    EXPECT_TRUE(call("readBusinessMessage", which).ok());
    EXPECT_EQ(world.business(id)->chats.at(1001).read_to, message);
    groups.change_business({{"id", id}, {"enabled", false}});
    EXPECT_THAT(call("readBusinessMessage", which).description(), HasSubstr("BUSINESS_CONNECTION"));
}

TEST_F(BusinessTest, MessagesAreDeletedBothWays) {
    const std::string id = connect();
    const std::int64_t first = said(id, "one");
    const std::int64_t second = said(id, "two");
    const auto remove = [&](const std::string& ids) {
        return call(
            "deleteBusinessMessages",
            R"({"business_connection_id":")" + id + R"(","message_ids":)" + ids + "}"
        );
    };
    EXPECT_TRUE(remove("[" + std::to_string(first) + "]").ok());
    EXPECT_EQ(
        remove("[" + std::to_string(first) + "]").description(),
        "Bad Request: message to delete not found"
    );
    EXPECT_EQ(remove("[]").status, 400);
    EXPECT_EQ(
        customer.remove({{"user", 1001}, {"business", id}, {"message_id", second}}).index(), 0u
    );
    const json::value told = last().at("deleted_business_messages");
    EXPECT_EQ(told.at("message_ids"), (json::array{second}));
    EXPECT_EQ(told.at("business_connection_id"), json::string_view{id});
    EXPECT_EQ(told.at("chat").at("id"), 1001);
}

TEST_F(BusinessTest, AnEditIsOneOfTheAccount) {
    const std::string id = connect();
    const std::int64_t message = said(id, "before");
    customer.edit({{"user", 1001}, {"business", id}, {"message_id", message}, {"text", "after"}});
    EXPECT_EQ(last().at("edited_business_message").at("text"), "after");
}

}  // namespace
}  // namespace trunkline::telegram::simulator::test
