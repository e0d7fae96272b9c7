#pragma once

#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "host/store/conversations.hpp"
#include "host/store/expiry.hpp"
#include "host/store/lane_table.hpp"

namespace trunkline::store {

/// A batch with what its caller's thread could work out beforehand.
struct Prepared {
    Batch batch;
    std::vector<Digest> dedup;          ///< one per append; all zero without a dedup text
    std::vector<Digest> conversations;  ///< one per append
    std::vector<Digest> changed;        ///< one per conversation change
    std::uint64_t ticket = 0;           ///< orders states handed in by several threads
    std::uint64_t bytes = 0;            ///< about what it will write
};

/// Refuses what breaks a documented bound, and hashes what will be looked up. `[any]`
Result<Prepared> prepare(const Vault& vault, Batch batch, std::uint64_t ticket);

/// Turns a group of batches into one set of writes: finds repeats, assigns sequences, moves dead
/// letters. A batch is checked whole before anything of it is planned, so a refused one leaves no
/// trace. One thread; nothing is visible to readers before the group was written and `commit`
/// called.
class Planner {
public:
    struct Tools {
        LaneTable& lanes;
        const Medium& medium;
        const Vault& vault;
        const ExpiryClock& clock;
    };
    struct Tally {
        std::uint64_t appended = 0;
        std::uint64_t repeats = 0;
        std::uint64_t bytes = 0;
        std::uint64_t dead = 0;
    };

    explicit Planner(Tools tools) : tools_{tools}, conversations_{tools.medium, tools.vault} {}

    void begin(Writes& writes);
    /// Nothing: it needs to see what this group writes, so it belongs into the next one.
    std::optional<Result<Receipt>> take(Prepared& job);
    /// Adds the rows that come once per group: heads, conversations.
    void finish(std::size_t other_heads_max);
    void commit();
    void roll_back();
    void forget_all() {
        conversations_.forget_all();
    }  ///< the medium may hold more than this planner wrote

    const Tally& tally() const noexcept { return tally_; }
    /// Of this group: what its head rows say, and the lanes that were appended to.
    std::vector<LaneHead> heads() const;
    std::vector<LaneId> appended() const;

private:
    /// What checking a batch found out and planning it needs.
    struct Checked {
        std::vector<bool> repeats;  ///< one per append
        std::vector<DeadRecord> dead;
        std::vector<std::size_t> marked;  ///< appends whose digests were put into `seen_`
    };
    Result<void> check_appends(const Prepared& job, Checked& checked);
    Result<void> check_space(const Prepared& job, const Checked& checked);
    Result<void> check_progress(const Prepared& job, Checked& checked);
    Result<void> check_rest(const Prepared& job);
    Result<bool> is_repeat(const Digest& digest) const;
    bool touches_this_group(const Prepared& job) const;
    LaneDraft* draft(LaneId lane);

    Position append(const Append& append, const Prepared& job, std::size_t index);
    void mark_seen(const Digest& digest, WallMs until);
    void put(const Put& put);
    void give_up(const DeadLetter& letter, DeadRecord& found);
    void plan_rest(Prepared& job);

    Tools tools_;
    Conversations conversations_;
    Writes* writes_ = nullptr;
    std::unordered_map<LaneId, LaneDraft> drafts_;
    std::unordered_set<Digest, DigestHash> seen_;     ///< digests this group writes
    std::set<std::pair<LaneId, Sequence>> replaced_;  ///< records this group overwrites
    std::vector<LaneTable::DueHead> due_;
    Tally tally_;
    std::string scratch_;
};

}  // namespace trunkline::store
