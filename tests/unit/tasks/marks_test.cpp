#include "host/tasks/marks.hpp"

#include <gtest/gtest.h>

namespace trunkline::tasks {
namespace {

Mark full_mark() {
    Mark mark;
    mark.step = 3;
    mark.fingerprint = 0x0123456789ABCDEF;
    mark.seed = std::string(32, 's');
    Input reply;
    reply.status = 200;
    reply.flags = TL_INPUT_TRUNCATED;
    reply.at_ms = 1'763'800'000'000;
    reply.target = "http://m/send";
    reply.body = std::string{"a\0b", 3};
    reply.pairs = {{"content-type", "application/json"}, {"x-empty", ""}};
    mark.reply = reply;
    return mark;
}

TEST(MarkTest, ComesBackAsWritten) {
    const Mark mark = full_mark();
    const auto read = decode_mark(3, encode_mark(mark));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->fingerprint, mark.fingerprint);
    EXPECT_EQ(read->seed, mark.seed);
    EXPECT_FALSE(read->matched);
    ASSERT_TRUE(read->reply);
    EXPECT_EQ(read->reply->kind, std::uint32_t{TL_IN_HTTP_REPLY});
    EXPECT_EQ(read->reply->step, 3u);
    EXPECT_EQ(read->reply->status, 200);
    EXPECT_EQ(read->reply->flags, std::uint32_t{TL_INPUT_TRUNCATED});
    EXPECT_EQ(read->reply->at_ms, 1'763'800'000'000);
    EXPECT_EQ(read->reply->body, mark.reply->body);
    ASSERT_EQ(read->reply->pairs.size(), 2u);
    EXPECT_EQ(read->reply->pairs[0].value, "application/json");
}

TEST(MarkTest, RefusesDamage) {
    const std::string whole = encode_mark(full_mark());
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_FALSE(decode_mark(3, whole.substr(0, size))) << size;
    EXPECT_FALSE(decode_mark(3, whole + "x"));
    std::string other = whole;
    other[0] = 9;
    EXPECT_FALSE(decode_mark(3, other));
}

TEST(MarkTest, FindsTheMarksOfOneAccount) {
    FakeClock clock;
    const auto store = store::make_memory_store(clock);
    store::Batch batch;
    const std::string value = encode_mark(full_mark());
    for (std::uint32_t step = 1; step <= 300; ++step) {
        batch.put.push_back(
            {store::Table::task,
             mark_key("acme", "command/" + std::to_string(step % 3), step),
             value}
        );
    }
    batch.put.push_back({store::Table::task, mark_key("acme2", "command/1", 1), value});
    ASSERT_TRUE(store->commit_and_wait(std::move(batch)));

    const auto marks = load_marks(*store, "acme");

    ASSERT_TRUE(marks);
    ASSERT_EQ(marks->size(), 3u);
    EXPECT_EQ(marks->at("command/1").size(), 100u);
    EXPECT_EQ(marks->at("command/1").front().step, 1u);
    EXPECT_TRUE(load_marks(*store, "nobody")->empty());
}

TEST(MarkTest, ADamagedRowIsAFault) {
    FakeClock clock;
    const auto store = store::make_memory_store(clock);
    store::Batch batch;
    batch.put.push_back({store::Table::task, mark_key("acme", "command/1", 1), "nonsense"});
    ASSERT_TRUE(store->commit_and_wait(std::move(batch)));
    const auto marks = load_marks(*store, "acme");
    ASSERT_FALSE(marks);
    EXPECT_EQ(marks.error().fault, Fault::storage);
}

}  // namespace
}  // namespace trunkline::tasks
