// The event that tells a portal how its command fared.
#include "host/outbound/status.hpp"

#include <gmock/gmock.h>

#include "tests/unit/world/host_world.hpp"

namespace trunkline::outbound {
namespace {

using namespace std::string_literals;

class StatusTest : public trunkline::test::HostWorld {
protected:
    StatusTest() {
        command_.set_id("c1");
        command_.set_conversation("42");
    }
    inbound::Accepted append(const Status& status) {
        inbound::Accepted out;
        append_status(ground, *account, command_, status, out);
        return out;
    }
    static universal::Event event(const inbound::Accepted& accepted) {
        universal::Event out;
        EXPECT_TRUE(out.ParseFromString(accepted.batch.append.at(0).body));
        return out;
    }
    static Status status(std::string state) {
        Status out;
        out.state = std::move(state);
        return out;
    }
    universal::Command command_;
};

TEST_F(StatusTest, StandsInThePortalsLaneInTheOrderOfItsConversation) {
    const auto accepted = append(status("sent"));
    const store::Append& append = accepted.batch.append.at(0);
    EXPECT_EQ(append.lane, portal->terms()->lanes[0].id);
    EXPECT_EQ(
        append.conversation,
        "acme-telegram\x1f"
        "42"
    );
    const universal::Event told = event(accepted);
    EXPECT_EQ(told.type(), "status");
    EXPECT_EQ(told.command(), "c1");
    EXPECT_EQ(told.account(), "acme-telegram");
    EXPECT_EQ(told.line(), "support");
}

TEST_F(StatusTest, EachStateOfACommandIsToldOnce) {
    const auto key = [&](const char* state) {
        return append(status(state)).batch.append.at(0).dedup;
    };
    EXPECT_EQ(key("sent"), key("sent"));
    EXPECT_NE(key("sent"), key("delayed"));
    const std::string mine = key("sent");
    Status again = status("sent");
    again.sequence = 7;
    EXPECT_NE(append(again).batch.append.at(0).dedup, mine) << "requeued, it ends once more";
    command_.set_id("c2");
    EXPECT_NE(key("sent"), mine);
}

TEST_F(StatusTest, WhatWasSentIsFoundAgainByTheMessengersId) {
    Status sent = status("sent");
    sent.messages = {"901", "902"};
    const auto accepted = append(sent);
    ASSERT_EQ(accepted.batch.put.size(), 2u);
    const store::Put& put = accepted.batch.put[0];
    EXPECT_EQ(put.table, store::Table::sent);
    EXPECT_EQ(
        put.key,
        "acme-telegram\0"
        "42\0"
        "901"s
    );
    EXPECT_EQ(put.value, "c1");
    EXPECT_EQ(put.expires_ms, clock.wall_ms() + 7LL * 24 * 3600 * 1000);
}

TEST_F(StatusTest, OnlyWhatWentWrongCarriesAnError) {
    for (const char* state : {"failed", "unknown"}) {
        Status wrong = status(state);
        wrong.code = "blocked";
        wrong.text = "why";
        const universal::Event told = event(append(wrong));
        EXPECT_EQ(told.error().code(), "blocked") << state;
        EXPECT_EQ(told.error().message(), "why") << state;
        EXPECT_TRUE(told.error().permanent()) << state;
        EXPECT_FALSE(told.has_until()) << state;
    }
    for (const char* state : {"sent", "delayed"})
        EXPECT_FALSE(event(append(status(state))).has_error()) << state;
}

TEST_F(StatusTest, ADelaySaysUntilWhen) {
    Status late = status("delayed");
    late.until_ms = clock.wall_ms() + 9'000;
    EXPECT_EQ(event(append(late)).until(), clock.wall_ms() + 9'000);
}

TEST_F(StatusTest, WhatWasDegradedIsTold) {
    Status sent = status("sent");
    universal::Change change;
    change.set_what("spans");
    change.set_how("left out");
    sent.changes.push_back(change);
    sent.kind = "group";
    const universal::Event told = event(append(sent));
    ASSERT_EQ(told.changes_size(), 1);
    EXPECT_EQ(told.changes(0).what(), "spans");
    EXPECT_EQ(told.conversation().kind(), "group");
}

TEST_F(StatusTest, EndsAreCounted) {
    for (const char* state : {"sent", "sent", "failed", "unknown", "delayed"})
        append(status(state));
    EXPECT_EQ(account->figures.sent, 2u);
    EXPECT_EQ(account->figures.failed, 1u);
    EXPECT_EQ(account->figures.unknown, 1u);
}

}  // namespace
}  // namespace trunkline::outbound
