#include <gtest/gtest.h>

#include "json_read.hpp"
#include "testdata.hpp"

namespace trunkline::telegram {
namespace {

// One pair of files for each kind of update in telegram.md: NAME.in.json as Telegram sends it,
// NAME.out.json as reviewed. TRUNKLINE_UPDATE_GOLDEN=1 writes the second anew, for review in the
// diff.
TEST(TelegramUpdatesTest, BecomeTheReviewedUniversalEvents) {
    const char* update_golden =
        std::getenv("TRUNKLINE_UPDATE_GOLDEN");  // NOLINT(concurrency-mt-unsafe)
    const auto recorded = recorded_updates();
    ASSERT_GE(recorded.size(), 60U);
    for (const auto& path : recorded) {
        SCOPED_TRACE(path.filename().string());
        const auto update = parse(read_file(path));
        ASSERT_TRUE(update && update->is_object());
        const auto actual = written(to_universal(update->get_object(), kBotId));
        auto expected = path.string();
        expected.replace(expected.rfind(".in.json"), std::string::npos, ".out.json");
        if (update_golden != nullptr) std::ofstream{expected} << actual;
        EXPECT_EQ(actual, read_file(expected));
        EXPECT_TRUE(std::filesystem::exists(expected));
    }
}

TEST(TelegramUpdatesTest, GiveEveryPartOfOneUpdateADedupKeyOfItsOwn) {
    const auto update = parse(read_file(TELEGRAM_TESTDATA "/updates/deleted_business.in.json"));
    const auto translated = to_universal(update->get_object(), kBotId);
    ASSERT_EQ(translated.items.size(), 2U);
    EXPECT_EQ(translated.items[0].dedup, "710000020");
    EXPECT_EQ(translated.items[1].dedup, "710000020.1");
}

TEST(TelegramUpdatesTest, KeepIdsBeyondThirtyTwoBits) {
    const auto update = parse(
        R"({"update_id":1,"message":{"message_id":4294967297,"chat":{"id":4503599627370495,"type":"private"},
        "from":{"id":4503599627370495},"text":"x"}})"
    );
    const auto translated = to_universal(update->get_object(), kBotId);
    ASSERT_EQ(translated.items.size(), 1U);
    EXPECT_EQ(translated.items[0].conversation, "4503599627370495");
    EXPECT_EQ(translated.items[0].json.at("message").at("id").as_string(), "4294967297");
}

TEST(TelegramUpdatesTest, PreferAKnownKindToAForeignFieldBesideIt) {
    const auto update = parse(
        R"({"update_id":1,"trace":"x","message":{"message_id":1,"chat":{"id":5},"text":"hello"}})"
    );
    const auto translated = to_universal(update->get_object(), kBotId);
    ASSERT_EQ(translated.items.size(), 1U);
    EXPECT_EQ(translated.items[0].json.at("type").as_string(), "message");
}

TEST(TelegramUpdatesTest, TakeTheLargestPictureInWhateverOrder) {
    const auto update = parse(R"({"update_id":1,"message":{"message_id":1,"chat":{"id":5},
        "photo":[{"file_id":"big","width":1280,"height":960},{"file_id":"small","width":90,"height":67}]}})"
    );
    const auto translated = to_universal(update->get_object(), kBotId);
    const auto& attachments =
        translated.items.at(0).json.at("message").at("attachments").as_array();
    ASSERT_EQ(attachments.size(), 1U);
    EXPECT_EQ(attachments[0].at("ref").as_string(), "big");
}

}  // namespace
}  // namespace trunkline::telegram
