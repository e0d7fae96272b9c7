#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <shared_mutex>

#include <rocksdb/db.h>

#include "host/store/rocks_options.hpp"

namespace trunkline::store {

/// Rows in RocksDB, one column family each, and without its log: what was put is on disk after the
/// next `flush`. Until then the journal has it. Everything is safe from any thread.
class RocksTables {
public:
    /// Opens or makes it. Refuses a damaged one and says so; its files stay as they are.
    static Result<std::unique_ptr<RocksTables>> open(
        const Options& options, const Internals& internals, std::shared_ptr<const ExpiryClock> clock
    );
    ~RocksTables();

    Result<bool> get(Family family, std::string_view key, std::string& value) const;
    std::unique_ptr<Cursor> cursor(Family family, std::string_view from, std::string_view until)
        const;
    std::unique_ptr<Writes> writes();
    Result<void> put(Writes& writes);
    /// Everything that was put before is on disk afterwards.
    Result<void> flush();

    void heads_synced(std::span<const LaneHead> heads);  ///< see Medium
    /// What comes next is in another file of the log than what came before.
    void log_switched();
    /// Records of `lane` below this are finished for certain. 1 = none.
    Sequence trusted_head(LaneId lane) const;
    void start_collecting();

    using Put = std::function<Result<void>(Writes&)>;
    /// Called while it is being opened anew, which loses what was put since the last flush: puts
    /// that again, by means of `put`.
    void on_reopen(std::function<Result<void>(const Put& put)> refill);
    std::uint64_t reopenings() const noexcept { return reopenings_; }

    /// After `put` or `flush` failed: tries to make writing possible again. True: it had to be
    /// opened anew.
    Result<bool> resume();
    void close();  ///< no call may come after it

private:
    RocksTables(const Options& options, const Internals& internals)
        : options_{options}, env_{internals.env} {}
    rocksdb::Status open_database();
    Result<void> put_without_gate(Writes& writes);
    void compact_collected();
    bool anything_in_memory() const;
    rocksdb::Status probe_disk() const;
    void let_go();

    const Options options_;
    rocksdb::Env* const env_;
    mutable std::shared_mutex gate_;  ///< shared by all who use `db_`; taken alone to open it anew

    RocksShared shared_;
    std::unique_ptr<rocksdb::DB> db_;
    std::vector<rocksdb::ColumnFamilyHandle*> families_;
    std::function<Result<void>(const Put& put)> refill_;
    std::atomic<std::uint64_t> reopenings_{0};
};

}  // namespace trunkline::store
