// Albums and files, both ways.
#include <gmock/gmock.h>

#include "bot.hpp"

namespace trunkline::telegram::simulator::test {
namespace {

using testing::HasSubstr;

class AlbumsTest : public BotTest {
protected:
    Answer album(const std::string& media, const std::string& more = "") {
        return call("sendMediaGroup", R"({"chat_id":1001,"media":[)" + media + "]" + more + "}");
    }
    static std::string item(const std::string& type, const std::string& more = "") {
        return R"({"type":")" + type + R"(","media":"https://a.example/)" + type + '"' + more + "}";
    }
    /// A call with files, as multipart/form-data.
    Answer upload(
        const std::string& method,
        const std::vector<std::pair<std::string, std::string>>& values,
        const std::vector<std::string>& files
    ) {
        kit::Request request;
        request.headers = {{"Content-Type", "multipart/form-data; boundary=X"}};
        for (const auto& [name, value] : values)
            request.body += "--X\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" +
                            value + "\r\n";
        for (const std::string& name : files)
            request.body += "--X\r\nContent-Disposition: form-data; name=\"" + name +
                            "\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\nbytes of " +
                            name + "\r\n";
        request.body += "--X--\r\n";
        const auto response = begin(method, Parameters::read(request).value());
        EXPECT_TRUE(turn_until([&] { return response->has_value(); }));
        return answer_of(**response);
    }
};

TEST_F(AlbumsTest, AnAlbumIsSeveralMessagesOfOneGroup) {
    const Answer answer = album(item("photo", R"(,"caption":"two of them")") + "," + item("video"));
    ASSERT_TRUE(answer.ok()) << json::serialize(answer.body);
    const json::array& sent = answer.result().as_array();
    ASSERT_EQ(sent.size(), 2u);
    EXPECT_EQ(sent[0].at("media_group_id"), sent[1].at("media_group_id"));
    EXPECT_EQ(sent[0].at("message_id").as_int64() + 1, sent[1].at("message_id").as_int64());
    EXPECT_EQ(sent[0].at("caption"), "two of them");
    EXPECT_TRUE(sent[0].as_object().contains("photo"));
    EXPECT_TRUE(sent[1].as_object().contains("video"));
    EXPECT_EQ(
        json::serialize(world.chat(1001)->messages.at(sent[1].at("message_id").as_int64())),
        json::serialize(sent[1])
    );
    const Answer other = album(item("photo") + "," + item("photo"));
    EXPECT_NE(other.result().at(0).at("media_group_id"), sent[0].at("media_group_id"));
}

TEST_F(AlbumsTest, WhatCannotBeAnAlbumIsRefusedAndNothingOfItSent) {
    const std::size_t before = world.chat(1001)->messages.size();
    const auto refused = [&](const std::string& media) {
        const Answer answer = album(media);
        EXPECT_EQ(answer.status, 400) << media;
        return answer.ok() ? "" : answer.description();
    };
    EXPECT_THAT(refused(""), HasSubstr("2-10"));
    EXPECT_THAT(refused(item("photo")), HasSubstr("2-10"));
    std::string many = item("photo");
    for (int i = 0; i < 10; ++i)
        many += "," + item("photo");
    EXPECT_THAT(refused(many), HasSubstr("too many messages to send as an album"));
    EXPECT_EQ(
        refused(item("photo") + "," + item("document")),
        "Bad Request: Document can't be mixed with other media types"
    );
    EXPECT_EQ(
        refused(item("audio") + "," + item("video")),
        "Bad Request: Audio can't be mixed with other media types"
    );
    EXPECT_THAT(refused(item("photo") + "," + item("animation")), HasSubstr("animations"));
    EXPECT_THAT(refused(item("photo") + "," + item("voice")), HasSubstr("can't parse media"));
    EXPECT_THAT(refused(item("photo") + R"(,{"type":"photo"})"), HasSubstr("can't parse media"));
    EXPECT_THAT(
        refused(item("photo") + R"(,{"type":"photo","media":"no such file"})"),
        HasSubstr("wrong file identifier")
    );
    EXPECT_THAT(
        refused(
            item("photo") + "," + item("photo", R"(,"caption":")" + std::string(1025, 'a') + '"')
        ),
        HasSubstr("caption is too long")
    );
    EXPECT_EQ(call("sendMediaGroup", R"({"chat_id":1001,"media":5})").status, 400);
    EXPECT_EQ(call("sendMediaGroup", R"({"chat_id":1001})").status, 400);
    EXPECT_EQ(world.chat(1001)->messages.size(), before);
    EXPECT_TRUE(album(item("document") + "," + item("document")).ok());
    EXPECT_TRUE(album(item("audio") + "," + item("audio")).ok());
}

TEST_F(AlbumsTest, FilesComeAlongUnderTheNamesTheyAreAttachedAs) {
    const std::string media =
        R"([{"type":"photo","media":"attach://one"},{"type":"photo","media":"attach://two"}])";
    const Answer answer =
        upload("sendMediaGroup", {{"chat_id", "1001"}, {"media", media}}, {"one", "two"});
    ASSERT_TRUE(answer.ok()) << json::serialize(answer.body);
    const std::string second{answer.result().at(1).at("photo").at(0).at("file_id").as_string()};
    EXPECT_EQ(world.files().find(second)->bytes, "bytes of two");
    const Answer missing =
        upload("sendMediaGroup", {{"chat_id", "1001"}, {"media", media}}, {"one"});
    EXPECT_THAT(missing.description(), HasSubstr("wrong file identifier"));
}

TEST_F(AlbumsTest, AFileIsSentAgainAsWhatItIs) {
    const Answer photo = upload("sendPhoto", {{"chat_id", "1001"}}, {"photo"});
    ASSERT_TRUE(photo.ok()) << json::serialize(photo.body);
    const std::string id{photo.result().at("photo").at(0).at("file_id").as_string()};
    EXPECT_TRUE(call("sendPhoto", R"({"chat_id":1001,"photo":")" + id + "\"}").ok());
    EXPECT_EQ(
        refusal("sendDocument", R"({"chat_id":1001,"document":")" + id + "\"}"),
        "Bad Request: can't use file of type Photo as Document"
    );
    EXPECT_THAT(
        refusal("sendVideoNote", R"({"chat_id":1001,"video_note":"https://a.example/v.mp4"})"),
        HasSubstr("video note")
    );
    EXPECT_EQ(
        refusal("sendPhoto", R"({"chat_id":1001})"), "Bad Request: there is no photo in the request"
    );
}

TEST_F(AlbumsTest, ACustomersAlbumIsOneUpdateForEachItem) {
    updates.clear();
    const auto made = customer.album(
        {{"user", 1001},
         {"text", "look"},
         {"items", json::array{json::object{{"kind", "photo"}}, json::object{{"kind", "video"}}}}}
    );
    ASSERT_EQ(made.index(), 0u) << std::get<std::string>(made);
    const json::value list = call("getUpdates").result();
    ASSERT_EQ(list.as_array().size(), 2u);
    const json::value first = list.at(0).at("message");
    const json::value second = list.at(1).at("message");
    EXPECT_EQ(first.at("media_group_id"), second.at("media_group_id"));
    EXPECT_EQ(first.at("caption"), "look");
    EXPECT_FALSE(second.as_object().contains("caption"));
    for (const char* kind : {"location", "text", "voice"}) {
        const json::object item{{"kind", kind}, {"text", "x"}, {"latitude", 1}, {"longitude", 1}};
        EXPECT_EQ(customer.album({{"user", 1001}, {"items", json::array{item, item}}}).index(), 1u)
            << kind;
    }
}

TEST_F(AlbumsTest, WhatCustomersSendIsDescribedAsTelegramDoes) {
    const auto said = [&](const char* kind) {
        const auto made = customer.say(
            {{"user", 1001},
             {"kind", kind},
             {"latitude", 1.5},
             {"longitude", 2},
             {"phone_number", "+1"},
             {"first_name", "Bo"}}
        );
        EXPECT_EQ(made.index(), 0u) << kind;
        return json::value(std::get<json::object>(made));
    };
    EXPECT_EQ(said("photo").at("photo").as_array().size(), 2u);
    EXPECT_EQ(said("video_note").at("video_note").at("length"), 384);
    EXPECT_FALSE(said("voice").at("voice").as_object().contains("file_name"));
    EXPECT_EQ(said("sticker").at("sticker").at("emoji"), "👍");
    const json::value animation = said("animation");
    EXPECT_EQ(animation.at("animation"), animation.at("document"));
    const json::value venue = said("venue");
    EXPECT_EQ(venue.at("venue").at("location"), venue.at("location"));
    const json::object named{
        {"user", 1001}, {"kind", "location"}, {"latitude", 1}, {"longitude", 2}, {"title", "Shop"}};
    EXPECT_TRUE(std::get<json::object>(customer.say(named)).contains("venue"));
    EXPECT_EQ(said("contact").at("contact").at("phone_number"), "+1");
    EXPECT_EQ(said("dice").at("dice").at("value"), 4);
    EXPECT_TRUE(said("poll").as_object().contains("poll"));
    EXPECT_EQ(customer.say({{"user", 1001}, {"kind", "nothing"}}).index(), 1u);
    // Both sizes of a photo can be fetched.
    const json::value photo = said("photo");
    for (const json::value& size : photo.at("photo").as_array()) {
        const std::string id{size.at("file_id").as_string()};
        EXPECT_TRUE(call("getFile", R"({"file_id":")" + id + "\"}").ok());
    }
}

TEST_F(AlbumsTest, ABotFetchesTwentyMebibytesAndNotAByteMore) {
    const auto fetch = [&](std::int64_t size) {
        const auto said = customer.say({{"user", 1001}, {"kind", "document"}, {"size", size}});
        const std::string id{std::get<json::object>(said).at("document").at("file_id").as_string()};
        return call("getFile", R"({"file_id":")" + id + "\"}");
    };
    EXPECT_TRUE(fetch(20 << 20).ok());
    EXPECT_EQ(fetch((20 << 20) + 1).description(), "Bad Request: file is too big");
}

TEST_F(AlbumsTest, AMediaMessageIsEditedToAnother) {
    const Answer sent = call("sendPhoto", R"({"chat_id":1001,"photo":"https://a.example/p.jpg"})");
    const std::string id = json::serialize(sent.result().at("message_id"));
    const Answer edited = call(
        "editMessageMedia",
        R"({"chat_id":1001,"message_id":)" + id + R"(,"media":)" +
            item("document", R"(,"caption":"now")") + "}"
    );
    ASSERT_TRUE(edited.ok()) << json::serialize(edited.body);
    EXPECT_TRUE(edited.result().as_object().contains("document"));
    EXPECT_FALSE(edited.result().as_object().contains("photo"));
    EXPECT_EQ(edited.result().at("caption"), "now");
    EXPECT_EQ(call("editMessageMedia", R"({"chat_id":1001,"message_id":)" + id + "}").status, 400);
}

TEST_F(AlbumsTest, AFileTakesThePlaceOfAFileOrATextAlone) {
    const auto edited = [&](const Answer& sent) {
        return call(
            "editMessageMedia",
            R"({"chat_id":1001,"message_id":)" + json::serialize(sent.result().at("message_id")) +
                R"(,"media":)" + item("photo") + "}"
        );
    };
    const std::string file = R"("https://a.example/a.ogg"})";
    EXPECT_TRUE(edited(call("sendMessage", R"({"chat_id":1001,"text":"x"})")).ok());
    EXPECT_EQ(
        edited(call("sendVoice", R"({"chat_id":1001,"voice":)" + file)).description(),
        "Bad Request: there is no media in the message to edit"
    );
    EXPECT_EQ(
        edited(call("sendLocation", R"({"chat_id":1001,"latitude":1,"longitude":2})"))
            .description(),
        "Bad Request: there is no media in the message to edit"
    );
}

}  // namespace
}  // namespace trunkline::telegram::simulator::test
