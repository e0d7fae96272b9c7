// Events as the contract prints them, written and read to the byte.

#include <fstream>
#include <sstream>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "host/universal/json.hpp"

namespace trunkline::universal {
namespace {

std::string file(const char* name) {
    std::ifstream in{std::string{TRUNKLINE_VECTORS "/"} + name};
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

std::string written(const Event& event) {
    std::string out;
    write_json(event, out);
    return out;
}

TEST(EventTest, WritesTheContractsExampleToTheByte) {
    std::string example = file("event_message.json");
    // The contract breaks its lines for people; nothing else differs.
    for (std::size_t at = 0; (at = example.find('\n', at)) != std::string::npos;) {
        std::size_t end = at;
        while (end < example.size() && (example[end] == '\n' || example[end] == ' '))
            ++end;
        example.erase(at, end - at);
    }
    const auto event = read_written_event(example);
    ASSERT_TRUE(event) << event.error().context;

    EXPECT_EQ(written(*event), example);
    EXPECT_EQ(event->sequence(), 42u);
    EXPECT_EQ(event->time(), 1'795'334'400'123);
    EXPECT_EQ(event->message().spans(0).type(), "bold");
    EXPECT_EQ(event->message().attachments(0).size(), 48211u);
    EXPECT_FALSE(event->message().attachments(0).has_expires());
}

TEST(EventTest, WritesEveryTypeAndMemberToTheByte) {
    std::istringstream lines{file("events.json")};
    std::set<std::string> types{"message"};
    for (std::string line; std::getline(lines, line);) {
        if (line.size() < 2) continue;
        if (line.back() == ',') line.pop_back();
        const auto event = read_written_event(line);
        ASSERT_TRUE(event) << event.error().context << '\n' << line;
        // The files are for people too: what they leave readable and JSON may escape is compared as
        // values ...
        EXPECT_EQ(boost::json::parse(written(*event)), boost::json::parse(line));
        // ... and the order of the members as text.
        EXPECT_EQ(written(*event), line);
        EXPECT_TRUE(event->extra().empty()) << "a member of the contract that the schema lacks";
        EXPECT_TRUE(event->message().extra().empty());
        types.insert(event->type());
    }
    EXPECT_EQ(types.size(), 13u) << "every type of the contract";
}

TEST(EventTest, ReadsWhatAConnectorReports) {
    const auto event = read_event(R"({
        "type":"message","time":"2026-11-22T10:00:00+02:00",
        "conversation":{"id":5012345,"kind":"direct"},
        "sender":{"id":18446744073709551615,"name":"Ann","avatar_ref":"pic"},
        "message":{"id":-981,"text":"Hi 👋","attachments":[
            {"kind":"image","ref":"AgAC","size":10,"duration":12.9,"expires":"2026-11-22T08:00:00Z"}],
            "reply_to":{"id":7},"location":null}})");

    ASSERT_TRUE(event) << event.error().context;
    EXPECT_EQ(event->time(), 1'795'334'400'000);
    EXPECT_EQ(event->conversation().id(), "5012345");
    EXPECT_EQ(event->sender().id(), "18446744073709551615");
    EXPECT_EQ(event->message().id(), "-981");
    EXPECT_EQ(event->message().attachments(0).ref(), "AgAC");
    EXPECT_EQ(event->message().attachments(0).duration(), 12u);
    EXPECT_EQ(event->message().attachments(0).expires(), 1'795'334'400'000);
    EXPECT_FALSE(event->message().has_location()) << "null is absent";
}

TEST(EventTest, NeverWritesWhatStaysInside) {
    auto event = read_event(
        R"({"type":"message","sender":{"id":"1","avatar_ref":"SECRET"},"who":{"id":"2","avatar_ref":"SECRET"},
        "message":{"attachments":[{"kind":"image","ref":"SECRET"}]}})"
    );
    ASSERT_TRUE(event);
    event->mutable_message()->mutable_attachments(0)->set_file("SECRET");
    event->mutable_message()->mutable_attachments(0)->set_public_url("SECRET");
    const BatchHead head{.portal = "acme", .lane = "messages", .epoch = 1};
    const Event* const one = &*event;

    EXPECT_EQ(written(*event).find("SECRET"), std::string::npos);
    EXPECT_EQ(write_batch_json(head, {&one, 1}).find("SECRET"), std::string::npos);
    EXPECT_EQ(write_batch_protobuf(head, {&one, 1}).find("SECRET"), std::string::npos);
    EXPECT_NE(event->SerializeAsString().find("SECRET"), std::string::npos) << "the lane keeps it";
}

TEST(EventTest, KeepsMembersAndKindsNobodyKnows) {
    const std::string text =
        R"({"type":"wave","conversation":{"id":"1","kind":"planet","title":"","url":"","thread":""},)"
        R"("message":{"text":"x","spans":[{"type":"blink","offset":0,"length":1}],"poll":{"options":[1,2.5,"three"]}},"strength":9})";
    const auto event = read_event(text);
    ASSERT_TRUE(event) << event.error().context;
    EXPECT_EQ(written(*event), text);
}

TEST(EventTest, ReplacesBrokenUtf8AndEscapesControls) {
    Event event;
    event.set_type("message");
    event.mutable_message()->set_text(
        "a\xFF\xC3(\xE2\x82\xF0\x9F\x98\xED\xA0\x80z\"\\\b\f\n\r\t\x01\x1F\x7F/"
    );
    EXPECT_EQ(
        written(event),
        "{\"type\":\"message\",\"message\":{\"text\":\"a\xEF\xBF\xBD\xEF\xBF\xBD("
        "\xEF\xBF\xBD\xEF\xBF\xBD"
        "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\x7F/\"}}"
    );
}

TEST(EventTest, ClipsSpansAtTheEndAndDropsEmptyOnes) {
    const auto event = read_event(R"({"type":"message","message":{"text":"a👋b","spans":[
        {"type":"italic","offset":1,"length":0},{"type":"bold","offset":2,"length":4000000000},
        {"type":"code","offset":3,"length":1},{"type":"strike","offset":0,"length":3}]}})");
    ASSERT_TRUE(event) << event.error().context;
    ASSERT_EQ(event->message().spans_size(), 2);
    EXPECT_EQ(event->message().spans(0).type(), "bold");
    EXPECT_EQ(event->message().spans(0).length(), 1u) << "code points, not bytes";
    EXPECT_EQ(event->message().spans(1).type(), "strike");
    EXPECT_EQ(event->message().spans(1).length(), 3u);
}

TEST(EventTest, WritesABatchAsTheContractSays) {
    Event event;
    event.set_id("01");
    event.set_type("message");
    Backlog backlog;
    backlog.set_count(3);
    backlog.set_conversations(2);
    backlog.set_oldest(0);
    backlog.set_through(9);
    const BatchHead head{
        .portal = "ac\"me",
        .lane = "messages",
        .epoch = 18446744073709551615U,
        .backlog = &backlog};
    const Event* const one = &event;

    EXPECT_EQ(
        write_batch_json(head, {&one, 1}),
        R"({"portal":"ac\"me","lane":"messages","epoch":18446744073709551615,"events":[{"id":"01","type":"message"}],)"
        R"("backlog":{"count":3,"conversations":2,"oldest":"1970-01-01T00:00:00.000Z","through":9}})"
    );
    EXPECT_EQ(
        write_batch_json({.portal = "acme", .lane = "presence", .epoch = 1}, {}),
        R"({"portal":"acme","lane":"presence","epoch":1,"events":[]})"
    );
    Batch batch;
    ASSERT_TRUE(batch.ParseFromString(write_batch_protobuf(head, {&one, 1})));
    EXPECT_EQ(batch.events(0).id(), "01");
    EXPECT_EQ(batch.backlog().through(), 9u);
    EXPECT_EQ(batch.epoch(), 18446744073709551615U);
}

}  // namespace
}  // namespace trunkline::universal
