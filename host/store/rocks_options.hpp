#pragma once

#include <array>
#include <memory>
#include <vector>

#include <rocksdb/db.h>

#include "host/store/filters.hpp"
#include "host/store/internals.hpp"
#include "host/store/keys.hpp"

namespace trunkline::store {

/// What RocksDB shares with the store while it is open.
struct RocksShared {
    std::shared_ptr<CollectableHeads> heads = std::make_shared<CollectableHeads>();
    std::shared_ptr<std::atomic<bool>> collecting = std::make_shared<std::atomic<bool>>(false);
    std::shared_ptr<const ExpiryClock> clock;
};

rocksdb::DBOptions rocks_options(const Internals& internals);

/// Those that compaction leaves things out of. They are not compacted before the store says so
/// (`EnableAutoCompaction`).
inline constexpr std::array kCollected{Family::msg, Family::dead, Family::seen, Family::row};

/// One per family, in the order of their numbers.
std::vector<rocksdb::ColumnFamilyDescriptor> rocks_families(
    const Options& options, const RocksShared& shared
);

}  // namespace trunkline::store
