#include "portal/desk/live_stream.hpp"

#include <boost/json/serialize.hpp>

#include "portal/store/changes.hpp"
#include "portal/store/views.hpp"

namespace trunkline::portal::desk {

namespace {

constexpr std::chrono::milliseconds kPing{15'000};  // below the idle limits of common proxies
constexpr std::int64_t kChangesAtOnce = 200;

struct News {
    store::LiveChanges live;
    std::int64_t latest = 0;
};

}  // namespace

LiveStream::LiveStream(
    async::Loop& loop, std::shared_ptr<Hub> hub, store::Store& store, std::int64_t after
)
    : hub_{std::move(hub)}, store_{store}, wake_{loop}, after_{after}, passed_{hub_->now()} {
    hub_->join(wake_);
}

LiveStream::~LiveStream() {
    hub_->leave(wake_);
}

async::Awaitable<Result<std::string>> LiveStream::news() {
    auto query = [after = after_](store::Database& database) -> Result<News> {
        return News{
            store::changes_after(database, after, kChangesAtOnce),
            store::latest_revision(database)};
    };
    auto news = co_await store_.read(std::move(query));
    if (!news) co_return news.error();
    std::string text;
    if (news->live.too_old) {
        after_ = news->latest;
        text = "id: " + std::to_string(after_) + "\nevent: reset\ndata: {}\n\n";
    }
    for (const auto& change : news->live.changes) {
        after_ = change.rev;
        text += "id: " + std::to_string(change.rev) +
                "\nevent: change\ndata: " + boost::json::serialize(change.data) + "\n\n";
    }
    text += hub_->passed(passed_);
    co_return text;
}

async::Awaitable<Result<std::string>> LiveStream::read() {
    if (!greeted_) {
        greeted_ = true;
        // The bytes tell the browser at once that the connection stands.
        co_return std::string{"retry: 2000\n: hello\n\n"};
    }
    if (hub_->closed()) co_return std::string{};
    auto first = co_await news();
    if (!first) co_return first.error();
    if (!first->empty()) co_return *std::move(first);
    co_await wake_.wait(kPing);
    if (hub_->closed()) co_return std::string{};
    auto second = co_await news();
    if (!second) co_return second.error();
    if (second->empty()) co_return std::string{": ping\n\n"};
    co_return *std::move(second);
}

}  // namespace trunkline::portal::desk
