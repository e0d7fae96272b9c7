#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testdata.hpp"

namespace trunkline::telegram {
namespace {

using ::testing::HasSubstr;
using testing::Input;
using ::testing::IsEmpty;
using testing::refeed_everywhere;
using testing::TestHost;

const std::vector<Header> kSecret{{"x-telegram-bot-api-secret-token", "s3cret"}};

std::string recorded(const std::string& name) {
    return read_file(TELEGRAM_TESTDATA "/updates/" + name + ".in.json");
}

std::size_t count(const TestHost& host, std::string_view kind) {
    return static_cast<std::size_t>(std::count_if(
        host.effects().begin(),
        host.effects().end(),
        [kind](const auto& each) { return each.kind == kind; }
    ));
}

TEST(TelegramWebhookTest, AnAuthenticUpdateIsReportedAndAnsweredEmpty) {
    TestHost host{telegram_plugin(), webhook_account()};
    ASSERT_EQ(host.created(), TL_OK);
    EXPECT_EQ(host.feed(Input::webhook(1, recorded("text_formatted"), kSecret)), TL_OK);
    EXPECT_EQ(host.latest("item").string("conversation"), "5550001111");
    EXPECT_EQ(host.latest("item").string("dedup"), "710000001");
    EXPECT_EQ(host.latest("answer").json.at("status"), 200);
    EXPECT_FALSE(host.latest("answer").json.contains("body"))
        << "Telegram would execute a body with a method";
    EXPECT_FALSE(host.open(1));
    EXPECT_THAT(host.faults(), IsEmpty());
}

TEST(TelegramWebhookTest, WithoutTheSecretItIsForged) {
    TestHost host{telegram_plugin(), webhook_account()};
    const auto body = recorded("text_formatted");
    EXPECT_EQ(host.feed(Input::webhook(1, body)), TL_E_FORGED);
    EXPECT_EQ(
        host.feed(Input::webhook(2, body, {{"x-telegram-bot-api-secret-token", "S3cret"}})),
        TL_E_FORGED
    );
    EXPECT_EQ(
        host.feed(Input::webhook(3, body, {{"x-telegram-bot-api-secret-token", ""}})), TL_E_FORGED
    );
    EXPECT_EQ(
        host.feed(Input::webhook(4, body, {{"x-telegram-bot-api-secret-token", "s3cret0"}})),
        TL_E_FORGED
    );
    EXPECT_THAT(host.effects(), IsEmpty());
    EXPECT_EQ(
        host.feed(Input::webhook(5, body, {{"X-Telegram-Bot-Api-Secret-Token", "s3cret"}})), TL_OK
    );
}

TEST(TelegramWebhookTest, WhatIsNoUpdateGoesToQuarantine) {
    TestHost host{telegram_plugin(), webhook_account()};
    std::uint64_t task = 0;
    for (const auto* body : {"", "{", "[]", "7", "\xFF\xFE", "{\"update_id\":1", "nul"}) {
        EXPECT_EQ(host.feed(Input::webhook(++task, body, kSecret)), TL_E_BAD_INPUT) << body;
    }
    EXPECT_EQ(
        host.feed(Input::webhook(++task, std::string(100'000, '['), kSecret)), TL_E_BAD_INPUT
    );
    EXPECT_THAT(host.effects(), IsEmpty());
}

TEST(TelegramWebhookTest, APressIsReportedBeforeItIsAnswered) {
    TestHost host{telegram_plugin(), webhook_account()};
    host.feed(Input::webhook(1, recorded("callback"), kSecret));
    ASSERT_EQ(host.effects().size(), 3U);
    EXPECT_EQ(host.effects()[0].kind, "item");
    EXPECT_EQ(host.effects()[1].kind, "answer");
    EXPECT_THAT(
        host.effects()[2].string("url"), HasSubstr("/bot777001:AAtoken/answerCallbackQuery")
    );
    EXPECT_EQ(host.effects()[2].string("body"), R"({"callback_query_id":"4382931"})");
    EXPECT_TRUE(host.open(1));
    host.feed(Input::reply(
        1, 1, 400, R"({"ok":false,"error_code":400,"description":"Bad Request: query is too old"})"
    ));
    EXPECT_FALSE(host.open(1));
    EXPECT_THAT(host.faults(), IsEmpty());
}

TEST(TelegramWebhookTest, UnsupportedContentIsCountedNotRefused) {
    TestHost host{telegram_plugin(), webhook_account()};
    EXPECT_EQ(host.feed(Input::webhook(1, recorded("unsupported_newer_kind"), kSecret)), TL_OK);
    EXPECT_EQ(host.latest("item").json.at("item").at("type").as_string(), "unsupported");
    EXPECT_EQ(host.latest("item").json.at("item").at("reason").as_string(), "hologram");
    EXPECT_EQ(host.latest("answer").json.at("status"), 200);
}

TEST(TelegramWebhookTest, AGroupsMoveIsAnAlias) {
    TestHost host{telegram_plugin(), webhook_account()};
    host.feed(Input::webhook(1, recorded("migrate_to"), kSecret));
    EXPECT_EQ(host.latest("alias").string("conversation"), "-1001987654321");
    EXPECT_EQ(host.latest("alias").string("former"), "-4012345");
}

TEST(TelegramWebhookTest, AReplayNeedsNoSecretAndPressesNothing) {
    TestHost host{telegram_plugin(), webhook_account()};
    auto replay = Input::of(TL_IN_REPLAY, 1);
    replay.body = recorded("callback");
    EXPECT_EQ(host.feed(replay), TL_OK);
    EXPECT_EQ(count(host, "item"), 1U);
    EXPECT_EQ(count(host, "http"), 0U);
    EXPECT_FALSE(host.open(1));
}

TEST(TelegramPollTest, ItemsAndCursorComeInOneGo) {
    TestHost host{telegram_plugin(), poll_account()};
    ASSERT_EQ(host.created(), TL_OK);
    host.feed(Input::poll(1, ""));
    const auto& request = host.latest("http");
    EXPECT_EQ(request.string("url"), "http://127.0.0.1:9/bot777001:AAtoken/getUpdates");
    EXPECT_EQ(
        request.json.at("flags"), static_cast<std::int64_t>(TL_HTTP_LONG | TL_HTTP_NO_REDIRECT)
    );
    EXPECT_EQ(request.json.at("timeout_ms"), 35'000);
    const auto body = boost::json::parse(request.string("body"));
    EXPECT_EQ(body.at("timeout"), 20);
    EXPECT_FALSE(body.as_object().contains("offset"));
    EXPECT_GE(body.at("allowed_updates").as_array().size(), 9U);

    host.feed(Input::reply(
        1,
        1,
        200,
        R"({"ok":true,"result":[)" + recorded("start_payload") + "," + recorded("photo") + "]}"
    ));
    EXPECT_EQ(count(host, "item"), 2U);
    const auto cursor = host.latest("outcome").string("value");
    EXPECT_THAT(cursor, HasSubstr(R"("offset":710000004)"));
    EXPECT_EQ(host.latest("outcome").json.at("delay_ms"), 0);

    host.feed(Input::poll(2, cursor));
    EXPECT_THAT(host.latest("http").string("body"), HasSubstr(R"("offset":710000004)"));
    EXPECT_THAT(host.faults(), IsEmpty());
}

TEST(TelegramPollTest, AnUpdateTwiceInOneAnswerHappenedOnce) {
    TestHost host{telegram_plugin(), poll_account()};
    host.feed(Input::poll(1, ""));
    const auto photo = recorded("photo");
    host.feed(Input::reply(1, 1, 200, R"({"ok":true,"result":[)" + photo + "," + photo + "]}"));
    EXPECT_EQ(count(host, "item"), 1U);
}

TEST(TelegramPollTest, AServerThatAnswersAtOnceIsNotAskedInATightLoop) {
    TestHost host{telegram_plugin(), poll_account()};
    host.feed(Input::poll(1, R"({"offset":5})"));
    host.feed(Input::reply(1, 1, 200, R"({"ok":true,"result":[]})"));
    EXPECT_GE(host.latest("outcome").json.at("delay_ms").as_int64(), 100);
    EXPECT_THAT(host.latest("outcome").string("value"), HasSubstr(R"("offset":5)"));
}

TEST(TelegramPollTest, AfterAQuietWeekTheOldOffsetIsForgotten) {
    TestHost host{telegram_plugin(), poll_account()};
    host.set_clock(1'790'000'000'000);
    host.feed(Input::poll(1, R"({"offset":900,"seen":1789000000000})"));
    EXPECT_THAT(host.latest("http").string("body"), ::testing::Not(HasSubstr("offset")));
    host.feed(Input::reply(
        1,
        1,
        200,
        R"({"ok":true,"result":[{"update_id":17,"message":{"message_id":1,"chat":{"id":5},"text":"x"}}]})"
    ));
    EXPECT_THAT(host.latest("outcome").string("value"), HasSubstr(R"("offset":18)"));
}

TEST(TelegramPollTest, AWebhookInTheWayIsRemoved) {
    TestHost host{telegram_plugin(), poll_account()};
    host.feed(Input::poll(1, R"({"offset":5})"));
    host.feed(Input::reply(
        1,
        1,
        409,
        R"({"ok":false,"error_code":409,"description":"Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"})"
    ));
    EXPECT_EQ(host.latest("health").string("state"), "degraded");
    EXPECT_THAT(host.latest("http").string("url"), HasSubstr("/deleteWebhook"));
    host.feed(Input::reply(1, 2, 200, R"({"ok":true,"result":true})"));
    EXPECT_EQ(host.latest("health").string("state"), "ok");
    EXPECT_EQ(host.latest("outcome").json.at("delay_ms"), 0);
    EXPECT_THAT(host.latest("outcome").string("value"), HasSubstr(R"("offset":5)"));
    EXPECT_THAT(host.faults(), IsEmpty());
}

TEST(TelegramPollTest, AnotherPollerIsToldToPeopleAndNotFought) {
    TestHost host{telegram_plugin(), poll_account()};
    host.feed(Input::poll(1, ""));
    host.feed(Input::reply(
        1,
        1,
        409,
        R"({"ok":false,"error_code":409,"description":"Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"})"
    ));
    EXPECT_EQ(host.latest("health").string("code"), "other_poller");
    EXPECT_GE(host.latest("outcome").json.at("delay_ms").as_int64(), 5'000);
    EXPECT_EQ(count(host, "http"), 1U);
}

TEST(TelegramPollTest, FailuresWaitLongerEachTimeAndKeepTheCursor) {
    TestHost host{telegram_plugin(), poll_account()};
    std::string cursor = R"({"offset":5})";
    std::int64_t last = 0;
    for (std::uint64_t task = 1; task <= 8; ++task) {
        host.feed(Input::poll(task, cursor));
        host.feed(
            task % 2 == 0 ? Input::no_reply(task, 1, true) : Input::reply(task, 1, 502, "<html>")
        );
        const auto delay = host.latest("outcome").json.at("delay_ms").as_int64();
        EXPECT_GE(delay, last);
        EXPECT_LE(delay, 60'000);
        last = delay;
        cursor = host.latest("outcome").string("value");
        EXPECT_THAT(cursor, HasSubstr(R"("offset":5)"));
    }
    EXPECT_GE(last, 30'000);
    EXPECT_EQ(host.latest("health").string("state"), "degraded");
    host.feed(Input::poll(9, cursor));
    host.feed(Input::reply(9, 1, 200, R"({"ok":true,"result":[]})"));
    EXPECT_EQ(host.latest("health").string("state"), "ok");
    EXPECT_THAT(host.latest("outcome").string("value"), ::testing::Not(HasSubstr("failures")));
}

TEST(TelegramPollTest, A429IsWaitedOutAndA401EndsTheAccount) {
    TestHost host{telegram_plugin(), poll_account()};
    host.feed(Input::poll(1, ""));
    host.feed(Input::reply(
        1,
        1,
        429,
        R"({"ok":false,"error_code":429,"description":"Too Many Requests: retry after 14","parameters":{"retry_after":14}})"
    ));
    EXPECT_EQ(host.latest("outcome").json.at("delay_ms"), 14'000);
    host.feed(Input::poll(2, ""));
    host.feed(
        Input::reply(2, 1, 401, R"({"ok":false,"error_code":401,"description":"Unauthorized"})")
    );
    EXPECT_EQ(host.latest("outcome").json.at("kind"), static_cast<std::int64_t>(TL_ACCOUNT_BROKEN));
}

TEST(TelegramPollTest, OneHostileUpdateSpoilsNoOther) {
    TestHost host{telegram_plugin(), poll_account()};
    const std::string big(300'000, 'x');
    const auto oversized =
        R"({"update_id":2,"message":{"message_id":2,"chat":{"id":5},"text":")" + big + "\"}}";
    host.feed(Input::poll(1, ""));
    host.feed(Input::reply(
        1,
        1,
        200,
        R"({"ok":true,"result":[7,null,)" + oversized +
            R"(,{"update_id":3,"message":{"message_id":3,"chat":{"id":5},"text":"after"}}]})"
    ));
    EXPECT_EQ(count(host, "item"), 4U);
    EXPECT_EQ(host.latest("item").json.at("item").at("message").at("text").as_string(), "after");
    EXPECT_THAT(host.latest("outcome").string("value"), HasSubstr(R"("offset":4)"));
    EXPECT_THAT(host.faults(), IsEmpty());
}

TEST(TelegramPollTest, AnUpdateTooLargeForTheQuarantineIsKeptCut) {
    TestHost host{telegram_plugin(), poll_account()};
    const auto huge =
        R"({"update_id":2,"message":{"message_id":2,"chat":{"id":5},"dice":{"emoji":")" +
        std::string(2U << 20U, 'x') + "\"}}}";
    host.feed(Input::poll(1, ""));
    host.feed(Input::reply(1, 1, 200, R"({"ok":true,"result":[)" + huge + "]}"));
    ASSERT_EQ(count(host, "item"), 1U);
    EXPECT_EQ(host.latest("item").json.at("item").at("type"), "unsupported");
    EXPECT_EQ(host.latest("item").string("raw").size(), 1U << 20U) << "the host refuses more";
    EXPECT_THAT(host.latest("outcome").string("value"), HasSubstr(R"("offset":3)"));
}

const char* const kThreeUpdates = R"({"ok":true,"result":[
    {"update_id":1,"message":{"message_id":1,"chat":{"id":5},"text":"one"}},
    {"update_id":2,"message":{"message_id":2,"chat":{"id":5},"text":"two"}},
    {"update_id":3,"message":{"message_id":3,"chat":{"id":5},"text":"three"}}]})";

TEST(TelegramPollTest, AnUpdateThatTheHostRefusesKeepsItsPlaceUnread) {
    TestHost host{telegram_plugin(), poll_account()};
    host.refuse_effect(1);  // the item of the first update; effect 0 is the request
    host.feed(Input::poll(1, ""));
    EXPECT_EQ(host.feed(Input::reply(1, 1, 200, kThreeUpdates)), TL_OK);
    ASSERT_EQ(count(host, "item"), 3U);
    const auto& unread = host.effects().at(1);
    EXPECT_EQ(unread.json.at("item").at("type"), "unsupported");
    EXPECT_EQ(unread.string("dedup"), "1.unreadable");
    EXPECT_THAT(unread.string("raw"), HasSubstr(R"("text":"one")"));
    EXPECT_EQ(host.latest("item").json.at("item").at("message").at("text").as_string(), "three");
    EXPECT_THAT(host.latest("outcome").string("value"), HasSubstr(R"("offset":4)"));
}

TEST(TelegramPollTest, WhatDoesNotFitIntoOnePollIsFetchedAgain) {
    TestHost host{telegram_plugin(), poll_account()};
    host.refuse_effect(2);  // the item of the second update
    host.feed(Input::poll(1, ""));
    EXPECT_EQ(host.feed(Input::reply(1, 1, 200, kThreeUpdates)), TL_OK);
    EXPECT_EQ(count(host, "item"), 1U);
    EXPECT_THAT(host.latest("outcome").string("value"), HasSubstr(R"("offset":2)"));
    EXPECT_EQ(host.latest("outcome").json.at("delay_ms"), 0) << "at once";
}

TEST(TelegramReceiveTest, TasksAreRebuiltAtEveryStep) {
    EXPECT_THAT(
        refeed_everywhere(
            telegram_plugin(),
            webhook_account(),
            {Input::webhook(1, recorded("callback"), kSecret),
             Input::webhook(2, recorded("photo"), kSecret),
             Input::no_reply(1, 1, true)}
        ),
        IsEmpty()
    );
    EXPECT_THAT(
        refeed_everywhere(
            telegram_plugin(),
            poll_account(),
            {Input::poll(1, ""),
             Input::reply(1, 1, 200, R"({"ok":true,"result":[)" + recorded("callback") + "]}"),
             Input::reply(1, 2, 200, R"({"ok":true,"result":true})"),
             Input::poll(2, R"({"offset":710000022})"),
             Input::reply(
                 2,
                 1,
                 409,
                 R"({"ok":false,"error_code":409,"description":"Conflict: can't use getUpdates method while webhook is active"})"
             ),
             Input::no_reply(2, 2, false)}
        ),
        IsEmpty()
    );
}

}  // namespace
}  // namespace trunkline::telegram
