#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/async/await.hpp"
#include "host/base/clock.hpp"
#include "host/base/result.hpp"
#include "host/base/secret.hpp"
#include "host/base/ulid.hpp"

/// What is on disk, and the only door to it: append, read from, advance, dead-letter; beside them
/// small rows.
///
/// All writing goes through one committer thread, which merges everything that waits into one
/// synced write. That is what makes a durable acknowledgement cheap (one sync for many) and what
/// gives each lane one order.
namespace trunkline::store {

using LaneId = std::uint32_t;
using Sequence = std::uint64_t;  ///< contiguous per lane from 1

/// Kinds of small rows. Values are stored; never renumber.
enum class Table : std::uint8_t {
    plugin = 1,  ///< what connectors `put`: key = scope + '\0' + owner + '\0' + key
    cursor = 2,  ///< poll cursors: key = account
    task = 3,  ///< ONCE marks and their replies, connect journals: key = account + '\0' + task key
               ///< + '\0' + step
    account = 4,  ///< accounts made at run time, and what runtime learnt about each
    portal = 5,   ///< portals made at run time; opened URL, key rotation
    command = 6,  ///< results of finally refused commands, progress of split ones: key = portal +
                  ///< '\0' + command id
    sent = 7,  ///< messenger's message id -> command: key = account + '\0' + conversation + '\0' +
               ///< message id
    quarantine = 8,  ///< key = ULID bytes
    upload = 9,      ///< outgoing files waiting for use: key = media id
    audit = 10,      ///< key = ULID bytes
    held = 11,       ///< records of waiting conversations set aside by a keyed lane: key = lane +
                     ///< conversation + sequence
    connector = 12,  ///< what is remembered of connectors: key = id
    copy = 13,     ///< copies of messengers' files, and what is still to be copied: see host/media
    profile = 14,  ///< whose profile was asked for, and what it said: key = account + '\0' +
                   ///< customer
};

/// Flags of a record. Stored; never renumber.
enum RecordFlag : std::uint32_t {
    kNotice = 1U << 0U,  ///< a gap notice: it is never dead-lettered itself, its range merges into
                         ///< the next one
    kRequeued = 1U << 1U,  ///< came back from the dead letters
};

/// A small row to write. `expires_ms` 0 = never; expired rows are not returned and vanish by
/// compaction.
struct Put {
    Table table;
    std::string key;
    std::string value;
    WallMs expires_ms = 0;
};

struct Erase {
    Table table;
    std::string key;
};

/// An event or command to append at the tail of a lane.
struct Append {
    LaneId lane = 0;
    std::string conversation;  ///< what order is kept within; "" = belongs to none
    Ulid id;
    WallMs accepted_ms = 0;
    std::uint32_t flags = 0;
    std::string
        dedup;  ///< "" = never a repeat; otherwise any text, scoped by the caller (account, kind)
    WallMs dedup_until_ms = 0;  ///< how long a repeat is recognised
    std::string body;           ///< plain; the store encrypts it
    Sequence requeued = 0;      ///< with kRequeued: the sequence it had when it was given up on
    std::vector<Put> with;      ///< written only if this record is not a repeat
};

/// Everything up to `through` is finished; `beyond` are finished ones after a gap (keyed lanes
/// only, at most 256).
struct Advance {
    LaneId lane = 0;
    Sequence through = 0;
    std::vector<Sequence> beyond;
};

/// A record as read back.
struct Record {
    Sequence sequence = 0;
    Sequence conversation_sequence = 0;
    Ulid id;
    WallMs accepted_ms = 0;
    std::uint32_t flags = 0;
    std::string conversation;
    std::string body;
    Sequence requeued = 0;  ///< see Append
};

/// Whether `record` tells of a gap instead of an event. `[any]`
inline bool is_notice(const Record& record) {
    return (record.flags & kNotice) != 0;
}

/// Gives up on one stored record: it moves to the dead letters and, in the same write, `instead`
/// takes its place and its sequence (the gap notice), or, without one, the place is finished as if
/// advanced over (only legal at the head; several in one batch are taken in their order, each at
/// the head that the one before it left).
struct DeadLetter {
    LaneId lane = 0;
    Sequence sequence = 0;
    std::string reason;   ///< "retention", "rejected", "too_large", ...
    std::string detail;   ///< for people; no content
    int last_status = 0;  ///< of the last try, 0 = none
    std::uint32_t attempts = 0;
    bool keep = true;  ///< false: drop without a dead letter (a merged notice, a discarded record)
    std::optional<Append> instead;  ///< its lane is ignored
    /// Given by keyed lanes: this becomes the dead letter as it stands, and the lane's places are
    /// left alone (the same batch's Advance, or an earlier one, finishes them). `sequence` then is
    /// the record's.
    std::optional<Record> record;
};

/// What the host knows about one conversation of an account. Kept under the account's own lane.
struct Conversation {
    Sequence next_sequence = 1;    ///< conversation_sequence of the next record (in portal lanes)
    WallMs customer_first_ms = 0;  ///< 0 = the customer has never spoken
    WallMs customer_last_ms = 0;
    std::string note;     ///< the connector's, at most 4 KiB
    std::string current;  ///< after a migration: the messenger's present id; "" = unchanged
    std::string kind;     ///< direct, group, comments; "" = not told yet
};

struct ConversationChange {
    LaneId lane = 0;
    std::string conversation;
    std::optional<WallMs> customer_spoke_ms;
    std::optional<std::string> note;
    std::optional<std::string> current;
    std::optional<std::string> kind;
};

/// Delivery state of a lane that must survive a restart. Opaque to the store.
struct LaneState {
    LaneId lane = 0;
    std::string state;  ///< at most 4 KiB
};

/// One write: all of it or none of it. Taken in this order: `advance`, `dead`, `append`, then the
/// rest.
struct Batch {
    std::vector<Append> append;
    std::vector<Advance> advance;
    std::vector<DeadLetter> dead;
    std::vector<std::pair<LaneId, Sequence>>
        discard_dead;  ///< remove dead letters (after requeue or by hand)
    std::vector<Put> put;
    std::vector<Erase> erase;
    std::vector<ConversationChange> conversations;
    std::vector<LaneState> states;

    /// False for pure acknowledgements: they ride on the next synced write or wait at most 50 ms,
    /// because losing one only means a repeat.
    bool durable = true;
};

/// Where an append ended up. `repeat`: nothing was written for it.
struct Position {
    Sequence sequence = 0;
    Sequence conversation_sequence = 0;
    bool repeat = false;
};

struct Receipt {
    std::vector<Position> positions;  ///< one per append, in order
};

struct DeadRecord {
    Record record;
    std::string reason;
    std::string detail;
    int last_status = 0;
    std::uint32_t attempts = 0;
    WallMs died_ms = 0;
};

struct LaneInfo {
    LaneId id = 0;
    std::string name;         ///< "portal/acme/messages", "account/acme-telegram"
    std::uint64_t epoch = 0;  ///< the lane's incarnation: wall time of its creation in ms, so a
                              ///< lost store means a higher one
    Sequence head = 1;        ///< first unfinished
    Sequence tail = 1;        ///< next to be assigned; empty when equal to head
    std::vector<Sequence> beyond;
    std::uint64_t waiting_bytes = 0;  ///< approximate
    std::string state;
};

struct Row {
    std::string key;
    std::string value;
    WallMs expires_ms = 0;
};

struct Options {
    std::string path;
    Secret key;  ///< 32 bytes; encrypts bodies, notes and rows
    /// Resident memory swings by as much; larger ones were not seen to be quicker.
    std::uint64_t write_buffer_bytes = 8ULL << 20U;
    std::uint64_t block_cache_bytes = 64ULL << 20U;
    /// What is appended stays in memory until so much of it has come, twice at most.
    std::uint64_t journal_file_bytes = 8ULL << 20U;
    std::uint64_t memory_acks_bytes_max = 64ULL << 20U;
    WallMs dead_letters_keep_ms = 14LL * 24 * 3600 * 1000;
};

/// Thread-safe. Owner: main. `commit` may be called from any loop; reads block and belong on the
/// blocking pool.
class Store {
public:
    virtual ~Store() = default;

    /// Finds or makes the lane called `name`. From now on `commit` fails with `throttled` when more
    /// than `waiting_bytes_max` (0 = no bound) would wait in it; an empty lane takes anything.
    /// Blocks; for start-up and for changes of configuration.
    virtual Result<LaneInfo> open_lane(
        const std::string& name, std::uint64_t waiting_bytes_max
    ) = 0;
    Result<LaneInfo> open_lane(const std::string& name) { return open_lane(name, 0); }
    virtual std::optional<LaneInfo> lane(LaneId lane) const = 0;  ///< from memory, never blocks
    /// Those called `from` or later, but before `to` ("" = to the end), by name. From memory, never
    /// blocks.
    virtual std::vector<LaneInfo> lanes(const std::string& from, const std::string& to) const = 0;
    std::vector<LaneInfo> lanes() const { return lanes("", ""); }
    /// Those whose name begins so; `prefix` ends in '/'.
    std::vector<LaneInfo> lanes_under(const std::string& prefix) const {
        std::string behind = prefix;
        ++behind.back();
        return lanes(prefix, behind);
    }

    /// Writes `batch` whole; completes, on the caller's loop, when it is synced (or, not `durable`,
    /// when it is queued). Fails with `storage` (full or broken disk: nothing was written) or
    /// `throttled` (a lane's bound).
    virtual async::Awaitable<Result<Receipt>> commit(Batch batch) = 0;

    /// The same for a thread that may block (start-up, tools, tests).
    virtual Result<Receipt> commit_and_wait(Batch batch) = 0;

    /// Records from `from` on, in order, skipping finished ones, at most `count` and about `bytes`.
    /// Blocks.
    virtual Result<std::vector<Record>> read(
        LaneId lane, Sequence from, std::size_t count, std::uint64_t bytes
    ) const = 0;

    /// The same when all of it is in memory, and without blocking; none when it is not.
    virtual std::optional<std::vector<Record>> read_at_once(
        LaneId lane, Sequence from, std::size_t count, std::uint64_t bytes
    ) const {
        static_cast<void>(lane), static_cast<void>(from), static_cast<void>(count),
            static_cast<void>(bytes);
        return std::nullopt;
    }

    virtual Result<std::optional<Row>> row(Table table, const std::string& key)
        const = 0;  ///< blocks briefly
    /// Rows whose key starts with `prefix`, after `after` (exclusive; "" = from the start),
    /// ascending. Blocks.
    virtual Result<std::vector<Row>> rows(
        Table table, const std::string& prefix, const std::string& after, std::size_t count
    ) const = 0;

    virtual Result<Conversation> conversation(LaneId lane, const std::string& conversation)
        const = 0;  ///< blocks briefly

    /// Dead letters of one lane, after `after`, ascending. Blocks.
    virtual Result<std::vector<DeadRecord>> dead(LaneId lane, Sequence after, std::size_t count)
        const = 0;

    /// Called on the committer's thread after each write that appended to a lane; must be quick and
    /// must not block. Set before the first commit.
    virtual void on_append(std::function<void(LaneId)> listener) = 0;

    /// True while the disk refuses writes: accepting stops, deliveries go on, acknowledgements are
    /// kept in memory.
    virtual bool read_only() const noexcept = 0;

    /// Figures for metrics: commits, syncs, records, bytes written, rows.
    struct Figures {
        std::uint64_t commits = 0;
        std::uint64_t syncs = 0;
        std::uint64_t appended = 0;
        std::uint64_t repeats = 0;
        std::uint64_t bytes_appended = 0;
        std::uint64_t dead_letters = 0;
        std::uint64_t failures = 0;
    };
    virtual Figures figures() const = 0;

    /// Flushes and closes; commits after this fail with `cancelled`.
    virtual void close() = 0;
};

/// Opens (or makes) the store on RocksDB. Refuses, naming what is wrong, a damaged store or a key
/// that does not fit it.
Result<std::unique_ptr<Store>> open_rocksdb(const Options& options, const Clock& clock);

/// The same promises in memory, without a disk; for tests of whoever uses a store.
/// `forget_unsynced` has no meaning here.
std::unique_ptr<Store> make_memory_store(const Clock& clock);

}  // namespace trunkline::store
