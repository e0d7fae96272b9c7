#include "host/store/rocks_options.hpp"

#include <algorithm>

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/rate_limiter.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include "host/base/assert.hpp"

namespace trunkline::store {

namespace {

constexpr std::uint64_t kSixHours = 6 * 3600;

rocksdb::ColumnFamilyOptions family_options(
    Family family,
    const Options& options,
    const RocksShared& shared,
    const rocksdb::BlockBasedTableOptions& table
) {
    rocksdb::ColumnFamilyOptions out;
    auto layout = table;
    out.compression = rocksdb::kNoCompression;  // what is sealed does not compress
    out.compaction_style = rocksdb::kCompactionStyleUniversal;
    out.write_buffer_size = std::max<std::uint64_t>(options.write_buffer_bytes / 4, 64U << 10U);
    out.max_write_buffer_number = 2;
    switch (family) {
        case Family::msg:
            out.write_buffer_size = options.write_buffer_bytes;
            out.max_write_buffer_number = 3;
            out.compaction_filter_factory = make_finished_filter(shared.heads);
            // A lane's records come in their order: each has its place right behind the one before.
            out.memtable_insert_with_hint_prefix_extractor.reset(
                rocksdb::NewFixedPrefixTransform(sizeof(LaneId))
            );
            out.periodic_compaction_seconds = kSixHours;
            break;
        case Family::seen:
            // Nearly every look-up is for something that is not there.
            layout.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
            out.memtable_whole_key_filtering = true;
            out.memtable_prefix_bloom_size_ratio = 0.05;
            out.compaction_filter_factory = make_expired_filter(shared.clock, 0, shared.collecting);
            out.periodic_compaction_seconds = kSixHours;
            break;
        case Family::conv:
            layout.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
            break;
        case Family::dead:
            out.compaction_filter_factory =
                make_expired_filter(shared.clock, options.dead_letters_keep_ms, shared.collecting);
            out.periodic_compaction_seconds = kSixHours;
            break;
        case Family::row:
            out.compaction_filter_factory = make_expired_filter(shared.clock, 0, shared.collecting);
            out.periodic_compaction_seconds = kSixHours;
            break;
        case Family::meta:
        case Family::head:
        case Family::lane:
            break;
    }
    out.disable_auto_compactions = out.compaction_filter_factory != nullptr;
    TRUNKLINE_ASSERT(
        out.disable_auto_compactions == (std::ranges::find(kCollected, family) != kCollected.end())
    );
    out.table_factory.reset(rocksdb::NewBlockBasedTableFactory(layout));
    return out;
}

}  // namespace

rocksdb::DBOptions rocks_options(const Internals& internals) {
    rocksdb::DBOptions out;
    if (internals.env != nullptr) out.env = internals.env;
    out.create_if_missing = true;
    out.create_missing_column_families = true;
    // Nothing is written to its log; a store of an earlier version may still have one.
    out.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    out.bytes_per_sync = 1U << 20U;
    out.max_open_files = 512;
    out.max_background_jobs = 2;
    out.keep_log_file_num = 4;
    out.max_log_file_size = 4U << 20U;
    out.info_log_level = rocksdb::WARN_LEVEL;
    constexpr std::int64_t kBackgroundBytesPerSecond = 256LL << 20U;
    out.rate_limiter.reset(rocksdb::NewGenericRateLimiter(kBackgroundBytesPerSecond));
    return out;
}

std::vector<rocksdb::ColumnFamilyDescriptor> rocks_families(
    const Options& options, const RocksShared& shared
) {
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(options.block_cache_bytes);
    table.cache_index_and_filter_blocks = true;
    table.pin_l0_filter_and_index_blocks_in_cache = true;
    table.block_size = 16U << 10U;
    std::vector<rocksdb::ColumnFamilyDescriptor> out;
    for (std::size_t i = 0; i < kFamilies; ++i) {
        const auto family = static_cast<Family>(i);
        out.emplace_back(kFamilyNames.at(i), family_options(family, options, shared, table));
    }
    return out;
}

}  // namespace trunkline::store
