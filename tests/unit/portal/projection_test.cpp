// What the page shows after events of every type.
#include "portal/store/projection.hpp"

#include "portal/store/commands.hpp"
#include "portal/store/messages.hpp"
#include "tests/unit/portal/support.hpp"

namespace trunkline::portal::test {
namespace {

json::object view(store::Database& database, std::int64_t id) {
    auto view = store::message_view(database, id);
    EXPECT_TRUE(view);
    return view ? *view : json::object{};
}

std::int64_t send_hello(store::Database& database, const std::string& command) {
    database.begin();
    store::NewEntry entry;
    entry.conversation = 1;
    entry.outgoing = true;
    entry.time = kNow;
    entry.body = {{"text", "hello"}};
    entry.command = command;
    entry.state = "saved";
    const auto id = store::add_entry(database, entry);
    store::NewCommand send;
    send.id = command;
    send.conversation = 1;
    send.message = id;
    send.type = "send";
    send.message_body = entry.body;
    send.now = kNow;
    store::add_command(database, send);
    EXPECT_TRUE(database.commit());
    return id;
}

json::object status(
    std::int64_t sequence,
    const std::string& command,
    const std::string& state,
    json::object more = {}
) {
    more["command"] = command;
    more["state"] = state;
    return event(sequence, "status", std::move(more));
}

TEST(ProjectionTest, AMessageMakesItsConversation) {
    auto database = memory_database();

    keep(*database, 1, {message(1, "Is it in stock? 👋")});

    const auto list = store::list_conversations(*database, 0, 10);
    ASSERT_EQ(list.size(), 1U);
    EXPECT_EQ(text_of(list[0].as_object(), "name"), "Ann Lee");
    EXPECT_EQ(text_of(list[0].as_object(), "last_text"), "Is it in stock? 👋");
    EXPECT_EQ(number_of(list[0].as_object(), "unread"), 1);
}

TEST(ProjectionTest, AnEditKeepsTheFormerText) {
    auto database = memory_database();
    keep(*database, 1, {message(1, "first")});

    keep(
        *database,
        1,
        {event(2, "edited", {{"message", {{"id", "r1"}, {"text", "second"}}}, {"revision", 2}})}
    );
    keep(
        *database,
        1,
        {event(3, "edited", {{"message", {{"id", "r1"}, {"text", "stale"}}}, {"revision", 1}})}
    );

    EXPECT_EQ(texts(*database), std::vector<std::string>{"second"});
    const auto edits = store::list_edits(*database, 1);
    ASSERT_EQ(edits.size(), 1U);
    EXPECT_EQ(text_of(object_of(edits[0].as_object(), "body"), "text"), "first");
}

TEST(ProjectionTest, APlaceholderBecomesReadableInItsPlace) {
    auto database = memory_database();
    keep(
        *database,
        1,
        {event(1, "unsupported", {{"reason", "new kind"}, {"text", "?"}}), message(2, "after")}
    );

    auto readable = event(
        3,
        "edited",
        {{"message", {{"id", "r9"}, {"text", "now readable"}}}, {"replaces", "01EVENT1"}}
    );
    keep(*database, 1, {readable});

    EXPECT_EQ(texts(*database), (std::vector<std::string>{"now readable", "after"}));
    EXPECT_EQ(text_of(view(*database, 1), "kind"), "message");
    EXPECT_EQ(number_of(view(*database, 1), "edits"), 0) << "nobody edited anything";
}

TEST(ProjectionTest, ADeletedMessageShowsNothing) {
    auto database = memory_database();
    keep(*database, 1, {message(1, "secret")});

    keep(*database, 1, {event(2, "deleted", {{"message", {{"id", "r1"}}}})});

    EXPECT_TRUE(flag_of(view(*database, 1), "deleted"));
    EXPECT_TRUE(object_of(view(*database, 1), "body").empty());
}

TEST(ProjectionTest, FilesAreShownThroughThePortal) {
    auto database = memory_database();
    keep(
        *database,
        1,
        {event(
            1,
            "message",
            {{"message",
              {{"id", "r1"},
               {"attachments",
                {{{"kind", "image"}, {"url", "http://127.0.0.1:8080/media/t/a.jpg"}},
                 {{"kind", "link"}, {"url", "https://example.org"}}}}}}}
        )}
    );

    const auto shown = view(*database, 1);
    const auto& attachments = array_of(object_of(shown, "body"), "attachments");
    ASSERT_EQ(attachments.size(), 2U);
    EXPECT_EQ(text_of(attachments[0].as_object(), "url"), "/api/media/1/0");
    EXPECT_EQ(text_of(attachments[1].as_object(), "url"), "https://example.org");
}

TEST(ProjectionTest, StatusesOnlyMoveForward) {
    auto database = memory_database();
    keep(*database, 1, {message(1, "hi")});
    const auto id = send_hello(*database, "m-1");

    keep(
        *database,
        1,
        {status(2, "m-1", "sent", {{"messages", {"r77"}}}), status(3, "m-1", "delivered")}
    );
    keep(*database, 1, {status(4, "m-1", "sent")});
    database->begin();
    store::command_accepted(*database, "m-1");
    ASSERT_TRUE(database->commit());

    EXPECT_EQ(text_of(view(*database, id), "state"), "delivered");
    EXPECT_TRUE(store::waiting_commands(*database, 10).empty())
        << "a status proves that the host has it";
}

TEST(ProjectionTest, AFailureCarriesItsReason) {
    auto database = memory_database();
    keep(*database, 1, {message(1, "hi")});
    const auto id = send_hello(*database, "m-1");

    keep(
        *database,
        1,
        {status(
            2, "m-1", "failed", {{"error", {{"code", "blocked"}, {"message", "bot was blocked"}}}}
        )}
    );

    const auto shown = view(*database, id);
    EXPECT_EQ(text_of(shown, "state"), "failed");
    EXPECT_EQ(
        text_of(object_of(object_of(shown, "detail"), "error"), "message"), "bot was blocked"
    );
}

TEST(ProjectionTest, AnEditFromHereShowsWhenTheMessengerConfirmsIt) {
    auto database = memory_database();
    keep(*database, 1, {message(1, "hi")});
    const auto id = send_hello(*database, "m-1");
    keep(*database, 1, {status(2, "m-1", "sent", {{"messages", {"r77"}}})});
    database->begin();
    store::NewCommand edit;
    edit.id = "e-1";
    edit.conversation = 1;
    edit.message = id;
    edit.type = "edit";
    edit.message_body = {{"id", "r77"}, {"text", "hello, corrected"}};
    edit.now = kNow;
    store::add_command(*database, edit);
    ASSERT_TRUE(database->commit());

    EXPECT_EQ(text_of(object_of(view(*database, id), "body"), "text"), "hello");
    EXPECT_EQ(text_of(object_of(view(*database, id), "pending"), "state"), "saved");
    keep(*database, 1, {status(3, "e-1", "sent")});

    EXPECT_EQ(text_of(object_of(view(*database, id), "body"), "text"), "hello, corrected");
    EXPECT_FALSE(view(*database, id).contains("pending"));
    EXPECT_EQ(text_of(view(*database, id), "state"), "sent");
}

TEST(ProjectionTest, AReactionIsCountedAndTakenBack) {
    auto database = memory_database();
    keep(
        *database,
        1,
        {message(1, "hi"), event(2, "reaction", {{"message", {{"id", "r1"}}}, {"emoji", "👍"}})}
    );
    EXPECT_EQ(array_of(view(*database, 1), "reactions").size(), 1U);

    keep(
        *database,
        1,
        {event(3, "reaction", {{"message", {{"id", "r1"}}}, {"emoji", "👍"}, {"removed", true}})}
    );

    EXPECT_TRUE(array_of(view(*database, 1), "reactions").empty());
}

TEST(ProjectionTest, TheListSaysOfEventsWhatTheTimelineSays) {
    const auto database = memory_database();
    const auto last = [&](std::int64_t sequence, const std::string& type, json::object more) {
        keep(*database, 1, {event(sequence, type, std::move(more))});
        const auto list = store::list_conversations(*database, 0, 10);
        return text_of(list.at(0).as_object(), "last_text");
    };

    EXPECT_EQ(last(1, "member", {{"action", "blocked"}}), "Ann Lee blocked this channel");
    EXPECT_EQ(last(2, "member", {{"action", "unblocked"}}), "Ann Lee unblocked this channel");
    EXPECT_EQ(
        last(3, "member", {{"action", "left"}, {"who", {{"name", "Vera"}}}}),
        "Vera left the conversation"
    );
    EXPECT_EQ(last(4, "member", {{"action", "promoted"}}), "Ann Lee promoted");
    EXPECT_EQ(
        last(5, "callback", {{"button", {{"id", "yes"}, {"text", "Yes"}}}}), "Ann Lee pressed “Yes”"
    );
    EXPECT_EQ(
        last(6, "callback", {{"button", {{"payload", "rate:5"}}}}), "Ann Lee pressed “rate:5”"
    );
}

TEST(ProjectionTest, LateHistoryIsNeitherNewNorUnread) {
    auto database = memory_database();
    keep(*database, 1, {message(1, "new")});
    auto history = message(2, "old");
    history["late"] = true;

    keep(*database, 1, {history});

    const auto list = store::list_conversations(*database, 0, 10);
    EXPECT_EQ(text_of(list[0].as_object(), "last_text"), "new");
    EXPECT_EQ(number_of(list[0].as_object(), "unread"), 1);
}

TEST(ChangesTest, APageThatResumesGetsEachEntryOnceInItsNewestForm) {
    auto database = memory_database();
    keep(*database, 1, {message(1, "one")});
    const auto first = store::changes_after(*database, 0, 100);
    ASSERT_FALSE(first.changes.empty());
    const auto seen = first.changes.back().rev;

    keep(
        *database,
        1,
        {message(2, "two"), event(3, "edited", {{"message", {{"id", "r2"}, {"text", "two!"}}}})}
    );
    const auto news = store::changes_after(*database, seen, 100);

    std::vector<std::string> shown;
    for (const auto& change : news.changes) {
        EXPECT_GT(change.rev, seen);
        const auto& body = object_of(object_of(change.data, "message"), "body");
        if (!body.empty()) shown.push_back(text_of(body, "text"));
    }
    EXPECT_EQ(shown, std::vector<std::string>{"two!"});
}

TEST(ChangesTest, ARevisionThatWasNeverGivenOutStartsThePageAnew) {
    auto database = memory_database();
    keep(*database, 1, {message(1, "one")});

    EXPECT_TRUE(store::changes_after(*database, 1'000, 100).too_old);
    EXPECT_FALSE(store::changes_after(*database, 0, 100).too_old);
}

}  // namespace
}  // namespace trunkline::portal::test
