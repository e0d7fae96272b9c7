#include "host/connect/flows.hpp"

#include <spdlog/spdlog.h>

#include "host/async/await.hpp"
#include "host/async/on.hpp"
#include "host/async/spawn.hpp"
#include "host/base/base64.hpp"
#include "host/seal/crypto.hpp"

// GCC 12 inlines only the first half of the pair of functions that a coroutine frame is allocated
// by, and takes the other for a stranger.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace trunkline::connect {
namespace {

using std::chrono::milliseconds;

constexpr WallMs kFlowLives = 24LL * 3600 * 1000;
constexpr milliseconds kSettleAtMost{10'000};
constexpr milliseconds kLook{50};
constexpr std::size_t kFlowsMax = 10'000;

bool same(const std::string& a, const std::string& b) {
    return a.size() == b.size() && seal::equal_in_constant_time(a, b);
}

}  // namespace

async::Awaitable<Result<std::shared_ptr<Flow>>> Flows::begin(Kept wanted) {
    wanted.secret = base64url_encode(seal::random_bytes(32));
    wanted.began_ms = rooms_.ground.clock.wall_ms();
    wanted.until_ms = wanted.began_ms + kFlowLives;
    wanted.told.clear();
    wanted.seed.clear();
    auto started = co_await start(std::move(wanted), true);
    co_return started;
}

async::Awaitable<Result<std::shared_ptr<Flow>>> Flows::start(Kept kept, bool fresh) {
    const std::string id = kept.account;
    const WallMs now = rooms_.ground.clock.wall_ms();
    {
        const std::lock_guard lock{mutex_};
        std::erase_if(flows_, [now](const auto& entry) {
            const auto& flow = entry.second;
            return flow && flow->until_ms() < now && flow->stage().over();
        });
        const auto found = flows_.find(id);
        if (found != flows_.end() && !(found->second && found->second->stage().over()))
            co_return Error{Fault::conflict, id + " is being connected"};
        if (found == flows_.end() && flows_.size() >= kFlowsMax)
            co_return Error{Fault::throttled, "too many accounts are being connected"};
        flows_[id] = nullptr;  // taken
    }
    const auto give_back = [this, &id] {
        const std::lock_guard lock{mutex_};
        flows_.erase(id);
    };
    // Before anybody is asked for anything, so that a crash leaves nothing at the messenger that
    // nobody knows of.
    if (fresh) {
        store::Batch batch;
        batch.put.push_back(row_of(kept));
        auto written = co_await rooms_.store.commit(std::move(batch));
        if (!written) {
            give_back();
            co_return written.error();
        }
    }
    auto draft = co_await rooms_.draft(kept);
    if (!draft) {
        if (fresh) {
            store::Batch none;
            none.erase.push_back(erasure_of(kept));
            (void)co_await rooms_.store.commit(std::move(none));
        }
        give_back();
        co_return draft.error();
    }
    Flow::Services services{
        rooms_.ground,
        rooms_.store,
        rooms_.public_url + "/connect/return",
        rooms_.owner_of,
        rooms_.check};
    auto flow = std::make_shared<Flow>(std::move(kept), *draft, std::move(services));
    {
        const std::lock_guard lock{mutex_};
        flows_[id] = flow;
    }
    async::spawn(
        (*draft)->loop.get_executor(),
        "connect " + id,
        [this, flow]() -> async::Awaitable<> { return live(flow); }
    );
    co_return flow;
}

/// A flow from its first form to the account it ends in. On the account's loop.
async::Awaitable<> Flows::live(std::shared_ptr<Flow> flow) {
    co_await flow->run();
    if (flow->made()) {
        auto opened = co_await rooms_.open(*flow->made());
        if (!opened)
            spdlog::error(
                "connect.not_opened account={} reason={}", flow->account(), opened.error().context
            );
        flow->opened(opened);
        co_return;
    }
    if (!flow->owner().empty()) rooms_.look_at_again(flow->owner());
    if (flow->draft()->draft && !flow->interrupted()) co_await rooms_.drop(flow->draft());
}

async::Awaitable<Result<void>> Flows::resume() {
    constexpr std::size_t kRows = kFlowsMax;
    auto rows = co_await rooms_.pool.run([this] {
        return rooms_.store.rows(store::Table::account, kFlowPrefix, "", kRows);
    });
    if (!rows) co_return rows.error();
    for (const store::Row& row : *rows) {
        auto kept = read_kept(row);
        if (!kept) {
            spdlog::error("connect.not_resumed row=\"{}\" reason=\"it cannot be read\"", row.key);
            continue;
        }
        auto started = co_await start(*std::move(kept), false);
        if (!started)
            spdlog::error(
                "connect.not_resumed account={} reason={}",
                row.key.substr(sizeof kFlowPrefix - 1),
                started.error().context
            );
    }
    co_return Result<void>{};
}

std::shared_ptr<Flow> Flows::of(const std::string& account) const {
    const std::lock_guard lock{mutex_};
    const auto found = flows_.find(account);
    return found == flows_.end() ? nullptr : found->second;
}

std::shared_ptr<Flow> Flows::by_page(const std::string& secret) const {
    const std::lock_guard lock{mutex_};
    for (const auto& [id, flow] : flows_) {
        if (flow && same(flow->secret(), secret)) return flow;
    }
    return nullptr;
}

std::shared_ptr<Flow> Flows::by_sign_in(const std::string& state) const {
    const std::lock_guard lock{mutex_};
    for (const auto& [id, flow] : flows_) {
        if (flow && same(flow->state_value(), state)) return flow;
    }
    return nullptr;
}

std::string Flows::page_of(const Flow& flow) const {
    return rooms_.public_url + "/connect/" + flow.secret();
}

async::Awaitable<Stage> Flows::settled(std::shared_ptr<Flow> flow) {
    milliseconds waited{0};
    for (; waited < kSettleAtMost && flow->stage().state == "working"; waited += kLook)
        co_await async::pause(kLook);
    co_return flow->stage();
}

async::Awaitable<Result<Stage>> Flows::answer(
    std::shared_ptr<Flow> flow,
    std::string step,
    std::string transaction,
    boost::json::object values
) {
    const auto give = [&]() -> async::Awaitable<Result<void>> {
        co_return flow->enter(step, transaction, values);
    };
    auto given = co_await async::on(flow->draft()->loop.get_executor(), give);
    if (!given) co_return given.error();
    auto stage = co_await settled(flow);
    co_return stage;
}

async::Awaitable<Result<Stage>> Flows::returned(
    std::shared_ptr<Flow> flow, boost::json::object query
) {
    const auto give = [&]() -> async::Awaitable<Result<void>> {
        co_return flow->returned(std::move(query));
    };
    auto given = co_await async::on(flow->draft()->loop.get_executor(), give);
    if (!given) co_return given.error();
    auto stage = co_await settled(flow);
    co_return stage;
}

async::Awaitable<Stage> Flows::cancel(std::shared_ptr<Flow> flow) {
    const auto give_up = [&]() -> async::Awaitable<> {
        flow->cancel();
        co_return;
    };
    co_await async::on(flow->draft()->loop.get_executor(), give_up);
    milliseconds waited{0};
    for (; waited < kSettleAtMost && !flow->stage().over(); waited += kLook)
        co_await async::pause(kLook);
    co_return flow->stage();
}

}  // namespace trunkline::connect
