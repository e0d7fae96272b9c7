// Commands that a messenger cannot carry as they are: several messages, less than was asked for.
#include <gmock/gmock.h>

#include "messenger_world.hpp"

namespace trunkline::outbound::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class MessengerPartsTest : public MessengerWorld {
protected:
    MessengerPartsTest() { account->features = features(R"({"*":{"text_max":32}})"); }
    static universal::Command three() {
        return command(
            std::string(30, 'a') + "\n\n" + std::string(30, 'b') + "\n\n" + std::string(30, 'c')
        );
    }
    std::string text(std::size_t start) const {
        return std::string{boost::json::parse(body(start)).at("message").at("text").as_string()};
    }
    universal::Event expire(const universal::Command& what) {
        write(run<store::Batch>([&]() -> async::Awaitable<store::Batch> {
            auto batch = co_await messenger.expired(record(what));
            co_return batch;
        }));
        return told().back();
    }
    static Play degrades(std::string feature) {
        tasks::Outcome outcome;
        outcome.kind = TL_DEGRADE;
        outcome.code = std::move(feature);
        return ends(std::move(outcome));
    }
    static Play refuses() {
        tasks::Outcome outcome;
        outcome.kind = TL_REJECTED;
        outcome.code = "blocked";
        return ends(std::move(outcome));
    }
};

TEST_F(MessengerPartsTest, ALongTextIsSentPieceByPieceAndToldOnce) {
    for (const char* id : {"[1]", "[2]", "[3]"})
        strand->plays.push_back(ends(TL_DONE, id));
    const universal::Event event = outcome_of(three(), Kind::done);

    ASSERT_EQ(strand->starts.size(), 3u);
    EXPECT_EQ(text(0), std::string(30, 'a'));
    EXPECT_EQ(text(2), std::string(30, 'c'));
    EXPECT_EQ(boost::json::parse(body(1)).at("id"), "c1/1") << "each has a token of its own";
    EXPECT_EQ(strand->starts[1].durable_key, "command/c1/1");
    EXPECT_EQ(event.state(), "sent");
    EXPECT_THAT(ids(event), ElementsAre("1", "2", "3"));
    ASSERT_EQ(event.changes_size(), 1);
    EXPECT_EQ(told().size(), 1u);
    EXPECT_FALSE(progress()) << "nothing is left to go on with";
}

TEST_F(MessengerPartsTest, AfterARestartItGoesOnWhereItWas) {
    strand->plays.push_back(ends(TL_DONE, "[1]"));
    strand->plays.push_back(fails(Fault::cancelled, "the host stops"));
    EXPECT_EQ(deliver(three()).kind, Kind::cancelled);
    ASSERT_TRUE(progress());

    strand->plays.push_back(ends(TL_DONE, "[2]"));
    strand->plays.push_back(ends(TL_DONE, "[3]"));
    const universal::Event event = outcome_of(three(), Kind::done);
    ASSERT_EQ(strand->starts.size(), 4u);
    EXPECT_EQ(text(2), std::string(30, 'b')) << "the first is never sent again";
    EXPECT_THAT(ids(event), ElementsAre("1", "2", "3"));
}

TEST_F(MessengerPartsTest, AFailureInTheMiddleTellsWhatWasSent) {
    strand->plays.push_back(ends(TL_DONE, "[1]"));
    strand->plays.push_back(refuses());
    const universal::Event event = outcome_of(three(), Kind::dead);
    EXPECT_EQ(event.state(), "failed");
    EXPECT_THAT(ids(event), ElementsAre("1"));
    EXPECT_EQ(strand->starts.size(), 2u);
}

TEST_F(MessengerPartsTest, WhatIsRequeuedGoesOnBehindWhatWasSent) {
    strand->plays.push_back(ends(TL_DONE, "[1]"));
    strand->plays.push_back(refuses());
    outcome_of(three(), Kind::dead);
    expire(three());

    strand->plays.push_back(ends(TL_DONE, "[2]"));
    strand->plays.push_back(ends(TL_DONE, "[3]"));
    const universal::Event event = outcome_of(three(), Kind::done);
    ASSERT_EQ(strand->starts.size(), 4u);
    EXPECT_EQ(text(2), std::string(30, 'b')) << "neither its refusal nor its time forgot the first";
    EXPECT_THAT(ids(event), ElementsAre("1", "2", "3"));
    EXPECT_FALSE(progress());
}

TEST_F(MessengerPartsTest, WhatAnotherCommandOfThatIdSentIsNotOurs) {
    store::Batch batch;
    batch.put.push_back(
        {store::Table::command,
         "progress/acme-telegram/c1",
         R"({"part":1,"ids":["1"],"of":"01ARZ3NDEKTSV4RRFFQ69G5FAV"})",
         0}
    );
    write(std::move(batch));
    outcome_of(three(), Kind::done);
    ASSERT_EQ(strand->starts.size(), 3u);
    EXPECT_EQ(text(0), std::string(30, 'a'));
}

TEST_F(MessengerPartsTest, AnUnknownPartEndsItWithWhatWasSent) {
    strand->plays.push_back(ends(TL_DONE, "[1]"));
    strand->plays.push_back(fails(Fault::unknown, "no answer"));
    const universal::Event event = outcome_of(three(), Kind::done);
    EXPECT_EQ(event.state(), "unknown");
    EXPECT_THAT(ids(event), ElementsAre("1"));
    EXPECT_EQ(strand->starts.size(), 2u) << "what comes behind it is not sent";
}

TEST_F(MessengerPartsTest, ATimeThatRunsOutInTheMiddleTellsWhatWasSent) {
    strand->plays.push_back(ends(TL_DONE, "[1]"));
    strand->plays.push_back(fails(Fault::unavailable, "gone"));
    EXPECT_EQ(deliver(three()).kind, Kind::retry);
    const universal::Event event = expire(three());
    EXPECT_EQ(event.state(), "failed");
    EXPECT_EQ(event.error().code(), "expired");
    EXPECT_THAT(ids(event), ElementsAre("1"));
}

TEST_F(MessengerPartsTest, ATimeThatRunsOutBeforeTheFirstTellsNothingSent) {
    const universal::Event event = expire(command());
    EXPECT_EQ(event.state(), "failed");
    EXPECT_EQ(event.error().code(), "expired");
    EXPECT_THAT(ids(event), IsEmpty());
    EXPECT_EQ(account->figures.failed, 1u);
}

TEST_F(MessengerPartsTest, APartThatWasSentIsNotSentAgainWhenTheDiskIsFull) {
    strand->on_start = [&](const tasks::Start& start) {
        if (start.durable_key == "command/c1/0") store.refuse_writes = true;
    };
    for (const char* id : {"[1]", "[2]", "[3]"})
        strand->plays.push_back(ends(TL_DONE, id));
    std::optional<KeyedVerdict> verdict;
    async::spawn(loops.at(0).get_executor(), "test", [&]() -> async::Awaitable<> {
        auto out = co_await messenger.deliver(record(three()), 1);
        verdict.emplace(std::move(out));
    });
    ASSERT_TRUE(eventually([&] { return store.refused > 1 || verdict; }));
    EXPECT_FALSE(verdict) << "it waits for the disk: its lane would send the part again";
    store.refuse_writes = false;
    ASSERT_TRUE(eventually([&] { return verdict.has_value(); }));
    EXPECT_EQ(verdict->kind, Kind::done);
    write(std::move(verdict->with));
    EXPECT_EQ(strand->starts.size(), 3u);
    EXPECT_THAT(ids(told().back()), ElementsAre("1", "2", "3"));
}

TEST_F(MessengerPartsTest, AStoreThatClosesInTheMiddleEndsTheWait) {
    strand->on_start = [&](const tasks::Start&) { store.close(); };
    strand->plays.push_back(ends(TL_DONE, "[1]"));
    EXPECT_EQ(deliver(three()).kind, Kind::cancelled);
    EXPECT_EQ(strand->starts.size(), 1u);
}

TEST_F(MessengerPartsTest, ADamagedProgressSendsNothing) {
    for (const char* value :
         {"{not json",
          "[]",
          "{}",
          R"({"part":"x","ids":[]})",
          R"({"part":1})",
          R"({"part":7,"ids":[]})",
          R"({"part":-1,"ids":[]})"}) {
        store::Batch batch;
        batch.put.push_back({store::Table::command, "progress/acme-telegram/c1", value, 0});
        write(std::move(batch));
        EXPECT_EQ(deliver(three()).kind, Kind::retry) << value;
    }
    EXPECT_TRUE(strand->starts.empty());
}

TEST_F(MessengerPartsTest, WhatTheMessengerRefusesAfterAllIsLeftOut) {
    account->features =
        features(R"({"*":{"reply":true,"spans":["bold"],"buttons":{"rows":5,"per_row":5}}})");
    universal::Command rich = command();
    auto* span = rich.mutable_message()->add_spans();
    span->set_type("bold");
    span->set_length(2);
    rich.mutable_message()->add_buttons()->add_buttons()->set_text("yes");
    rich.mutable_message()->mutable_reply_to()->set_id("7");
    for (const char* feature : {"spans", "buttons", "reply"})
        strand->plays.push_back(degrades(feature));
    strand->plays.push_back(ends(TL_DONE, "[1]"));
    const universal::Event event = outcome_of(rich, Kind::done);

    ASSERT_EQ(strand->starts.size(), 4u);
    const auto message = [&](std::size_t i) {
        return boost::json::parse(body(i)).at("message").as_object();
    };
    EXPECT_TRUE(message(0).contains("spans"));
    EXPECT_FALSE(message(1).contains("spans"));
    EXPECT_TRUE(message(1).contains("buttons"));
    EXPECT_FALSE(message(2).contains("buttons"));
    EXPECT_TRUE(message(2).contains("reply_to"));
    EXPECT_FALSE(message(3).contains("reply_to"));
    EXPECT_EQ(message(3).at("text"), "hello");
    EXPECT_EQ(event.state(), "sent");
    ASSERT_EQ(event.changes_size(), 3);
    EXPECT_EQ(event.changes(0).what(), "spans");
    EXPECT_EQ(event.changes(2).what(), "reply");
}

TEST_F(MessengerPartsTest, WhatIsLeftOutLeavesNoMarksOfTheRefusedCall) {
    account->features = features(R"({"*":{"spans":["bold"]}})");
    store::Batch marks;
    marks.put.push_back({store::Table::task, "mark", "started", 0});
    write(std::move(marks));
    universal::Command bold = command();
    auto* span = bold.mutable_message()->add_spans();
    span->set_type("bold");
    span->set_length(2);
    Play play = degrades("spans");
    play.commits[0].erase.push_back({store::Table::task, "mark"});
    strand->plays.push_back(std::move(play));
    bool marked = true;
    strand->on_start = [&](const tasks::Start&) {
        marked = row(store::Table::task, "mark").has_value();
    };
    deliver(bold);
    ASSERT_EQ(strand->starts.size(), 2u);
    EXPECT_FALSE(marked) << "a crash during the second call would find it";
}

TEST_F(MessengerPartsTest, WhatCannotBeLeftOutFails) {
    for (const char* feature : {"spans", "buttons", "reply", "colour", ""}) {
        strand->plays.push_back(degrades(feature));
        universal::Command mine = command();
        mine.set_id(std::string{"c-"} + feature);
        const universal::Event event = outcome_of(mine, Kind::dead);
        EXPECT_EQ(event.state(), "failed") << feature;
        EXPECT_EQ(event.error().code(), "unsupported") << feature;
    }
    EXPECT_EQ(strand->starts.size(), 5u) << "nothing is tried twice";
}

TEST_F(MessengerPartsTest, WhatNoPartOfTheMessengerCanCarryFailsWithItsCode) {
    universal::Command edit = command();
    edit.set_type("edit");
    edit.mutable_message()->set_id("7");
    const universal::Event event = outcome_of(edit, Kind::dead);
    EXPECT_EQ(event.state(), "failed");
    EXPECT_FALSE(event.error().code().empty());
    EXPECT_FALSE(event.error().message().empty());
    EXPECT_EQ(event.error().message().find(event.error().code() + ": "), std::string::npos)
        << "the code stands by itself";
    EXPECT_TRUE(strand->starts.empty());
}

}  // namespace
}  // namespace trunkline::outbound::test
