#include "host/lanes/held_rows.hpp"

#include <string>

#include <gtest/gtest.h>

namespace trunkline::lanes::test {

TEST(HeldRowsTest, ComeBackAsTheyWere) {
    store::Record record;
    record.sequence = 7;
    record.conversation_sequence = 3;
    record.id = make_ulid(1'763'800'000'000);
    record.accepted_ms = 1'763'800'000'123;
    record.flags = store::kRequeued;
    record.requeued = 2;
    record.conversation = std::string{"a\0b", 3};
    record.body = std::string(1'000, '\x01');

    store::Record back;
    const auto text = write_held(record);
    ASSERT_TRUE(read_held(text, back));

    EXPECT_EQ(back.sequence, record.sequence);
    EXPECT_EQ(back.conversation_sequence, record.conversation_sequence);
    EXPECT_EQ(back.id, record.id);
    EXPECT_EQ(back.accepted_ms, record.accepted_ms);
    EXPECT_EQ(back.flags, record.flags);
    EXPECT_EQ(back.requeued, record.requeued);
    EXPECT_EQ(back.conversation, record.conversation);
    EXPECT_EQ(back.body, record.body);
    for (std::size_t cut = 0; cut < 57; ++cut)
        EXPECT_FALSE(read_held(text.substr(0, cut), back)) << cut;
}

TEST(HeldRowsTest, KeysSortByConversationThenSequence) {
    EXPECT_LT(held_key(1, "a", 2), held_key(1, "a", 300));
    EXPECT_TRUE(held_key(1, "a", 2).starts_with(held_prefix(1, "a")));
    EXPECT_FALSE(held_key(1, "ab", 2).starts_with(held_prefix(1, "a")));
    EXPECT_FALSE(held_key(2, "a", 2).starts_with(held_prefix(1)));
}

}  // namespace trunkline::lanes::test
