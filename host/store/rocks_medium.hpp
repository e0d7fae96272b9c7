#pragma once

#include <array>
#include <memory>
#include <shared_mutex>

#include <rocksdb/db.h>

#include "host/store/rocks_options.hpp"

namespace trunkline::store {

/// Rows in RocksDB, one column family each.
class RocksMedium final : public Medium {
public:
    /// Opens or makes it. Refuses a damaged one and says so; its files stay as they are.
    static Result<std::unique_ptr<RocksMedium>> open(
        const Options& options, const Internals& internals, std::shared_ptr<const ExpiryClock> clock
    );
    ~RocksMedium() override;

    Result<bool> get(Family family, std::string_view key, std::string& value) const override;
    std::unique_ptr<Cursor> cursor(Family family, std::string_view from, std::string_view until)
        const override;
    std::unique_ptr<Writes> writes() override;
    Result<void> apply(Writes& writes, bool synced) override;
    void heads_synced(std::span<const LaneHead> heads) override;
    void start_collecting() override;
    Result<bool> resume() override;
    void close() override;

private:
    RocksMedium(const Options& options, const Internals& internals)
        : options_{options}, env_{internals.env} {}
    rocksdb::Status open_database();
    rocksdb::Status probe_disk() const;
    void let_go();

    const Options options_;
    rocksdb::Env* const env_;
    mutable std::shared_mutex gate_;  ///< shared by all who use `db_`; taken alone to open it anew

    RocksShared shared_;
    std::unique_ptr<rocksdb::DB> db_;
    std::vector<rocksdb::ColumnFamilyHandle*> families_;
};

}  // namespace trunkline::store
