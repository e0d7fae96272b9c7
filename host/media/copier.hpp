#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "host/accounts/directory.hpp"
#include "host/async/loops.hpp"
#include "host/media/copies.hpp"
#include "host/media/copy_job.hpp"
#include "host/media/origins.hpp"

namespace trunkline::media {

/// Why a file will not be had behind what the messenger keeps of it.
struct Lost {
    CopyJob job;
    std::string reason;   ///< gone, too_large, no_room, not_in_time
    WallMs until_ms = 0;  ///< with no_room: until then the link works
};

/// Copies files before they die at their messenger. What is to be copied stands in the store,
/// written with its event; this finds it there, a few at a time and no account before another, and
/// tries until the file dies. Nothing waits for it. Owner: main; lives on `home`, and does each
/// account's work on that account's loop.
class Copier {
public:
    /// Tells a file's portal; writes that and erases the rows in one. On the account's loop.
    using Tell = std::function<async::Awaitable<Result<void>>(
        std::shared_ptr<accounts::Account> account, Lost lost, std::vector<store::Erase> with
    )>;
    struct Services {
        async::Loop& home;
        store::Store& store;
        Copies& copies;
        Origins& origins;
        accounts::Directory& directory;
        async::BlockingPool& pool;
        const Clock& clock;
        Tell tell;
    };
    struct Limits {
        std::size_t workers = 4;                         ///< files at once
        std::size_t per_account = 2;                     ///< of these
        std::chrono::milliseconds longest{10 * 60'000};  ///< one try
        std::chrono::milliseconds first_wait{5'000};     ///< after a failure, doubled each time ...
        std::chrono::milliseconds longest_wait{10 * 60'000};  ///< ... up to this
        std::chrono::milliseconds trouble{5'000};  ///< when the store does not take what came of it
        std::uint32_t gone_after = 3;  ///< tries in a row at which a messenger that says it has no
                                       ///< such file is believed: some say so of what just arrived
    };
    explicit Copier(Services services) : Copier{std::move(services), Limits{}} {}
    Copier(Services services, Limits limits);

    /// There is something new to be copied. `[any]`
    void wake();

    /// Works until `*stopping`. Once, on `home`.
    async::Awaitable<> run(std::shared_ptr<std::atomic<bool>> stopping);

    /// Does everything that is due now. For tests; on `home`, instead of `run`.
    async::Awaitable<> round();

    std::size_t at_work() const noexcept { return at_work_; }  ///< `[any]`

    struct Figures {
        std::uint64_t copied = 0, copied_bytes = 0;
        std::uint64_t failed = 0;   ///< given up on: gone, too large, not in time
        std::uint64_t refused = 0;  ///< for want of room
        std::uint64_t retried = 0;
        std::uint64_t at_work = 0;
    };
    Figures figures() const;  ///< `[any]`

private:
    struct Found {
        std::vector<CopyJob> jobs;
        std::string next;   ///< where to look on
        bool more = false;  ///< not all accounts were looked at
    };
    /// How one try went.
    struct Try {
        enum class End { copied, again, gone, too_large, no_room };
        End end = End::again;
        std::string why;
        std::chrono::milliseconds pause{0};  ///< with `again`: as the messenger asked
    };
    Found look(
        const std::string& from, std::size_t count, WallMs now, const std::set<std::string>& busy
    );
    void drop(const store::Row& damaged);
    async::Awaitable<bool> start_due();
    async::Awaitable<> work(std::shared_ptr<CopyJob> job);
    async::Awaitable<> do_job(std::shared_ptr<CopyJob> job);
    async::Awaitable<Result<void>> copy(
        std::shared_ptr<accounts::Account> account, std::shared_ptr<CopyJob> job
    );
    async::Awaitable<Try> take(
        std::shared_ptr<accounts::Account> account, std::shared_ptr<CopyJob> job
    );
    async::Awaitable<Result<std::string>> next_piece(
        net::BodySource* body, std::chrono::steady_clock::time_point deadline
    );
    async::Awaitable<Result<void>> judge(
        std::shared_ptr<accounts::Account> account, std::shared_ptr<CopyJob> job, Try tried
    );
    async::Awaitable<Result<void>> without_room(
        std::shared_ptr<accounts::Account> account, std::shared_ptr<CopyJob> job, Try tried
    );
    async::Awaitable<Result<void>> later(std::shared_ptr<CopyJob> job, Try tried);
    async::Awaitable<Result<void>> give_up(
        std::shared_ptr<accounts::Account> account,
        std::shared_ptr<CopyJob> job,
        std::string reason,
        std::string detail
    );
    async::Awaitable<Result<void>> forget(std::shared_ptr<CopyJob> job);

    const Services services_;
    const Limits limits_;
    async::net::steady_timer timer_;  // on home
    std::set<std::string> busy_;      // keys of jobs at work; on home
    std::string next_;                // account to begin with; on home
    bool lap_found_ = false;          // since the first account, there was work; on home
    bool woken_ = false;              // on home
    std::uint64_t started_ = 0;       // on home
    std::atomic<bool> stopping_{false};
    std::atomic<std::size_t> at_work_{0};
    std::atomic<std::uint64_t> copied_{0}, copied_bytes_{0}, failed_{0}, refused_{0}, retried_{0};
};

}  // namespace trunkline::media
