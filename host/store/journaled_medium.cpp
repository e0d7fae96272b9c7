#include "host/store/journaled_medium.hpp"

#include <chrono>
#include <optional>
#include <utility>

#include <spdlog/spdlog.h>
#include <sys/resource.h>

namespace trunkline::store {
namespace {

constexpr std::size_t kFilesMax = 8;
constexpr std::size_t kFlushEvery = 4;  // generations
constexpr std::size_t kFillPiece = 1U << 20U;
constexpr std::size_t kSettlePiece = 64U << 10U;
constexpr std::chrono::seconds kKeepUp{60};
constexpr std::chrono::milliseconds kTryAgain{200};

class JournalWrites final : public Writes {
public:
    JournalWrites() { JournalWrites::clear(); }
    void put(Family family, std::string_view key, std::string_view value) override {
        append_change({family, false, key, value}, frame);
    }
    void erase(Family family, std::string_view key) override {
        append_change({family, true, key, {}}, frame);
    }
    bool empty() const override { return frame.size() == kFrameHeader; }
    void clear() override { frame.assign(kFrameHeader, '\0'); }

    std::string frame;
};

/// Several generations and the tables as one, newest first. Looks every entry up anew, so that it
/// need not hold a lock; the tables are only asked when the generations leave something open.
class MergedCursor final : public Cursor {
public:
    using Generations = std::vector<std::shared_ptr<Generation>>;

    MergedCursor(
        Generations generations,
        const RocksTables* tables,  // null: they are not to be asked
        Family family,
        std::string_view from,
        std::string_view until
    )
        : generations_{std::move(generations)}, tables_{tables}, family_{family}, until_{until} {
        take(std::string{from}, true);
    }

    bool valid() const override { return valid_; }
    void next() override {
        // A lane's records stand one behind the other: the next key is known.
        LaneId lane = 0;
        Sequence sequence = 0;
        if (family_ == Family::msg && parse_record_key(key_, lane, sequence)) {
            take(std::string{Key::of_record(lane, sequence + 1).view()}, true);
        } else {
            take(std::string{key_}, false);
        }
    }
    std::string_view key() const override { return key_; }
    std::string_view value() const override { return value_; }
    Result<void> status() const override {
        if (stuck_) return Error{Fault::unavailable, "not at hand"};
        return below_ ? below_->status() : Result<void>{};
    }

private:
    void take(std::string from, bool inclusive) {
        valid_ = false;
        while (until_.empty() || from < until_) {
            std::optional<Generation::Entry> best;
            for (auto at = generations_.rbegin(); at != generations_.rend(); ++at) {
                const auto found = (*at)->next(family_, from, inclusive);
                if (found && (!best || found->key < best->key)) best = found;
            }
            const bool certain = best && inclusive && best->key == from;
            if (!certain) {
                stuck_ = tables_ == nullptr;
                if (stuck_) return;
                look_below(from, inclusive);
                if (!below_->valid() && !below_->status()) return;  // who asks is told
                if (below_->valid() && (!best || below_->key() < best->key))
                    return settle_on(below_->key(), below_->value());
            }
            if (!best) return;
            if (!best->value.erased) return settle_on(best->key, best->value.bytes);
            from = best->key;
            inclusive = false;
        }
    }

    // Moves `below_` to what the tables have from there on.
    void look_below(std::string_view from, bool inclusive) {
        if (!below_) below_ = tables_->cursor(family_, from, until_);
        while (below_->valid() && (below_->key() < from || (!inclusive && below_->key() == from)))
            below_->next();
    }

    void settle_on(std::string_view key, std::string_view value) {
        key_ = key;
        value_ = value;
        valid_ = until_.empty() || key_ < until_;
    }

    const Generations generations_;
    const RocksTables* const tables_;
    const Family family_;
    const std::string until_;
    std::unique_ptr<Cursor> below_;
    std::string key_;
    std::string_view value_;  // in a generation, or where `below_` stands
    bool valid_ = false;
    bool stuck_ = false;
};

}  // namespace

Result<std::unique_ptr<JournaledMedium>> JournaledMedium::open(
    std::unique_ptr<RocksTables> tables, const Options& options, const Internals& internals
) {
    Journal::Settings settings;
    settings.folder = options.path + "/journal";
    settings.file_bytes =
        (options.journal_file_bytes + kFrameBlock - 1) / kFrameBlock * kFrameBlock;
    settings.files_max = kFilesMax;
    settings.env = internals.env == nullptr ? rocksdb::Env::Default() : internals.env;
    auto journal = Journal::open(std::move(settings));
    if (!journal) return journal.error();
    std::unique_ptr<JournaledMedium> medium{
        new JournaledMedium{std::move(tables), *std::move(journal)}};
    auto& all = *medium->tables_;
    const auto last = medium->journal_->last();
    auto done = medium->fill_tables(0, last, [&](Writes& writes) { return all.put(writes); });
    if (done && last > 0) done = all.flush();
    if (!done)
        return Error{Fault::storage, "the store at " + options.path + ": " + done.error().context};
    medium->journal_->settled(last);
    medium->settled_ = medium->settled_on_disk_ = last;
    all.on_reopen([medium = medium.get()](const RocksTables::Put& put) {
        std::uint64_t after = 0;
        std::uint64_t through = 0;
        {
            const std::lock_guard guard{medium->mutex_};
            after = medium->settled_on_disk_;
            through = medium->settled_;
        }
        return medium->fill_tables(after, through, put);
    });
    medium->settler_ = std::thread{[medium = medium.get()] { medium->run(); }};
    return medium;
}

JournaledMedium::JournaledMedium(
    std::unique_ptr<RocksTables> tables, std::unique_ptr<Journal> journal
)
    : tables_{std::move(tables)}, journal_{std::move(journal)} {}

JournaledMedium::~JournaledMedium() {
    JournaledMedium::close();
}

Result<void> JournaledMedium::fill_tables(
    std::uint64_t after, std::uint64_t through, const RocksTables::Put& put
) {
    const auto writes = tables_->writes();
    std::size_t bytes = 0;
    auto done = journal_->replay(after, through, [&](std::string_view changes) -> Result<void> {
        const bool good = for_each_change(changes, [&](const Change& change) {
            if (change.erased)
                writes->erase(change.family, change.key);
            else
                writes->put(change.family, change.key, change.value);
        });
        if (!good) return Error{Fault::storage, "a frame of the journal cannot be read"};
        bytes += changes.size();
        if (bytes < kFillPiece) return {};
        bytes = 0;
        auto written = put(*writes);
        writes->clear();
        return written;
    });
    if (done && !writes->empty()) done = put(*writes);
    return done;
}

Result<bool> JournaledMedium::get(Family family, std::string_view key, std::string& value) const {
    {
        const std::shared_lock looking{looking_};
        for (auto at = generations_.rbegin(); at != generations_.rend(); ++at) {
            const auto found = (*at)->find(family, key);
            if (!found) continue;
            if (found->erased) return false;
            value.assign(found->bytes);
            return true;
        }
    }
    return tables_->get(family, key, value);
}

std::unique_ptr<Cursor> JournaledMedium::cursor(
    Family family, std::string_view from, std::string_view until
) const {
    if (!Generation::ordered(family)) return tables_->cursor(family, from, until);
    return std::make_unique<MergedCursor>(generations(), tables_.get(), family, from, until);
}

std::unique_ptr<Cursor> JournaledMedium::cursor_at_hand(
    Family family, std::string_view from, std::string_view until
) const {
    return std::make_unique<MergedCursor>(generations(), nullptr, family, from, until);
}

JournaledMedium::Generations JournaledMedium::generations() const {
    const std::shared_lock looking{looking_};
    return generations_;
}

std::unique_ptr<Writes> JournaledMedium::writes() {
    return std::make_unique<JournalWrites>();
}

Result<void> JournaledMedium::apply(Writes& writes, bool synced) {
    auto& frame = static_cast<JournalWrites&>(writes).frame;
    const auto changes = frame.size() - kFrameHeader;
    const std::lock_guard one_at_a_time{applying_};
    if (!active_ || !journal_->has_room(changes)) {
        auto made = make_room(changes);
        if (!made) return made;
    }
    auto appended = journal_->append(frame, synced);
    if (!appended) return appended;
    active_->add(std::move(frame), changes, journal_->last());
    if (synced && std::exchange(switched_, false)) tables_->log_switched();
    writes.clear();
    return {};
}

Result<void> JournaledMedium::make_room(std::size_t changes) {
    auto ended = journal_->end_file();
    if (!ended) return ended;
    freeze();
    for (std::size_t waits = 0;; ++waits) {
        const auto begun = journal_->begin_file(changes);
        if (!begun) return begun.error();
        if (*begun) break;
        // Each wait ends with something settled; more than there are files cannot be needed.
        if (waits > kFilesMax) return Error{Fault::storage, "the journal finds no room"};
        auto waited = wait_for_room();
        if (!waited) return waited;
    }
    active_ = std::make_shared<Generation>();
    const std::unique_lock alone{looking_};
    generations_.push_back(active_);
    return {};
}

// Nothing is added to the active generation any more.
void JournaledMedium::freeze() {
    if (!active_) return;
    switched_ = true;
    {
        const std::lock_guard guard{mutex_};
        frozen_.push_back(std::move(active_));
    }
    active_ = nullptr;
    work_.notify_one();
}

Result<void> JournaledMedium::wait_for_room() {
    std::unique_lock lock{mutex_};
    const auto before = flushes_;
    urgent_ = true;
    work_.notify_one();
    // As long as it gets on, however slowly: whoever commits meanwhile waits, and is sent away when
    // too many do. A disk that took a minute for one piece does not work.
    for (auto seen = pieces_;; seen = pieces_) {
        flushed_.wait_for(lock, kKeepUp, [&] { return flushes_ != before || !failing_.empty(); });
        if (flushes_ != before) return {};
        if (!failing_.empty()) return Error{Fault::storage, failing_};
        if (pieces_ == seen)
            return Error{Fault::storage, "the tables cannot keep up with the journal"};
    }
}

void JournaledMedium::heads_synced(std::span<const LaneHead> heads) {
    tables_->heads_synced(heads);
}

void JournaledMedium::start_collecting() {
    tables_->start_collecting();
}

Result<bool> JournaledMedium::resume() {
    const std::lock_guard one_at_a_time{applying_};
    auto resumed = tables_->resume();
    if (!resumed) return resumed;
    {
        const std::lock_guard guard{mutex_};
        failing_.clear();
    }
    work_.notify_one();
    return resumed;
}

void JournaledMedium::close() {
    if (settler_.joinable()) {
        const std::lock_guard one_at_a_time{applying_};
        const auto ended = journal_->end_file();
        if (ended) {
            tables_->log_switched();
            freeze();
        } else {
            spdlog::warn("store.journal_left reason=\"{}\"", ended.error().context);
        }
        {
            const std::lock_guard guard{mutex_};
            stopping_ = true;
        }
        work_.notify_one();
        settler_.join();
        journal_->finish();
    }
    tables_->close();
}

void JournaledMedium::run() {
    // Nobody waits for it, and whoever is waited for should not wait for it either.
    constexpr int kNice = 10;
    ::setpriority(PRIO_PROCESS, 0, kNice);
    journal_->prepare();
    std::unique_lock lock{mutex_};
    while (true) {
        work_.wait(lock, [this] { return stopping_ || urgent_ || !frozen_.empty(); });
        if (!frozen_.empty()) {
            lock.unlock();
            journal_->prepare();
            lock.lock();
            settle_one(lock);
        }
        const bool last = frozen_.empty() && (urgent_ || stopping_);
        if (failing_.empty() && (last || unflushed_ >= kFlushEvery)) flush(lock);
        if (!failing_.empty()) {
            if (stopping_) return;  // the journal has it
            work_.wait_for(lock, kTryAgain);
            continue;
        }
        if (stopping_ && frozen_.empty()) return;
    }
}

void JournaledMedium::settle_one(std::unique_lock<std::mutex>& lock) {
    const auto generation = frozen_.front();
    lock.unlock();
    const auto opened = tables_->reopenings();
    auto done = settle(*generation);
    lock.lock();
    if (!done) return failed(done.error());
    // Half of it may have gone with the tables that were open before.
    if (opened != tables_->reopenings()) return;
    settled_ = std::max(settled_, generation->last());  // an empty one has none
    ++unflushed_;
    frozen_.pop_front();
    failing_.clear();
    const std::unique_lock alone{looking_};
    std::erase(generations_, generation);
}

void JournaledMedium::flush(std::unique_lock<std::mutex>& lock) {
    const auto through = settled_;
    lock.unlock();
    auto done = tables_->flush();
    lock.lock();
    if (!done) return failed(done.error());
    journal_->settled(through);
    settled_on_disk_ = through;
    unflushed_ = 0;
    urgent_ = false;
    ++flushes_;
    flushed_.notify_all();
}

// A file takes longer to fill than to settle: the work is spread, so that nothing else has to wait
// for it, unless somebody does.
void JournaledMedium::pause_after(std::chrono::steady_clock::duration work) {
    constexpr int kRestPerWork = 3;
    std::unique_lock lock{mutex_};
    ++pieces_;
    if (frozen_.size() > 1) return;
    work_.wait_for(lock, kRestPerWork * work, [this] {
        return urgent_ || stopping_ || frozen_.size() > 1;
    });
}

void JournaledMedium::failed(const Error& why) {
    if (failing_.empty()) spdlog::error("store.tables_failed reason=\"{}\"", why.context);
    failing_ = why.context;
    flushed_.notify_all();
}

Result<void> JournaledMedium::settle(const Generation& generation) {
    const auto writes = tables_->writes();
    std::size_t bytes = 0;
    Result<void> done;
    generation.for_each([&](Family family, const Generation::Entry& entry) {
        if (!done) return;
        LaneId lane = 0;
        Sequence sequence = 0;
        // Finished, so nobody will ask for it.
        if (family == Family::msg && parse_record_key(entry.key, lane, sequence) &&
            sequence < tables_->trusted_head(lane))
            return;
        if (entry.value.erased)
            writes->erase(family, entry.key);
        else
            writes->put(family, entry.key, entry.value.bytes);
        bytes += entry.key.size() + entry.value.bytes.size();
        if (bytes < kSettlePiece) return;
        bytes = 0;
        const auto began = std::chrono::steady_clock::now();
        done = tables_->put(*writes);
        writes->clear();
        pause_after(std::chrono::steady_clock::now() - began);
    });
    if (done && !writes->empty()) done = tables_->put(*writes);
    return done;
}

}  // namespace trunkline::store
