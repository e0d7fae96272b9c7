// What is no event is refused, and the refusal names the place and nothing of the content.

#include <gtest/gtest.h>

#include "host/universal/json.hpp"

namespace trunkline::universal {
namespace {

std::string why_refused(const std::string& json) {
    const auto event = read_event(json);
    if (event) return "accepted";
    EXPECT_EQ(event.error().fault, Fault::malformed);
    return event.error().context;
}

std::string with_message(const std::string& members) {
    return R"({"type":"message","message":{)" + members + "}}";
}

TEST(EventRefusalTest, NamesThePath) {
    EXPECT_EQ(why_refused(with_message(R"("text":5)")), "message.text: expected a string");
    EXPECT_EQ(why_refused(R"({"type":"message","message":[]})"), "message: expected an object");
    EXPECT_EQ(why_refused(R"({"type":7})"), "type: expected a string");
    EXPECT_EQ(
        why_refused(R"({"type":"message","time":"yesterday"})"),
        "time: expected a time like 2026-11-22T08:00:00.123Z"
    );
    EXPECT_EQ(why_refused(R"({"type":"message","time":1763800000})"), "time: expected a string");
    EXPECT_EQ(
        why_refused(R"({"type":"message","outgoing":1,"message":{}})"),
        "outgoing: expected true or false"
    );
    EXPECT_EQ(
        why_refused(R"({"type":"message","conversation":{"id":1.5}})"),
        "conversation.id: expected a string"
    );
    EXPECT_EQ(
        why_refused(with_message(R"("attachments":[{"kind":"image"},{"kind":"image","size":-1}])")),
        "message.attachments[1].size: number out of range"
    );
    EXPECT_EQ(
        why_refused(with_message(R"("attachments":[{"ref":"x"}])")),
        "message.attachments[0]: an attachment needs a kind"
    );
    EXPECT_EQ(
        why_refused(with_message(R"("attachments":[{"kind":"image","url":"http://a/ b"}])")),
        "message.attachments[0].url: expected an address without blanks"
    );
    EXPECT_EQ(
        why_refused(with_message(
            R"("text":"ab","spans":[{"type":"bold","offset":0,"length":1},{"type":"bold","offset":3,"length":1}])"
        )),
        "message.spans[1]: begins behind the text"
    );
    EXPECT_EQ(
        why_refused(with_message(R"("text":"ab","spans":[{"offset":0,"length":1}])")),
        "message.spans[0]: a span needs a type"
    );
    EXPECT_EQ(
        why_refused(with_message(R"("text":"ab","spans":[{"type":"bold","offset":-1,"length":1}])")
        ),
        "message.spans[0].offset: number out of range"
    );
    EXPECT_EQ(
        why_refused(with_message(R"("location":{"latitude":91,"longitude":0})")),
        "message.location.latitude: number out of range"
    );
    EXPECT_EQ(
        why_refused(with_message(R"("location":{"latitude":1})")),
        "message.location: a location needs latitude and longitude"
    );
    EXPECT_EQ(
        why_refused(with_message(R"("buttons":[[{"text":"a"}],{"text":"b"}])")),
        "message.buttons[1]: expected a row, which is a list of buttons"
    );
}

TEST(EventRefusalTest, ATypeNeedsWhatItCarries) {
    EXPECT_EQ(why_refused("{}"), "an event needs a type");
    EXPECT_EQ(why_refused(R"({"type":"message"})"), "needs a message");
    EXPECT_EQ(why_refused(R"({"type":"edited","message":{"text":"x"}})"), "needs message.id");
    EXPECT_EQ(why_refused(R"({"type":"deleted"})"), "needs message.id");
    EXPECT_EQ(why_refused(R"({"type":"reaction","message":{"id":"1"}})"), "needs an emoji");
    EXPECT_EQ(why_refused(R"({"type":"callback"})"), "needs a button");
    EXPECT_EQ(why_refused(R"({"type":"presence"})"), "needs a state");
    EXPECT_EQ(why_refused(R"({"type":"status","command":"c"})"), "needs a state");
    EXPECT_EQ(
        why_refused(R"({"type":"status","state":"read"})"),
        "needs command, message, messages, through_time or through_message"
    );
    EXPECT_EQ(why_refused(R"({"type":"read"})"), "needs through_time, through_message or message");
    EXPECT_EQ(why_refused(R"({"type":"typing"})"), "needs on");
    EXPECT_EQ(why_refused(R"({"type":"member"})"), "needs an action");
    EXPECT_EQ(why_refused(R"({"type":"unsupported"})"), "accepted");
    EXPECT_EQ(why_refused(R"({"type":"status","state":"read","message":"981"})"), "accepted")
        << "a bare id";
    EXPECT_EQ(why_refused(R"({"type":"status","state":"read","message":981})"), "accepted");
    EXPECT_EQ(
        why_refused(R"({"type":"status","state":"read","message":true})"),
        "message: expected an id or an object"
    );
}

TEST(EventRefusalTest, TheHostsMembersAreTheHosts) {
    for (const std::string name :
         {"id",
          "sequence",
          "conversation_sequence",
          "received",
          "connector",
          "account",
          "line",
          "requeued"}) {
        EXPECT_EQ(
            why_refused(R"({"type":"x",")" + name + R"(":"1"})"), name + ": is for the host to say"
        );
    }
}

TEST(EventRefusalTest, HoldsEveryBound) {
    const std::string most(kTextCodePointsMax, 'x');
    EXPECT_EQ(why_refused(with_message(R"("text":")" + most + "\"")), "accepted");
    EXPECT_EQ(
        why_refused(with_message(R"("text":")" + most + "x\"")),
        "message.text: at most 65536 characters"
    );

    std::string wide;
    for (std::size_t i = 0; i < kTextCodePointsMax; ++i)
        wide += "\xD0\x9F";
    EXPECT_EQ(why_refused(with_message(R"("text":")" + wide + "\"")), "accepted")
        << "code points, not bytes";

    const auto list = [](std::size_t count, const std::string& one) {
        std::string out = one;
        for (std::size_t i = 1; i < count; ++i)
            out += "," + one;
        return "[" + out + "]";
    };
    const std::string span = R"({"type":"bold","offset":0,"length":1})";
    EXPECT_EQ(why_refused(with_message(R"("text":"x","spans":)" + list(1000, span))), "accepted");
    EXPECT_EQ(
        why_refused(with_message(R"("text":"x","spans":)" + list(1001, span))),
        "message.spans: at most 1000 elements"
    );
    const std::string file = R"({"kind":"file"})";
    EXPECT_EQ(why_refused(with_message(R"("attachments":)" + list(100, file))), "accepted");
    EXPECT_EQ(
        why_refused(with_message(R"("attachments":)" + list(101, file))),
        "message.attachments: at most 100 elements"
    );
    const std::string row = list(10, R"({"text":"b"})");
    EXPECT_EQ(why_refused(with_message(R"("buttons":)" + list(10, row))), "accepted");
    EXPECT_EQ(
        why_refused(with_message(R"("buttons":)" + list(11, row))),
        "message.buttons[10][0]: at most 100 buttons"
    );

    // The event is depth 1.
    EXPECT_EQ(
        why_refused(R"({"type":"x","deep":)" + std::string(31, '[') + std::string(31, ']') + "}"),
        "accepted"
    );
    EXPECT_EQ(
        why_refused(R"({"type":"x","deep":)" + std::string(32, '[') + std::string(32, ']') + "}"),
        "nested too deeply"
    );
    const std::string big = R"({"type":"x","big":")";
    EXPECT_EQ(
        why_refused(big + std::string(kJsonBytesMax - big.size() - 2, 'x') + "\"}"), "accepted"
    );
    EXPECT_EQ(
        why_refused(big + std::string(kJsonBytesMax - big.size() - 1, 'x') + "\"}"),
        "at most 1048576 bytes"
    );
    EXPECT_EQ(why_refused(R"({"type":")" + std::string(65, 'x') + "\"}"), "type: at most 64 bytes");
}

TEST(EventRefusalTest, WhatIsNotJsonIsSaidSo) {
    for (const std::string& text :
         {std::string{},
          std::string{"{"},
          std::string{"{\"type\":\"x\"}}"},
          std::string{"{\"type\":\"\xFF\"}"},
          std::string{"{type:1}"},
          std::string{"{\"type\":\"x\",}"},
          std::string(100000, '[')}) {
        EXPECT_NE(why_refused(text), "accepted");
    }
    EXPECT_EQ(why_refused("null"), "expected an object");
    EXPECT_EQ(why_refused("[]"), "expected an object");
}

// An object with many members is looked through in another way than one with few.
TEST(EventRefusalTest, KnowsMembersAmongManyThatNobodyKnows) {
    for (const int count : {0, 10, 17, 18, 19, 200}) {
        SCOPED_TRACE(count);
        std::string others;
        for (int i = 0; i < count; ++i)
            others += "\"other" + std::to_string(i) + "\":" + std::to_string(i) + ",";
        const auto event = read_event(
            R"({"type":"message",)" + others +
            R"("sender":{"id":7,"name":null},"message":{"id":"5"}})"
        );
        ASSERT_TRUE(event) << event.error().context;
        EXPECT_EQ(event->type(), "message");
        EXPECT_EQ(event->sender().id(), "7");
        EXPECT_EQ(event->sender().name(), "");
        EXPECT_EQ(event->message().id(), "5");
        EXPECT_EQ(
            event->extra(), others.empty() ? "" : "{" + others.substr(0, others.size() - 1) + "}"
        );
        EXPECT_EQ(
            why_refused(R"({"type":"message",)" + others + R"("message":{"id":"5","text":5}})"),
            "message.text: expected a string"
        );
    }
}

}  // namespace
}  // namespace trunkline::universal
