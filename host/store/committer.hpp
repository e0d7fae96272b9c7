#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "host/store/internals.hpp"
#include "host/store/planner.hpp"

namespace trunkline::store {

/// A batch on its way through the committer, with the one who waits for it.
class Job {
public:
    explicit Job(Prepared what) : prepared{std::move(what)} {}
    virtual ~Job() = default;
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;

    /// Where `complete` must be called; none = on the committer's thread.
    virtual std::optional<async::Executor> where() const = 0;
    virtual void complete(Result<Receipt> result) = 0;

    Prepared prepared;
    std::optional<Result<Receipt>> answer;
};

/// The one thread that writes. It takes all that arrived while the last write was synced, writes it
/// as one, and then answers everybody, each loop with one wake-up. While the disk refuses, it
/// answers `storage` and tries again and again. `submit` and `acknowledge` are safe from any
/// thread.
class Committer {
public:
    struct Limits {
        std::uint64_t memory_acks_bytes_max;
    };
    Committer(
        LaneTable& lanes,
        Medium& medium,
        const Vault& vault,
        const ExpiryClock& clock,
        Limits limits,
        Internals internals
    );
    ~Committer();
    Committer(const Committer&) = delete;
    Committer& operator=(const Committer&) = delete;

    /// Takes the job only if it succeeds; otherwise it will not be completed and the error is the
    /// answer.
    Result<void> submit(std::unique_ptr<Job>& job);
    /// Moves lanes on in memory at once; the rows follow with the next write.
    Result<void> acknowledge(const Prepared& job);

    /// Answers one job that was not taken, on its own loop.
    static void answer(std::unique_ptr<Job> job);

    void on_append(std::function<void(LaneId)> listener) { listener_ = std::move(listener); }
    bool read_only() const noexcept { return read_only_.load(std::memory_order_acquire); }
    Store::Figures figures() const;
    void stop();  ///< writes what was submitted, then ends the thread

private:
    using Jobs = std::vector<std::unique_ptr<Job>>;
    using Clock = std::chrono::steady_clock;

    void run();
    bool gather(Jobs& jobs);
    void write(Jobs& jobs);
    void put_back(Jobs& jobs, std::size_t from);
    bool apply(bool synced);
    void written(bool synced);
    void refuse(Jobs& jobs);
    void enter_read_only(const Error& why);
    void still_read_only(const Error& why);
    bool try_again();
    bool adopt();
    void wait_before_trying();
    static void answer(Jobs& jobs);
    void reached(Moment moment) const;

    LaneTable& lanes_;
    Medium& medium_;
    const Limits limits_;
    const Internals internals_;
    Planner planner_;
    std::unique_ptr<Writes> writes_;
    std::function<void(LaneId)> listener_;

    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<std::unique_ptr<Job>> waiting_;
    std::uint64_t waiting_bytes_ = 0;
    std::optional<Clock::time_point>
        acknowledged_;  ///< the oldest acknowledgement that is not written
    bool stopping_ = false;

    std::atomic<bool> read_only_{false};
    std::string told_;         ///< why it is still read-only, as last logged
    bool must_adopt_ = false;  ///< the medium was opened anew and not yet looked at
    std::vector<LaneHead> unsynced_heads_;
    Clock::time_point last_sync_ = Clock::now();
    std::atomic<std::uint64_t> commits_{0};
    std::atomic<std::uint64_t> syncs_{0};
    std::atomic<std::uint64_t> appended_{0};
    std::atomic<std::uint64_t> repeats_{0};
    std::atomic<std::uint64_t> bytes_{0};
    std::atomic<std::uint64_t> dead_{0};
    std::atomic<std::uint64_t> failures_{0};
    std::thread thread_;
};

/// Only moves lanes on: may be kept in memory while nothing can be written.
inline bool only_acknowledges(const Batch& batch) noexcept {
    return batch.append.empty() && batch.dead.empty() && batch.discard_dead.empty() &&
           batch.put.empty() && batch.erase.empty() && batch.conversations.empty();
}

}  // namespace trunkline::store
