#include "fixture.hpp"

namespace trunkline::store {

class RowsTest : public StoreTest {
protected:
    void put(Put what) {
        Batch batch;
        batch.put.push_back(std::move(what));
        ASSERT_TRUE(store_->commit_and_wait(std::move(batch)));
    }
    std::vector<std::string> keys(
        Table table, const std::string& prefix, const std::string& after, std::size_t count
    ) {
        const auto rows = store_->rows(table, prefix, after, count);
        EXPECT_TRUE(rows);
        std::vector<std::string> out;
        for (const auto& row : *rows)
            out.push_back(row.key);
        return out;
    }
};
INSTANTIATE_TEST_SUITE_P(Rows, RowsTest, testing::Values(Kind::rocksdb, Kind::memory), name_of);

TEST_P(RowsTest, KeepsTablesApartAndErases) {
    put({Table::plugin, "key", "one"});
    put({Table::cursor, "key", "two"});
    reopen();
    EXPECT_EQ(store_->row(Table::plugin, "key")->value().value, "one");
    EXPECT_EQ(store_->row(Table::cursor, "key")->value().value, "two");
    Batch batch;
    batch.erase.push_back({Table::plugin, "key"});
    ASSERT_TRUE(store_->commit_and_wait(std::move(batch)));
    EXPECT_FALSE(store_->row(Table::plugin, "key")->has_value());
    EXPECT_TRUE(store_->row(Table::cursor, "key")->has_value());
}

TEST_P(RowsTest, ListsByPrefixInPages) {
    for (const auto* key : {"a/1", "a/2", "a/3", "b/1", "a\xff"})
        put({Table::task, key, key});
    put({Table::sent, "a/9", "other table"});
    EXPECT_EQ(keys(Table::task, "a/", "", 10), (std::vector<std::string>{"a/1", "a/2", "a/3"}));
    EXPECT_EQ(keys(Table::task, "a/", "a/1", 1), (std::vector<std::string>{"a/2"}));
    EXPECT_EQ(keys(Table::task, "a/", "a/3", 10), std::vector<std::string>{});
    EXPECT_EQ(keys(Table::task, "a/", "A", 1), (std::vector<std::string>{"a/1"}));
    EXPECT_EQ(keys(Table::task, "a\xff", "", 10), (std::vector<std::string>{"a\xff"}));
    EXPECT_EQ(keys(Table::task, "", "", 10).size(), 5U);
}

TEST_P(RowsTest, NeverReturnsWhatHasExpired) {
    put({Table::upload, "short", "v", clock_.wall_ms() + 100});
    put({Table::upload, "long", "v", clock_.wall_ms() + 200});
    put({Table::upload, "ever", "v"});
    EXPECT_EQ(keys(Table::upload, "", "", 10).size(), 3U);
    clock_.advance(std::chrono::milliseconds{100});
    EXPECT_FALSE(store_->row(Table::upload, "short")->has_value());
    EXPECT_EQ(keys(Table::upload, "", "", 10), (std::vector<std::string>{"ever", "long"}));
}

TEST_P(RowsTest, AClockThatJumpsAheadExpiresNothing) {
    put({Table::upload, "row", "v", clock_.wall_ms() + 3600'000});
    clock_.jump_wall(std::chrono::hours{48});
    EXPECT_TRUE(store_->row(Table::upload, "row")->has_value());
    clock_.advance(std::chrono::hours{1});
    EXPECT_FALSE(store_->row(Table::upload, "row")->has_value());
}

TEST_P(RowsTest, RemembersConversations) {
    const auto account = lane("account/acme");
    Batch batch;
    batch.conversations.push_back({account, "chat", 500, "note", std::nullopt, "group"});
    batch.conversations.push_back({account, "chat", 400, std::nullopt, "chat-2", std::nullopt});
    ASSERT_TRUE(store_->commit_and_wait(std::move(batch)));
    reopen();
    const auto got = store_->conversation(account, "chat");
    ASSERT_TRUE(got);
    EXPECT_EQ(got->customer_first_ms, 500);
    EXPECT_EQ(got->customer_last_ms, 500);
    EXPECT_EQ(got->note, "note");
    EXPECT_EQ(got->current, "chat-2");
    EXPECT_EQ(got->kind, "group");
    EXPECT_EQ(got->next_sequence, 1U);
    EXPECT_EQ(store_->conversation(account, "nobody")->customer_first_ms, 0);
    Batch large;
    large.conversations.push_back(
        {account, "chat", std::nullopt, std::string(4097, 'n'), std::nullopt, std::nullopt}
    );
    EXPECT_EQ(store_->commit_and_wait(std::move(large)).error().fault, Fault::malformed);
}

}  // namespace trunkline::store
