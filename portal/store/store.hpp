#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "host/async/blocking_pool.hpp"
#include "host/base/result.hpp"
#include "portal/store/database.hpp"

namespace trunkline::portal::store {

/// The portal's memory: one SQLite file, one thread that writes, two that read. Owner: main.
///
/// `Work` is called as `work(Database&)` on such a thread and returns a `Result`; it must touch
/// nothing that belongs to a loop. The awaiting coroutine goes on at its own loop. `[any]`
class Store {
public:
    /// Opens or makes the file (its folder included, 0700) and migrates it. Start-up only.
    static Result<std::unique_ptr<Store>> open(const std::string& path);

    /// One transaction: kept whole and on disk when the result is a value, not at all when it is an
    /// error.
    template <class Work>
    auto write(Work work) -> async::Awaitable<std::invoke_result_t<Work&, Database&>> {
        using Answer = std::invoke_result_t<Work&, Database&>;
        auto job = [this, work = std::move(work)]() mutable -> Answer {
            writer_->begin();
            Answer answer = work(*writer_);
            if (!answer) {
                writer_->rollback();
                return answer;
            }
            auto kept = writer_->commit();
            if (!kept) return Answer{kept.error()};
            return answer;
        };
        auto answer = co_await writing_.run(job);
        co_return answer;
    }

    /// A consistent view: all queries of one `work` see the same moment.
    template <class Work>
    auto read(Work work) -> async::Awaitable<std::invoke_result_t<Work&, Database&>> {
        using Answer = std::invoke_result_t<Work&, Database&>;
        Reader& reader = readers_[next_reader_.fetch_add(1) % readers_.size()];
        auto job = [&reader, work = std::move(work)]() mutable -> Answer {
            Database& database = *reader.database;
            database.execute("BEGIN");
            Answer answer = work(database);
            if (database.failed()) {
                Error error{Fault::storage, database.failure()};
                database.rollback();
                return Answer{std::move(error)};
            }
            database.rollback();
            return answer;
        };
        auto answer = co_await reader.thread.run(job);
        co_return answer;
    }

private:
    struct Reader {
        std::unique_ptr<Database> database;
        async::BlockingPool thread{1};
    };

    Store() = default;

    std::unique_ptr<Database> writer_;
    std::array<Reader, 2> readers_;
    std::atomic<std::size_t> next_reader_{0};
    async::BlockingPool writing_{1};  // last: joined before the connections close
};

}  // namespace trunkline::portal::store
