#include "host/store/lane_store.hpp"

#include <algorithm>
#include <future>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>

namespace trunkline::store {

namespace {

namespace net = async::net;

// Completes a coroutine on its own loop, which it keeps from running out of work meanwhile.
template <class Handler>
class AsyncJob final : public Job {
public:
    AsyncJob(Prepared what, Handler handler)
        : Job{std::move(what)},
          handler_{std::move(handler)},
          where_{net::get_associated_executor(handler_)},
          work_{where_} {}

    std::optional<async::Executor> where() const override { return where_; }
    void complete(Result<Receipt> result) override {
        std::optional<Result<Receipt>> value{std::move(result)};
        auto resume = [handler = std::move(handler_), value = std::move(value)]() mutable {
            std::move(handler)(std::move(value));
        };
        net::dispatch(where_, std::move(resume));
    }

private:
    Handler handler_;
    async::Executor where_;
    net::executor_work_guard<async::Executor> work_;
};

class WaitingJob final : public Job {
public:
    explicit WaitingJob(Prepared what) : Job{std::move(what)} {}

    std::optional<async::Executor> where() const override { return std::nullopt; }
    void complete(Result<Receipt> result) override { promise.set_value(std::move(result)); }

    std::promise<std::optional<Result<Receipt>>> promise;
};

}  // namespace

LaneStore::LaneStore(Parts parts, const Options& options, Internals internals)
    : parts_{std::move(parts)},
      dead_letters_keep_ms_{options.dead_letters_keep_ms},
      committer_{std::make_unique<Committer>(
          *parts_.lanes,
          *parts_.medium,
          *parts_.vault,
          *parts_.expiry,
          Committer::Limits{options.memory_acks_bytes_max},
          std::move(internals)
      )} {}

LaneStore::~LaneStore() {
    LaneStore::close();
}

void LaneStore::close() {
    if (closed_.exchange(true)) return;
    committer_->stop();
    const std::unique_lock alone{open_};
    parts_.medium->close();
}

Result<LaneInfo> LaneStore::open_lane(const std::string& name, std::uint64_t waiting_bytes_max) {
    const std::shared_lock reading{open_};
    if (closed_) return closed();
    const std::lock_guard one_at_a_time{opening_};
    if (auto known = parts_.lanes->find(name)) {
        parts_.lanes->bound(known->id, waiting_bytes_max);
        return *std::move(known);
    }
    if (name.empty() || name.size() > 1024)
        return Error{Fault::malformed, "a lane needs a name of at most 1 KiB"};
    if (read_only()) return Error{Fault::storage, "the disk refuses writes"};
    LaneTable::Loaded lane;
    lane.id = parts_.lanes->next_id();
    lane.name = name;
    lane.waiting_bytes_max = waiting_bytes_max;
    lane.epoch = static_cast<std::uint64_t>(parts_.expiry->wall_ms());
    std::string value;
    write_lane({lane.id, lane.epoch}, value);
    const auto writes = parts_.medium->writes();
    writes->put(Family::lane, name, value);
    const auto done = parts_.medium->apply(*writes, true);
    if (!done) return done.error();
    parts_.lanes->add(std::move(lane));
    return *parts_.lanes->find(name);
}

std::optional<LaneInfo> LaneStore::lane(LaneId lane) const {
    return parts_.lanes->find(lane);
}

std::vector<LaneInfo> LaneStore::lanes(const std::string& from, const std::string& to) const {
    return parts_.lanes->between(from, to);
}

Result<Prepared> LaneStore::prepared(Batch batch) {
    if (closed_) return closed();
    return prepare(*parts_.vault, std::move(batch), ++tickets_);
}

// What need not wait for the committer: acknowledgements that are not durable, and refusals of a
// disk that is full.
std::optional<Result<Receipt>> LaneStore::answer_at_once(const Prepared& job) {
    const auto& batch = job.batch;
    const bool refusing = committer_->read_only();
    if (only_acknowledges(batch)) {
        if (batch.durable && !refusing) return std::nullopt;
        const auto taken = committer_->acknowledge(job);
        if (!taken) return taken.error();
        return Receipt{};
    }
    if (refusing) return Error{Fault::storage, "the disk refuses writes"};
    return std::nullopt;
}

async::Awaitable<Result<Receipt>> LaneStore::commit(Batch batch) {
    auto job = prepared(std::move(batch));
    if (!job) co_return job.error();
    auto at_once = answer_at_once(*job);
    if (at_once) co_return *std::move(at_once);

    // Borrows this coroutine's locals: it is run before the first suspension.
    auto start = [this, &job](auto handler) {
        using Handler = decltype(handler);
        auto waiting = std::make_unique<AsyncJob<Handler>>(*std::move(job), std::move(handler));
        std::unique_ptr<Job> submitted = std::move(waiting);
        const auto taken = committer_->submit(submitted);
        if (taken) return;
        submitted->answer.emplace(taken.error());
        Committer::answer(std::move(submitted));
    };
    auto answer =
        co_await net::async_initiate<decltype(async::kAwait), void(std::optional<Result<Receipt>>)>(
            std::move(start), async::kAwait
        );
    co_return *std::move(answer);
}

Result<Receipt> LaneStore::commit_and_wait(Batch batch) {
    auto job = prepared(std::move(batch));
    if (!job) return job.error();
    auto at_once = answer_at_once(*job);
    if (at_once) return *std::move(at_once);
    auto waiting = std::make_unique<WaitingJob>(*std::move(job));
    auto answer = waiting->promise.get_future();
    std::unique_ptr<Job> submitted = std::move(waiting);
    const auto taken = committer_->submit(submitted);
    if (!taken) return taken.error();
    return *answer.get();
}

void LaneStore::on_append(std::function<void(LaneId)> listener) {
    committer_->on_append(std::move(listener));
}

bool LaneStore::read_only() const noexcept {
    return committer_->read_only();
}

Store::Figures LaneStore::figures() const {
    return committer_->figures();
}

}  // namespace trunkline::store
