#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config.hpp"
#include "manifest.hpp"
#include "testdata.hpp"

namespace trunkline::telegram {
namespace {

using testing::Account;
using ::testing::HasSubstr;
using testing::Input;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::refeed_everywhere;
using testing::TestHost;

constexpr auto kMe =
    R"({"ok":true,"result":{"id":777001,"is_bot":true,"first_name":"Shop","username":"shop_bot"}})";
constexpr auto kNoHook =
    R"({"ok":true,"result":{"url":"","has_custom_certificate":false,"pending_update_count":0}})";
constexpr auto kOurHook =
    R"({"ok":true,"result":{"url":"https://hub.example/hooks/test","pending_update_count":3}})";
constexpr auto kTrue = R"({"ok":true,"result":true,"description":"Webhook was set"})";

tl_status created(const std::string& settings) {
    return TestHost{telegram_plugin(), {.settings = settings}}.created();
}

TEST(TelegramSettingsTest, AreCheckedBeforeAnythingRuns) {
    EXPECT_EQ(created(R"({"token":"1:a","secret":"s"})"), TL_OK);
    EXPECT_EQ(created(R"({"token":"1:a","receive":"poll"})"), TL_OK);
    EXPECT_EQ(created("{}"), TL_OK) << "an account that is being connected has no token yet";
    EXPECT_EQ(created(R"({"token":"1:a"})"), TL_E_BAD_CONFIG)
        << "a webhook without a secret proves nothing";
    EXPECT_EQ(created(R"({"token":"1:a","secret":""})"), TL_E_BAD_CONFIG);
    EXPECT_EQ(created(R"({"token":"1:a","secret":"with space"})"), TL_E_BAD_CONFIG);
    EXPECT_EQ(
        created(R"({"token":"1:a","secret":")" + std::string(257, 's') + "\"}"), TL_E_BAD_CONFIG
    );
    EXPECT_EQ(created(R"({"token":"nocolon","receive":"poll"})"), TL_E_BAD_CONFIG);
    EXPECT_EQ(created(R"({"token":"1:a/../getMe?","receive":"poll"})"), TL_E_BAD_CONFIG);
    EXPECT_EQ(created(R"({"token":7,"receive":"poll"})"), TL_E_BAD_CONFIG);
    EXPECT_EQ(created(R"({"token":"1:a","receive":"pigeon"})"), TL_E_BAD_CONFIG);
    EXPECT_EQ(created(R"({"token":"1:a","receive":"poll","api_base":"ftp://x"})"), TL_E_BAD_CONFIG);
    EXPECT_EQ(created(R"({"token":"1:a","receive":"poll","poll_timeout":"51s"})"), TL_E_BAD_CONFIG);
    EXPECT_EQ(created(R"({"token":"1:a","receive":"poll","poll_timeout":0})"), TL_OK);
    EXPECT_EQ(created("[]"), TL_E_BAD_CONFIG);
    EXPECT_EQ(created("{"), TL_E_BAD_CONFIG);
}

TEST(TelegramSettingsTest, SecretsNeverReachTheLog) {
    TestHost host{
        telegram_plugin(), {.settings = R"({"token":"1:canary-token","secret":"canary secret"})"}};
    for (const auto& line : host.log())
        EXPECT_THAT(line, Not(HasSubstr("canary")));
    EXPECT_FALSE(host.log().empty());
}

TEST(TelegramManifestTest, IsJsonWithWhatTheHostLooksFor) {
    const auto manifest = boost::json::parse(kManifest);
    EXPECT_EQ(manifest.at("features").at("*").at("text_max"), 4096);
    EXPECT_EQ(manifest.at("redelivery_window").as_string(), "48h");
    EXPECT_EQ(
        manifest.at("accept").at("verify").at("header_equals").at("setting").as_string(), "secret"
    );
    EXPECT_EQ(manifest.at("limits").as_array().size(), 3U);
}

TEST(TelegramCheckTest, SetsTheWebhookOnceAndThenOnlyLooks) {
    TestHost host{telegram_plugin(), webhook_account()};
    host.feed(
        {Input::of(TL_IN_CHECK, 1),
         Input::reply(1, 1, 200, kMe),
         Input::reply(1, 2, 200, kNoHook),
         Input::stored(1, 3, std::nullopt)}
    );
    EXPECT_THAT(host.latest("http").string("url"), HasSubstr("/setWebhook"));
    const auto body = boost::json::parse(host.latest("http").string("body"));
    EXPECT_EQ(body.at("url").as_string(), "https://hub.example/hooks/test");
    EXPECT_EQ(body.at("secret_token").as_string(), "s3cret");
    EXPECT_GE(body.at("allowed_updates").as_array().size(), 9U);
    host.feed(Input::reply(1, 4, 200, kTrue));
    EXPECT_EQ(host.latest("health").string("state"), "ok");
    EXPECT_EQ(host.latest("put").json.at("flags"), static_cast<std::int64_t>(TL_PUT_SECRET));
    EXPECT_THAT(host.latest("outcome").string("value"), HasSubstr("shop_bot"));

    const auto stored = host.latest("put").string("value");
    host.feed(
        {Input::of(TL_IN_CHECK, 2),
         Input::reply(2, 1, 200, kMe),
         Input::reply(2, 2, 200, kOurHook),
         Input::stored(2, 3, stored)}
    );
    EXPECT_FALSE(host.open(2)) << "nothing is set twice";
    EXPECT_THAT(host.latest("outcome").string("value"), HasSubstr(R"("healthy":true)"));
    EXPECT_THAT(host.faults(), IsEmpty());
}

TEST(TelegramCheckTest, RepairsAWebhookThatSomebodyMoved) {
    TestHost host{telegram_plugin(), webhook_account()};
    const std::string stored = "https://hub.example/hooks/test\ns3cret\nold list";
    host.feed(
        {Input::of(TL_IN_CHECK, 1),
         Input::reply(1, 1, 200, kMe),
         Input::reply(1, 2, 200, R"({"ok":true,"result":{"url":"https://other.example/"}})"),
         Input::stored(1, 3, stored),
         Input::reply(
             1,
             4,
             429,
             R"({"ok":false,"error_code":429,"description":"Too Many Requests: retry after 1","parameters":{"retry_after":1}})"
         )}
    );
    EXPECT_EQ(host.latest("timer").step, 5U);
    host.feed({Input::timer(1, 5), Input::reply(1, 6, 200, kTrue)});
    EXPECT_EQ(host.latest("health").string("state"), "ok");
    EXPECT_FALSE(host.open(1));
}

TEST(TelegramCheckTest, ARefusedAddressIsExplainedToPeople) {
    TestHost host{telegram_plugin(), webhook_account()};
    host.feed(
        {Input::of(TL_IN_CHECK, 1),
         Input::reply(1, 1, 200, kMe),
         Input::reply(1, 2, 200, kNoHook),
         Input::stored(1, 3, std::nullopt),
         Input::reply(
             1,
             4,
             400,
             R"({"ok":false,"error_code":400,"description":"Bad Request: bad webhook: IP address 127.0.0.1 is reserved"})"
         )}
    );
    EXPECT_EQ(host.latest("health").string("state"), "degraded");
    EXPECT_EQ(host.latest("health").string("code"), "webhook_refused");
    EXPECT_THAT(host.latest("health").string("text"), HasSubstr("127.0.0.1 is reserved"));
    EXPECT_THAT(host.latest("health").string("text"), HasSubstr("receive: poll"));
    EXPECT_EQ(host.latest("outcome").json.at("kind"), static_cast<std::int64_t>(TL_DONE));
}

TEST(TelegramCheckTest, ARecentDeliveryErrorShowsAndAnOldOneDoesNot) {
    for (const bool recent : {true, false}) {
        TestHost host{telegram_plugin(), webhook_account()};
        host.set_clock(1'790'000'000'000);
        host.feed(
            {Input::of(TL_IN_CHECK, 1),
             Input::reply(1, 1, 200, kMe),
             Input::reply(1, 2, 200, kNoHook),
             Input::stored(1, 3, std::nullopt),
             Input::reply(1, 4, 200, kTrue)}
        );
        const auto stored = host.latest("put").string("value");
        const std::string date = recent ? "1789999900" : "1789900000";
        host.feed(
            {Input::of(TL_IN_CHECK, 2),
             Input::reply(2, 1, 200, kMe),
             Input::reply(
                 2,
                 2,
                 200,
                 R"({"ok":true,"result":{"url":"https://hub.example/hooks/test","last_error_date":)" +
                     date +
                     R"(,"last_error_message":"Wrong response from the webhook: 502 Bad Gateway"}})"
             ),
             Input::stored(2, 3, stored)}
        );
        EXPECT_EQ(host.latest("health").string("state"), recent ? "degraded" : "ok");
    }
}

TEST(TelegramCheckTest, APollingBotLosesItsWebhook) {
    TestHost host{telegram_plugin(), poll_account()};
    host.feed(
        {Input::of(TL_IN_CHECK, 1),
         Input::reply(1, 1, 200, kMe),
         Input::reply(1, 2, 200, R"({"ok":true,"result":{"url":"https://other.example/"}})")}
    );
    EXPECT_THAT(host.latest("http").string("url"), HasSubstr("/deleteWebhook"));
    host.feed(Input::reply(1, 3, 200, kTrue));
    EXPECT_THAT(host.latest("outcome").string("value"), HasSubstr(R"("healthy":true)"));
}

TEST(TelegramCheckTest, AnEmulatorWithoutGetWebhookInfoIsNoTrouble) {
    TestHost polling{telegram_plugin(), poll_account()};
    polling.feed(
        {Input::of(TL_IN_CHECK, 1),
         Input::reply(
             1,
             1,
             200,
             R"({"ok":true,"result":{"username":"TestNameBot","first_name":"Test First name","id":666}})"
         ),
         Input::reply(1, 2, 500, R"({"message":"API method 'getWebhookInfo' is not supported"})")}
    );
    EXPECT_EQ(polling.latest("outcome").json.at("kind"), static_cast<std::int64_t>(TL_DONE));
    TestHost hooked{telegram_plugin(), webhook_account()};
    hooked.feed(
        {Input::of(TL_IN_CHECK, 1),
         Input::reply(1, 1, 200, kMe),
         Input::reply(1, 2, 500, "x"),
         Input::stored(1, 3, std::nullopt),
         Input::reply(1, 4, 200, R"({"ok":true,"result":null})")}
    );
    EXPECT_EQ(hooked.latest("health").string("state"), "ok");
}

TEST(TelegramCheckTest, ADeadTokenIsTold) {
    TestHost host{telegram_plugin(), webhook_account()};
    host.feed(
        {Input::of(TL_IN_CHECK, 1),
         Input::reply(1, 1, 401, R"({"ok":false,"error_code":401,"description":"Unauthorized"})")}
    );
    EXPECT_EQ(host.latest("outcome").json.at("kind"), static_cast<std::int64_t>(TL_ACCOUNT_BROKEN));
}

TEST(TelegramConnectTest, ATokenIsEnough) {
    TestHost host{telegram_plugin(), {}};
    host.feed(Input::connect(1, "{}"));
    EXPECT_THAT(host.latest("form").text(), HasSubstr("BotFather"));
    host.feed(Input::form(1, 1, R"({"token":"not a token"})"));
    EXPECT_THAT(host.latest("form").text(), HasSubstr("error"));
    host.feed(
        {Input::form(1, 2, R"({"token":" 777001:AAtoken\n"})"),
         Input::reply(1, 3, 200, kMe),
         Input::reply(1, 4, 200, kNoHook)}
    );
    EXPECT_THAT(host.latest("http").string("url"), HasSubstr("/setWebhook"));
    host.feed(Input::reply(1, 5, 200, kTrue));
    const auto result = boost::json::parse(host.latest("outcome").string("value"));
    EXPECT_EQ(result.at("account_key").as_string(), "777001");
    EXPECT_EQ(result.at("title").as_string(), "shop_bot");
    EXPECT_EQ(result.at("settings").at("receive").as_string(), "webhook");
    EXPECT_EQ(result.at("secrets").at("token").as_string(), "777001:AAtoken");
    EXPECT_EQ(result.at("secrets").at("secret").as_string().size(), 64U);
    EXPECT_THAT(host.faults(), IsEmpty());
}

TEST(TelegramConnectTest, ABotInUseIsTakenOverOnlyWithConsent) {
    for (const bool consent : {false, true}) {
        TestHost host{telegram_plugin(), {}};
        host.feed(
            {Input::connect(1, "{}"),
             Input::form(1, 1, R"({"token":"777001:AAtoken"})"),
             Input::reply(1, 2, 200, kMe),
             Input::reply(
                 1, 3, 200, R"({"ok":true,"result":{"url":"https://crm.example/tg?x=1"}})"
             )}
        );
        EXPECT_THAT(host.latest("form").text(), HasSubstr("crm.example"));
        host.feed(Input::form(1, 4, consent ? R"({"take_over":true})" : "{}"));
        EXPECT_EQ(host.open(1), consent);
    }
}

TEST(TelegramConnectTest, BehindAFirewallItPolls) {
    TestHost host{telegram_plugin(), {.hook_url = "http://127.0.0.1:8080/hooks/test"}};
    host.feed(
        {Input::connect(1, "{}"),
         Input::form(1, 1, R"({"values":{"token":"777001:AAtoken"}})"),
         Input::reply(1, 2, 200, kMe),
         Input::reply(1, 3, 200, kNoHook),
         Input::reply(
             1,
             4,
             400,
             R"({"ok":false,"error_code":400,"description":"Bad Request: bad webhook: An HTTPS URL must be provided for webhook"})"
         )}
    );
    const auto result = boost::json::parse(host.latest("outcome").string("value"));
    EXPECT_EQ(result.at("settings").at("receive").as_string(), "poll");
    EXPECT_THAT(std::string{result.at("text").as_string()}, HasSubstr("HTTPS"));
}

TEST(TelegramDisconnectTest, RemovesTheWebhookUnlessTheTokenIsDead) {
    for (const int status : {200, 401}) {
        TestHost host{telegram_plugin(), webhook_account()};
        host.feed(Input::of(TL_IN_DISCONNECT, 1));
        EXPECT_THAT(host.latest("http").string("url"), HasSubstr("/deleteWebhook"));
        host.feed(Input::reply(
            1,
            1,
            status,
            status == 200 ? kTrue : R"({"ok":false,"error_code":401,"description":"Unauthorized"})"
        ));
        EXPECT_EQ(host.latest("outcome").json.at("kind"), static_cast<std::int64_t>(TL_DONE));
    }
}

TEST(TelegramFileTest, IsFoundAtAnAddressThatLivesAnHour) {
    TestHost host{telegram_plugin(), webhook_account()};
    host.set_clock(1'790'000'000'000);
    host.feed(Input::file(1, "AgACbig"));
    EXPECT_EQ(host.latest("http").string("body"), R"({"file_id":"AgACbig"})");
    host.feed(Input::reply(
        1,
        1,
        200,
        R"({"ok":true,"result":{"file_id":"AgACbig","file_size":148233,"file_path":"photos/file 12.jpg"}})"
    ));
    EXPECT_EQ(
        host.latest("source").string("url"),
        "https://api.telegram.org/file/bot777001:AAtoken/photos/file%2012.jpg"
    );
    const auto lives = host.latest("source").json.at("expires_ms").as_int64() - 1'790'000'000'000;
    EXPECT_GT(lives, 30 * 60 * 1000);
    EXPECT_LE(lives, 3600 * 1000);
}

TEST(TelegramFileTest, TooLargeForTheMessengerIsSaidInWords) {
    TestHost host{telegram_plugin(), webhook_account()};
    host.feed(
        {Input::file(1, "big"),
         Input::reply(
             1,
             1,
             400,
             R"({"ok":false,"error_code":400,"description":"Bad Request: file is too big"})"
         )}
    );
    EXPECT_EQ(host.latest("outcome").json.at("kind"), static_cast<std::int64_t>(TL_REJECTED));
    EXPECT_EQ(host.latest("outcome").string("code"), "file_too_large");
    EXPECT_THAT(host.latest("outcome").string("text"), HasSubstr("20 MiB"));
    for (const auto* path : {"/var/lib/telegram/file", "../../getMe", "a//b", ""}) {
        TestHost odd{telegram_plugin(), webhook_account()};
        odd.feed(
            {Input::file(1, "x"),
             Input::reply(
                 1, 1, 200, R"({"ok":true,"result":{"file_path":")" + std::string{path} + "\"}}"
             )}
        );
        EXPECT_EQ(odd.latest("outcome").json.at("kind"), static_cast<std::int64_t>(TL_REJECTED))
            << path;
    }
}

TEST(TelegramProfileTest, NamesTheCustomerAndThePicture) {
    TestHost host{telegram_plugin(), webhook_account()};
    auto input = Input::of(TL_IN_PROFILE, 1);
    input.key = "5550001111";
    host.feed(
        {input,
         Input::reply(
             1,
             1,
             200,
             R"({"ok":true,"result":{"id":5550001111,"type":"private","first_name":"Вера","photo":{"small_file_id":"s1","big_file_id":"b1"}}})"
         )}
    );
    EXPECT_EQ(
        host.latest("outcome").string("value"),
        R"({"id":"5550001111","name":"Вера","avatar_ref":"s1"})"
    );
}

TEST(TelegramAccountTest, TasksAreRebuiltAtEveryStep) {
    EXPECT_THAT(
        refeed_everywhere(
            telegram_plugin(),
            webhook_account(),
            {Input::of(TL_IN_CHECK, 1),
             Input::reply(1, 1, 200, kMe),
             Input::reply(1, 2, 200, kNoHook),
             Input::stored(1, 3, std::nullopt),
             Input::no_reply(1, 4, true),
             Input::timer(1, 5),
             Input::reply(1, 6, 200, kTrue),
             Input::of(TL_IN_DISCONNECT, 2),
             Input::reply(2, 1, 200, kTrue)}
        ),
        IsEmpty()
    );
    EXPECT_THAT(
        refeed_everywhere(
            telegram_plugin(),
            {},
            {Input::connect(1, "{}"),
             Input::form(1, 1, R"({"token":"x"})"),
             Input::form(1, 2, R"({"token":"777001:AAtoken"})"),
             Input::reply(1, 3, 200, kMe),
             Input::reply(1, 4, 200, R"({"ok":true,"result":{"url":"https://crm.example/"}})"),
             Input::form(1, 5, R"({"take_over":true})"),
             Input::reply(1, 6, 400, "{}"),
             Input::reply(1, 7, 200, kTrue)}
        ),
        IsEmpty()
    );
    auto profile = Input::of(TL_IN_PROFILE, 2);
    profile.key = "5";
    EXPECT_THAT(
        refeed_everywhere(
            telegram_plugin(),
            webhook_account(),
            {Input::file(1, "r"),
             profile,
             Input::reply(1, 1, 200, R"({"ok":true,"result":{"file_path":"a/b.jpg"}})"),
             Input::reply(2, 1, 200, R"({"ok":true,"result":{"id":5}})")}
        ),
        IsEmpty()
    );
}

}  // namespace
}  // namespace trunkline::telegram
