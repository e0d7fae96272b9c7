#include "host/media/copier.hpp"

#include <algorithm>

#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include "host/async/on.hpp"
#include "host/async/spawn.hpp"

namespace trunkline::media {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kAccountsAtOnce = 256;  // looked at before others have their turn
constexpr milliseconds kLookOn{20};
constexpr milliseconds kLookAgain{1'000};  // something may have become due
constexpr milliseconds kRoomAgain{3'600'000};

}  // namespace

Copier::Copier(Services services, Limits limits)
    : services_{std::move(services)}, limits_{limits}, timer_{services_.home} {}

void Copier::wake() {
    async::net::post(services_.home, [this] {
        woken_ = true;
        lap_found_ = true;  // it may be of an account that this lap has passed
        timer_.cancel();
    });
}

Copier::Figures Copier::figures() const {
    return {copied_, copied_bytes_, failed_, refused_, retried_, at_work_};
}

void Copier::drop(const store::Row& damaged) {
    spdlog::error("media.row_unreadable table=copy account={}", account_of_job(damaged.key).text());
    store::Batch batch;
    batch.erase.push_back({store::Table::copy, damaged.key});
    (void)services_.store.commit_and_wait(std::move(batch));  // else it is met again
}

/// Goes from account to account; of each, what is due first. Blocks.
Copier::Found Copier::look(
    const std::string& from, std::size_t count, WallMs now, const std::set<std::string>& busy
) {
    Found found;
    std::string at = from.empty() ? std::string{kJobs} : from;
    for (std::size_t accounts = 0; found.jobs.size() < count; ++accounts) {
        if (accounts == kAccountsAtOnce) {
            found.more = true;
            break;
        }
        auto rows =
            services_.store.rows(store::Table::copy, std::string{kJobs}, at, limits_.per_account);
        if (!rows || rows->empty()) {
            at.clear();  // the next look begins with the first account
            break;
        }
        const AccountId account = account_of_job(rows->front().key);
        for (const store::Row& row : *rows) {
            if (account_of_job(row.key) != account || found.jobs.size() == count) break;
            if (busy.contains(row.key)) continue;
            auto job = job_from(row);
            if (!job) {
                drop(row);
                continue;
            }
            if (job->due_ms > now) break;
            found.jobs.push_back(*std::move(job));
        }
        at = behind_jobs_of(account);
    }
    found.next = std::move(at);
    return found;
}

/// Starts as much as there are workers for; whether there may be more to start at once.
async::Awaitable<bool> Copier::start_due() {
    const std::size_t working = at_work_;
    if (working >= limits_.workers) co_return false;
    const std::string from = next_;
    const std::set<std::string> busy = busy_;  // changes while the store is read
    const auto search = [this, &from, &busy, working] {
        return look(from, limits_.workers - working, services_.clock.wall_ms(), busy);
    };
    Found found = co_await services_.pool.run(search);
    next_ = std::move(found.next);
    for (CopyJob& each : found.jobs) {
        auto job = std::make_shared<CopyJob>(std::move(each));
        busy_.insert(key_of(*job));
        ++at_work_;
        ++started_;
        async::spawn(services_.home.get_executor(), "copy of a file", [this, job] {
            return work(job);
        });
    }
    // When there was nothing in a whole lap, the next one can wait.
    if (!found.jobs.empty()) lap_found_ = true;
    if (!next_.empty()) co_return true;
    co_return std::exchange(lap_found_, false);
}

async::Awaitable<> Copier::run(std::shared_ptr<std::atomic<bool>> stopping) {
    while (!*stopping) {
        woken_ = false;
        const bool more = co_await start_due();
        if (*stopping) break;
        if (woken_) continue;
        timer_.expires_after(more ? kLookOn : kLookAgain);
        co_await timer_.async_wait(async::kAsTuple);
    }
    stopping_ = true;
}

async::Awaitable<> Copier::round() {
    for (;;) {
        const std::uint64_t before = started_;
        for (bool more = true; more;)
            more = co_await start_due();
        while (at_work_ > 0)
            co_await async::pause(milliseconds{1});
        if (started_ == before) co_return;
    }
}

async::Awaitable<> Copier::work(std::shared_ptr<CopyJob> job) {
    // Not a guard: what is left over when the host ends is destroyed behind all this.
    std::exception_ptr thrown;
    try {
        co_await do_job(job);
    } catch (...) {
        thrown = std::current_exception();
    }
    if (thrown) co_await async::pause(limits_.trouble);  // it may well throw again
    busy_.erase(key_of(*job));
    --at_work_;
    woken_ = true;
    timer_.cancel();
    if (thrown) std::rethrow_exception(thrown);
}

async::Awaitable<> Copier::do_job(std::shared_ptr<CopyJob> job) {
    Result<void> done;
    auto account = services_.directory.account(job->account.text());
    if (!account && services_.clock.wall_ms() < job->dies_ms) {
        // One that is being changed is away for a moment.
        Try away{Try::End::again, "its account is not there", {}};
        done = co_await later(job, std::move(away));
    } else if (!account) {
        done = co_await forget(job);  // it was removed, and its links with it
    } else {
        const auto task = [this, &account, &job] { return copy(account, job); };
        done = co_await async::on(account->loop.get_executor(), task);
    }
    if (!done && !stopping_) {
        spdlog::warn(
            "media.copy_stuck account={} reason={}", job->account.text(), done.error().context
        );
        co_await async::pause(limits_.trouble);  // the row is as it was: it is due
    }
}

async::Awaitable<Result<void>> Copier::copy(
    std::shared_ptr<accounts::Account> account, std::shared_ptr<CopyJob> job
) {
    std::vector<store::Erase> rows{{store::Table::copy, key_of(*job)}};
    auto there =
        co_await services_.copies.prolong(job->account, job->ref, job->until_ms, std::move(rows));
    if (there || there.error().fault != Fault::not_found) co_return there;
    Try tried;
    if (services_.clock.wall_ms() < job->dies_ms)
        tried = co_await take(account, job);
    else
        tried.why = "its time was over before it could be copied";
    if (stopping_) co_return Result<void>{};  // as it was; the next start goes on with it
    auto judged = co_await judge(account, job, std::move(tried));
    co_return judged;
}

async::Awaitable<Copier::Try> Copier::take(
    std::shared_ptr<accounts::Account> account, std::shared_ptr<CopyJob> job
) {
    using End = Try::End;
    const auto deadline = services_.clock.steady() + limits_.longest;
    std::string whole;
    auto fetched = co_await services_.origins.fetch(account, job->ref, std::move(whole));
    if (!fetched) {
        const Fault fault = fetched.error().fault;
        const bool gone = fault == Fault::rejected || fault == Fault::not_found;
        co_return Try{
            gone ? End::gone : End::again, fetched.error().context, fetched.error().pause};
    }
    net::StreamedReply reply = *std::move(fetched);
    if (reply.head.status == 0) co_return Try{End::again, reply.head.reason, {}};
    if (reply.head.status != 200)
        co_return Try{
            End::again, "the messenger answered " + std::to_string(reply.head.status), {}};
    Copies::Wanted wanted;
    wanted.account = job->account;
    wanted.ref = job->ref;
    wanted.portal = account->portal->id;
    wanted.until_ms = job->until_ms;
    wanted.bytes_max = account->portal->limits().media_bytes;
    wanted.portal_bytes_max = account->portal->limits().copied_bytes;
    wanted.size = reply.body->size();
    net::BodySource* const body = reply.body.get();
    Pieces pieces = [this, body, deadline] { return next_piece(body, deadline); };
    std::vector<store::Erase> rows{{store::Table::copy, key_of(*job)}};
    auto added =
        co_await services_.copies.add(std::move(wanted), std::move(pieces), std::move(rows));
    if (!added) {
        const Fault fault = added.error().fault;
        const End end = fault == Fault::rejected    ? End::too_large
                        : fault == Fault::throttled ? End::no_room
                                                    : End::again;
        co_return Try{end, added.error().context, {}};
    }
    ++copied_;
    copied_bytes_ += added->size;
    spdlog::info(
        "media.copied account={} bytes={} tries={}",
        job->account.text(),
        added->size,
        job->tries + 1
    );
    co_return Try{End::copied, {}, {}};
}

async::Awaitable<Result<std::string>> Copier::next_piece(
    net::BodySource* body, std::chrono::steady_clock::time_point deadline
) {
    if (stopping_) co_return Error{Fault::cancelled, "the host stops"};
    if (services_.clock.steady() > deadline)
        co_return Error{Fault::unavailable, "the messenger gives the file too slowly"};
    auto piece = co_await body->read();
    // A reply that was cut for its size is `throttled`, which to Copies is a word of its own.
    if (!piece && piece.error().fault == Fault::throttled)
        co_return Error{Fault::rejected, piece.error().context};
    co_return piece;
}

/// What becomes of a job after a try.
async::Awaitable<Result<void>> Copier::judge(
    std::shared_ptr<accounts::Account> account, std::shared_ptr<CopyJob> job, Try tried
) {
    std::string reason;
    switch (tried.end) {
        case Try::End::copied:
            co_return Result<void>{};
        case Try::End::again:
            break;
        case Try::End::gone:
            if (job->gone + 1 >= limits_.gone_after) reason = "gone";
            break;
        case Try::End::too_large:
            reason = "too_large";
            break;
        case Try::End::no_room:
            if (services_.clock.wall_ms() + kRoomAgain.count() < job->dies_ms) {
                auto put_off = co_await without_room(account, job, std::move(tried));
                co_return put_off;
            }
            reason = "no_room";
            break;
    }
    if (reason.empty() && services_.clock.wall_ms() >= job->dies_ms)
        reason = tried.end == Try::End::gone ? "gone" : "not_in_time";
    if (reason.empty()) {
        auto put_off = co_await later(job, std::move(tried));
        co_return put_off;
    }
    if (job->told && (reason == "no_room" || reason == "not_in_time")) {
        auto forgotten = co_await forget(job);
        co_return forgotten;
    }
    auto given_up = co_await give_up(account, job, std::move(reason), std::move(tried.why));
    co_return given_up;
}

/// Its portal is told so once; there may be room before the file dies.
async::Awaitable<Result<void>> Copier::without_room(
    std::shared_ptr<accounts::Account> account, std::shared_ptr<CopyJob> job, Try tried
) {
    if (!job->told) {
        std::string reason{"no_room"};
        std::string why = tried.why;
        auto told = co_await give_up(account, job, std::move(reason), std::move(why));
        if (!told) co_return told;
        // A crash from here on costs the later tries: better than to tell it again.
        job->told = true;
    }
    tried.pause = kRoomAgain;
    auto put_off = co_await later(job, std::move(tried));
    co_return put_off;
}

async::Awaitable<Result<void>> Copier::later(std::shared_ptr<CopyJob> job, Try tried) {
    ++retried_;
    const WallMs now = services_.clock.wall_ms();
    constexpr std::uint32_t kDoublings = 16;
    milliseconds wait = limits_.first_wait * (1LL << std::min(job->tries, kDoublings));
    wait = std::max(std::min(wait, limits_.longest_wait), tried.pause);
    spdlog::warn(
        "media.copy_failed account={} tries={} wait_ms={} reason={}",
        job->account.text(),
        job->tries + 1,
        wait.count(),
        tried.why
    );
    store::Batch batch;
    batch.erase.push_back({store::Table::copy, key_of(*job)});
    CopyJob again = *job;
    ++again.tries;
    again.gone = tried.end == Try::End::gone ? job->gone + 1 : 0;
    // Not behind its death: then it is looked at once more, to be given up on.
    again.due_ms = std::max(std::min(now + wait.count(), job->dies_ms), now + 1);
    batch.put.push_back(row_of(again));
    auto written = co_await services_.store.commit(std::move(batch));
    if (!written) co_return written.error();
    co_return Result<void>{};
}

async::Awaitable<Result<void>> Copier::give_up(
    std::shared_ptr<accounts::Account> account,
    std::shared_ptr<CopyJob> job,
    std::string reason,
    std::string detail
) {
    const bool refused = reason == "no_room";
    spdlog::error(
        "media.copy_{} account={} code={} reason={}",
        refused ? "refused" : "lost",
        job->account.text(),
        reason,
        detail
    );
    std::vector<store::Erase> rows{{store::Table::copy, key_of(*job)}};
    Lost lost{*job, std::move(reason), refused ? job->dies_ms : 0};
    auto told = co_await services_.tell(account, std::move(lost), std::move(rows));
    if (!told) co_return told;
    ++(refused ? refused_ : failed_);
    co_return told;
}

async::Awaitable<Result<void>> Copier::forget(std::shared_ptr<CopyJob> job) {
    store::Batch batch;
    batch.erase.push_back({store::Table::copy, key_of(*job)});
    auto written = co_await services_.store.commit(std::move(batch));
    if (!written) co_return written.error();
    co_return Result<void>{};
}

}  // namespace trunkline::media
