#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include "host/store/store.hpp"

namespace trunkline::test {

/// The store in memory, whose writes and reads fail when a test says so.
class TroubledStore final : public store::Store {
public:
    explicit TroubledStore(const Clock& clock) : inner_{store::make_memory_store(clock)} {}

    std::atomic<bool> refuse_writes{false};
    std::atomic<bool> refuse_reads{false};
    std::atomic<int> refused{0};  ///< writes that were refused

    Result<store::LaneInfo> open_lane(const std::string& name, std::uint64_t waiting_bytes_max)
        override {
        return inner_->open_lane(name, waiting_bytes_max);
    }
    std::optional<store::LaneInfo> lane(store::LaneId lane) const override {
        return inner_->lane(lane);
    }
    std::vector<store::LaneInfo> lanes(const std::string& from, const std::string& to)
        const override {
        return inner_->lanes(from, to);
    }

    async::Awaitable<Result<store::Receipt>> commit(store::Batch batch) override {
        if (refuse_writes) {
            ++refused;
            co_return full();
        }
        auto written = co_await inner_->commit(std::move(batch));
        co_return written;
    }
    Result<store::Receipt> commit_and_wait(store::Batch batch) override {
        if (refuse_writes) return full();
        return inner_->commit_and_wait(std::move(batch));
    }
    Result<std::vector<store::Record>> read(
        store::LaneId lane, store::Sequence from, std::size_t count, std::uint64_t bytes
    ) const override {
        if (refuse_reads) return full();
        return inner_->read(lane, from, count, bytes);
    }
    Result<std::optional<store::Row>> row(store::Table table, const std::string& key)
        const override {
        if (refuse_reads) return full();
        return inner_->row(table, key);
    }
    Result<std::vector<store::Row>> rows(
        store::Table table, const std::string& prefix, const std::string& after, std::size_t count
    ) const override {
        if (refuse_reads) return full();
        return inner_->rows(table, prefix, after, count);
    }
    Result<store::Conversation> conversation(store::LaneId lane, const std::string& conversation)
        const override {
        if (refuse_reads) return full();
        return inner_->conversation(lane, conversation);
    }
    Result<std::vector<store::DeadRecord>> dead(
        store::LaneId lane, store::Sequence after, std::size_t count
    ) const override {
        return inner_->dead(lane, after, count);
    }
    void on_append(std::function<void(store::LaneId)> listener) override {
        inner_->on_append(std::move(listener));
    }
    bool read_only() const noexcept override { return refuse_writes; }
    Figures figures() const override { return inner_->figures(); }
    void close() override { inner_->close(); }

private:
    static Error full() { return Error{Fault::storage, "the disk is full"}; }

    std::unique_ptr<store::Store> inner_;
};

}  // namespace trunkline::test
