// Frames survive the way over, and bytes that are none are refused whatever they are.
#include "host/frames/frames.hpp"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trunkline::frames {
namespace {

using ::testing::Each;

std::string_view seen(tl_view view) {
    return {view.data, view.size};
}
tl_view lent(std::string_view text) {
    return {text.data(), text.size()};
}

/// One of each kind.
std::vector<std::string> one_of_each() {
    const tl_pair pairs[]{{lent("a"), lent("1")}, {lent("b"), lent("")}};
    Given given;
    given.input.kind = TL_IN_WEBHOOK;
    given.input.task = 7;
    given.input.step = 3;
    given.input.flags = TL_INPUT_REPLAYED;
    given.input.at_ms = -5;
    given.input.deadline_ms = 99;
    given.input.status = 200;
    given.input.pair_count = 2;
    given.input.pairs = pairs;
    given.input.method = lent("POST");
    given.input.body = lent("body");
    given.last_step = 2;
    given.answered = true;
    given.first_kind = TL_IN_COMMAND;
    given.journal_bytes = 12;
    given.first_key = "chat";
    given.seed = "seed";
    HandleWriter handle{5, 6, 2};
    handle.add(given);
    given.input.pair_count = 0;
    handle.add(given);
    return {
        encode(Hello{kVersion, "no", "id", "1.0", 4, true}),
        encode(Create{1, 2, 1, true, "c", "a", "n", "{}", "{}", "url", "state", 3}),
        encode(Created{1, -3, "threw"}),
        encode(Destroy{2}),
        encode(Save{1, 2}),
        encode(Saved{1, "state", 3}),
        handle.take(),
        encode(Reply{5, -1, 1, 0, 44, "threw", "effects"}),
        encode(Log{2, 1, "line"}),
        encode(Metrics{{{"seen", false, 3}, {"open", true, -1}}}),
        encode(AskFile{2, "file"}),
        encode(TellFile{true}),
    };
}

/// How many kinds `bytes` can be read as.
int readable_as(std::string_view bytes) {
    int kinds = 0;
    const auto count = [&](auto frame) { kinds += decode(bytes, frame) ? 1 : 0; };
    count(Hello{});
    count(Create{});
    count(Created{});
    count(Destroy{});
    count(Save{});
    count(Saved{});
    count(Handle{});
    count(Reply{});
    count(Log{});
    count(Metrics{});
    count(AskFile{});
    count(TellFile{});
    return kinds;
}

TEST(FramesTest, EachKindIsReadAsItselfAlone) {
    const auto frames = one_of_each();
    std::vector<int> counts;
    for (std::size_t i = 0; i < frames.size(); ++i) {
        counts.push_back(readable_as(frames[i]));
        EXPECT_EQ(kind_of(frames[i]), static_cast<Kind>(i + 1));
    }
    EXPECT_THAT(counts, Each(1));
}

TEST(FramesTest, InputsArriveAsTheyLeft) {
    const std::string frame = one_of_each()[6];
    Handle handle;
    ASSERT_TRUE(decode(frame, handle));
    EXPECT_EQ(handle.call, 5u);
    EXPECT_EQ(handle.instance, 6u);
    ASSERT_EQ(handle.given.size(), 2u);
    const Given& first = handle.given[0];
    EXPECT_EQ(first.input.size, sizeof(tl_input));
    EXPECT_EQ(first.input.kind, TL_IN_WEBHOOK);
    EXPECT_EQ(first.input.task, 7u);
    EXPECT_EQ(first.input.step, 3u);
    EXPECT_EQ(first.input.flags, TL_INPUT_REPLAYED);
    EXPECT_EQ(first.input.at_ms, -5);
    EXPECT_EQ(first.input.deadline_ms, 99);
    EXPECT_EQ(first.input.status, 200);
    EXPECT_EQ(seen(first.input.method), "POST");
    EXPECT_EQ(seen(first.input.body), "body");
    ASSERT_EQ(first.input.pair_count, 2u);
    EXPECT_EQ(seen(first.input.pairs[0].name), "a");
    EXPECT_EQ(seen(first.input.pairs[1].name), "b");
    EXPECT_EQ(first.last_step, 2u);
    EXPECT_TRUE(first.answered);
    EXPECT_FALSE(first.sourced);
    EXPECT_EQ(first.first_kind, TL_IN_COMMAND);
    EXPECT_EQ(first.journal_bytes, 12u);
    EXPECT_EQ(first.first_key, "chat");
    EXPECT_EQ(first.seed, "seed");
    EXPECT_EQ(handle.given[1].input.pairs, nullptr);
}

TEST(FramesTest, WhatIsCutOrLongerIsRefused) {
    for (const std::string& frame : one_of_each()) {
        for (std::size_t size = 0; size < frame.size(); ++size)
            EXPECT_EQ(readable_as(std::string_view{frame}.substr(0, size)), 0);
        EXPECT_EQ(readable_as(frame + '\0'), 0);
    }
}

TEST(FramesTest, CountsThatCannotBeTrueMakeNobodyMakeRoom) {
    // Behind kind, call and instance: the count of inputs.
    std::string frame = one_of_each()[6];
    for (const std::uint32_t count : {0U, 3U, 65U, 0xFFFFFFFFU}) {
        std::memcpy(frame.data() + 17, &count, sizeof count);
        Handle handle;
        EXPECT_FALSE(decode(frame, handle)) << count;
        EXPECT_LE(handle.given.capacity(), 64u);
    }
}

TEST(FramesTest, AnyBytesAreReadWithoutHarm) {
    std::mt19937_64 random{20261126};
    const auto frames = one_of_each();
    int read = 0;
    for (int round = 0; round < 200'000; ++round) {
        std::string bytes;
        if (round % 2 == 0) {
            bytes.resize(random() % 200);
            for (char& byte : bytes)
                byte = static_cast<char>(random());
            if (!bytes.empty()) bytes[0] = static_cast<char>(random() % 14);
        } else {
            bytes = frames[random() % frames.size()];
            for (std::uint64_t i = random() % 4 + 1; i > 0; --i)
                bytes[random() % bytes.size()] = static_cast<char>(random());
        }
        read += readable_as(bytes) > 0 ? 1 : 0;
    }
    EXPECT_GT(read, 0) << "some of the changed ones must still have been frames";
}

}  // namespace
}  // namespace trunkline::frames
