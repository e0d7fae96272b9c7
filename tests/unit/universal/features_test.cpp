// What a connector declares, per kind of conversation.

#include "host/universal/features.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace trunkline::universal {
namespace {

// Quoted by the reference for authors.
constexpr const char* kExample = R"({
"features": {
  "*": {
    "text_max": 4096,
    "text_unit": "utf16",
    "spans": ["bold", "italic", "link"],
    "attachments": {
      "image": {"max_bytes": 10485760, "caption_max": 1024},
      "file": {"max_bytes": 52428800, "caption_max": 0}
    },
    "attachments_max": 1,
    "buttons": {"rows": 20, "per_row": 8, "text_max": 64, "payload_max_bytes": 64, "urls": true},
    "edit": true, "delete": true, "react": false, "reply": true,
    "typing": true, "read": false, "location": true, "contact": true
  },
  "comments": {"buttons": null, "typing": false, "text_max": 8000}
}
})";

TEST(FeaturesTest, ReadsTheExampleOfTheReference) {
    const auto manifest = boost::json::parse(kExample);
    const auto features = Features::parse(boost::json::serialize(manifest.at("features")));
    ASSERT_TRUE(features) << features.error().context;
    EXPECT_EQ(features->of("direct").attachments.at("file").caption_max, 0u);
    EXPECT_TRUE(features->of("direct").buttons);
    EXPECT_FALSE(features->of("comments").buttons);
    EXPECT_EQ(features->of("comments").text_max, 8000u);
}

TEST(FeaturesTest, ReadsEverythingItDocuments) {
    const auto features = Features::parse(std::string_view{R"({
        "comments": {"buttons": null, "typing": false, "text_max": 500, "spans": null, "attachments": {"image": {}}},
        "*": {"text_max": 4096, "text_unit": "utf16", "spans": ["bold", "link"],
              "attachments": {"image": {"max_bytes": 10485760, "caption_max": 1024}, "file": {"max_bytes": 52428800}},
              "attachments_max": 10,
              "buttons": {"rows": 20, "per_row": 8, "text_max": 64, "payload_max_bytes": 63, "urls": false},
              "edit": true, "delete": true, "react": true, "reply": true, "typing": true, "read": true,
              "location": true, "contact": true}})"});
    ASSERT_TRUE(features) << features.error().context;

    const KindFeatures& direct = features->of("direct");
    EXPECT_EQ(direct.text_max, 4096u);
    EXPECT_EQ(direct.text_unit, TextUnit::utf16);
    EXPECT_TRUE(direct.spans.contains("link"));
    EXPECT_EQ(direct.attachments.at("image").caption_max, 1024u);
    EXPECT_EQ(direct.attachments.at("file").caption_max, kNoLimit);
    EXPECT_EQ(direct.attachments_max, 10u);
    ASSERT_TRUE(direct.buttons);
    EXPECT_EQ(direct.buttons->rows, 20u);
    EXPECT_EQ(direct.buttons->per_row, 8u);
    EXPECT_EQ(direct.buttons->text_max, 64u);
    EXPECT_EQ(direct.buttons->payload_max_bytes, 63u);
    EXPECT_FALSE(direct.buttons->urls);
    EXPECT_TRUE(
        direct.send && direct.edit && direct.remove && direct.react && direct.reply &&
        direct.typing && direct.read && direct.location && direct.contact
    );

    const KindFeatures& comments = features->of("comments");
    EXPECT_FALSE(comments.buttons);
    EXPECT_FALSE(comments.typing);
    EXPECT_TRUE(comments.edit) << "kept from *";
    EXPECT_EQ(comments.text_max, 500u);
    EXPECT_EQ(comments.text_unit, TextUnit::utf16);
    EXPECT_TRUE(comments.spans.empty());
    EXPECT_EQ(comments.attachments.size(), 1u) << "a list is replaced whole";
}

TEST(FeaturesTest, WithoutAnythingOnlyPlainTextIsThere) {
    const Features none;
    EXPECT_TRUE(none.of("direct").send);
    EXPECT_FALSE(none.of("direct").edit);
    EXPECT_TRUE(none.of("group").attachments.empty());
    EXPECT_EQ(none.of("direct").text_max, kNoLimit);
    const auto empty = Features::parse(std::string_view{"{}"});
    ASSERT_TRUE(empty);
    EXPECT_FALSE(empty->of("direct").buttons);
}

TEST(FeaturesTest, RefusesWithThePath) {
    const auto refusal = [](std::string_view json) {
        const auto features = Features::parse(json);
        return features ? std::string{"accepted"} : features.error().context;
    };
    EXPECT_EQ(refusal("[]"), "features: expected an object");
    EXPECT_EQ(refusal(R"({"*":true})"), "features: *: expected an object");
    EXPECT_EQ(
        refusal(R"({"*":{"attachments":{"":5}}})"), "features: *.attachments.: expected an object"
    );
    EXPECT_EQ(refusal(R"({"*":{"text_max":15}})"), "features: *.text_max: number out of range");
    EXPECT_EQ(refusal(R"({"*":{"text_max":16}})"), "accepted");
    EXPECT_EQ(
        refusal(R"({"*":{"text_unit":"words"}})"),
        "features: *: text_unit: expected code_points, utf16 or bytes"
    );
    EXPECT_EQ(
        refusal(R"({"direct":{"colour":true}})"), "features: direct.colour: not a known member"
    );
    EXPECT_EQ(
        refusal(R"({"*":{"attachments_max":0}})"),
        "features: *.attachments_max: number out of range"
    );
    EXPECT_EQ(
        refusal(R"({"*":{"albums":{"max":10}}})"),
        "features: *.albums: mix: names no kinds that go together"
    );
    EXPECT_EQ(
        refusal(R"({"*":{"albums":{"mix":["image"]}}})"),
        "features: *.albums.mix[0]: expected a list of kinds that go together"
    );
    EXPECT_EQ(
        refusal(R"({"*":{"buttons":{"asks":[1]}}})"),
        "features: *.buttons.asks[0]: expected a string"
    );
    EXPECT_EQ(
        refusal(R"({"*":{"attachments":{"image":{"bytes":1}}}})"),
        "features: *.attachments.image.bytes: not a known member"
    );
    EXPECT_EQ(
        refusal(R"({"*":{"buttons":{"rows":0}}})"), "features: *.buttons.rows: number out of range"
    );
    EXPECT_EQ(refusal(R"({"*":{"spans":[1]}})"), "features: *.spans[0]: expected a string");
}

}  // namespace
}  // namespace trunkline::universal
