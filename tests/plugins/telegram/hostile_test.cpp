#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

#include "testdata.hpp"
#include "update_check.hpp"

namespace trunkline::telegram {
namespace {

constexpr int kRounds = 20'000;

// The seed is printed, and taken from TRUNKLINE_SEED to reproduce.
unsigned seed() {
    const char* given = std::getenv("TRUNKLINE_SEED");  // NOLINT(concurrency-mt-unsafe)
    return given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10))
                            : std::random_device{}();
}

const std::vector<std::string>& odd_values() {
    static const std::vector<std::string> values{
        "null",
        "true",
        "-1",
        "0",
        "1e308",
        "-9223372036854775808",
        "9223372036854775807",
        "18446744073709551615",
        "0.5",
        "99999999999999999999999",
        "\"\"",
        "\"\\u0000\"",
        "\"👋\"",
        "\"\\ud83d\"",
        "[]",
        "{}",
        "[[[[]]]]",
        R"({"id":5})",
        R"([{"type":"bold","offset":-1,"length":9223372036854775807}])",
        "\"text\"",
        "4294967296",
        R"([{"file_id":"x"}])"};
    return values;
}

/// Replaces one JSON value of the text by an odd one, wherever a value begins.
std::string with_odd_value(std::string text, std::mt19937& random) {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
        if (text[i] == ':' || text[i] == '[') places.push_back(i + 1);
    }
    if (places.empty()) return text;
    const auto begin = places[random() % places.size()];
    std::size_t end = begin;
    while (end < text.size() && text[end] != ',' && text[end] != '}' && text[end] != ']')
        ++end;
    return text.replace(begin, end - begin, odd_values()[random() % odd_values().size()]);
}

std::string with_odd_byte(std::string text, std::mt19937& random) {
    if (text.empty()) return text;
    const auto at = random() % text.size();
    switch (random() % 3) {
        case 0:
            text[at] = static_cast<char>(random() & 0xFFU);
            break;
        case 1:
            text.erase(at, random() % 9);
            break;
        default:
            text.insert(at, text.substr(random() % text.size(), random() % 17));
            break;
    }
    return text;
}

TEST(TelegramHostileTest, RecordedUpdatesKeepEveryPromise) {
    for (const auto& path : recorded_updates()) {
        SCOPED_TRACE(path.filename().string());
        check_all(read_file(path));
    }
}

TEST(TelegramHostileTest, MutatedInputNeverBreaksAPromise) {
    std::vector<std::string> seeds;
    for (const auto& path : recorded_updates()) {
        seeds.push_back(boost::json::serialize(boost::json::parse(read_file(path))));
    }
    seeds.emplace_back(
        R"({"type":"send","message":{"text":"👋 x","spans":[{"type":"bold","offset":2,"length":1}],"attachments":[{"kind":"image","file":"f","size":5}],"buttons":[[{"text":"a","payload":"b"}]],"reply_to":{"id":"4"},"location":{"latitude":1,"longitude":2},"contact":{"phone":"1"}}})"
    );
    seeds.emplace_back(
        R"({"type":"edit","message":{"id":"4","text":"x"},"emoji":"y","removed":false})"
    );
    seeds.emplace_back(
        R"({"ok":false,"error_code":400,"description":"Bad Request: x","parameters":{"migrate_to_chat_id":-100,"retry_after":3}})"
    );
    const unsigned chosen = seed();
    RecordProperty("seed", std::to_string(chosen));
    std::printf("TRUNKLINE_SEED=%u\n", chosen);
    std::mt19937 random{chosen};
    for (int round = 0; round < kRounds; ++round) {
        auto text = seeds[random() % seeds.size()];
        for (auto changes = 1 + random() % 4; changes > 0; --changes) {
            text = random() % 4 == 0 ? with_odd_byte(std::move(text), random)
                                     : with_odd_value(std::move(text), random);
        }
        ASSERT_NO_THROW(check_all(text)) << text;
    }
}

TEST(TelegramHostileTest, MutatedWebhooksEndWithAStatusAndWithinTheContract) {
    const unsigned chosen = seed();
    std::printf("TRUNKLINE_SEED=%u\n", chosen);
    std::mt19937 random{chosen};
    testing::TestHost host{telegram_plugin(), webhook_account()};
    std::uint64_t task = 0;
    for (const auto& path : recorded_updates()) {
        for (int round = 0; round < 20; ++round) {
            const auto body = with_odd_value(read_file(path), random);
            const auto status = host.feed(testing::Input::webhook(
                ++task, body, {{"x-telegram-bot-api-secret-token", "s3cret"}}
            ));
            ASSERT_TRUE(status == TL_OK || status == TL_E_BAD_INPUT || status == TL_E_LIMIT)
                << status << " for " << body;
        }
    }
    EXPECT_TRUE(host.faults().empty());
}

TEST(TelegramHostileTest, DepthAndBreadthAreBounded) {
    std::string deep =
        R"({"update_id":1,"message":{"message_id":1,"chat":{"id":5},"text":"x","reply_to_message":)";
    for (int i = 0; i < 5'000; ++i)
        deep += R"({"reply_to_message":)";
    EXPECT_FALSE(parse(deep + "1" + std::string(5'002, '}')).has_value());

    std::string wide =
        R"({"update_id":1,"deleted_business_messages":{"business_connection_id":"b","chat":{"id":5},"message_ids":[0)";
    for (int i = 1; i < 50'000; ++i)
        wide += "," + std::to_string(i);
    const auto update = parse(wide + "]}}");
    ASSERT_TRUE(update);
    EXPECT_LE(to_universal(update->as_object(), 0).items.size(), 200U);

    std::string keys = R"({"update_id":1,"message":{"message_id":1,"chat":{"id":5},"text":"x")";
    for (int i = 0; i < 10'000; ++i)
        keys += ",\"k" + std::to_string(i) + "\":1";
    check_update(keys + "}}");
    check_update(
        R"({"update_id":1,"message":{"chat":{"id":5,"id":6},"text":"a","text":"b","message_id":1}})"
    );
}

}  // namespace
}  // namespace trunkline::telegram
