// Whatever an event holds, JSON gives it back: from thousands of random ones, each seed printed
// when it fails.

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "host/universal/json.hpp"
#include "random_event.hpp"

namespace trunkline::universal {
namespace {

TEST(RoundTripTest, JsonGivesBackEveryEvent) {
    for (unsigned seed = 0; seed < 3000; ++seed) {
        RandomEvents random{seed};
        const Event event = random.event();
        std::string json;
        write_json(event, json);

        const auto back = read_written_event(json);

        ASSERT_TRUE(back) << "seed " << seed << ": " << back.error().context << '\n' << json;
        ASSERT_EQ(back->SerializeAsString(), event.SerializeAsString()) << "seed " << seed << '\n'
                                                                        << json;
        std::string again;
        write_json(*back, again);
        ASSERT_EQ(again, json) << "seed " << seed;
    }
}

TEST(RoundTripTest, WhatIsWrittenIsJsonForAnyBytes) {
    std::mt19937 random{7};
    for (int i = 0; i < 3000; ++i) {
        std::string bytes(random() % 40, '\0');
        for (char& c : bytes)
            c = static_cast<char>(random() % 4 == 0 ? random() % 128 : random() % 256);
        std::string json;
        append_json_string(bytes, json);
        boost::json::error_code failure;
        const auto value = boost::json::parse(json, failure);
        ASSERT_FALSE(failure) << i << ' ' << json;
        std::string again;
        append_json_string({value.get_string().data(), value.get_string().size()}, again);
        ASSERT_EQ(again, json) << "what was valid must have gone out unchanged";
    }
}

TEST(RoundTripTest, EveryByteIsTreatedAloneAsAmongPlainOnes) {
    // Plain text is skipped eight bytes at a time; whatever stands anywhere among them must be
    // seen, and its neighbours not be taken for it.
    for (int byte = 0; byte < 256; ++byte) {
        std::string alone;
        append_json_string(std::string(1, static_cast<char>(byte)), alone);
        const std::string middle = alone.substr(1, alone.size() - 2);
        for (std::size_t at = 0; at < 24; ++at) {
            for (const char beside : {'a', ' ', '!', '#', '[', ']', '~'}) {
                std::string text(24, beside);
                text[at] = static_cast<char>(byte);
                std::string json;
                append_json_string(text, json);
                const std::string before(at, beside);
                const std::string after(23 - at, beside);
                ASSERT_EQ(json, '"' + before + middle + after + '"') << byte << " at " << at;
            }
        }
    }
}

TEST(RoundTripTest, TimesOfEveryYearAgreeWithTheBase) {
    std::mt19937_64 random{7};
    for (int i = 0; i < 5000; ++i) {
        const auto ms = static_cast<std::int64_t>(random() % 253'402'300'799'999ULL);
        Event event;
        event.set_type("x");
        event.set_time(ms);
        std::string json;
        write_json(event, json);
        ASSERT_EQ(json, R"({"type":"x","time":")" + rfc3339(ms) + "\"}");
    }
    Event far;
    far.set_type("x");
    far.set_time(std::numeric_limits<std::int64_t>::max());
    std::string json;
    write_json(far, json);
    EXPECT_EQ(json, R"({"type":"x","time":"9999-12-31T23:59:59.999Z"})");
}

}  // namespace
}  // namespace trunkline::universal
