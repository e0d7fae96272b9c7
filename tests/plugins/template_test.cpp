// The templates that `trunkctl plugins new` copies, linked in under the name they have in this
// repository. Compiled once for each language; all of them ask for the same.
#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <trunkline/testing/check.hpp>

namespace {

using namespace trunkline::testing;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

const tl_plugin& plugin() {
    return *tl_connector_entry(TL_ABI_MAJOR, TL_ABI_MINOR);
}
const Account kAccount{.settings = R"({"base_url":"https://chat.example","secret":"s3cret"})"};

Input hook(std::uint64_t task, std::string body) {
    return Input::webhook(task, std::move(body), {{"x-webhook-secret", "s3cret"}});
}
Input send(std::uint64_t task) {
    return Input::command(task, "5", R"({"id":"x","type":"send","message":{"text":"Yes"}})");
}

TEST(Template, AsksForWhatItsGoldenCasesSay) {
    EXPECT_THAT(check_cases(plugin(), TEMPLATE_TESTDATA), IsEmpty());
}

TEST(Template, RefusesAHostOfAnotherMajor) {
    EXPECT_EQ(tl_connector_entry(TL_ABI_MAJOR + 1, 0), nullptr);
    EXPECT_EQ(tl_connector_entry(0, 0), nullptr);
}

TEST(Template, TellsWhatIsMissingInItsSettings) {
    for (const char* settings :
         {"{}",
          R"({"secret":"s"})",
          R"({"base_url":"","secret":"s"})",
          R"({"base_url":5,"secret":"s"})"}) {
        const TestHost host{plugin(), {.settings = settings}};
        EXPECT_EQ(host.created(), TL_E_BAD_CONFIG) << settings;
        EXPECT_THAT(host.log(), Contains(HasSubstr("base_url is missing"))) << settings;
    }
    const TestHost host{plugin(), {.settings = R"({"base_url":"https://chat.example"})"}};
    EXPECT_EQ(host.created(), TL_E_BAD_CONFIG);
    EXPECT_THAT(host.log(), Contains(HasSubstr("secret is missing")));
}

TEST(Template, AnEffectThatIsRefusedEndsTheTaskAndNothingElse) {
    for (std::size_t refused = 0; refused < 4; ++refused) {
        TestHost host{plugin(), kAccount};
        host.refuse_effect(refused);
        const std::vector<Input> inputs{
            hook(1, R"({"chat":"5","id":1,"text":"a"})"),
            send(2),
            Input::reply(2, 1, 200, R"({"id":2})")};
        std::vector<tl_status> statuses = host.feed(inputs);
        EXPECT_THAT(statuses, Contains(TL_E_LIMIT)) << refused;
        EXPECT_EQ(host.feed(hook(3, R"({"chat":"5","id":3,"text":"b"})")), TL_OK) << refused;
        EXPECT_THAT(host.faults(), IsEmpty()) << refused;
    }
}

TEST(Template, AnAnswerToNobodyChangesNothing) {
    TestHost host{plugin(), kAccount};
    EXPECT_EQ(host.feed(Input::reply(7, 1, 200, "{}")), TL_E_BAD_STATE);
    EXPECT_EQ(host.feed(send(8)), TL_OK);
    EXPECT_EQ(host.feed(Input::reply(8, 2, 200, R"({"id":2})")), TL_E_BAD_STATE);
    EXPECT_EQ(host.feed(Input::timer(8, 1)), TL_E_BAD_STATE);
    EXPECT_EQ(host.feed(Input::reply(8, 1, 200, R"({"id":2})")), TL_OK);
    EXPECT_EQ(host.latest("outcome").string("value"), R"(["2"])");
}

TEST(Template, WhatItDoesNotKnowIsUnsupported) {
    TestHost host{plugin(), kAccount};
    for (const tl_input_kind kind : {TL_IN_ROUTED, TL_IN_POLL, TL_IN_FILE, TL_IN_CONNECT})
        EXPECT_EQ(
            host.feed(Input::of(kind, 100 + static_cast<std::uint64_t>(kind))), TL_E_UNSUPPORTED
        ) << kind;
    for (const int kind : {0, 11, 63, 69, 4711})
        EXPECT_EQ(host.feed(Input::of(static_cast<tl_input_kind>(kind), 5)), TL_E_UNSUPPORTED)
            << kind;
}

TEST(Template, HostileBodiesEndAsBadInputOrAsAWholeItem) {
    const std::string sound = R"({"chat":"5","id":17,"name":"Ann","text":"Is it \ud83d\ude00?"})";
    std::mt19937 random{20};
    TestHost host{plugin(), kAccount};
    std::uint64_t task = 0;
    for (int round = 0; round < 4000; ++round) {
        std::string body = sound;
        for (auto edits = random() % 4; edits > 0; --edits) {
            const std::size_t at = random() % body.size();
            switch (random() % 3) {
                case 0:
                    body[at] = static_cast<char>(random() % 256);
                    break;
                case 1:
                    body.erase(at, 1 + random() % 8);
                    break;
                default:
                    body.insert(at, std::string(1 + random() % 3, "{[\",:\\u0"[random() % 8]));
            }
            if (body.empty()) body = "x";
        }
        const tl_status status = host.feed(hook(++task, body));
        EXPECT_TRUE(status == TL_OK || status == TL_E_BAD_INPUT) << status << ": " << body;
        EXPECT_EQ(status == TL_OK, host.effects().size() > 0 && host.effects().back().task == task)
            << body;
    }
    EXPECT_THAT(host.faults(), IsEmpty());
}

}  // namespace
