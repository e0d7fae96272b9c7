// Groups: who is in them, what the bot sees and may do, topics, and the way to a supergroup.
#include <gmock/gmock.h>

#include "bot.hpp"

namespace trunkline::telegram::simulator::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class GroupsTest : public BotTest {
protected:
    GroupsTest() {
        world.add_customer(1002, "Bob", "bob", "en");
        updates.clear();
    }
    std::int64_t group(json::object more = {}) {
        more["title"] = "Shop talk";
        if (!more.contains("members")) more["members"] = json::array{1001, 1002};
        const auto made = groups.make(more);
        EXPECT_EQ(made.index(), 0u);
        const auto id = std::get<json::object>(made).at("id").as_int64();
        return id;
    }
    /// What came since it was asked last.
    std::vector<json::object> fresh() {
        std::vector<json::object> out;
        for (const json::value& update : updates.list(100))
            out.push_back(update.as_object());
        updates.clear();
        return out;
    }
    std::vector<std::string> texts() {
        std::vector<std::string> out;
        for (const json::object& update : fresh()) {
            const json::value whole = update;
            out.emplace_back(text_at(whole, "message", "text"));
        }
        return out;
    }
    Answer send(std::int64_t chat, const std::string& more = "") {
        return call("sendMessage", R"({"text":"x","chat_id":)" + std::to_string(chat) + more + "}");
    }
};

TEST_F(GroupsTest, TheBotIsToldThatItCameIn) {
    const auto id = group({{"bot", "member"}});
    EXPECT_LT(id, 0);
    const auto news = fresh();
    ASSERT_EQ(news.size(), 1u);
    const json::value change = news[0].at("my_chat_member");
    EXPECT_EQ(change.at("chat").at("title"), "Shop talk");
    EXPECT_EQ(change.at("chat").at("type"), "group");
    EXPECT_EQ(change.at("old_chat_member").at("status"), "left");
    EXPECT_EQ(change.at("new_chat_member").at("status"), "member");
    EXPECT_LT(group({{"type", "supergroup"}}), -1'000'000'000'000);
}

TEST_F(GroupsTest, SeveralPeopleTalkInOneConversation) {
    const auto id = group();
    fresh();
    customer.say({{"user", 1001}, {"chat", id}, {"text", "from Ann"}});
    customer.say({{"user", 1002}, {"chat", id}, {"text", "from Bob"}});
    const auto news = fresh();
    ASSERT_EQ(news.size(), 2u);
    EXPECT_EQ(news[0].at("message").at("chat").at("id"), id);
    EXPECT_EQ(news[1].at("message").at("from").at("first_name"), "Bob");
    EXPECT_TRUE(send(id).ok());
    world.add_customer(1003, "Cid", "", "");
    EXPECT_EQ(customer.say({{"user", 1003}, {"chat", id}, {"text", "x"}}).index(), 1u);
}

TEST_F(GroupsTest, APlainMemberSeesWhatIsMeantForIt) {
    const auto id = group({{"bot", "member"}});
    fresh();
    const auto say = [&](json::object what) {
        what["user"] = 1001;
        what["chat"] = id;
        EXPECT_EQ(customer.say(what).index(), 0u);
    };
    say({{"text", "among us"}});
    say({{"text", "/start"}});
    say({{"text", "hi @shop_bot"}});
    const auto answer = send(id).result().at("message_id").as_int64();
    say({{"text", "yes"}, {"reply_to", answer}});
    EXPECT_THAT(texts(), ElementsAre("/start", "hi @shop_bot", "yes"));
}

TEST_F(GroupsTest, MembersComeAndGo) {
    const auto id = group({{"members", json::array{1001}}});
    fresh();
    EXPECT_EQ(groups.join({{"chat", id}, {"user", 1002}}).index(), 0u);
    auto news = fresh();
    ASSERT_EQ(news.size(), 1u) << "chat_member comes to those who asked for it";
    EXPECT_EQ(news[0].at("message").at("new_chat_members").at(0).at("first_name"), "Bob");
    const std::string count = R"({"chat_id":)" + std::to_string(id) + "}";
    EXPECT_EQ(call("getChatMemberCount", count).result(), 3);
    EXPECT_EQ(groups.leave({{"chat", id}, {"user", 1002}}).index(), 0u);
    news = fresh();
    EXPECT_EQ(news.at(0).at("message").at("left_chat_member").at("id"), 1002);
    EXPECT_EQ(call("getChatMemberCount", count).result(), 2);
    EXPECT_EQ(groups.leave({{"chat", id}, {"user", 1002}}).index(), 1u);
    for (const json::object& nobody : {json::object{{"chat", id}}, {{"chat", id}, {"user", 5}}}) {
        EXPECT_EQ(groups.join(nobody).index(), 1u);
        EXPECT_EQ(groups.leave(nobody).index(), 1u);
    }
    const auto role = [&](const char* user) {
        return call(
            "getChatMember", R"({"chat_id":)" + std::to_string(id) + R"(,"user_id":)" + user + "}"
        );
    };
    EXPECT_EQ(role("1001").result().at("status"), "creator");
    EXPECT_EQ(role("1002").result().at("status"), "left");
    EXPECT_EQ(role("777001").result().at("status"), "administrator");
    EXPECT_EQ(role("5").description(), "Bad Request: member not found");
    EXPECT_EQ(groups.retitle({{"chat", id}, {"user", 1001}, {"title", "New"}}).index(), 0u);
    EXPECT_EQ(fresh().at(0).at("message").at("new_chat_title"), "New");
}

TEST_F(GroupsTest, OutsideTheBotMayDoNothing) {
    const auto id = group();
    EXPECT_EQ(groups.set_bot({{"chat", id}, {"user", 1001}, {"status", "kicked"}}).index(), 0u);
    Answer answer = send(id);
    EXPECT_EQ(answer.status, 403);
    EXPECT_EQ(answer.description(), "Forbidden: bot was kicked from the group chat");
    groups.set_bot({{"chat", id}, {"status", "left"}});
    EXPECT_EQ(send(id).description(), "Forbidden: bot is not a member of the group chat");
    fresh();
    customer.say({{"user", 1001}, {"chat", id}, {"text", "unheard"}});
    EXPECT_THAT(texts(), IsEmpty());
    groups.set_bot({{"chat", id}, {"status", "administrator"}});
    EXPECT_TRUE(send(id).ok());
    EXPECT_TRUE(call("leaveChat", R"({"chat_id":)" + std::to_string(id) + "}").ok());
    EXPECT_EQ(send(id).status, 403);
}

TEST_F(GroupsTest, AGroupBecomesASupergroup) {
    const auto id = group();
    customer.say({{"user", 1001}, {"chat", id}, {"text", "before"}});
    fresh();
    const auto moved = groups.migrate({{"chat", id}, {"user", 1001}});
    ASSERT_EQ(moved.index(), 0u);
    const auto now = std::get<json::object>(moved).at("id").as_int64();
    EXPECT_LT(now, -1'000'000'000'000);
    const auto news = fresh();
    ASSERT_EQ(news.size(), 2u);
    EXPECT_EQ(news[0].at("message").at("migrate_to_chat_id"), now);
    EXPECT_EQ(news[0].at("message").at("chat").at("id"), id);
    EXPECT_EQ(news[1].at("message").at("migrate_from_chat_id"), id);
    EXPECT_EQ(news[1].at("message").at("chat").at("id"), now);
    EXPECT_EQ(news[1].at("message").at("message_id"), 1) << "supergroups count their own";
    const Answer old = send(id);
    EXPECT_EQ(old.status, 400);
    EXPECT_EQ(old.description(), "Bad Request: group chat was upgraded to a supergroup chat");
    EXPECT_EQ(old.body.at("parameters").at("migrate_to_chat_id"), now);
    EXPECT_TRUE(send(now).ok());
    EXPECT_EQ(customer.say({{"user", 1001}, {"chat", id}, {"text", "x"}}).index(), 1u);
    EXPECT_EQ(customer.say({{"user", 1001}, {"chat", now}, {"text", "x"}}).index(), 0u);
    EXPECT_EQ(groups.migrate({{"chat", now}}).index(), 1u);
}

TEST_F(GroupsTest, TopicsAreThreads) {
    const auto id = group({{"forum", true}});
    const auto made = groups.add_topic({{"chat", id}, {"user", 1001}, {"name", "Returns"}});
    ASSERT_EQ(made.index(), 0u);
    const auto thread = std::get<json::object>(made).at("message_thread_id").as_int64();
    const json::value created = fresh().back().at("message");
    EXPECT_EQ(created.at("forum_topic_created").at("name"), "Returns");
    EXPECT_EQ(created.at("message_id"), thread);
    const std::string in_it = R"(,"message_thread_id":)" + std::to_string(thread);
    const Answer answer = send(id, in_it);
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer.result().at("message_thread_id"), thread);
    EXPECT_EQ(
        send(id, R"(,"message_thread_id":99)").description(),
        "Bad Request: message thread not found"
    );
    customer.say({{"user", 1002}, {"chat", id}, {"thread", thread}, {"text", "mine broke"}});
    EXPECT_EQ(fresh().at(0).at("message").at("message_thread_id"), thread);
    EXPECT_EQ(groups.close_topic({{"chat", id}, {"thread", thread}}).index(), 0u);
    EXPECT_TRUE(send(id, in_it).ok()) << "an administrator may";
    groups.set_bot({{"chat", id}, {"status", "member"}});
    EXPECT_EQ(send(id, in_it).description(), "Bad Request: TOPIC_CLOSED");
    EXPECT_EQ(groups.add_topic({{"chat", group()}, {"name", "x"}}).index(), 1u);
}

TEST_F(GroupsTest, GroupsHaveALimitOfTheirOwn) {
    const auto id = group();
    rates.on = true;
    int taken = 0;
    for (int i = 0; i < 40; ++i) {
        taken += send(id).ok() ? 1 : 0;
        clock.advance(std::chrono::seconds{1});
    }
    EXPECT_GT(taken, 20);
    EXPECT_LT(taken, 35) << "twenty a minute, not one a second";
}

TEST_F(GroupsTest, ReactionsAreForAdministrators) {
    updates.allowed = {"message_reaction"};
    const auto id = group({{"bot", "member"}});
    const auto message = send(id).result().at("message_id").as_int64();
    const json::object reaction{
        {"user", 1001}, {"chat", id}, {"message_id", message}, {"emoji", "👍"}};
    customer.react(reaction);
    EXPECT_THAT(fresh(), IsEmpty());
    groups.set_bot({{"chat", id}, {"status", "administrator"}});
    customer.react(reaction);
    EXPECT_EQ(fresh().size(), 1u);
}

TEST_F(GroupsTest, APhoneNumberOrAPlaceIsAskedForInPrivateAlone) {
    const auto id = group();
    const auto keys = [](const std::string& key) {
        return R"(,"reply_markup":{"keyboard":[["Yes",{"text":"a")" + key + "}]]}";
    };
    EXPECT_TRUE(send(id, keys("")).ok());
    EXPECT_TRUE(send(id, keys(R"(,"request_contact":false)")).ok());
    EXPECT_EQ(
        send(id, keys(R"(,"request_contact":true)")).description(),
        "Bad Request: phone number can be requested in private chats only"
    );
    EXPECT_EQ(
        send(id, keys(R"(,"request_location":true)")).description(),
        "Bad Request: location can be requested in private chats only"
    );
    EXPECT_TRUE(send(1001, keys(R"(,"request_contact":true)")).ok());
}

}  // namespace
}  // namespace trunkline::telegram::simulator::test
