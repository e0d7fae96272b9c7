#include "host/reload/cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <trunkline/testing/cases.hpp>

namespace trunkline::reload {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

ServedAccount account(const std::string& id, bool served = true) {
    ServedAccount out;
    out.id = id;
    out.settings = R"({"token":"123456:AbC-secret","api":"https://x"})";
    out.connector = "{}";
    out.secrets.emplace_back("123456:AbC-secret");
    out.served = served;
    return out;
}

tasks::KeptTask webhook(const std::string& of, std::string body) {
    tasks::Input input;
    input.kind = TL_IN_WEBHOOK;
    input.at_ms = 1'700'000'000'000;
    input.method = "POST";
    input.body = std::move(body);
    input.pairs.push_back({"x-token", "123456:AbC-secret"});
    return {AccountId{of}, {std::move(input)}};
}

TEST(ReloadCasesTest, OneCaseWithoutInputsForEachServedAccount) {
    const auto cases =
        trunkline::testing::read_cases(account_cases({account("a"), account("b", false)}));
    ASSERT_THAT(cases, SizeIs(1));
    EXPECT_EQ(cases[0].name(), "account a");
    EXPECT_THAT(cases[0].inputs, SizeIs(0));
    EXPECT_THAT(cases[0].account.settings, HasSubstr("123456:AbC-secret"));
}

TEST(ReloadCasesTest, SecretsAreDisguisedAlikeInSettingsAndInputs) {
    const std::string text =
        recent_cases({account("a")}, {webhook("a", R"({"echo":"123456:AbC-secret"})")});
    EXPECT_THAT(text, Not(HasSubstr("AbC-secret")));
    const auto cases = trunkline::testing::read_cases(text);
    ASSERT_THAT(cases, SizeIs(1));
    EXPECT_THAT(cases[0].account.settings, HasSubstr("777777:XxX-xxxxxx"));
    ASSERT_THAT(cases[0].inputs, SizeIs(1));
    EXPECT_EQ(cases[0].inputs[0].headers.at(0).value, "777777:XxX-xxxxxx");
    EXPECT_THAT(cases[0].inputs[0].body, HasSubstr("777777:XxX-xxxxxx"));
    EXPECT_EQ(cases[0].inputs[0].at_ms, 1'700'000'000'000);
}

TEST(ReloadCasesTest, SecretsAreFoundInTheFormsInWhichTextsCarryThem) {
    ServedAccount holder = account("a");
    holder.settings = R"({"token":"123456:AbC-secret","pem":"BEGIN\nline \"two\"\nEND"})";
    holder.connector = R"({"app_secret":"shared by all","name":"the shop"})";
    holder.secrets.emplace_back("BEGIN\nline \"two\"\nEND");
    tasks::KeptTask task =
        webhook("a", R"({"pem":"BEGIN\nline \"two\"\nEND","app":"shared by all"})");
    task.inputs.front().target = "/?token=123456%3AAbC-secret";
    task.inputs.front().pairs.push_back({"Authorization", "Bearer of-somebody-else"});
    tasks::Input stored;
    stored.kind = TL_IN_STORED;
    stored.body = "refresh-me";
    stored.secret = true;
    task.inputs.push_back(stored);
    const std::string text = recent_cases({holder}, {task});
    for (const char* hidden :
         {"AbC-secret", "two", "shared by all", "somebody", "refresh", "%3AAbC"})
        EXPECT_THAT(text, Not(HasSubstr(hidden)));
    EXPECT_THAT(text, HasSubstr("the shop"));
    EXPECT_EQ(
        without_secrets({holder}, "bad token 123456:AbC-secret"), "bad token 777777:XxX-xxxxxx"
    );
}

TEST(ReloadCasesTest, TasksOfAccountsThatAreGoneAreLeftOut) {
    EXPECT_EQ(recent_cases({account("a")}, {webhook("gone", "{}")}), "");
}

TEST(ReloadCasesTest, BytesThatAreNoTextComeThrough) {
    const std::string bytes{"\xFF\x00\x01", 3};
    const auto cases =
        trunkline::testing::read_cases(recent_cases({account("a")}, {webhook("a", bytes)}));
    ASSERT_THAT(cases, SizeIs(1));
    EXPECT_EQ(cases[0].inputs[0].body, bytes);
}

}  // namespace
}  // namespace trunkline::reload
