#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <shared_mutex>

#include "host/store/committer.hpp"

namespace trunkline::store {

/// What every call gets once the store is closed. `[any]`
inline Error closed() {
    return {Fault::cancelled, "the store is closed"};
}

/// The store over any medium: reads go to the medium, writes through the committer, positions come
/// from memory.
class LaneStore final : public Store {
public:
    struct Parts {
        std::unique_ptr<Medium> medium;
        std::unique_ptr<Vault> vault;
        std::unique_ptr<LaneTable> lanes;
        std::shared_ptr<const ExpiryClock> expiry;
    };
    LaneStore(Parts parts, const Options& options, Internals internals);
    ~LaneStore() override;

    using Store::open_lane;
    Result<LaneInfo> open_lane(const std::string& name, std::uint64_t waiting_bytes_max) override;
    std::optional<LaneInfo> lane(LaneId lane) const override;
    std::vector<LaneInfo> lanes(const std::string& from, const std::string& to) const override;
    async::Awaitable<Result<Receipt>> commit(Batch batch) override;
    Result<Receipt> commit_and_wait(Batch batch) override;
    Result<std::vector<Record>> read(
        LaneId lane, Sequence from, std::size_t count, std::uint64_t bytes
    ) const override;
    std::optional<std::vector<Record>> read_at_once(
        LaneId lane, Sequence from, std::size_t count, std::uint64_t bytes
    ) const override;
    Result<std::optional<Row>> row(Table table, const std::string& key) const override;
    Result<std::vector<Row>> rows(
        Table table, const std::string& prefix, const std::string& after, std::size_t count
    ) const override;
    Result<Conversation> conversation(LaneId lane, const std::string& conversation) const override;
    Result<std::vector<DeadRecord>> dead(LaneId lane, Sequence after, std::size_t count)
        const override;
    void on_append(std::function<void(LaneId)> listener) override;
    bool read_only() const noexcept override;
    Figures figures() const override;
    void close() override;

private:
    /// `at_hand`: only what is in memory; `unavailable` when something of it is not.
    Result<std::vector<Record>> records_of(
        LaneId lane,
        const LaneTable::Position& position,
        Sequence from,
        std::size_t count,
        std::uint64_t bytes,
        bool at_hand
    ) const;
    std::optional<Result<Receipt>> answer_at_once(const Prepared& job);
    Result<Prepared> prepared(Batch batch);
    bool alive(WallMs time, WallMs keep = 0) const;

    Parts parts_;
    WallMs dead_letters_keep_ms_;
    std::atomic<std::uint64_t> tickets_{0};
    std::mutex opening_;
    mutable std::shared_mutex open_;  ///< shared by readers; `close` takes it alone
    std::atomic<bool> closed_{false};
    std::unique_ptr<Committer> committer_;
};

/// `open_rocksdb` with what only tests change.
Result<std::unique_ptr<Store>> open_rocksdb(
    const Options& options, const Clock& clock, Internals internals
);

/// `make_memory_store` with bounds.
std::unique_ptr<Store> make_memory_store(
    const Options& options, const Clock& clock, Internals internals
);

}  // namespace trunkline::store
