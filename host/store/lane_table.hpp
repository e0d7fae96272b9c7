#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "host/store/codec.hpp"
#include "host/store/progress.hpp"

namespace trunkline::store {

/// What one group of batches changes of one lane; made while planning, published once it is on
/// disk.
struct LaneDraft {
    Progress progress;
    Sequence tail = 1;
    std::uint64_t waiting_bytes = 0;      ///< as the lane had it, with `added_bytes`
    std::uint64_t waiting_bytes_max = 0;  ///< 0 = no bound
    std::uint64_t added_bytes = 0;
    std::optional<std::string> state;
    std::uint64_t state_ticket = 0;
    bool appended = false;
    bool head_changed = false;  ///< head, beyond or state
};

/// All lanes, in memory. Acknowledgements change it at once and are written later; everything else
/// is published here after it was written. Safe from any thread.
class LaneTable {
public:
    struct Loaded {
        LaneId id = 0;
        std::string name;
        std::uint64_t epoch = 0;
        Progress progress;
        Sequence tail = 1;
        std::uint64_t waiting_bytes = 0;
        std::uint64_t waiting_bytes_max = 0;  ///< not kept: whoever opens the lane says it
        std::string state;
    };
    void add(Loaded lane);

    void adopt_tail(LaneId lane, Sequence tail);
    void bound(LaneId lane, std::uint64_t waiting_bytes_max);

    std::optional<LaneInfo> find(LaneId lane) const;
    std::optional<LaneInfo> find(const std::string& name) const;
    std::vector<LaneInfo> between(const std::string& from, const std::string& to) const;
    LaneId next_id() const;
    std::optional<LaneDraft> draft(LaneId lane) const;
    Sequence head(LaneId lane) const;

    struct Position {
        Progress progress;
        Sequence tail = 1;
    };
    std::optional<Position> position(LaneId lane) const;

    /// Takes acknowledgements without writing them; they are due to be written afterwards. Fails,
    /// changing nothing, with `not_found`, `malformed`, or `storage` when more than `bytes_max`
    /// would be waiting to be written.
    Result<void> acknowledge(
        const std::vector<Advance>& advances,
        const std::vector<LaneState>& states,
        std::uint64_t ticket,
        std::uint64_t bytes_max
    );
    bool anything_due() const;

    /// A head row to be written, and the version of the lane it shows.
    struct DueHead {
        LaneId lane = 0;
        std::uint64_t version = 0;
        HeadRow row;
    };
    /// The rows of the lanes of `drafts` that changed, then of at most `more` others that are due.
    std::vector<DueHead> due_heads(
        const std::unordered_map<LaneId, LaneDraft>& drafts, std::size_t more
    ) const;

    /// After the write: makes the drafts visible, and these rows no longer due.
    void publish(
        const std::unordered_map<LaneId, LaneDraft>& drafts, const std::vector<DueHead>& written
    );

    /// Whether `advance` fits a lane with this tail and progress.
    static Result<void> check(const Advance& advance, const Progress& progress, Sequence tail);

private:
    struct Entry {
        Loaded lane;
        std::uint64_t state_ticket = 0;
        std::uint64_t version = 0;  ///< goes up with every change of what the head row shows
        std::uint64_t written = 0;  ///< the newest version on disk
        bool due = false;           ///< is in `due_`
        std::uint64_t due_bytes = 0;
    };
    static LaneInfo info_of(const Entry& entry);
    static void move_on(Entry& entry, const Progress& progress);
    Entry* at(LaneId lane);
    const Entry* at(LaneId lane) const;
    void mark_due(LaneId id, Entry& entry);

    mutable std::mutex mutex_;
    std::vector<std::unique_ptr<Entry>> entries_;  ///< by id; ids are small and contiguous
    std::map<std::string, LaneId> names_;
    std::deque<LaneId> due_;
    std::uint64_t due_bytes_ = 0;
};

}  // namespace trunkline::store
