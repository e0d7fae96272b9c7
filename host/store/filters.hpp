#pragma once

#include <atomic>
#include <memory>

#include <rocksdb/compaction_filter.h>

#include "host/store/expiry.hpp"
#include "host/store/heads.hpp"

namespace trunkline::store {

/// Drops records below their lane's head while a memtable is flushed or files are compacted:
/// acknowledging leaves no tombstones, and reading an empty lane stays cheap. Both factories are
/// shared with RocksDB's threads.
std::shared_ptr<rocksdb::CompactionFilterFactory> make_finished_filter(
    std::shared_ptr<const CollectableHeads> heads
);

/// Drops values whose leading time, plus `keep_ms`, is past. Time 0 never expires.
/// Does nothing until `*collecting`.
std::shared_ptr<rocksdb::CompactionFilterFactory> make_expired_filter(
    std::shared_ptr<const ExpiryClock> clock,
    WallMs keep_ms,
    std::shared_ptr<const std::atomic<bool>> collecting
);

}  // namespace trunkline::store
