// One id, several requests at the same time; and what the messenger's limits leave of typing.
#include <gmock/gmock.h>

#include "commands_world.hpp"

namespace trunkline::outbound::test {
namespace {

class RepeatsTest : public CommandsWorld {
protected:
    /// Sends all of them before any is answered; the first result of each.
    std::vector<json::object> at_once(const std::vector<std::string>& commands) {
        std::vector<seal::Sealed> letters;
        for (const std::string& one : commands)
            letters.push_back(sealed(R"({"commands":[)" + one + "]}"));
        std::vector<net::Response> responses(letters.size());
        std::size_t answered = 0;
        run<bool>([&]() -> async::Awaitable<bool> {
            for (std::size_t i = 0; i < letters.size(); ++i) {
                async::spawn(loops.at(0).get_executor(), "test", [&, i]() -> async::Awaitable<> {
                    const seal::Sealed& letter = letters[i];
                    const std::array<net::HeaderView, 4> headers{
                        {{"webhook-id", letter.id},
                         {"webhook-timestamp", letter.timestamp},
                         {"webhook-signature", letter.signature},
                         {"Content-Type", letter.content_type}}};
                    net::RequestHead head;
                    head.method = "POST";
                    head.headers = headers;
                    net::Request request{head, letter.body};
                    auto response = co_await door.handle(portal, std::move(request));
                    responses[i] = std::move(response);
                    ++answered;
                });
            }
            co_return true;
        });
        EXPECT_TRUE(eventually([&] { return answered == letters.size(); }));
        std::vector<json::object> out;
        for (const net::Response& response : responses) {
            EXPECT_EQ(response.status, 202) << response.body;
            if (response.status == 202)
                out.push_back(json::parse(response.body).at("results").at(0).as_object());
        }
        return out;
    }
    static std::string media(const std::string& id) {
        return R"({"id":")" + id +
               R"(","type":"media","media":{"name":"a.txt","mime":"text/plain","size":5,"sha256":")" +
               std::string(64, 'a') + R"("}})";
    }
    void allow_one_call_a_minute() {
        const auto rules = quotas::Rules::parse(
            json::parse(R"({"limits":[{"scope":"account","rate":1,"per":"1m","burst":1}]})")
                .as_object()
        );
        account->ledger = std::make_shared<quotas::Ledger>(
            quotas::Ledger::Services{store, pool, clock}, account->id
        );
        account->ledger->adopt(*rules, account->connector, nullptr);
    }
    std::string typing(const std::string& id) { return command(id, "typing", R"("on":true)"); }
};

TEST_F(RepeatsTest, RequestsAtTheSameTimeGetOneGrant) {
    const auto results = at_once({media("m1"), media("m1"), media("m2"), media("m1")});
    ASSERT_EQ(results.size(), 4u);
    EXPECT_EQ(status_of(results[0]), "accepted");
    EXPECT_EQ(results[1], results[0]);
    EXPECT_EQ(results[3], results[0]);
    EXPECT_NE(results[2].at("media"), results[0].at("media"));
}

TEST_F(RepeatsTest, TypingAtTheSameTimeIsDoneOnce) {
    customer_speaks("42");
    const auto results = at_once({typing("t1"), typing("t1"), typing("t1")});
    ASSERT_EQ(results.size(), 3u);
    EXPECT_EQ(results[1], results[0]);
    result(typing("t2"));
    ASSERT_TRUE(eventually([&] {
        return !strand->starts.empty() && json::parse(strand->starts.back().body).at("id") == "t2";
    }));
    EXPECT_EQ(strand->starts.size(), 2u);
}

TEST_F(RepeatsTest, WhoFailsLeavesTheIdToTheNext) {
    customer_speaks("42");
    store.refuse_writes = true;
    EXPECT_EQ(deliver(R"({"commands":[)" + send("c1") + "]}").status, 503);
    store.refuse_writes = false;
    EXPECT_EQ(status_of(result(send("c1"))), "accepted");
    EXPECT_EQ(waiting().size(), 1u);
}

TEST_F(RepeatsTest, TypingThatWouldHaveToWaitIsLeftOut) {
    customer_speaks("42");
    allow_one_call_a_minute();
    EXPECT_EQ(status_of(result(typing("t1"))), "accepted");
    EXPECT_EQ(status_of(result(typing("t2"))), "accepted");
    clock.advance(std::chrono::seconds{61});
    EXPECT_EQ(status_of(result(typing("t3"))), "accepted");
    ASSERT_TRUE(eventually([&] { return strand->starts.size() == 2; }));
    EXPECT_EQ(json::parse(strand->starts[0].body).at("id"), "t1");
    EXPECT_EQ(json::parse(strand->starts[1].body).at("id"), "t3");
}

}  // namespace
}  // namespace trunkline::outbound::test
