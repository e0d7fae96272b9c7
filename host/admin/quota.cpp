#include "host/admin/quota.hpp"

#include <algorithm>
#include <cmath>

#include <boost/json.hpp>

#include "host/admin/samples.hpp"
#include "host/async/on.hpp"
#include "host/config/units.hpp"

// GCC 12 inlines only the first half of the pair of functions that a coroutine frame is allocated
// by, and takes the other for a stranger.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace trunkline::admin {
namespace {

namespace json = boost::json;
using Buckets = std::vector<quotas::Ledger::Listed>;

/// Whole where it is whole: 30 and not 3E1.
json::value number_of(double value) {
    if (value == std::floor(value)) return static_cast<std::int64_t>(value);
    return value;
}

json::object to_json(const quotas::Ledger::Listed& bucket, WallMs now) {
    const quotas::Rule& rule = bucket.rule;
    json::value next = nullptr;
    if (bucket.next.count() > 0) next = json::string{rfc3339(now + bucket.next.count())};
    return {
        {"scope", quotas::to_string(rule.scope)},
        {"bucket", rule.bucket},
        {"kinds", json::array(rule.kinds.begin(), rule.kinds.end())},
        {"rate", number_of(rule.rate)},
        {"per", config::format_duration(rule.per)},
        {"burst", number_of(rule.burst)},
        {"conversation", bucket.conversation},
        {"room", number_of(std::floor(bucket.room))},
        {"next", std::move(next)},
        {"waiting", bucket.waiting},
    };
}

}  // namespace

async::Awaitable<net::Response> show_quota(const Rooms& rooms, Call call) {
    const auto account = rooms.directory.account(call.path.at(1));
    if (!account) co_return net::problem(404, "not_found", "no such account");
    const std::size_t chats_max = call.limit();
    const auto look = [&account, chats_max]() -> async::Awaitable<Buckets> {
        co_return account->ledger ? account->ledger->list(chats_max) : Buckets{};
    };
    const auto buckets = co_await async::on(account->loop.get_executor(), look);
    json::array items;
    for (const auto& bucket : buckets)
        items.push_back(to_json(bucket, rooms.clock.wall_ms()));
    co_return page(std::move(items), "");
}

void write_waits(const Rooms& rooms, std::string& out) {
    const auto& accounts = rooms.directory.accounts();
    Family waits{
        out,
        "trunkline_account_waits_total",
        "counter",
        "Calls that had to wait for a limit or quota of the messenger."};
    for (const auto& [id, account] : accounts)
        waits.add(account->waits->waits.load(), label("account", id));
    Family waited{
        out,
        "trunkline_account_waited_seconds_total",
        "counter",
        "How long these waited, together."};
    for (const auto& [id, account] : accounts)
        waited.add(
            static_cast<double>(account->waits->waited_ms.load()) / 1000.0, label("account", id)
        );
    Family waiting{out, "trunkline_account_waiting", "gauge", "Calls that wait for one now."};
    for (const auto& [id, account] : accounts)
        waiting.add(
            static_cast<double>(std::max<std::int64_t>(account->waits->waiting.load(), 0)),
            label("account", id)
        );
}

}  // namespace trunkline::admin
