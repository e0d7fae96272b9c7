#include "host/store/rocks_tables.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include <rocksdb/write_batch.h>

#include "host/store/frame.hpp"
#include "host/store/torn_manifest.hpp"

namespace trunkline::store {

namespace {

using rocksdb::Slice;

Slice slice(std::string_view text) {
    return {text.data(), text.size()};
}
std::string_view view(const Slice& slice) {
    return {slice.data(), slice.size()};
}

Error failed(const char* what, const rocksdb::Status& status) {
    return {Fault::storage, std::string{what} + ": " + status.ToString()};
}

/// Only what is to be written: the families may be other objects by the time it is.
class RocksWrites final : public Writes {
public:
    void put(Family family, std::string_view key, std::string_view value) override {
        append_change({family, false, key, value}, changes);
    }
    void erase(Family family, std::string_view key) override {
        append_change({family, true, key, {}}, changes);
    }
    bool empty() const override { return changes.empty(); }
    void clear() override { changes.clear(); }

    std::string changes;
};

class RocksCursor final : public Cursor {
public:
    RocksCursor(
        std::shared_lock<std::shared_mutex> gate,
        rocksdb::DB& db,
        rocksdb::ColumnFamilyHandle* family,
        std::string_view from,
        std::string_view until
    )
        : gate_{std::move(gate)}, until_{until}, bound_{until_} {
        rocksdb::ReadOptions options;
        if (!until_.empty()) options.iterate_upper_bound = &bound_;
        iterator_.reset(db.NewIterator(options, family));
        iterator_->Seek(slice(from));
    }

    bool valid() const override { return iterator_->Valid(); }
    void next() override { iterator_->Next(); }
    std::string_view key() const override { return view(iterator_->key()); }
    std::string_view value() const override { return view(iterator_->value()); }
    Result<void> status() const override {
        const auto status = iterator_->status();
        if (!status.ok()) return failed("reading the store", status);
        return {};
    }

private:
    std::shared_lock<std::shared_mutex> gate_;
    std::string until_;
    Slice bound_;
    std::unique_ptr<rocksdb::Iterator> iterator_;
};

Error not_open() {
    return {Fault::storage, "the store could not be opened again yet"};
}

class NoCursor final : public Cursor {
public:
    bool valid() const override { return false; }
    void next() override {}
    std::string_view key() const override { return {}; }
    std::string_view value() const override { return {}; }
    Result<void> status() const override { return not_open(); }
};

Error cannot_open(const std::string& path, const rocksdb::Status& status) {
    const auto reason = status.ToString();
    if (status.IsCorruption()) {
        return {
            Fault::storage,
            "the store at " + path +
                " is damaged and was not opened; its files are kept as they are. Restore a "
                "copy, or move the folder away to start empty. Reason: " +
                reason};
    }
    return {Fault::storage, "the store at " + path + " cannot be opened: " + reason};
}

}  // namespace

Result<std::unique_ptr<RocksTables>> RocksTables::open(
    const Options& options, const Internals& internals, std::shared_ptr<const ExpiryClock> clock
) {
    std::error_code made;
    std::filesystem::create_directories(options.path, made);
    if (made)
        return Error{
            Fault::storage, "cannot make the folder " + options.path + ": " + made.message()};

    if (a_length_is_damaged(read_manifest(options.path)))
        return cannot_open(
            options.path, rocksdb::Status::Corruption("the length of a record of the MANIFEST")
        );
    // Nobody waits for what it does in the background.
    auto* env = internals.env == nullptr ? rocksdb::Env::Default() : internals.env;
    for (const auto pool : {rocksdb::Env::LOW, rocksdb::Env::HIGH})
        env->LowerThreadPoolCPUPriority(pool, rocksdb::CpuPriority::kLow).PermitUncheckedError();
    std::unique_ptr<RocksTables> tables{new RocksTables{options, internals}};
    tables->shared_.clock = std::move(clock);
    const auto status = tables->open_database();
    if (!status.ok()) return cannot_open(options.path, status);
    return tables;
}

rocksdb::Status RocksTables::open_database() {
    Internals internals;
    internals.env = env_;
    rocksdb::DB* db = nullptr;
    const auto status = rocksdb::DB::Open(
        rocks_options(internals), options_.path, rocks_families(options_, shared_), &families_, &db
    );
    if (status.ok()) db_.reset(db);
    return status;
}

RocksTables::~RocksTables() {
    let_go();
}

void RocksTables::let_go() {
    if (db_ == nullptr) return;
    for (auto* family : families_)
        db_->DestroyColumnFamilyHandle(family).PermitUncheckedError();
    families_.clear();
    db_->Close().PermitUncheckedError();
    db_.reset();
}

void RocksTables::close() {
    if (db_ == nullptr) return;
    let_go();
}

Result<bool> RocksTables::get(Family family, std::string_view key, std::string& value) const {
    const std::shared_lock gate{gate_};
    if (db_ == nullptr) return not_open();
    rocksdb::ReadOptions options;
    // Who looks for an input that came before nearly always finds none: the blocks the filter was
    // wrong about would push everything else out of the cache.
    options.fill_cache = family != Family::seen;
    rocksdb::PinnableSlice found{&value};
    const auto status = db_->Get(options, families_[index_of(family)], slice(key), &found);
    if (status.IsNotFound()) return false;
    if (!status.ok()) return failed("reading the store", status);
    if (found.IsPinned()) value.assign(found.data(), found.size());
    return true;
}

std::unique_ptr<Cursor> RocksTables::cursor(
    Family family, std::string_view from, std::string_view until
) const {
    std::shared_lock gate{gate_};
    if (db_ == nullptr) return std::make_unique<NoCursor>();
    return std::make_unique<RocksCursor>(
        std::move(gate), *db_, families_[index_of(family)], from, until
    );
}

std::unique_ptr<Writes> RocksTables::writes() {
    return std::make_unique<RocksWrites>();
}

Result<void> RocksTables::put(Writes& writes) {
    const std::shared_lock gate{gate_};
    return put_without_gate(writes);
}

Result<void> RocksTables::put_without_gate(Writes& writes) {
    if (db_ == nullptr) return not_open();
    rocksdb::WriteOptions options;
    options.disableWAL = true;
    rocksdb::WriteBatch batch;
    for_each_change(static_cast<RocksWrites&>(writes).changes, [&](const Change& change) {
        auto* family = families_[index_of(change.family)];
        if (change.erased)
            batch.Delete(family, slice(change.key));
        else
            batch.Put(family, slice(change.key), slice(change.value));
    });
    const auto status = db_->Write(options, &batch);
    if (!status.ok()) return failed("writing the store", status);
    return {};
}

// RocksDB 7.8 may say that a flush is done while it still waits for its turn (seen after it had
// resumed from a full disk), so what it says is not believed before nothing is left in memory.
Result<void> RocksTables::flush() {
    constexpr auto kPatience = std::chrono::seconds{30};
    constexpr auto kLook = std::chrono::milliseconds{1};
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < end) {
        {
            const std::shared_lock gate{gate_};
            if (db_ == nullptr) return not_open();
            const auto status = db_->Flush(rocksdb::FlushOptions{}, families_);
            if (!status.ok()) return failed("writing the store", status);
            if (!anything_in_memory()) return {};
        }
        std::this_thread::sleep_for(kLook);
    }
    return Error{Fault::storage, "writing the store: a flush does not end"};
}

bool RocksTables::anything_in_memory() const {
    using Properties = rocksdb::DB::Properties;
    return std::ranges::any_of(families_, [this](auto* family) {
        std::uint64_t waiting = 0;
        std::uint64_t entries = 0;
        const bool known =
            db_->GetIntProperty(family, Properties::kNumImmutableMemTable, &waiting) &&
            db_->GetIntProperty(family, Properties::kNumEntriesActiveMemTable, &entries);
        return !known || waiting + entries > 0;
    });
}

void RocksTables::heads_synced(std::span<const LaneHead> heads) {
    shared_.heads->synced(heads);
}

void RocksTables::log_switched() {
    shared_.heads->log_switched();
}

Sequence RocksTables::trusted_head(LaneId lane) const {
    return shared_.heads->of(lane);
}

void RocksTables::on_reopen(std::function<Result<void>(const Put& put)> refill) {
    refill_ = std::move(refill);
}

void RocksTables::start_collecting() {
    // What was loaded came from files and logs that are complete; the logs before this start are no
    // longer written to.
    shared_.heads->log_switched();
    *shared_.collecting = true;
    compact_collected();
}

// One by one RocksDB writes down all its options again: a few milliseconds each.
void RocksTables::compact_collected() {
    std::vector<rocksdb::ColumnFamilyHandle*> collected;
    for (const auto family : kCollected)
        collected.push_back(families_[index_of(family)]);
    db_->EnableAutoCompaction(collected).PermitUncheckedError();
}

Result<bool> RocksTables::resume() {
    {
        const std::shared_lock gate{gate_};
        const auto status = db_ == nullptr ? rocksdb::Status::Aborted() : db_->Resume();
        if (status.ok()) return false;
        if (status.IsBusy()) {
            // RocksDB resumes by itself, and only when a whole write buffer could be flushed.
            return Error{
                Fault::storage,
                "the disk refuses writes; when it is full, they resume once " +
                    std::to_string(options_.write_buffer_bytes >> 20U) + " MiB are free"};
        }
    }
    // RocksDB gives up on some errors for good. Opening it anew helps, but until that succeeds
    // nothing can be read either, so it is not tried before the disk is seen to take writes.
    const auto probed = probe_disk();
    if (!probed.ok()) return failed("probing the disk", probed);
    const std::unique_lock alone{gate_};
    let_go();
    const auto opened = open_database();
    if (!opened.ok()) return failed("opening the store again", opened);
    ++reopenings_;
    if (refill_) {
        auto filled = refill_([this](Writes& writes) { return put_without_gate(writes); });
        if (!filled) {
            let_go();  // half of it must not be read
            return filled.error();
        }
    }
    compact_collected();
    return true;
}

rocksdb::Status RocksTables::probe_disk() const {
    auto* env = env_ == nullptr ? rocksdb::Env::Default() : env_;
    const auto name = options_.path + "/PROBE";
    constexpr std::size_t kProbeBytes = 1U << 20U;
    auto status = rocksdb::WriteStringToFile(env, std::string(kProbeBytes, '\0'), name, true);
    env->DeleteFile(name).PermitUncheckedError();
    return status;
}

}  // namespace trunkline::store
