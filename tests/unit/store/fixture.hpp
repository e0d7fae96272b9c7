#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "host/base/clock.hpp"
#include "host/store/lane_store.hpp"

namespace trunkline::store {

/// A folder that goes with the test.
class Folder {
public:
    Folder() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "trunkline-store-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{"no temporary folder"};
        path_ = pattern;
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::string path() const { return path_; }

private:
    std::string path_;
};

inline Options small_options(const std::string& path) {
    Options options;
    options.path = path;
    options.key = Secret{std::string(32, 'k')};
    options.write_buffer_bytes = 64U << 10U;
    options.block_cache_bytes = 1U << 20U;
    options.journal_file_bytes = 64U << 10U;
    return options;
}

enum class Kind { rocksdb, memory };

/// What every store promises is tested on every store.
class StoreTest : public testing::TestWithParam<Kind> {
protected:
    void SetUp() override { open(); }

    void open(Internals internals = {}) {
        store_.reset();
        if (GetParam() == Kind::memory) {
            store_ = make_memory_store(options_, clock_, std::move(internals));
            return;
        }
        options_.path = folder_.path() + "/db";
        auto opened = open_rocksdb(options_, clock_, std::move(internals));
        ASSERT_TRUE(opened) << opened.error().context;
        store_ = *std::move(opened);
    }

    /// Only disk outlives it; returns false where there is nothing to reopen.
    bool reopen() {
        if (GetParam() == Kind::memory) return false;
        open();
        return true;
    }

    LaneId lane(const std::string& name = "portal/acme/messages") {
        const auto info = store_->open_lane(name);
        EXPECT_TRUE(info);
        return info->id;
    }

    Append record(
        LaneId to, std::string body, std::string conversation = {}, std::string dedup = {}
    ) {
        Append append;
        append.lane = to;
        append.id = make_ulid(clock_.wall_ms());
        append.accepted_ms = clock_.wall_ms();
        append.body = std::move(body);
        append.conversation = std::move(conversation);
        append.dedup = std::move(dedup);
        append.dedup_until_ms = clock_.wall_ms() + 1000;
        return append;
    }

    Position append(Append what) {
        Batch batch;
        batch.append.push_back(std::move(what));
        const auto receipt = store_->commit_and_wait(std::move(batch));
        EXPECT_TRUE(receipt) << receipt.error().context;
        return receipt ? receipt->positions.at(0) : Position{};
    }

    void append_many(LaneId to, int count) {
        for (int i = 1; i <= count; ++i)
            append(record(to, "body " + std::to_string(i), "c"));
    }

    Result<Receipt> advance(
        LaneId of, Sequence through, std::vector<Sequence> beyond = {}, bool durable = true
    ) {
        Batch batch;
        batch.advance.push_back({of, through, std::move(beyond)});
        batch.durable = durable;
        return store_->commit_and_wait(std::move(batch));
    }

    Result<Receipt> give_up(DeadLetter letter) {
        Batch batch;
        batch.dead.push_back(std::move(letter));
        return store_->commit_and_wait(std::move(batch));
    }

    DeadLetter letter(LaneId of, Sequence sequence) {
        DeadLetter out;
        out.lane = of;
        out.sequence = sequence;
        out.reason = "retention";
        out.detail = "gave up";
        out.last_status = 503;
        out.attempts = 7;
        return out;
    }

    std::vector<std::string> bodies(LaneId of, Sequence from = 1) {
        const auto records = store_->read(of, from, 1000, 1U << 20U);
        EXPECT_TRUE(records) << records.error().context;
        std::vector<std::string> out;
        if (!records) return out;
        for (const auto& one : *records)
            out.push_back(one.body);
        return out;
    }

    Folder folder_;
    FakeClock clock_;
    Options options_ = small_options({});
    std::unique_ptr<Store> store_;
};

inline std::string name_of(const testing::TestParamInfo<Kind>& info) {
    return info.param == Kind::memory ? "memory" : "rocksdb";
}

}  // namespace trunkline::store
