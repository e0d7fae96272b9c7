// What a messenger cannot carry arrives all the same, in another form, and the change is said.

#include "host/universal/degrade.hpp"

#include <gtest/gtest.h>

#include "host/universal/json.hpp"

namespace trunkline::universal {
namespace {

Features features(const std::string& members) {
    const auto read = Features::parse(std::string_view{R"({"*":{)" + members + "}}"});
    EXPECT_TRUE(read) << read.error().context;
    return read ? *read : Features{};
}

Command send(const std::string& message) {
    const auto commands = read_commands(
        R"({"commands":[{"id":"c","type":"send","account":"a","conversation":"1","expires":"1h","message":)" +
        message + "}]}"
    );
    EXPECT_TRUE(commands && commands->at(0).code.empty()) << commands->at(0).message;
    return commands->at(0).command;
}

std::string changes(const Degraded& degraded) {
    std::string out;
    for (const Change& change : degraded.changes)
        out += change.what() + ": " + change.how() + "; ";
    return out;
}

Degraded degraded(const Command& command, const Features& with, std::string_view kind = "direct") {
    auto out = degrade(command, with, kind);
    EXPECT_TRUE(out) << out.error().context;
    return out ? *std::move(out) : Degraded{};
}

const Message& message(const Degraded& from, std::size_t part = 0) {
    return from.parts.at(part).message();
}

const std::string kFiles =
    R"("attachments":{"image":{"max_bytes":1000,"caption_max":20},"file":{"max_bytes":5000,"caption_max":0}})";

TEST(DegradeTest, LeavesAloneWhatFits) {
    const Command command =
        send(R"({"text":"Hi","spans":[{"type":"bold","offset":0,"length":2}],"reply_to":{"id":"7"},
        "attachments":[{"url":"https://e/a.jpg","kind":"image","size":10}],"buttons":[[{"text":"Yes","payload":"y"}]]})"
        );
    const auto out =
        degraded(command, features(kFiles + R"(,"spans":["bold"],"reply":true,"buttons":{})"));
    ASSERT_EQ(out.parts.size(), 1u);
    EXPECT_EQ(out.parts[0].SerializeAsString(), command.SerializeAsString());
    EXPECT_EQ(changes(out), "");
}

TEST(DegradeTest, SpansBecomePlainText) {
    const auto out = degraded(
        send(R"({"text":"Our shop","spans":[{"type":"link","offset":4,"length":4,"url":"https://e"},
            {"type":"bold","offset":0,"length":3},{"type":"italic","offset":0,"length":8}]})"),
        features(R"("spans":["italic"])")
    );
    EXPECT_EQ(message(out).text(), "Our shop (https://e)");
    ASSERT_EQ(message(out).spans_size(), 1);
    EXPECT_EQ(message(out).spans(0).length(), 8u);
    EXPECT_EQ(changes(out), "bold: plain text; link: address in the text; ");
}

TEST(DegradeTest, APictureBecomesALink) {
    const auto out = degraded(
        send(
            R"({"text":"Look","attachments":[{"url":"https://e/a.jpg","kind":"image","name":"a.jpg"},{"url":"https://e/b","kind":"file"}]})"
        ),
        Features{}
    );
    ASSERT_EQ(out.parts.size(), 1u);
    EXPECT_EQ(message(out).text(), "Look\n\na.jpg: https://e/a.jpg\nhttps://e/b");
    EXPECT_EQ(message(out).attachments_size(), 0);
    EXPECT_EQ(changes(out), "image: link in the text; file: link in the text; ");
}

TEST(DegradeTest, TheHostsAddressIsTheOneShown) {
    Command command =
        send(R"({"attachments":[{"url":"https://inside.example/a","kind":"image"}]})");
    command.mutable_message()->mutable_attachments(0)->set_public_url("https://host/media/t/a.jpg");
    EXPECT_EQ(message(degraded(command, Features{})).text(), "https://host/media/t/a.jpg");
    command.mutable_message()->mutable_attachments(0)->set_kind("link");
    const auto link = degraded(command, Features{});
    EXPECT_EQ(message(link).text(), "https://inside.example/a") << "a link is itself";
    EXPECT_EQ(changes(link), "") << "and loses nothing as text";
}

TEST(DegradeTest, AFileThatIsTooLargeGoesAnotherWay) {
    const auto as_file = degraded(
        send(R"({"attachments":[{"url":"https://e/a","kind":"image","size":1001}]})"),
        features(kFiles)
    );
    EXPECT_EQ(message(as_file).attachments(0).kind(), "file");
    EXPECT_EQ(changes(as_file), "image: sent as file; ");
    const auto as_link = degraded(
        send(R"({"attachments":[{"url":"https://e/a","kind":"image","size":5001}]})"),
        features(kFiles)
    );
    EXPECT_EQ(message(as_link).text(), "https://e/a");
    EXPECT_EQ(changes(as_link), "image: link in the text, too large; ");
    const auto fits = degraded(
        send(R"({"attachments":[{"url":"https://e/a","kind":"image","size":1000}]})"),
        features(kFiles)
    );
    EXPECT_EQ(message(fits).attachments(0).kind(), "image");
}

TEST(DegradeTest, KindsStandInForEachOther) {
    const auto kind_of = [](const std::string& kind, const std::string& mime) {
        const auto out = degraded(
            send(
                R"({"attachments":[{"url":"https://e/a","kind":")" + kind + R"(","mime":")" + mime +
                R"("}]})"
            ),
            features(R"("attachments":{"image":{},"video":{},"audio":{},"file":{}})")
        );
        return message(out).attachments(0).kind();
    };
    EXPECT_EQ(kind_of("video_note", "video/mp4"), "video");
    EXPECT_EQ(kind_of("animation", "video/mp4"), "video");
    EXPECT_EQ(kind_of("voice", "audio/ogg"), "audio");
    EXPECT_EQ(kind_of("sticker", "image/webp"), "image");
    EXPECT_EQ(kind_of("sticker", "application/x-tgsticker"), "file");
    EXPECT_EQ(kind_of("", "image/png"), "image");
    EXPECT_EQ(kind_of("hologram", ""), "file") << "a kind nobody knows";
}

TEST(DegradeTest, AnAttachmentWithoutAddressIsRefusedWhereItCannotGo) {
    Command command = send(R"({"attachments":[{"media":"m1","kind":"image"}]})");
    const auto out = degrade(command, Features{}, "direct");
    ASSERT_FALSE(out);
    EXPECT_EQ(out.error().fault, Fault::unsupported);
    EXPECT_EQ(
        out.error().context.substr(0, out.error().context.find(':')), "unsupported_attachment"
    );
}

TEST(DegradeTest, ButtonsBecomeANumberedList) {
    const Command command = send(
        R"({"text":"Sure?","buttons":[[{"text":"Yes","payload":"y"},{"text":"No","payload":"n"}],[{"text":"Site","url":"https://e"}]]})"
    );
    const std::string list = "Sure?\n\n1. Yes\n2. No\n3. Site: https://e";
    EXPECT_EQ(message(degraded(command, Features{})).text(), list);
    for (const char* limit : {R"("urls":false)", R"("text_max":3)"}) {
        const auto out = degraded(command, features(R"("buttons":{)" + std::string{limit} + "}"));
        EXPECT_EQ(message(out).text(), list) << limit;
        EXPECT_EQ(message(out).buttons_size(), 0);
        EXPECT_EQ(changes(out), "buttons: numbered list in the text; ");
    }
    EXPECT_EQ(
        message(degraded(command, features(R"("buttons":{"text_max":4})"))).buttons_size(), 2
    );
}

TEST(DegradeTest, APayloadThatIsTooLongTakesTheButtonsAway) {
    const Command command = send(R"({"text":"?","buttons":[[{"text":"A","payload":"пп"}]]})");
    EXPECT_EQ(
        message(degraded(command, features(R"("buttons":{"payload_max_bytes":4})"))).buttons_size(),
        1
    ) << "bytes";
    EXPECT_EQ(
        message(degraded(command, features(R"("buttons":{"payload_max_bytes":3})"))).text(),
        "?\n\n1. A"
    );
}

TEST(DegradeTest, ButtonsFindOtherRows) {
    const Command command = send(
        R"({"text":"?","buttons":[[{"text":"1"},{"text":"2"},{"text":"3"}],[{"text":"4"}],[{"text":"5"}]]})"
    );
    const auto narrow = degraded(command, features(R"("buttons":{"per_row":2})"));
    EXPECT_EQ(message(narrow).buttons_size(), 3);
    EXPECT_EQ(message(narrow).buttons(0).buttons_size(), 2);
    EXPECT_EQ(message(narrow).buttons(2).buttons(0).text(), "5");
    EXPECT_EQ(changes(narrow), "buttons: other rows; ");
    const auto few = degraded(command, features(R"("buttons":{"rows":2})"));
    EXPECT_EQ(message(few).buttons_size(), 2);
    const auto none = degraded(command, features(R"("buttons":{"rows":2,"per_row":2})"));
    EXPECT_EQ(message(none).buttons_size(), 0);
    EXPECT_EQ(message(none).text(), "?\n\n1. 1\n2. 2\n3. 3\n4. 4\n5. 5");
}

TEST(DegradeTest, ALongTextBecomesSeveralMessages) {
    const auto out = degraded(
        send(
            R"({"text":"First paragraph.\n\nSecond one here.","reply_to":{"id":"7"},"buttons":[[{"text":"OK"}]],
            "spans":[{"type":"bold","offset":18,"length":6}]})"
        ),
        features(R"("text_max":20,"reply":true,"buttons":{},"spans":["bold"])")
    );
    ASSERT_EQ(out.parts.size(), 2u);
    EXPECT_EQ(message(out, 0).text(), "First paragraph.");
    EXPECT_EQ(message(out, 1).text(), "Second one here.");
    EXPECT_EQ(message(out, 0).spans_size(), 0);
    EXPECT_EQ(message(out, 1).spans(0).offset(), 0u);
    EXPECT_TRUE(message(out, 0).has_reply_to()) << "the first answers";
    EXPECT_FALSE(message(out, 1).has_reply_to());
    EXPECT_EQ(message(out, 0).buttons_size(), 0);
    EXPECT_EQ(message(out, 1).buttons_size(), 1) << "the last is pressed";
    EXPECT_EQ(out.parts[1].id(), "c");
    EXPECT_EQ(out.parts[1].expires(), 3'600'000);
    EXPECT_EQ(changes(out), "text: split into 2 messages; ");
}

TEST(DegradeTest, ACaptionThatIsTooLongGoesOnInAMessage) {
    const auto out = degraded(
        send(
            R"({"text":"A caption that is longer than twenty","attachments":[{"url":"https://e/a","kind":"image"}]})"
        ),
        features(kFiles)
    );
    ASSERT_EQ(out.parts.size(), 2u);
    EXPECT_EQ(message(out, 0).attachments_size(), 1);
    EXPECT_EQ(message(out, 0).text(), "A caption that is");
    EXPECT_EQ(message(out, 1).text(), "longer than twenty");
    EXPECT_EQ(changes(out), "caption: rest in a following message; ");
}

TEST(DegradeTest, AKindWithoutCaptionLeavesTheTextToAMessage) {
    const auto out = degraded(
        send(R"({"text":"See","attachments":[{"url":"https://e/a","kind":"file"}]})"),
        features(kFiles)
    );
    ASSERT_EQ(out.parts.size(), 2u);
    EXPECT_FALSE(message(out, 0).has_text());
    EXPECT_EQ(message(out, 1).text(), "See");
    EXPECT_EQ(changes(out), "caption: message of its own; ");
}

TEST(DegradeTest, ManyFilesBecomeSeveralMessages) {
    const Command command = send(
        R"({"text":"Hi","reply_to":{"id":"7"},"buttons":[[{"text":"OK"}]],"attachments":[{"url":"https://e/1","kind":"image"},
        {"url":"https://e/2","kind":"image"},{"url":"https://e/3","kind":"image"}]})"
    );
    const auto out =
        degraded(command, features(kFiles + R"(,"attachments_max":2,"reply":true,"buttons":{})"));
    ASSERT_EQ(out.parts.size(), 2u);
    EXPECT_EQ(message(out, 0).attachments_size(), 2);
    EXPECT_TRUE(message(out, 0).has_reply_to());
    EXPECT_EQ(message(out, 1).attachments(0).url(), "https://e/3");
    EXPECT_EQ(message(out, 1).text(), "Hi");
    EXPECT_EQ(message(out, 1).buttons_size(), 1);
    EXPECT_EQ(changes(out), "attachments: sent as 2 messages; ");
}

const std::string kAlbums =
    kFiles + R"(,"albums":{"max":2,"mix":[["image","video"],["file"]],"buttons":false})";

TEST(DegradeTest, OnlyFilesThatGoTogetherMakeAnAlbum) {
    const auto sent = [](const std::string& more) {
        return send(
            R"({"text":"Hi","attachments":[{"url":"https://e/1","kind":"image"},{"url":"https://e/2","kind":"image"},
            {"url":"https://e/3","kind":"file"},{"url":"https://e/4","kind":"image"}])" +
            more + "}"
        );
    };
    const auto out = degraded(sent(""), features(kAlbums));
    ASSERT_EQ(out.parts.size(), 3u);
    EXPECT_EQ(message(out, 0).attachments_size(), 2);
    EXPECT_EQ(message(out, 1).attachments(0).url(), "https://e/3");
    EXPECT_EQ(message(out, 2).attachments(0).url(), "https://e/4");
    EXPECT_EQ(message(out, 2).text(), "Hi");
    EXPECT_EQ(changes(out), "attachments: sent as 3 messages; ");
    // Buttons stand under a message of one file.
    const auto pressed =
        degraded(sent(R"(,"buttons":[[{"text":"OK"}]])"), features(kAlbums + R"(,"buttons":{})"));
    ASSERT_EQ(pressed.parts.size(), 4u);
    EXPECT_EQ(message(pressed, 3).buttons_size(), 1);
}

TEST(DegradeTest, ButtonsThatAskAreAListWhereNobodyCanBeAsked) {
    const Command command =
        send(R"({"text":"Hi","buttons":[[{"text":"Call me","asks":"contact"}]]})");
    EXPECT_EQ(message(degraded(command, features(R"("buttons":{})"))).text(), "Hi\n\n1. Call me");
    EXPECT_EQ(
        message(degraded(command, features(R"("buttons":{"asks":["text"]})"))).text(),
        "Hi\n\n1. Call me"
    );
    const auto asked = degraded(command, features(R"("buttons":{"asks":["contact"]})"));
    EXPECT_EQ(message(asked).buttons(0).buttons(0).asks(), "contact");
    EXPECT_EQ(changes(asked), "");
}

TEST(DegradeTest, AQuotationIsLeftOutWhereThereIsNone) {
    const Command command = send(R"({"text":"Hi","reply_to":{"id":"7","quote":"word"}})");
    const auto without = degraded(command, features(R"("reply":true)"));
    EXPECT_EQ(message(without).reply_to().id(), "7");
    EXPECT_EQ(message(without).reply_to().quote(), "");
    EXPECT_EQ(changes(without), "quote: left out; ");
    const auto with = degraded(command, features(R"("reply":true,"quote":true)"));
    EXPECT_EQ(message(with).reply_to().quote(), "word");
    EXPECT_EQ(changes(with), "");
}

TEST(DegradeTest, PlacesAndContactsAreMessagesOrText) {
    const Command command = send(
        R"({"text":"Here","location":{"latitude":55.5,"longitude":37,"title":"Shop","address":"Tverskaya 1"},
        "contact":{"name":"Bob","phone":"+1"},"buttons":[[{"text":"OK"}]]})"
    );
    const auto own = degraded(command, features(R"("location":true,"contact":true,"buttons":{})"));
    ASSERT_EQ(own.parts.size(), 3u);
    EXPECT_EQ(message(own, 0).buttons_size(), 1);
    EXPECT_TRUE(message(own, 1).has_location());
    EXPECT_EQ(message(own, 2).contact().name(), "Bob");
    EXPECT_EQ(changes(own), "");
    const auto text = degraded(command, features(R"("buttons":{})"));
    ASSERT_EQ(text.parts.size(), 1u);
    EXPECT_EQ(
        message(text).text(),
        "Here\n\nShop\nTverskaya 1\nhttps://www.openstreetmap.org/?mlat=55.5&mlon=37\n\nBob\n+1"
    );
    EXPECT_EQ(changes(text), "location: text; contact: text; ");
    const auto alone = degraded(
        send(R"({"location":{"latitude":1,"longitude":2},"buttons":[[{"text":"OK"}]]})"),
        features(R"("location":true,"buttons":{})")
    );
    ASSERT_EQ(alone.parts.size(), 1u);
    EXPECT_EQ(message(alone).buttons_size(), 1);
}

TEST(DegradeTest, AReplyIsLeftOutAndSaid) {
    const auto out = degraded(send(R"({"text":"Hi","reply_to":{"id":"7"}})"), Features{});
    EXPECT_FALSE(message(out).has_reply_to());
    EXPECT_EQ(changes(out), "reply_to: left out; ");
}

TEST(DegradeTest, WhatHasNoEquivalentIsRefused) {
    for (const char* type : {"edit", "delete", "react", "typing", "read"}) {
        Command command = send(R"({"id":"7","text":"x"})");
        command.set_type(type);
        const auto out = degrade(command, Features{}, "direct");
        ASSERT_FALSE(out) << type;
        EXPECT_EQ(out.error().fault, Fault::unsupported);
        EXPECT_EQ(
            out.error().context.substr(0, out.error().context.find(':')),
            std::string{"unsupported_"} + type
        );
        const auto all =
            features(R"("edit":true,"delete":true,"react":true,"typing":true,"read":true)");
        ASSERT_EQ(degraded(command, all).parts.size(), 1u) << type;
        EXPECT_EQ(degraded(command, all).parts[0].SerializeAsString(), command.SerializeAsString());
    }
    const auto silent = degrade(send(R"({"text":"x"})"), features(R"("send":false)"), "direct");
    ASSERT_FALSE(silent);
}

TEST(DegradeTest, AnEditIsOneMessageOrNone) {
    Command command = send(
        R"({"id":"7","text":"far too long for one message","spans":[{"type":"bold","offset":0,"length":3}]})"
    );
    command.set_type("edit");
    const auto out = degrade(command, features(R"("edit":true,"text_max":20)"), "direct");
    ASSERT_FALSE(out);
    EXPECT_EQ(out.error().context.substr(0, out.error().context.find(':')), "edit_too_long");
    const auto fits = degraded(command, features(R"("edit":true)"));
    EXPECT_EQ(message(fits).id(), "7");
    EXPECT_EQ(changes(fits), "bold: plain text; ");
}

TEST(DegradeTest, KindsOfConversationDiffer) {
    const auto read =
        Features::parse(std::string_view{R"({"*":{"reply":true},"comments":{"reply":false}})"});
    ASSERT_TRUE(read);
    const Command command = send(R"({"text":"x","reply_to":{"id":"7"}})");
    EXPECT_TRUE(message(degraded(command, *read, "group")).has_reply_to());
    EXPECT_FALSE(message(degraded(command, *read, "comments")).has_reply_to());
}

TEST(DegradeTest, IsTheSameOnEveryTry) {
    const Command command = send(
        R"({"text":"one two three four five six seven","spans":[{"type":"bold","offset":0,"length":33}]})"
    );
    const auto with = features(R"("text_max":16)");
    const auto first = degraded(command, with);
    const auto second = degraded(command, with);
    ASSERT_EQ(first.parts.size(), second.parts.size());
    for (std::size_t i = 0; i < first.parts.size(); ++i) {
        EXPECT_EQ(first.parts[i].SerializeAsString(), second.parts[i].SerializeAsString());
    }
}

}  // namespace
}  // namespace trunkline::universal
