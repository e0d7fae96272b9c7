#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "host/store/generation.hpp"
#include "host/store/journal.hpp"
#include "host/store/rocks_tables.hpp"

namespace trunkline::store {

/// Rows in tables, with a journal in front. A change is written to the journal, synced, and kept
/// where it can be looked up; what is finished by the time its file is full (a delivered event, a
/// row that was written over) never reaches the tables. A thread of its own moves the rest there.
///
///     apply ──► journal ──► generations ──(a file is full)──► settler ──► tables ──flush──► the
///     file is free reads ◄── generations, newest first, then tables
class JournaledMedium final : public Medium {
public:
    /// Brings what the journal alone has into the tables.
    static Result<std::unique_ptr<JournaledMedium>> open(
        std::unique_ptr<RocksTables> tables, const Options& options, const Internals& internals
    );
    ~JournaledMedium() override;

    Result<bool> get(Family family, std::string_view key, std::string& value) const override;
    /// Families that are not `Generation::ordered` show only what the tables have: they are walked
    /// through at the start, and then the tables have everything.
    std::unique_ptr<Cursor> cursor(Family family, std::string_view from, std::string_view until)
        const override;
    std::unique_ptr<Cursor> cursor_at_hand(
        Family family, std::string_view from, std::string_view until
    ) const override;
    std::unique_ptr<Writes> writes() override;
    Result<void> apply(Writes& writes, bool synced) override;
    void heads_synced(std::span<const LaneHead> heads) override;
    void start_collecting() override;
    Result<bool> resume() override;
    void close() override;

private:
    using Generations = std::vector<std::shared_ptr<Generation>>;

    JournaledMedium(std::unique_ptr<RocksTables> tables, std::unique_ptr<Journal> journal);

    Generations generations() const;
    Result<void> fill_tables(
        std::uint64_t after, std::uint64_t through, const RocksTables::Put& put
    );
    Result<void> make_room(std::size_t changes);
    Result<void> wait_for_room();
    void freeze();

    // The settler's thread.
    void run();
    void settle_one(std::unique_lock<std::mutex>& lock);
    void flush(std::unique_lock<std::mutex>& lock);
    void failed(const Error& why);
    void pause_after(std::chrono::steady_clock::duration work);
    Result<void> settle(const Generation& generation);

    std::unique_ptr<RocksTables> tables_;

    std::mutex applying_;  ///< one frame at a time
    std::unique_ptr<Journal> journal_;
    std::shared_ptr<Generation> active_;  ///< what is appended to; null between two files
    bool switched_ = false;               ///< to another file, in which nothing is synced yet

    mutable std::shared_mutex looking_;
    Generations generations_;  ///< guarded by looking_; oldest first

    std::mutex mutex_;  ///< guards what follows
    std::condition_variable work_;
    std::condition_variable flushed_;
    std::deque<std::shared_ptr<Generation>> frozen_;  ///< to be settled
    std::uint64_t settled_ = 0;          ///< the tables were given everything up to this frame ...
    std::uint64_t settled_on_disk_ = 0;  ///< ... and have it up to this one
    std::size_t unflushed_ = 0;          ///< generations in between
    std::uint64_t flushes_ = 0;
    bool urgent_ = false;       ///< somebody waits for a file
    std::uint64_t pieces_ = 0;  ///< settled, ever
    std::string failing_;       ///< why the tables take nothing; "" = they do
    bool stopping_ = false;
    std::thread settler_;
};

}  // namespace trunkline::store
