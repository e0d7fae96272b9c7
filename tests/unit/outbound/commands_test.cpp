// What is taken from a portal, once, and where it goes.
#include <gmock/gmock.h>

#include "commands_world.hpp"
#include "host/base/base64.hpp"
#include "host/seal/crypto.hpp"

namespace trunkline::outbound::test {
namespace {

using testing::HasSubstr;

using CommandsTest = CommandsWorld;

constexpr const char* kDigest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

std::string media(const std::string& id, const std::string& size = "5") {
    return R"({"id":")" + id +
           R"(","type":"media","media":{"name":"a.txt","mime":"text/plain","size":)" + size +
           R"(,"sha256":")" + kDigest + R"("}})";
}

TEST_F(CommandsTest, ASendIsAcceptedAndWaitsInItsAccountsLane) {
    customer_speaks("42");
    const net::Response response = deliver(R"({"commands":[)" + send("c1") + "]}");

    EXPECT_EQ(response.status, 202);
    EXPECT_EQ(response.body, R"({"results":[{"id":"c1","status":"accepted"}]})");
    EXPECT_EQ(net::find_header(response.headers, "Content-Type"), "application/json");
    const auto lane = records(account->lane);
    ASSERT_EQ(lane.size(), 1u);
    EXPECT_EQ(lane[0].conversation, "42");
    EXPECT_EQ(lane[0].accepted_ms, clock.wall_ms());
    EXPECT_EQ(waiting()[0].id(), "c1");
    EXPECT_EQ(waiting()[0].message().text(), "hello");
}

TEST_F(CommandsTest, EveryKindThatChangesSomethingWaitsInTheLane) {
    customer_speaks("42");
    const json::array all = results({
        send("c1"),
        command("c2", "edit", R"("message":{"id":"7","text":"better"})"),
        command("c3", "delete", R"("message":{"id":"7"})"),
        command("c4", "react", R"("message":{"id":"7"},"emoji":"👍")"),
        command("c5", "react", R"("message":{"id":"7"},"removed":true)"),
        command(
            "c6", "send", R"("message":{"location":{"latitude":1.5,"longitude":2}},"expires":"10m")"
        ),
    });
    for (const auto& each : all)
        EXPECT_EQ(status_of(each.as_object()), "accepted") << json::serialize(each);
    const auto lane = waiting();
    ASSERT_EQ(lane.size(), 6u);
    EXPECT_EQ(lane[1].type(), "edit");
    EXPECT_EQ(lane[2].message().id(), "7");
    EXPECT_EQ(lane[3].emoji(), "👍");
    EXPECT_TRUE(lane[4].removed());
    EXPECT_EQ(lane[5].expires(), 600'000);
    EXPECT_TRUE(strand->starts.empty()) << "the lane's turn comes later";
}

TEST_F(CommandsTest, ResultsStandInTheOrderOfTheCommands) {
    customer_speaks("42");
    const json::array all = results({send("b"), R"({"id":"a","type":"bogus"})", send("c")});
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[0].at("id"), "b");
    EXPECT_EQ(all[1].at("id"), "a");
    EXPECT_EQ(all[1].at("status"), "rejected") << "one bad command spoils no other";
    EXPECT_EQ(all[2].at("id"), "c");
    EXPECT_EQ(waiting().size(), 2u);
}

TEST_F(CommandsTest, AnEmptyListIsTaken) {
    EXPECT_EQ(deliver(R"({"commands":[]})").body, R"({"results":[]})");
}

TEST_F(CommandsTest, TypingGoesToTheConnectorAtOnceAndWaitsNowhere) {
    customer_speaks("42", "the note", "4242");
    EXPECT_EQ(status_of(result(command("t1", "typing", R"("on":true)"))), "accepted");
    EXPECT_EQ(status_of(result(command("t2", "read", R"("message":{"id":"7"})"))), "accepted");

    ASSERT_TRUE(eventually([&] { return strand->starts.size() == 2; }));
    const tasks::Start& start = strand->starts[0];
    EXPECT_EQ(start.kind, TL_IN_COMMAND);
    EXPECT_EQ(start.key, "4242") << "the messenger's present id of the conversation";
    EXPECT_EQ(start.note, "the note");
    EXPECT_EQ(start.durable_key, "") << "it starts anew after a crash, or never";
    EXPECT_EQ(json::parse(start.body).at("type"), "typing");
    EXPECT_EQ(json::parse(start.body).at("on"), true);
    EXPECT_EQ(json::parse(strand->starts[1].body).at("type"), "read");
    EXPECT_TRUE(records(account->lane).empty());
}

TEST_F(CommandsTest, WhatTypingReportsBesideItsEndIsKept) {
    customer_speaks("42");
    tasks::Durable durable;
    durable.health.push_back({"degraded", "slow", "The messenger is slow", 0});
    trunkline::test::Play play;
    play.commits.push_back(std::move(durable));
    strand->plays.push_back(std::move(play));
    result(command("t1", "typing", R"("on":true)"));

    ASSERT_TRUE(eventually([&] { return !records(portal->terms()->lanes[0].id).empty(); }));
    EXPECT_EQ(told()[0].type(), "notice");
    EXPECT_EQ(account->health().state, accounts::State::degraded);
}

TEST_F(CommandsTest, TypingIsDroppedWhereItWouldPileUp) {
    customer_speaks("42");
    strand->open = 257;
    EXPECT_EQ(status_of(result(command("t1", "typing", R"("on":true)"))), "accepted");
    strand->open = 256;
    EXPECT_EQ(status_of(result(command("t2", "typing", R"("on":true)"))), "accepted");
    ASSERT_TRUE(eventually([&] { return !strand->starts.empty(); }));
    ASSERT_EQ(strand->starts.size(), 1u);
    EXPECT_EQ(json::parse(strand->starts[0].body).at("id"), "t2");

    account->strand.reset();
    EXPECT_EQ(status_of(result(command("t3", "typing", R"("on":true)"))), "accepted");
}

TEST_F(CommandsTest, AccountsAreThoseOfThisPortalAlone) {
    add_account("other-telegram", add_portal(portal_config("other")));
    account->set_health(
        {accounts::State::bad_credentials, "token_dead", "The token is dead", 1'763'800'000'000}
    );

    const json::object answer = result(R"({"id":"a1","type":"accounts"})");
    EXPECT_EQ(status_of(answer), "accepted");
    EXPECT_EQ(
        json::serialize(answer.at("accounts")),
        R"([{"account":"acme-telegram","connector":"telegram","line":"support",)"
        R"("state":"bad_credentials","code":"token_dead","text":"The token is dead. Connect it again; )"
        R"(what waits is sent then.","action":"reconnect","since":"2025-11-22T08:26:40.000Z"}])"
    );
    account->set_health({accounts::State::connected, "", "", clock.wall_ms()});
    EXPECT_EQ(
        result(R"({"id":"a1","type":"accounts"})").at("accounts").at(0).at("state"), "connected"
    ) << "a question is answered anew";
}

TEST_F(CommandsTest, AFileIsAnnouncedAndHasOneAddressHoweverOftenItIsAskedFor) {
    const json::object first = result(media("m1"));
    EXPECT_EQ(status_of(first), "accepted");
    const std::string put{first.at("media").at("put").as_string()};
    ASSERT_TRUE(put.starts_with("http://host/v1/uploads/")) << put;
    EXPECT_EQ(result(media("m1")), first);

    const std::string token = put.substr(put.rfind('/') + 1);
    bool sent = false;
    const auto filled = run<Result<media::File>>([&]() -> async::Awaitable<Result<media::File>> {
        media::Pieces pieces = [&sent]() -> async::Awaitable<Result<std::string>> {
            std::string piece = sent ? "" : "hello";
            sent = true;
            co_return piece;
        };
        auto out = co_await files->fill(token, 5, std::move(pieces));
        co_return out;
    });
    ASSERT_TRUE(filled) << filled.error().context;
    EXPECT_EQ(filled->id, first.at("media").at("id").as_string());
    EXPECT_EQ(filled->portal, portal->id);
    EXPECT_EQ(filled->name, "a.txt");
    EXPECT_EQ(filled->mime, "text/plain");
}

TEST_F(CommandsTest, OneIdIsDoneOnceOverManyRequests) {
    customer_speaks("42");
    const json::object first = result(send("c1"));
    EXPECT_EQ(result(send("c1")), first);
    EXPECT_EQ(result(send("c1", "another text")), first);
    EXPECT_EQ(waiting().size(), 1u);
    EXPECT_EQ(waiting()[0].message().text(), "hello");
}

TEST_F(CommandsTest, OneIdIsForgottenAfterADay) {
    customer_speaks("42");
    result(send("c1"));
    clock.advance(std::chrono::hours{24} - std::chrono::milliseconds{1});
    result(send("c1"));
    EXPECT_EQ(waiting().size(), 1u);
    clock.advance(std::chrono::milliseconds{2});
    result(send("c1"));
    EXPECT_EQ(waiting().size(), 2u);
}

TEST_F(CommandsTest, ARefusalStaysARefusal) {
    const json::object refused = result(send("c1"));
    EXPECT_EQ(code_of(refused), "conversation_not_started");
    customer_speaks("42");
    EXPECT_EQ(result(send("c1")), refused) << "its portal was told so";
    EXPECT_EQ(status_of(result(send("c2"))), "accepted");
}

TEST_F(CommandsTest, TypingIsDoneOnceToo) {
    customer_speaks("42");
    const json::object first = result(command("t1", "typing", R"("on":true)"));
    EXPECT_EQ(result(command("t1", "typing", R"("on":true)")), first);
    result(command("t2", "typing", R"("on":true)"));
    ASSERT_TRUE(eventually([&] {
        return !strand->starts.empty() && json::parse(strand->starts.back().body).at("id") == "t2";
    }));
    EXPECT_EQ(strand->starts.size(), 2u);
}

TEST_F(CommandsTest, TheSameIdTwiceInOneRequestIsOneCommand) {
    customer_speaks("42");
    const json::array all = results({send("c1"), send("c1"), send("c2")});
    EXPECT_EQ(all[1], all[0]);
    EXPECT_EQ(waiting().size(), 2u);
}

TEST_F(CommandsTest, TheSecondOfOneIdHasTheResultOfTheFirst) {
    customer_speaks("42");
    const std::string nowhere =
        R"({"id":"c1","type":"send","account":"acme-telegram","conversation":"77","message":{"text":"x"}})";
    json::array all = results({nowhere, send("c1")});
    EXPECT_EQ(code_of(all[0].as_object()), "conversation_not_started");
    EXPECT_EQ(all[1], all[0]) << "accepted would promise what is never done";

    all = results({send("c3"), R"({"id":"c3","type":"bogus"})"});
    EXPECT_EQ(status_of(all[0].as_object()), "accepted");
    EXPECT_EQ(all[1], all[0]);

    all = results({media("m1"), media("m1")});
    EXPECT_EQ(all[1], all[0]) << "one file, one address";
    EXPECT_EQ(result(media("m1")), all[0].as_object());
}

TEST_F(CommandsTest, TwoPortalsMayUseTheSameId) {
    customer_speaks("42");
    result(send("c1"));
    add_portal(portal_config("other"));
    const seal::Sealed letter = sealed(
        R"({"commands":[{"id":"c1","type":"accounts"}]})", true, trunkline::test::kLicense, "other"
    );
    EXPECT_THAT(deliver(letter, "other").body, HasSubstr(R"("accounts":[])"));
}

}  // namespace
}  // namespace trunkline::outbound::test
