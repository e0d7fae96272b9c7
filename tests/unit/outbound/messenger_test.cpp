// How the end of a connector's task becomes the end of a command.
#include <gmock/gmock.h>

#include "messenger_world.hpp"

namespace trunkline::outbound::test {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

using MessengerTest = MessengerWorld;

tasks::Outcome outcome(tl_outcome_kind kind, std::string code = {}, std::string text = {}) {
    tasks::Outcome out;
    out.kind = kind;
    out.code = std::move(code);
    out.text = std::move(text);
    return out;
}

TEST_F(MessengerTest, TheConnectorGetsTheCommandUnderANameOfItsOwn) {
    customer_speaks("42", "the note", "4242");
    deliver(command());
    ASSERT_EQ(strand->starts.size(), 1u);
    const tasks::Start& start = strand->starts[0];
    EXPECT_EQ(start.kind, TL_IN_COMMAND);
    EXPECT_EQ(start.key, "4242");
    EXPECT_EQ(start.note, "the note");
    EXPECT_EQ(start.durable_key, "command/c1/0") << "the same after a crash";
    EXPECT_GT(start.deadline, milliseconds{90'000}) << "no upload is cut short by it";
    const auto body = boost::json::parse(start.body);
    EXPECT_EQ(body.at("id"), "c1");
    EXPECT_EQ(body.at("type"), "send");
    EXPECT_EQ(body.at("message").at("text"), "hello");
}

TEST_F(MessengerTest, WhatWasSentIsToldWithTheMessengersIds) {
    strand->plays.push_back(ends(TL_DONE, R"(["901"])"));
    const universal::Event event = outcome_of(command(), Kind::done);
    EXPECT_EQ(event.type(), "status");
    EXPECT_EQ(event.state(), "sent");
    EXPECT_EQ(event.command(), "c1");
    EXPECT_EQ(event.conversation().id(), "42");
    EXPECT_EQ(event.conversation().kind(), "direct");
    EXPECT_THAT(ids(event), ElementsAre("901"));
    EXPECT_FALSE(event.has_error());
    EXPECT_EQ(event.changes_size(), 0);
    EXPECT_EQ(account->figures.sent, 1u);
}

TEST_F(MessengerTest, IdsComeInEveryFormAConnectorMayGive) {
    const std::vector<std::pair<const char*, std::vector<std::string>>> all{
        {R"(["1","2"])", {"1", "2"}},
        {R"({"ids":["1",7]})", {"1", "7"}},
        {"[981]", {"981"}},
        {R"([true,null,{},"3"])", {"3"}},
        {"", {}},
        {"{}", {}},
        {R"({"ids":"1"})", {}},
        {"not json", {}},
        {"5", {}},
    };
    for (const auto& [value, expected] : all) {
        strand->plays.push_back(ends(TL_DONE, value));
        universal::Command mine = command();
        mine.set_id(std::string{"c"} + value);
        EXPECT_EQ(ids(outcome_of(mine, Kind::done)), expected) << value;
    }
}

TEST_F(MessengerTest, ARefusalIsFinalAndSaysWhy) {
    strand->plays.push_back(ends(outcome(TL_REJECTED, "blocked", "The customer blocked the bot")));
    const universal::Event event = outcome_of(command(), Kind::dead);
    EXPECT_EQ(event.state(), "failed");
    EXPECT_EQ(event.error().code(), "blocked");
    EXPECT_EQ(event.error().message(), "The customer blocked the bot");
    EXPECT_TRUE(event.error().permanent());
    EXPECT_EQ(account->figures.failed, 1u);

    strand->plays.push_back(ends(outcome(TL_REJECTED, "blocked")));
    const KeyedVerdict verdict = deliver(command());
    EXPECT_EQ(verdict.reason, "rejected") << "of the dead letter";
    EXPECT_EQ(verdict.code, "blocked");
}

TEST_F(MessengerTest, WhatMayHaveHappenedIsToldAsUnknownAndOver) {
    strand->plays.push_back(ends(outcome(TL_UNKNOWN)));
    universal::Event event = outcome_of(command(), Kind::done);
    EXPECT_EQ(event.state(), "unknown");
    EXPECT_EQ(event.error().code(), "unknown");
    EXPECT_EQ(account->figures.unknown, 1u);

    strand->plays.push_back(ends(outcome(TL_UNKNOWN, "timeout", "No answer came")));
    universal::Command second = command();
    second.set_id("c2");
    event = outcome_of(second, Kind::done);
    EXPECT_EQ(event.error().code(), "timeout");
    EXPECT_EQ(event.error().message(), "No answer came");
}

TEST_F(MessengerTest, EveryFaultOfATaskHasItsEnd) {
    const std::vector<std::tuple<Fault, Kind, std::string>> all{
        {Fault::cancelled, Kind::cancelled, ""},
        {Fault::storage, Kind::retry, ""},
        {Fault::throttled, Kind::retry, ""},
        {Fault::unavailable, Kind::retry, ""},
        {Fault::account_broken, Kind::stop, ""},
        {Fault::unknown, Kind::done, "unknown"},
        {Fault::malformed, Kind::dead, "failed"},
        {Fault::forged, Kind::dead, "failed"},
        {Fault::unsupported, Kind::dead, "failed"},
        {Fault::rejected, Kind::dead, "failed"},
        {Fault::not_found, Kind::dead, "failed"},
        {Fault::conflict, Kind::dead, "failed"},
    };
    for (const auto& [fault, kind, state] : all) {
        const std::string name = to_string(fault);
        const std::size_t before = told().size();
        strand->plays.push_back(fails(fault, "why it was"));
        universal::Command mine = command();
        mine.set_id("c-" + name);
        KeyedVerdict verdict = deliver(mine);
        EXPECT_EQ(verdict.kind, kind) << name;
        write(std::move(verdict.with));
        const auto events = told();
        if (state.empty()) {
            EXPECT_EQ(events.size(), before) << name << " ends nothing, so nothing is told";
            continue;
        }
        ASSERT_EQ(events.size(), before + 1) << name;
        EXPECT_EQ(events.back().state(), state) << name;
        EXPECT_EQ(events.back().error().code(), name);
        EXPECT_EQ(events.back().error().message(), "why it was");
    }
}

TEST_F(MessengerTest, AConnectorThatEndsWithoutAnOutcomeIsAtFault) {
    strand->plays.push_back(Play{});
    const universal::Event event = outcome_of(command(), Kind::dead);
    EXPECT_EQ(event.error().code(), "malformed");

    tasks::Outcome odd;
    odd.kind = static_cast<tl_outcome_kind>(7);
    strand->plays.push_back(ends(odd));
    EXPECT_EQ(deliver(command()).kind, Kind::dead);
}

TEST_F(MessengerTest, AWaitReachesAsFarAsTheConnectorSays) {
    const std::vector<std::pair<tl_scope, lanes::WaitScope>> all{
        {TL_CONVERSATION, lanes::WaitScope::conversation},
        {TL_ACCOUNT, lanes::WaitScope::account},
        {TL_CONNECTOR, lanes::WaitScope::connector},
        {static_cast<tl_scope>(3), lanes::WaitScope::account},
    };
    for (const auto& [scope, expected] : all) {
        tasks::Outcome wait = outcome(TL_RETRY, "flood");
        wait.delay = milliseconds{1'500};
        wait.scope = scope;
        strand->plays.push_back(ends(wait));
        const KeyedVerdict verdict = deliver(command());
        EXPECT_EQ(verdict.kind, Kind::retry);
        EXPECT_EQ(verdict.scope, expected) << scope;
        EXPECT_EQ(verdict.delay, milliseconds{1'500});
        EXPECT_EQ(verdict.reason, "flood");
    }
    EXPECT_THAT(told(), IsEmpty()) << "a short wait is nobody's business";
    strand->plays.push_back(ends(outcome(TL_RETRY)));
    EXPECT_EQ(deliver(command()).reason, "retry") << "an empty reason would mean: on at once";
}

TEST_F(MessengerTest, ALongWaitIsToldOnce) {
    tasks::Outcome wait = outcome(TL_RETRY, "flood");
    wait.delay = milliseconds{5'000};
    strand->plays.push_back(ends(wait));
    deliver(command(), 2);
    EXPECT_THAT(told(), IsEmpty()) << "it was told at the first try";
    strand->plays.push_back(ends(wait));
    deliver(command(), 1);
    ASSERT_EQ(told().size(), 1u);
    EXPECT_EQ(told()[0].state(), "delayed");
    EXPECT_EQ(told()[0].until(), clock.wall_ms() + 5'000);
    strand->plays.push_back(ends(wait));
    deliver(command(), 1);
    EXPECT_EQ(told().size(), 1u) << "nor again after a restart";
}

TEST_F(MessengerTest, ATaskThatWillBeTriedAgainLeavesNoMarks) {
    store::Batch marks;
    marks.put.push_back({store::Table::task, "mark", "started", 0});
    write(std::move(marks));
    Play play = ends(outcome(TL_RETRY, "flood"));
    play.commits[0].erase.push_back({store::Table::task, "mark"});
    strand->plays.push_back(std::move(play));
    deliver(command());
    EXPECT_FALSE(row(store::Table::task, "mark")) << "the messenger said that nothing happened";
}

TEST_F(MessengerTest, ABrokenAccountStopsItsLaneAndKeepsTheCommand) {
    strand->plays.push_back(ends(outcome(TL_ACCOUNT_BROKEN, "token_dead", "Log in again")));
    KeyedVerdict verdict = deliver(command());
    EXPECT_EQ(verdict.kind, Kind::stop);
    EXPECT_EQ(verdict.reason, "account_broken");
    EXPECT_EQ(verdict.code, "token_dead");
    write(std::move(verdict.with));
    ASSERT_EQ(told().size(), 1u);
    EXPECT_EQ(told()[0].type(), "notice");
    EXPECT_EQ(told()[0].code(), "account");
    EXPECT_EQ(told()[0].health().state(), "bad_credentials");
    EXPECT_EQ(told()[0].health().code(), "token_dead");
    EXPECT_EQ(told()[0].health().action(), "reconnect");
    EXPECT_EQ(account->health().state, accounts::State::bad_credentials);
    EXPECT_EQ(account->figures.failed, 0u) << "the command is not over";
}

TEST_F(MessengerTest, ARefusedTokenLeavesNoMarksEither) {
    // Otherwise the command that comes first after the repair would be taken for one that may have
    // happened.
    store::Batch marks;
    marks.put.push_back({store::Table::task, "mark", "started", 0});
    write(std::move(marks));
    Play play = ends(outcome(TL_ACCOUNT_BROKEN, "token_dead", "Log in again"));
    play.commits[0].erase.push_back({store::Table::task, "mark"});
    strand->plays.push_back(std::move(play));
    KeyedVerdict verdict = deliver(command());
    write(std::move(verdict.with));
    EXPECT_FALSE(row(store::Table::task, "mark"));
}

TEST_F(MessengerTest, WithoutAConnectorTheLaneStops) {
    account->strand.reset();
    strand = nullptr;
    const KeyedVerdict verdict = deliver(command());
    EXPECT_EQ(verdict.kind, Kind::stop);
    EXPECT_EQ(verdict.reason, "connector_absent");
}

TEST_F(MessengerTest, ARecordThatIsNoCommandIsADeadLetter) {
    store::Record broken = record(command());
    broken.body = "\xff\xff\xff";
    const auto verdict = run<KeyedVerdict>([&]() -> async::Awaitable<KeyedVerdict> {
        auto out = co_await messenger.deliver(broken, 1);
        co_return out;
    });
    EXPECT_EQ(verdict.kind, Kind::dead);
    EXPECT_EQ(verdict.reason, "malformed");
    EXPECT_TRUE(strand->starts.empty());
    EXPECT_EQ(messenger.expires_ms(broken), std::nullopt);
}

TEST_F(MessengerTest, WhatATaskReportsOnItsWayIsWrittenAtOnce) {
    Play play;
    tasks::Durable early;
    early.put.push_back({store::Table::task, "mark", "started", 0});
    early.health.push_back({"degraded", "slow", "The messenger is slow", 0});
    play.commits.push_back(std::move(early));
    play.end.fault = Error{Fault::unavailable, "gone"};
    strand->plays.push_back(std::move(play));
    EXPECT_EQ(deliver(command()).kind, Kind::retry);
    EXPECT_TRUE(row(store::Table::task, "mark"));
    ASSERT_EQ(told().size(), 1u);
    EXPECT_EQ(told()[0].type(), "notice");
}

TEST_F(MessengerTest, WhereNothingCanBeWrittenNothingIsAskedFor) {
    Play play = ends(TL_DONE, R"(["1"])");
    tasks::Durable early;
    early.put.push_back({store::Table::task, "mark", "started", 0});
    play.commits.insert(play.commits.begin(), std::move(early));
    strand->plays.push_back(std::move(play));
    store.refuse_writes = true;
    EXPECT_EQ(deliver(command()).kind, Kind::retry);
    store.refuse_writes = false;
    EXPECT_THAT(told(), IsEmpty());

    store.refuse_reads = true;
    EXPECT_EQ(deliver(command()).kind, Kind::retry) << "what has begun must be known first";
    store.refuse_reads = false;
    EXPECT_EQ(strand->starts.size(), 1u);
}

TEST_F(MessengerTest, ACommandRunsOutWhenItsPortalSaid) {
    universal::Command mine = command();
    EXPECT_EQ(messenger.expires_ms(record(mine)), std::nullopt)
        << "then the lane's retention counts";
    mine.set_expires(60'000);
    EXPECT_EQ(messenger.expires_ms(record(mine)), record(mine).accepted_ms + 60'000);
}

}  // namespace
}  // namespace trunkline::outbound::test
