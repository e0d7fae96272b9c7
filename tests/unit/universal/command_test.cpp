// A portal's commands: each is read or refused for itself, and handed to a connector as the
// contract says.

#include <gtest/gtest.h>

#include "host/universal/duration.hpp"
#include "host/universal/json.hpp"

namespace trunkline::universal {
namespace {

ReadCommand only(const std::string& json) {
    const auto commands = read_commands(R"({"commands":[)" + json + "]}");
    EXPECT_TRUE(commands);
    return commands ? commands->at(0) : ReadCommand{};
}

std::string send_with(const std::string& message) {
    return R"({"id":"c","type":"send","account":"a","conversation":"1","message":)" + message + "}";
}

// "code: problem", or nothing when it was accepted.
std::string refusal(const std::string& json) {
    const ReadCommand read = only(json);
    return read.code.empty() ? std::string{} : read.code + ": " + read.message;
}

TEST(CommandTest, ReadsASendWithEverything) {
    const ReadCommand read = only(
        R"({"id":"c-1","type":"send","account":"acme-telegram","conversation":5012345,"expires":"24h",
        "message":{"text":"Hello 👋","spans":[{"type":"link","offset":0,"length":5,"url":"https://example.com"}],
        "attachments":[{"media":"m1"},{"url":"https://example.com/a.jpg","mime":"image/jpeg","name":"a.jpg"},{"url":"https://example.com/x"}],
        "reply_to":{"id":981},"as":"private",
        "buttons":[[{"id":"b","text":"Yes","payload":"y"}],[{"text":"Site","url":"https://example.com"}]],
        "location":{"latitude":1,"longitude":2.5},"contact":{"name":"Bob","phone":"+1"}}})"
    );

    ASSERT_EQ(read.code, "") << read.message;
    const Message& message = read.command.message();
    EXPECT_EQ(read.id, "c-1");
    EXPECT_EQ(read.command.conversation(), "5012345");
    EXPECT_EQ(read.command.expires(), 86'400'000);
    EXPECT_EQ(message.spans(0).url(), "https://example.com");
    EXPECT_EQ(message.attachments(0).media(), "m1");
    EXPECT_EQ(message.attachments(0).kind(), "") << "the upload knows";
    EXPECT_EQ(message.attachments(1).kind(), "image");
    EXPECT_EQ(message.attachments(2).kind(), "file");
    EXPECT_EQ(message.reply_to().id(), "981");
    EXPECT_EQ(message.buttons_size(), 2);
    EXPECT_EQ(message.location().longitude(), 2.5);
    EXPECT_EQ(message.contact().name(), "Bob");
}

TEST(CommandTest, ReadsEveryType) {
    const std::string to = R"(,"account":"a","conversation":"1")";
    EXPECT_EQ(refusal(R"({"id":"c","type":"edit","message":{"id":"9","text":"x"})" + to + "}"), "");
    EXPECT_EQ(refusal(R"({"id":"c","type":"delete","message":{"id":"9"})" + to + "}"), "");
    EXPECT_EQ(
        refusal(R"({"id":"c","type":"react","message":{"id":"9"},"emoji":"👍")" + to + "}"), ""
    );
    EXPECT_EQ(
        refusal(R"({"id":"c","type":"react","message":{"id":"9"},"removed":true)" + to + "}"), ""
    );
    EXPECT_EQ(refusal(R"({"id":"c","type":"typing","on":false)" + to + "}"), "");
    EXPECT_EQ(refusal(R"({"id":"c","type":"read")" + to + "}"), "");
    EXPECT_EQ(refusal(R"({"id":7,"type":"accounts"})"), "");
    const std::string hash(64, 'a');
    EXPECT_EQ(
        refusal(
            R"({"id":"c","type":"media","media":{"name":"a.jpg","mime":"image/jpeg","size":5,"sha256":")" +
            hash + "\"}}"
        ),
        ""
    );
}

TEST(CommandTest, RefusesWhatATypeCannotDoWithout) {
    EXPECT_EQ(refusal(R"({"id":"c","type":"dance"})"), "unsupported: type: not a known command");
    EXPECT_EQ(refusal(R"({"id":"c"})"), "unsupported: type: not a known command");
    EXPECT_EQ(refusal(R"({"id":"c","type":"send"})"), "malformed: needs an account");
    EXPECT_EQ(
        refusal(R"({"id":"c","type":"send","account":"a"})"), "malformed: needs a conversation"
    );
    EXPECT_EQ(
        refusal(send_with("{}")), "malformed: message: needs text, attachments, location or contact"
    );
    EXPECT_EQ(
        refusal(send_with(R"({"text":""})")),
        "malformed: message: needs text, attachments, location or contact"
    );
    EXPECT_EQ(
        refusal(send_with(R"({"text":"x","as":"public"})")),
        "unsupported: message: as: only private"
    );
    EXPECT_EQ(
        refusal(
            R"({"id":"c","type":"edit","account":"a","conversation":"1","message":{"text":"x"}})"
        ),
        "malformed: needs message.id"
    );
    EXPECT_EQ(
        refusal(R"({"id":"c","type":"react","account":"a","conversation":"1","message":{"id":"1"}})"
        ),
        "malformed: needs an emoji"
    );
    EXPECT_EQ(refusal(R"({"id":"c","type":"media"})"), "malformed: needs media");
    EXPECT_EQ(
        refusal(R"({"id":"c","type":"media","media":{"name":"a","size":1,"sha256":"abc"}})"),
        "malformed: media: sha256: expected 64 lower-case hex digits"
    );
    EXPECT_EQ(
        refusal(R"({"id":"c","type":"media","media":{"name":"a","size":0}})"),
        "malformed: media: needs a size above 0"
    );
}

TEST(CommandTest, RefusesAttachmentsFromNowhereOrElsewhere) {
    const std::string at = "malformed: message.attachments[0]: ";
    EXPECT_EQ(
        refusal(send_with(R"({"attachments":[{"kind":"image"}]})")), at + "either media or url"
    );
    EXPECT_EQ(
        refusal(send_with(R"({"attachments":[{"media":"m","url":"https://x"}]})")),
        at + "either media or url"
    );
    EXPECT_EQ(
        refusal(send_with(R"({"attachments":[{"url":"file:///etc/passwd"}]})")),
        at + "url: expected http:// or https://"
    );
    for (const std::string inside : {"file", "public_url", "ref"}) {
        EXPECT_EQ(
            refusal(send_with(R"({"attachments":[{"url":"https://x",")" + inside + R"(":"1"}]})")),
            "malformed: message.attachments[0]." + inside + ": not a known member"
        );
    }
}

TEST(CommandTest, RefusesKeyboardsThatNoMessengerShows) {
    EXPECT_EQ(
        refusal(send_with(R"({"text":"x","buttons":[[{"text":"Me","asks":"contact"}]]})")), ""
    );
    EXPECT_EQ(
        refusal(send_with(R"({"text":"x","buttons":[[{"text":"Me","asks":"money"}]]})")),
        "malformed: message.buttons: asks: expected text, contact or location"
    );
    EXPECT_EQ(
        refusal(send_with(R"({"text":"x","buttons":[[{"text":"Me","asks":"text","payload":"p"}]]})")
        ),
        "malformed: message.buttons: a button that asks has neither url nor payload"
    );
    EXPECT_EQ(
        refusal(send_with(R"({"text":"x","buttons":[[{"text":"Me","asks":"text"},{"text":"You"}]]})"
        )),
        "malformed: message.buttons: buttons that ask and others cannot stand under one message"
    );
    // The same in protobuf.
    Command command;
    command.set_id("c");
    command.set_type("send");
    command.set_account("a");
    command.set_conversation("1");
    command.mutable_message()->set_text("x");
    command.mutable_message()->add_buttons()->add_buttons()->set_asks("money");
    EXPECT_EQ(
        check_command(command).message, "message.buttons: asks: expected text, contact or location"
    );
}

TEST(CommandTest, RefusesMembersItWouldHaveToIgnore) {
    EXPECT_EQ(
        refusal(R"({"id":"c","type":"accounts","priority":1})"),
        "malformed: priority: not a known member"
    );
    EXPECT_EQ(
        refusal(send_with(R"({"text":"x","poll":{}})")),
        "malformed: message.poll: not a known member"
    );
    EXPECT_EQ(
        refusal(R"({"id":"c","type":"accounts","<script>":1})"), "malformed: ?: not a known member"
    );
}

TEST(CommandTest, RefusesIdsThatAreNone) {
    for (const std::string id : {R"("")", R"(" a")", R"("a\n")", R"("é")", "1.5", "null", "{}"}) {
        EXPECT_NE(refusal(R"({"type":"accounts","id":)" + id + "}"), "") << id;
    }
    EXPECT_EQ(refusal(R"({"type":"accounts","id":")" + std::string(128, 'a') + "\"}"), "");
    EXPECT_NE(refusal(R"({"type":"accounts","id":")" + std::string(129, 'a') + "\"}"), "");
}

TEST(CommandTest, ABadCommandSpoilsNoOther) {
    const auto commands = read_commands(
        R"({"commands":[{"id":"1","type":"accounts"},7,{"id":"3","type":"send"},{"id":"4","type":"accounts"}]})"
    );
    ASSERT_TRUE(commands);
    ASSERT_EQ(commands->size(), 4u);
    EXPECT_EQ((*commands)[0].code, "");
    EXPECT_EQ((*commands)[1].message, "expected an object");
    EXPECT_EQ((*commands)[1].id, "");
    EXPECT_EQ((*commands)[2].id, "3") << "a refusal names its command";
    EXPECT_EQ((*commands)[2].code, "malformed");
    EXPECT_EQ((*commands)[3].code, "");
}

TEST(CommandTest, RefusesWhatIsNoListOfCommands) {
    for (const std::string text :
         {"",
          "[]",
          "{}",
          R"({"commands":{}})",
          R"({"commands":null})",
          R"({"commands":[],"x":1})"}) {
        const auto commands = read_commands(text);
        ASSERT_FALSE(commands) << text;
        EXPECT_EQ(commands.error().fault, Fault::malformed);
    }
    std::string many;
    for (int i = 0; i < 100; ++i)
        many += (i == 0 ? "{}" : ",{}");
    EXPECT_TRUE(read_commands(R"({"commands":[)" + many + "]}"));
    EXPECT_FALSE(read_commands(R"({"commands":[)" + many + ",{}]}"));
    EXPECT_TRUE(read_commands(R"({"commands":[]})"));
}

TEST(CommandTest, SaysWhenSomethingIsTooLarge) {
    EXPECT_EQ(
        refusal(send_with(R"({"text":")" + std::string(65537, 'x') + "\"}")),
        "too_large: message.text: at most 65536 characters"
    );
}

TEST(CommandTest, ReadsDurations) {
    EXPECT_EQ(parse_duration_ms("250ms"), 250);
    EXPECT_EQ(parse_duration_ms("14d"), kExpiresMsMax);
    for (const std::string text :
         {"", "5", "h", "0s", "-1s", "1.5h", "1 h", "1h ", "1w", "99999999999d"}) {
        EXPECT_FALSE(parse_duration_ms(text)) << text;
    }
    EXPECT_NE(refusal(R"({"id":"c","type":"accounts","expires":"15d"})"), "");
    EXPECT_NE(refusal(R"({"id":"c","type":"accounts","expires":24})"), "");
}

TEST(CommandTest, HandsAConnectorFilesAndNotMedia) {
    Command command =
        only(
            send_with(
                R"({"text":"x","attachments":[{"media":"m1","kind":"image"},{"url":"https://e/x","kind":"file"}]})"
            )
        )
            .command;
    Attachment& attachment = *command.mutable_message()->mutable_attachments(0);
    attachment.set_file("f-1");
    attachment.set_public_url("https://host/media/t/a.jpg");
    attachment.set_size(10);
    attachment.set_mime("image/jpeg");
    attachment.set_name("a.jpg");
    std::string out;

    write_command_json(command, out);

    EXPECT_EQ(
        out,
        R"({"id":"c","type":"send","account":"a","conversation":"1","message":{"text":"x","attachments":[)"
        R"({"kind":"image","file":"f-1","public_url":"https://host/media/t/a.jpg","name":"a.jpg","mime":"image/jpeg",)"
        R"("size":10,"width":0,"height":0,"duration":0},)"
        R"({"kind":"file","public_url":"https://e/x","name":"","mime":"","size":0,"width":0,"height":0,"duration":0}]}})"
    );
}

TEST(CommandTest, ChecksProtobufAlike) {
    Command command;
    command.set_id("c");
    command.set_type("send");
    command.set_account("a");
    command.set_conversation("1");
    command.mutable_message()->set_text("hi");
    command.mutable_message()->set_extra(R"({"injected":1})");
    Attachment& attachment = *command.mutable_message()->add_attachments();
    attachment.set_url("https://example.com/a");
    attachment.set_file("somebody-else's");
    attachment.set_public_url("http://127.0.0.1/");

    const ReadCommand read = check_command(command);

    ASSERT_EQ(read.code, "") << read.message;
    EXPECT_EQ(read.command.message().extra(), "");
    EXPECT_EQ(read.command.message().attachments(0).file(), "");
    EXPECT_EQ(read.command.message().attachments(0).public_url(), "");
    EXPECT_EQ(read.command.message().attachments(0).kind(), "file");
    command.mutable_message()->add_spans()->set_offset(3);
    EXPECT_EQ(check_command(command).code, "malformed");
    command.mutable_message()->clear_spans();
    command.set_expires(-1);
    EXPECT_EQ(check_command(command).code, "malformed");
    command.clear_expires();
    command.set_id("");
    EXPECT_EQ(check_command(command).code, "malformed");
}

}  // namespace
}  // namespace trunkline::universal
