#include <gtest/gtest.h>

#include "json_read.hpp"
#include "to_platform.hpp"

namespace trunkline::telegram {
namespace {

Plan plan(
    std::string_view command,
    std::string_view conversation = "5550001111",
    std::string_view note = {}
) {
    const auto document = parse(command);
    return plan_command(document->as_object(), place_of(conversation, note).value());
}

/// The calls of a plan as text: method, parameters, each file with what is said of it.
std::string calls(const Plan& plan) {
    std::string text;
    if (plan.refused) return "refused " + plan.refused->code + plan.refused->degrade;
    for (const auto& call : plan.calls) {
        text += call.method + (call.once ? "! " : " ") + json::serialize(call.params);
        for (const auto& file : call.files) {
            text += " " + file.field + "=" + (file.by_url ? file.url : file.id);
            if (!file.about.empty()) text += json::serialize(file.about);
        }
        text += "\n";
    }
    return text;
}

std::string send(
    std::string_view message,
    std::string_view conversation = "5550001111",
    std::string_view note = {}
) {
    return calls(plan(
        R"({"id":"c1","type":"send","message":)" + std::string{message} + "}", conversation, note
    ));
}

TEST(TelegramCommandsTest, ATextBecomesSendMessageWithUtf16Entities) {
    EXPECT_EQ(
        send(
            R"({"text":"👋 Да","spans":[{"type":"bold","offset":2,"length":2}],"reply_to":{"id":"41"}})"
        ),
        R"(sendMessage! {"chat_id":5550001111,"text":"👋 Да","entities":[{"type":"bold","offset":3,"length":2}],)"
        R"("reply_parameters":{"message_id":41,"allow_sending_without_reply":true}})"
        "\n"
    );
}

TEST(TelegramCommandsTest, AFileTakesTheTextAsItsCaptionWhileItFits) {
    constexpr std::string_view kPhoto =
        R"("attachments":[{"kind":"image","file":"f1","name":"a.jpg","mime":"image/jpeg","size":10}])";
    EXPECT_EQ(
        send(R"({"text":"смотрите",)" + std::string{kPhoto} + "}"),
        "sendPhoto! {\"chat_id\":5550001111} photo=f1{\"caption\":\"смотрите\"}\n"
    );
    const std::string longest(1024, 'x');
    EXPECT_EQ(
        send(R"({"text":")" + longest + R"(",)" + std::string{kPhoto} + "}"),
        R"(sendPhoto! {"chat_id":5550001111} photo=f1{"caption":")" + longest + "\"}\n"
    );
    EXPECT_EQ(
        send(R"({"text":")" + longest + R"(x",)" + std::string{kPhoto} + "}"),
        R"(sendMessage! {"chat_id":5550001111,"text":")" + longest +
            "x\"}\nsendPhoto! {\"chat_id\":5550001111} photo=f1\n"
    );
}

TEST(TelegramCommandsTest, EveryKindOfFileHasItsMethod) {
    const auto method = [](std::string_view attachment) {
        const auto planned =
            plan(R"({"type":"send","message":{"attachments":[)" + std::string{attachment} + "]}}");
        return planned.calls.at(0).method;
    };
    EXPECT_EQ(method(R"({"kind":"image","file":"f"})"), "sendPhoto");
    EXPECT_EQ(method(R"({"kind":"image","file":"f","mime":"image/gif"})"), "sendAnimation");
    EXPECT_EQ(method(R"({"kind":"image","file":"f","size":10485761})"), "sendDocument");
    EXPECT_EQ(method(R"({"kind":"image","file":"f","mime":"image/svg+xml"})"), "sendDocument");
    EXPECT_EQ(method(R"({"kind":"video","file":"f"})"), "sendVideo");
    EXPECT_EQ(method(R"({"kind":"video_note","file":"f"})"), "sendVideoNote");
    EXPECT_EQ(method(R"({"kind":"audio","file":"f","mime":"audio/mpeg"})"), "sendAudio");
    EXPECT_EQ(method(R"({"kind":"audio","file":"f","mime":"audio/flac"})"), "sendDocument");
    EXPECT_EQ(
        method(R"({"kind":"voice","file":"f","mime":"audio/ogg; codecs=opus"})"), "sendVoice"
    );
    EXPECT_EQ(method(R"({"kind":"voice","file":"f","mime":"audio/webm"})"), "sendDocument");
    EXPECT_EQ(method(R"({"kind":"animation","file":"f"})"), "sendAnimation");
    EXPECT_EQ(method(R"({"kind":"sticker","file":"f"})"), "sendSticker");
    EXPECT_EQ(method(R"({"kind":"file","file":"f"})"), "sendDocument");
    EXPECT_EQ(method(R"({"kind":"hologram","file":"f"})"), "sendDocument");
    EXPECT_EQ(
        send(R"({"attachments":[{"kind":"file","public_url":"https://h.example/a.pdf"}]})"),
        "sendDocument! {\"chat_id\":5550001111} document=https://h.example/a.pdf\n"
    );
    EXPECT_EQ(
        send(R"({"attachments":[{"kind":"file","file":"f","size":52428801}]})"),
        "refused file_too_large"
    );
    EXPECT_EQ(send(R"({"attachments":[{"kind":"file"}]})"), "refused bad_command");
}

TEST(TelegramCommandsTest, FilesThatGoTogetherAreOneAlbum) {
    constexpr std::string_view kPhoto = R"({"kind":"image","file":"p"})";
    constexpr std::string_view kVideo = R"({"kind":"video","file":"v","duration":7})";
    constexpr std::string_view kPaper = R"({"kind":"file","file":"d"})";
    const auto files = [](std::initializer_list<std::string_view> all, std::string_view more = {}) {
        std::string list;
        for (const auto& each : all)
            list += (list.empty() ? "" : ",") + std::string{each};
        return send(R"({"attachments":[)" + list + "]" + std::string{more} + "}");
    };
    EXPECT_EQ(
        files(
            {kPhoto, kVideo}, R"(,"text":"both","spans":[{"type":"bold","offset":0,"length":4}])"
        ),
        R"(sendMediaGroup! {"chat_id":5550001111} photo=p{"caption":"both","caption_entities":)"
        R"([{"type":"bold","offset":0,"length":4}]} video=v{"duration":7,"supports_streaming":true})"
        "\n"
    );
    // Documents only with documents, and nothing with a voice message.
    EXPECT_EQ(
        files({kPhoto, kPaper, kPaper, R"({"kind":"voice","file":"o"})"}),
        "sendPhoto! {\"chat_id\":5550001111} photo=p\n"
        "sendMediaGroup! {\"chat_id\":5550001111} document=d document=d\n"
        "sendVoice! {\"chat_id\":5550001111} voice=o\n"
    );
    // At most ten; the eleventh is a message of its own.
    const auto eleven = files(
        {kPhoto, kPhoto, kPhoto, kPhoto, kPhoto, kPhoto, kPhoto, kPhoto, kPhoto, kPhoto, kPhoto}
    );
    EXPECT_EQ(eleven.find("sendMediaGroup"), 0U);
    EXPECT_NE(eleven.find("\nsendPhoto! {\"chat_id\":5550001111} photo=p\n"), std::string::npos);
    EXPECT_EQ(
        files({kPhoto, kPhoto}, R"(,"text":"?","buttons":[[{"id":"1","text":"Да"}]])"),
        "refused buttons"
    );
}

TEST(TelegramCommandsTest, ButtonsThatAskAreAKeyboard) {
    EXPECT_EQ(
        send(
            R"({"text":"?","buttons":[[{"text":"My number","asks":"contact"},{"text":"Here","asks":"location"}],[{"text":"Later","asks":"text"}]]})"
        ),
        R"(sendMessage! {"chat_id":5550001111,"text":"?","reply_markup":{"keyboard":[[)"
        R"({"text":"My number","request_contact":true},{"text":"Here","request_location":true}],[{"text":"Later"}]],)"
        R"("resize_keyboard":true,"one_time_keyboard":true}})"
        "\n"
    );
    EXPECT_EQ(
        calls(plan(
            R"({"type":"edit","message":{"id":"7","text":"?","buttons":[[{"text":"Later","asks":"text"}]]}})"
        )),
        "refused buttons"
    );
}

TEST(TelegramCommandsTest, WhereNoKeyboardCanStandTheButtonsAreLeftOut) {
    constexpr auto kAsking = R"({"text":"?","buttons":[[{"text":"Later","asks":"text"}]]})";
    constexpr auto kPlain = R"({"text":"?","buttons":[[{"text":"Later","payload":"l"}]]})";
    constexpr auto kChannel = R"({"type":"channel"})";
    EXPECT_EQ(send(kAsking, "bc7:5550001111"), "refused buttons");
    EXPECT_EQ(send(kAsking, "-1001", kChannel), "refused buttons");
    EXPECT_NE(send(kAsking, "-1001", R"({"type":"group"})").find("keyboard"), std::string::npos);
    for (const auto& sent : {send(kPlain, "bc7:5550001111"), send(kPlain, "-1001", kChannel)})
        EXPECT_NE(sent.find("inline_keyboard"), std::string::npos) << sent;
}

TEST(TelegramCommandsTest, AnAnswerMayQuote) {
    EXPECT_EQ(
        send(R"({"text":"yes","reply_to":{"id":"41","quote":"tomorrow"}})"),
        R"(sendMessage! {"chat_id":5550001111,"text":"yes","reply_parameters":)"
        R"({"message_id":41,"allow_sending_without_reply":true,"quote":"tomorrow"}})"
        "\n"
    );
    const std::string too_long(1025, 'q');
    EXPECT_EQ(
        send(R"({"text":"yes","reply_to":{"id":"41","quote":")" + too_long + R"("}})")
            .find("quote"),
        std::string::npos
    );
}

TEST(TelegramCommandsTest, PlacesAndContacts) {
    EXPECT_EQ(
        send(R"({"location":{"latitude":55.75,"longitude":37.5}})"),
        "sendLocation! {\"chat_id\":5550001111,\"latitude\":5.575E1,\"longitude\":3.75E1}\n"
    );
    EXPECT_EQ(
        send(R"({"location":{"latitude":1,"longitude":2,"title":"Shop"}})"),
        "sendVenue! "
        "{\"chat_id\":5550001111,\"latitude\":1E0,\"longitude\":2E0,\"title\":\"Shop\",\"address\":"
        "\"Shop\"}\n"
    );
    EXPECT_EQ(
        send(R"({"contact":{"name":"Олег","phone":"+7999"}})"),
        "sendContact! {\"chat_id\":5550001111,\"phone_number\":\"+7999\",\"first_name\":\"Олег\"}\n"
    );
    EXPECT_EQ(send(R"({"contact":{"name":"x"}})"), "refused bad_command");
    EXPECT_EQ(send(R"({})"), "refused text_empty");
}

TEST(TelegramCommandsTest, ButtonsCarryAPayloadOfAtMostSixtyFourBytes) {
    EXPECT_EQ(
        send(
            R"({"text":"?","buttons":[[{"id":"1","text":"Да","payload":"y"},{"text":"Сайт","url":"https://s.example"}],[{"text":"Нет"}]]})"
        ),
        R"(sendMessage! {"chat_id":5550001111,"text":"?","reply_markup":{"inline_keyboard":[[{"text":"Да","callback_data":"y"},)"
        R"({"text":"Сайт","url":"https://s.example"}],[{"text":"Нет","callback_data":"Нет"}]]}})"
        "\n"
    );
    const std::string fits(64, 'p');
    const std::string too_long(65, 'p');
    EXPECT_NE(
        send(R"({"text":"?","buttons":[[{"id":"b7","text":"Да","payload":")" + fits + "\"}]]}")
            .find(fits),
        std::string::npos
    );
    EXPECT_NE(
        send(R"({"text":"?","buttons":[[{"id":"b7","text":"Да","payload":")" + too_long + "\"}]]}")
            .find(R"("callback_data":"b7")"),
        std::string::npos
    );
    EXPECT_EQ(
        send(
            R"({"text":"?","buttons":[[{"text":")" + too_long + R"(","payload":")" + too_long +
            "\"}]]}"
        ),
        "refused buttons"
    );
}

TEST(TelegramCommandsTest, RowsWiderThanTelegramShowsAreWrapped) {
    std::string row;
    for (int i = 0; i < 9; ++i)
        row += std::string{i == 0 ? "" : ","} + R"({"text":"b","payload":"p"})";
    const auto planned =
        plan(R"({"type":"send","message":{"text":"?","buttons":[[)" + row + "]]}}");
    const auto& keyboard =
        planned.calls.at(0).params.at("reply_markup").at("inline_keyboard").as_array();
    ASSERT_EQ(keyboard.size(), 2U);
    EXPECT_EQ(keyboard[0].as_array().size(), 8U);
}

TEST(TelegramCommandsTest, EditsDeletesReactsTypesAndReads) {
    EXPECT_EQ(
        calls(plan(R"({"type":"edit","message":{"id":"77","text":"новый"}})")),
        "editMessageText {\"chat_id\":5550001111,\"message_id\":77,\"text\":\"новый\"}\n"
    );
    EXPECT_EQ(
        calls(plan(
            R"({"type":"edit","message":{"id":"77","text":"x","attachments":[{"kind":"image","file":"f"}]}})"
        )),
        "editMessageMedia {\"chat_id\":5550001111,\"message_id\":77} photo=f{\"caption\":\"x\"}\n"
    );
    // A voice stays and its text changes, what else cannot take a file's place is refused, and two
    // files cannot take that of one.
    EXPECT_EQ(
        calls(plan(
            R"({"type":"edit","message":{"id":"77","attachments":[{"kind":"voice","file":"f","duration":3}]}})"
        )),
        "refused not_editable"
    );
    EXPECT_EQ(
        calls(plan(
            R"({"type":"edit","message":{"id":"77","text":"x","attachments":[{"kind":"voice","file":"f"}]}})"
        )),
        "editMessageCaption {\"chat_id\":5550001111,\"message_id\":77,\"caption\":\"x\"}\n"
    );
    for (const std::string kind : {"video_note", "sticker"}) {
        EXPECT_EQ(
            calls(plan(
                R"({"type":"edit","message":{"id":"77","text":"x","attachments":[{"kind":")" +
                kind + R"(","file":"f"}]}})"
            )),
            "refused not_editable"
        ) << kind;
    }
    EXPECT_EQ(
        calls(plan(
            R"({"type":"edit","message":{"id":"77","attachments":[{"kind":"image","file":"f"},{"kind":"image","file":"g"}]}})"
        )),
        "refused not_editable"
    );
    EXPECT_EQ(
        calls(plan(R"({"type":"delete","message":{"id":"77"}})")),
        "deleteMessage {\"chat_id\":5550001111,\"message_id\":77}\n"
    );
    EXPECT_EQ(
        calls(plan(R"({"type":"delete","message":{"id":"77"}})", "bc7:5550001111")),
        "deleteBusinessMessages {\"business_connection_id\":\"bc7\",\"message_ids\":[77]}\n"
    );
    EXPECT_EQ(
        calls(plan(R"({"type":"react","message":{"id":"77"},"emoji":"👍"})")),
        "setMessageReaction "
        "{\"chat_id\":5550001111,\"message_id\":77,\"reaction\":[{\"type\":\"emoji\",\"emoji\":"
        "\"👍\"}]}\n"
    );
    EXPECT_EQ(
        calls(plan(R"({"type":"react","message":{"id":"77"},"emoji":"👍","removed":true})")),
        "setMessageReaction {\"chat_id\":5550001111,\"message_id\":77,\"reaction\":[]}\n"
    );
    EXPECT_EQ(
        calls(plan(R"({"type":"typing","on":true})")),
        "sendChatAction {\"chat_id\":5550001111,\"action\":\"typing\"}\n"
    );
    EXPECT_EQ(calls(plan(R"({"type":"typing","on":false})")), "");
    EXPECT_EQ(calls(plan(R"({"type":"read","message":{"id":"77"}})")), "refused unsupported");
    EXPECT_EQ(
        calls(plan(R"({"type":"read","message":{"id":"77"}})", "bc7:5550001111")),
        "readBusinessMessage "
        "{\"business_connection_id\":\"bc7\",\"chat_id\":5550001111,\"message_id\":77}\n"
    );
    EXPECT_EQ(
        calls(plan(R"({"type":"edit","message":{"id":"x","text":"y"}})")), "refused bad_command"
    );
    EXPECT_EQ(calls(plan(R"({"type":"dance"})")), "refused unsupported");
}

TEST(TelegramCommandsTest, TheNoteBringsTheForumTopicAndTheIdTheBusinessConnection) {
    EXPECT_EQ(
        send(R"({"text":"x"})", "-1001", R"({"type":"supergroup","topic":3})"),
        "sendMessage! {\"chat_id\":-1001,\"message_thread_id\":3,\"text\":\"x\"}\n"
    );
    EXPECT_EQ(
        send(R"({"text":"x"})", "bc7:5550001111"),
        "sendMessage! {\"business_connection_id\":\"bc7\",\"chat_id\":5550001111,\"text\":\"x\"}\n"
    );
    EXPECT_FALSE(place_of("", ""));
    EXPECT_FALSE(place_of("abc", ""));
    EXPECT_FALSE(place_of("0", ""));
    EXPECT_FALSE(place_of(":5", ""));
    EXPECT_TRUE(place_of("5", "not json"));
}

}  // namespace
}  // namespace trunkline::telegram
