// What is not taken from a portal, and what it is told.
#include <gmock/gmock.h>

#include "commands_world.hpp"

namespace trunkline::outbound::test {
namespace {

using testing::HasSubstr;

using CommandsRefusalsTest = CommandsWorld;

const Secret kOther{"tlk_FjZ6rLZ6SgF8jairlWgsyzkIY3gPcRTdoKDgxVZEx8Q"};
constexpr const char* kDigestOfHello =
    "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

TEST_F(CommandsRefusalsTest, WhatIsNotAuthenticIsRefusedAndNothingSaysWhy) {
    customer_speaks("42");
    const std::string plain = R"({"commands":[)" + send("c1") + "]}";
    std::vector<seal::Sealed> letters;
    letters.push_back(sealed(plain, true, kOther));
    letters.push_back(sealed(plain, false));  // this portal encrypts
    letters.push_back(sealed(plain));
    letters.back().body.back() = letters.back().body.back() == 'A' ? 'B' : 'A';
    letters.push_back(sealed(plain));
    letters.back().id = "letter-2";
    letters.push_back(sealed(plain));
    letters.back().signature.clear();
    letters.push_back(sealed(plain, true, trunkline::test::kLicense, "other"));
    std::string said;
    for (const seal::Sealed& letter : letters) {
        const net::Response response = deliver(letter);
        EXPECT_EQ(response.status, 401);
        if (said.empty()) said = response.body;
        EXPECT_EQ(response.body, said);
    }
    const seal::Sealed old = sealed(plain);
    clock.advance(std::chrono::minutes{6});
    EXPECT_EQ(deliver(old).status, 401);
    EXPECT_EQ(deliver(old).body, said);
    EXPECT_TRUE(waiting().empty());
    EXPECT_EQ(deliver(sealed(plain)).status, 202) << "and the right one is taken";
}

TEST_F(CommandsRefusalsTest, APortalThatDoesNotEncryptMaySendBothForms) {
    config::Portal open = portal_config("open");
    open.encrypt = false;
    add_portal(open);
    const std::string plain = R"({"commands":[]})";
    for (const bool encrypt : {true, false}) {
        const auto letter = sealed(plain, encrypt, trunkline::test::kLicense, "open");
        EXPECT_EQ(deliver(letter, "open").status, 202) << encrypt;
    }
}

TEST_F(CommandsRefusalsTest, ALetterUnderTheNextKeyShowsThatThePortalHasIt) {
    config::Portal turning = portal_config("turning");
    turning.next_license_key = kOther;
    const auto made = add_portal(turning);
    ASSERT_FALSE(made->keys()->state().promoted);
    const std::string plain = R"({"commands":[]})";
    EXPECT_EQ(
        deliver(sealed(plain, true, trunkline::test::kLicense, "turning"), "turning").status, 202
    );
    EXPECT_FALSE(made->keys()->state().promoted) << "the old key shows nothing";
    EXPECT_EQ(deliver(sealed(plain, true, kOther, "turning"), "turning").status, 202);
    EXPECT_TRUE(made->keys()->state().promoted);
    EXPECT_EQ(
        deliver(sealed(plain, true, trunkline::test::kLicense, "turning"), "turning").status, 202
    ) << "the old one is still accepted";
}

TEST_F(CommandsRefusalsTest, WhatIsNoListOfCommandsIsMalformedAsAWhole) {
    for (const char* plain :
         {"", "x", "[]", "{}", R"({"commands":5})", R"({"commands":[],"more":1})"}) {
        const net::Response response = deliver(std::string{plain});
        EXPECT_EQ(response.status, 400) << plain;
        EXPECT_THAT(response.body, HasSubstr(R"("code":"malformed")")) << plain;
    }
    EXPECT_THAT(deliver(std::string{R"({"commands":5})"}).body, HasSubstr("commands"));
    std::string many = R"({"commands":[1)";
    for (int i = 0; i < 100; ++i)
        many += ",1";
    EXPECT_EQ(deliver(many + "]}").status, 400) << "a hundred is the most";
}

struct Refused {
    const char* command;
    const char* code;
    const char* names;  ///< what the sentence must name
};

TEST_F(CommandsRefusalsTest, EachRefusalHasItsCodeAndNamesTheMember) {
    customer_speaks("42");
    const std::string to = R"("account":"acme-telegram","conversation":"42")";
    const std::vector<std::pair<std::string, Refused>> all{
        {"5", {"", "malformed", ""}},
        {"{}", {"", "malformed", "id"}},
        {R"({"id":"","type":"accounts"})", {"", "malformed", "id"}},
        {R"({"id":"a b","type":"accounts"})", {"", "malformed", "id"}},
        {R"({"id":"1"})", {"", "unsupported", "type"}},
        {R"({"id":"1","type":"bogus",)" + to + "}", {"", "unsupported", "type"}},
        {R"({"id":"1","type":"accounts","colour":1})", {"", "malformed", "colour"}},
        {R"({"id":"1","type":"send","conversation":"42","message":{"text":"x"}})",
         {"", "malformed", "account"}},
        {R"({"id":"1","type":"send","account":"acme-telegram","message":{"text":"x"}})",
         {"", "malformed", "conversation"}},
        {R"({"id":"1","type":"send",)" + to + "}", {"", "malformed", "message"}},
        {R"({"id":"1","type":"send",)" + to + R"(,"message":{"text":""}})",
         {"", "malformed", "message"}},
        {R"({"id":"1","type":"send",)" + to + R"(,"message":{"text":"x","as":"public"}})",
         {"", "unsupported", "as"}},
        {R"({"id":"1","type":"send",)" + to + R"(,"message":{"attachments":[{"kind":"file"}]}})",
         {"", "malformed", "message.attachments[0]"}},
        {R"({"id":"1","type":"send",)" + to +
             R"(,"message":{"attachments":[{"kind":"file","url":"ftp://x/y"}]}})",
         {"", "malformed", "url"}},
        {R"({"id":"1","type":"send",)" + to + R"(,"message":{"text":"x"},"expires":"15d"})",
         {"", "malformed", "expires"}},
        {R"({"id":"1","type":"send",)" + to + R"(,"message":{"text":"x"},"expires":"soon"})",
         {"", "malformed", "expires"}},
        {R"({"id":"1","type":"edit",)" + to + R"(,"message":{"text":"x"}})",
         {"", "malformed", "message.id"}},
        {R"({"id":"1","type":"delete",)" + to + "}", {"", "malformed", "message.id"}},
        {R"({"id":"1","type":"react",)" + to + R"(,"emoji":"x"})", {"", "malformed", "message.id"}},
        {R"({"id":"1","type":"react",)" + to + R"(,"message":{"id":"7"}})",
         {"", "malformed", "emoji"}},
        {R"({"id":"1","type":"typing",)" + to + R"(,"on":"yes"})", {"", "malformed", "on"}},
        {R"({"id":"1","type":"media"})", {"", "malformed", "media"}},
        {R"({"id":"1","type":"media","media":{"name":"","size":1}})", {"", "malformed", "name"}},
        {R"({"id":"1","type":"media","media":{"name":"a","size":0}})", {"", "malformed", "size"}},
        {R"({"id":"1","type":"media","media":{"name":"a","size":1,"sha256":"x"}})",
         {"", "malformed", "sha256"}},
        {R"({"id":"1","type":"send",)" + to + R"(,"message":{"text":")" +
             std::string(64 * 1024 + 1, 'x') + R"("}})",
         {"", "too_large", "text"}},
    };
    int number = 0;
    for (const auto& [text, expected] : all) {
        // Every one has an id of its own: a refusal is remembered.
        std::string mine = text;
        if (const auto at = mine.find(R"("id":"1")"); at != std::string::npos)
            mine.replace(at, 8, R"("id":"r)" + std::to_string(++number) + '"');
        const json::object answer = result(mine);
        const std::string shown = text.substr(0, 120);
        EXPECT_EQ(status_of(answer), "rejected") << shown;
        EXPECT_EQ(code_of(answer), expected.code) << shown << " said: " << message_of(answer);
        EXPECT_THAT(message_of(answer), HasSubstr(expected.names)) << shown;
    }
    EXPECT_TRUE(waiting().empty());
}

TEST_F(CommandsRefusalsTest, NobodyAnswersThroughAnAccountOfSomebodyElse) {
    const auto theirs = add_account("other-telegram", add_portal(portal_config("other")));
    store::Batch batch;
    store::ConversationChange change;
    change.lane = theirs->lane;
    change.conversation = "42";
    change.customer_spoke_ms = clock.wall_ms();
    batch.conversations.push_back(std::move(change));
    ASSERT_TRUE(store.commit_and_wait(std::move(batch)));

    const auto through = [](const std::string& id, const std::string& name) {
        return R"({"id":")" + id + R"(","type":"send","account":")" + name +
               R"(","conversation":"42","message":{"text":"x"}})";
    };
    const json::object foreign = result(through("c1", "other-telegram"));
    const json::object unknown = result(through("c2", "nobody"));
    EXPECT_EQ(code_of(foreign), "account_not_found");
    EXPECT_EQ(foreign.at("error"), unknown.at("error")) << "whose it is, is nobody's business";
    EXPECT_THAT(message_of(foreign), HasSubstr("account"));
    EXPECT_TRUE(records(theirs->lane).empty());
}

TEST_F(CommandsRefusalsTest, TheCustomerSpeaksFirst) {
    for (const char* type : {"send", "typing"}) {
        const std::string id = std::string{"c-"} + type;
        const json::object answer = result(command(
            id, type, std::string{type} == "send" ? R"("message":{"text":"x"})" : R"("on":true)"
        ));
        EXPECT_EQ(code_of(answer), "conversation_not_started") << type;
        EXPECT_THAT(message_of(answer), HasSubstr("conversation")) << type;
    }
    // Somebody else's conversation opens none.
    customer_speaks("43");
    EXPECT_EQ(code_of(result(send("c1"))), "conversation_not_started");
    // Nor does what the host itself noted about it.
    store::Batch batch;
    store::ConversationChange change;
    change.lane = account->lane;
    change.conversation = "42";
    change.note = "seen";
    batch.conversations.push_back(std::move(change));
    ASSERT_TRUE(store.commit_and_wait(std::move(batch)));
    EXPECT_EQ(code_of(result(send("c2"))), "conversation_not_started");
    EXPECT_TRUE(strand->starts.empty());
}

TEST_F(CommandsRefusalsTest, AFileMayBeAsLargeAsThePortalsLimit) {
    config::Portal small = portal_config("small");
    small.limits.media_bytes = 10;
    add_portal(small);
    const auto ask = [&](const std::string& id, int size) {
        const std::string plain =
            R"({"commands":[{"id":")" + id + R"(","type":"media","media":{"name":"a","size":)" +
            std::to_string(size) + R"(,"sha256":")" + kDigestOfHello + R"("}}]})";
        return deliver(sealed(plain, true, trunkline::test::kLicense, "small"), "small").body;
    };
    EXPECT_THAT(ask("m1", 10), HasSubstr(R"("status":"accepted")"));
    EXPECT_THAT(ask("m2", 11), HasSubstr(R"("code":"too_large")"));
}

TEST_F(CommandsRefusalsTest, TooManyCommandsPerSecondWait) {
    config::Portal slow = portal_config("slow");
    slow.limits.commands_per_second = 10;
    add_portal(slow);
    const auto ask = [&](int count) {
        std::string plain;
        for (int i = 0; i < count; ++i)
            plain += std::string{plain.empty() ? "" : ","} + R"({"id":"a","type":"accounts"})";
        return deliver(
            sealed(R"({"commands":[)" + plain + "]}", true, trunkline::test::kLicense, "slow"),
            "slow"
        );
    };
    EXPECT_EQ(ask(100).status, 202) << "a whole request always fits once";
    EXPECT_EQ(ask(20).status, 202);
    const net::Response busy = ask(20);
    EXPECT_EQ(busy.status, 503);
    EXPECT_EQ(net::find_header(busy.headers, "Retry-After"), "3");
    clock.advance(std::chrono::seconds{2});
    EXPECT_EQ(ask(20).status, 202);
}

TEST_F(CommandsRefusalsTest, WhatCannotBeWrittenWasNeverTaken) {
    customer_speaks("42");
    const std::string media =
        std::string{R"({"id":"m1","type":"media","media":{"name":"a","size":5,"sha256":")"} +
        kDigestOfHello + R"("}})";
    for (const std::string& one :
         {send("c1"), media, std::string{R"({"id":"x","type":"bogus"})"}}) {
        store.refuse_writes = true;
        const net::Response response = deliver(R"({"commands":[)" + one + "]}");
        EXPECT_EQ(response.status, 503) << one;
        EXPECT_EQ(net::find_header(response.headers, "Retry-After"), "5");
        store.refuse_writes = false;
        store.refuse_reads = true;
        EXPECT_EQ(deliver(R"({"commands":[)" + one + "]}").status, 503) << one;
        store.refuse_reads = false;
    }
    EXPECT_TRUE(waiting().empty());
    EXPECT_EQ(status_of(result(send("c1"))), "accepted") << "the whole request may be sent again";
    EXPECT_EQ(waiting().size(), 1u);
}

TEST_F(CommandsRefusalsTest, ADamagedResultIsNoReasonToDoItAgain) {
    customer_speaks("42");
    store::Batch batch;
    batch.put.push_back({store::Table::command, "result/acme/c1", "{not json", 0});
    ASSERT_TRUE(store.commit_and_wait(std::move(batch)));
    EXPECT_EQ(deliver(R"({"commands":[)" + send("c1") + "]}").status, 503);
    EXPECT_TRUE(waiting().empty());
}

}  // namespace
}  // namespace trunkline::outbound::test
