// What the journal in front of the tables must not be noticed by: whatever is done to a store with
// files so small that they go round all the time, a model in memory says the same.
#include <deque>
#include <map>
#include <random>

#include "fixture.hpp"

namespace trunkline::store {

namespace {

struct ModelLane {
    LaneId id = 0;
    Sequence head = 1;
    std::deque<std::string> bodies;  ///< from the head on
    std::map<std::string, Sequence> conversations;
};

}  // namespace

class JournalTest : public StoreTest {
protected:
    void SetUp() override {
        StoreTest::SetUp();
        for (int i = 0; i < 3; ++i)
            lanes_.push_back({lane("lane " + std::to_string(i)), 1, {}, {}});
    }

    std::size_t pick(std::size_t below) { return random_() % below; }

    void append_some() {
        Batch batch;
        std::vector<Sequence> expected;
        auto& to = lanes_[pick(lanes_.size())];
        for (auto left = 1 + pick(20); left > 0; --left) {
            const auto conversation = "c" + std::to_string(pick(5));
            std::string body = std::to_string(++bodies_) + std::string(pick(3'000), 'x');
            batch.append.push_back(record(to.id, body, conversation, "d" + std::to_string(bodies_))
            );
            to.bodies.push_back(std::move(body));
            expected.push_back(++to.conversations[conversation]);
        }
        const auto receipt = store_->commit_and_wait(std::move(batch));
        ASSERT_TRUE(receipt) << receipt.error().context;
        for (std::size_t i = 0; i < expected.size(); ++i)
            EXPECT_EQ(receipt->positions[i].conversation_sequence, expected[i]);
    }

    void finish_some() {
        auto& of = lanes_[pick(lanes_.size())];
        if (of.bodies.empty()) return;
        const auto count = 1 + pick(of.bodies.size());
        of.head += count;
        of.bodies.erase(of.bodies.begin(), of.bodies.begin() + static_cast<std::ptrdiff_t>(count));
        ASSERT_TRUE(advance(of.id, of.head - 1, {}, pick(2) == 0));
    }

    void put_some() {
        const auto key = "k" + std::to_string(pick(50));
        Batch batch;
        if (pick(3) == 0) {
            batch.erase.push_back({Table::task, key});
            rows_.erase(key);
        } else {
            rows_[key] = std::to_string(random_());
            batch.put.push_back({Table::task, key, rows_[key], 0});
        }
        ASSERT_TRUE(store_->commit_and_wait(std::move(batch)));
    }

    void compare() {
        for (const auto& lane : lanes_) {
            const auto from = lane.head + pick(lane.bodies.size() + 1);
            const auto count = 1 + pick(60);
            const auto found = store_->read(lane.id, from, count, 1U << 30U);
            ASSERT_TRUE(found) << found.error().context;
            const auto skipped = from - lane.head;
            ASSERT_EQ(found->size(), std::min(count, lane.bodies.size() - skipped));
            for (std::size_t i = 0; i < found->size(); ++i) {
                EXPECT_EQ(found->at(i).sequence, from + i);
                EXPECT_EQ(found->at(i).body, lane.bodies[skipped + i]);
            }
            const auto at_once = store_->read_at_once(lane.id, from, count, 1U << 30U);
            if (!at_once) continue;
            ++at_once_;
            ASSERT_EQ(at_once->size(), found->size());
            for (std::size_t i = 0; i < found->size(); ++i)
                EXPECT_EQ(at_once->at(i).body, found->at(i).body);
        }
        const auto rows = store_->rows(Table::task, "", "", 1'000);
        ASSERT_TRUE(rows) << rows.error().context;
        std::map<std::string, std::string> found;
        for (const auto& row : *rows)
            found[row.key] = row.value;
        EXPECT_EQ(found, rows_);
    }

    std::mt19937_64 random_;
    std::vector<ModelLane> lanes_;
    std::map<std::string, std::string> rows_;
    std::size_t bodies_ = 0;
    std::size_t at_once_ = 0;
};
INSTANTIATE_TEST_SUITE_P(
    Journal, JournalTest, testing::Values(Kind::rocksdb, Kind::memory), name_of
);

TEST_P(JournalTest, IsNotNoticed) {
    for (std::uint64_t seed = 1; seed <= 3 && !HasFatalFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        random_.seed(seed);
        for (int step = 0; step < 600 && !HasFailure(); ++step) {
            SCOPED_TRACE("step " + std::to_string(step));
            switch (pick(8)) {
                case 0:
                case 1:
                case 2:
                    append_some();
                    break;
                case 3:
                    finish_some();
                    break;
                case 4:
                    put_some();
                    break;
                default:
                    compare();
            }
            if (step % 100 == 99) reopen();
        }
    }
    EXPECT_GT(at_once_, 100U) << "nothing was at hand";
}

}  // namespace trunkline::store
