// Receiving for a connector that is not there.
#include "host/inbound/absent.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/base/base64.hpp"
#include "host/seal/crypto.hpp"
#include "tests/unit/world/host_world.hpp"

namespace trunkline::inbound {
namespace {

namespace json = boost::json;

std::shared_ptr<accounts::Account> account_with(
    std::shared_ptr<accounts::Portal> portal, async::Loop& loop, const std::string& accept
) {
    config::Account from;
    from.id = "a";
    from.connector = "parcel";
    from.settings = {{"secret", "s3cret"}, {"empty", ""}};
    auto account = std::make_shared<accounts::Account>(from, std::move(portal), loop);
    account->accept = json::parse(accept).as_object();
    return account;
}

Payload payload(std::string header, std::string value, std::string body = "{}") {
    return {"POST", "/", {{std::move(header), std::move(value)}}, std::move(body)};
}

class AbsentTest : public test::HostWorld {
protected:
    std::optional<bool> judge(const std::string& verify, const Payload& given) {
        return vouches(*account_with(portal, loops.at(0), R"({"verify":)" + verify + "}"), given);
    }
};

TEST_F(AbsentTest, AHeaderMustEqualTheSetting) {
    const char* rule = R"({"header_equals":{"header":"x-secret","setting":"secret"}})";
    EXPECT_EQ(judge(rule, payload("X-Secret", "s3cret")), true);
    EXPECT_EQ(judge(rule, payload("X-Secret", "s3cre")), false);
    EXPECT_EQ(judge(rule, payload("X-Secret", "")), false);
    EXPECT_EQ(judge(rule, payload("X-Other", "s3cret")), false);
}

TEST_F(AbsentTest, ASettingThatIsEmptyOrMissingVouchesForNothing) {
    for (const char* setting : {"empty", "missing"}) {
        const std::string rule = R"({"header_equals":{"header":"x-secret","setting":")" +
                                 std::string{setting} + R"("}})";
        EXPECT_EQ(judge(rule, payload("X-Secret", "")), std::nullopt) << setting;
        const std::string signature = R"({"hmac_sha256":{"header":"x-sign","setting":")" +
                                      std::string{setting} + R"(","prefix":""}})";
        EXPECT_EQ(
            judge(signature, payload("x-sign", hex_encode(seal::hmac_sha256("", "{}")))),
            std::nullopt
        ) << setting;
    }
}

TEST_F(AbsentTest, ASignatureIsOverTheRawBody) {
    const char* rule =
        R"({"hmac_sha256":{"header":"x-hub","setting":"secret","prefix":"sha256="}})";
    const std::string body = R"({"a": 1})";
    const std::string good = "sha256=" + hex_encode(seal::hmac_sha256("s3cret", body));
    EXPECT_EQ(judge(rule, payload("X-Hub", good, body)), true);
    EXPECT_EQ(judge(rule, payload("X-Hub", good, body + " ")), false);
    EXPECT_EQ(judge(rule, payload("X-Hub", good.substr(7), body)), false);
}

TEST_F(AbsentTest, AFieldOfTheBodyMayBeTheSecret) {
    const char* rule = R"({"json_field_equals":{"field":"a.b","setting":"secret"}})";
    EXPECT_EQ(judge(rule, payload("x", "y", R"({"a":{"b":"s3cret"}})")), true);
    EXPECT_EQ(judge(rule, payload("x", "y", R"({"a":{"b":"other"}})")), false);
    EXPECT_EQ(judge(rule, payload("x", "y", R"({"a":["b"]})")), false);
    EXPECT_EQ(judge(rule, payload("x", "y", "no json")), false);
}

TEST_F(AbsentTest, AnUnknownRuleVouchesForNothing) {
    EXPECT_EQ(judge(R"({"magic":{}})", payload("x", "y")), std::nullopt);
}

TEST_F(AbsentTest, WhatIsAuthenticIsKeptInItsPlaceAndAnsweredAsTheRecipeSays) {
    auto with = account_with(
        portal,
        loops.at(0),
        R"({"verify":{"header_equals":{"header":"x","setting":"secret"}},"answer":{"status":201,"body":"fine"}})"
    );
    const Payload good = payload("x", "s3cret", R"({"text":"hello"})");
    auto response =
        run<net::Response>([&] { return receive_for_absent(ground, store, with, &good); });
    EXPECT_EQ(response.status, 201);
    EXPECT_EQ(response.body, "fine");
    ASSERT_EQ(told().size(), 1u);
    EXPECT_EQ(told()[0].type(), "unsupported");
    EXPECT_EQ(store.rows(store::Table::quarantine, "", "", 10)->size(), 1u);

    const Payload forged = payload("x", "guess", "{}");
    response = run<net::Response>([&] { return receive_for_absent(ground, store, with, &forged); });
    EXPECT_EQ(response.status, 403);
    with->accept = {};
    response = run<net::Response>([&] { return receive_for_absent(ground, store, with, &good); });
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(told().size(), 1u);
}

}  // namespace
}  // namespace trunkline::inbound
