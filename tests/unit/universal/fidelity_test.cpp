// What a connector says of its faithfulness is what happens.

#include "host/universal/fidelity.hpp"

#include <algorithm>

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace trunkline::universal {
namespace {

Result<std::vector<Fidelity>> read(std::string_view manifest) {
    return fidelity_of(boost::json::parse(manifest).as_object());
}

/// "full", "converted: how"...
std::string row(
    const std::vector<Fidelity>& rows,
    std::string_view way,
    std::string_view feature,
    std::string_view kind = ""
) {
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const Fidelity& each) {
        return each.direction == way && each.feature == feature && each.kind == kind;
    });
    if (found == rows.end()) return "no row";
    std::string out = found->how_well;
    if (!found->how.empty()) out += ": " + found->how;
    if (!found->limit.empty()) out += " (" + found->limit + ")";
    return out;
}

TEST(FidelityTest, WhatGoesOutIsWhatDegradationMakesOfIt) {
    const auto rows = read(R"({"features":{"*":{
        "text_max":100,"text_unit":"bytes","spans":["bold"],"reply":true,
        "attachments":{"image":{"max_bytes":1048576,"caption_max":20,"note":"a GIF as a file"},"file":{"caption_max":0}},
        "buttons":{"rows":3,"per_row":2,"payload_max_bytes":64}},
        "comments":{"buttons":null}}})");
    ASSERT_TRUE(rows) << rows.error().context;
    EXPECT_EQ(row(*rows, "out", "text"), "full (100 bytes)");
    EXPECT_EQ(row(*rows, "out", "long text"), "converted: text: split into 2 messages");
    EXPECT_EQ(row(*rows, "out", "bold"), "full");
    EXPECT_EQ(row(*rows, "out", "italic"), "converted: italic: plain text");
    EXPECT_EQ(row(*rows, "out", "image"), "full: a GIF as a file (1 MiB, caption 20)");
    EXPECT_EQ(row(*rows, "out", "voice"), "converted: voice: sent as file");
    EXPECT_EQ(row(*rows, "out", "file"), "full (no caption)");
    EXPECT_EQ(row(*rows, "out", "album of files"), "converted: attachments: sent as 2 messages");
    EXPECT_EQ(row(*rows, "out", "buttons"), "full (3 rows of 2, payload 64 bytes)");
    EXPECT_EQ(row(*rows, "out", "keyboard"), "converted: buttons: numbered list in the text");
    EXPECT_EQ(row(*rows, "out", "quote"), "converted: quote: left out");
    EXPECT_EQ(row(*rows, "out", "edit"), "refused: unsupported_edit: the messenger cannot edit");
    // Only where another kind of conversation differs does it have a row.
    EXPECT_EQ(
        row(*rows, "out", "buttons", "comments"), "converted: buttons: numbered list in the text"
    );
    EXPECT_EQ(row(*rows, "out", "text", "comments"), "no row");
}

TEST(FidelityTest, WhatComesInIsWhatTheManifestSays) {
    const auto rows = read(
        R"({"features":{"*":{}},"receives":{"text":"full","sticker":"converted: as a picture","poll":"refused","typing":"never: not told"}})"
    );
    ASSERT_TRUE(rows) << rows.error().context;
    EXPECT_EQ(row(*rows, "in", "text"), "full");
    EXPECT_EQ(row(*rows, "in", "sticker"), "converted: as a picture");
    EXPECT_EQ(row(*rows, "in", "poll"), "refused");
    EXPECT_EQ(row(*rows, "in", "typing"), "never: not told");
    EXPECT_EQ(row(*rows, "in", "image"), "never");
}

TEST(FidelityTest, NamesWhatIsWrong) {
    for (const auto* bad :
         {R"("perfect")", R"("converted")", R"("converted: ")", "true", R"("full and more")"}) {
        const auto rows =
            read(R"({"features":{"*":{}},"receives":{"text":)" + std::string{bad} + "}}");
        ASSERT_FALSE(rows) << bad;
        EXPECT_EQ(
            rows.error().context,
            R"(receives.text: expected full, "converted: how", refused or never)"
        );
    }
    EXPECT_EQ(
        read(R"({"features":{"*":{}},"receives":[]})").error().context,
        "receives: expected an object"
    );
    EXPECT_EQ(read("{}").error().context, "features: expected an object");
}

TEST(FidelityTest, ATableKeepsItsCells) {
    Fidelity odd;
    odd.direction = "in";
    odd.feature = "a|b";
    odd.how_well = "full";
    odd.how = "one\ntwo";
    EXPECT_NE(
        fidelity_table({odd}).find("| in | a\\|b | full | one two |  |\n"), std::string::npos
    );
}

}  // namespace
}  // namespace trunkline::universal
