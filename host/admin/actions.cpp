#include "host/admin/actions.hpp"

#include <boost/json.hpp>
#include <spdlog/spdlog.h>

#include "host/admin/account_actions.hpp"
#include "host/admin/portal_actions.hpp"
#include "host/admin/replacing.hpp"
#include "host/async/on.hpp"
#include "host/base/ulid.hpp"
#include "host/inbound/tell_health.hpp"

namespace trunkline::admin {
namespace {

namespace json = boost::json;

constexpr WallMs kAuditLives = 365LL * 24 * 3600 * 1000;
constexpr std::size_t kAtOnce = 1'000;

net::Response done(json::object what = {}) {
    what["status"] = "done";
    return answer(std::move(what));
}

net::Response outcome(const Result<void>& result) {
    return result ? done() : refusal(result.error());
}

/// Lane names hold slashes, so a lane is named in the body or by the pieces between "lanes" and the
/// verb.
std::string lane_of(const Call& call) {
    if (const std::string lane = call.text("lane"); !lane.empty()) return lane;
    std::string out;
    for (std::size_t i = 1; i + 1 < call.path.size(); ++i)
        out += (out.empty() ? "" : "/") + call.path[i];
    return out;
}

async::Awaitable<net::Response> act_on_lane(const Rooms& rooms, Call call) {
    const std::string lane = lane_of(call);
    const std::string& verb = call.path.back();
    Result<void> result;
    if (verb == "pause")
        result = co_await rooms.lanes.pause(lane, "operator");
    else if (verb == "resume")
        result = co_await rooms.lanes.resume(lane);
    else
        result = co_await rooms.lanes.kick(lane);
    co_return outcome(result);
}

/// `{"lane", "sequences":[...]}` or `{"lane", "all": true}`.
async::Awaitable<Result<std::size_t>> act_on_dead(
    const Rooms& rooms, std::string verb, std::string lane, std::vector<store::Sequence> some
) {
    if (verb == "requeue") {
        auto count = co_await rooms.lanes.requeue(std::move(lane), std::move(some));
        co_return count;
    }
    auto count = co_await rooms.lanes.discard(std::move(lane), std::move(some));
    co_return count;
}

async::Awaitable<net::Response> act_on_dead_letters(const Rooms& rooms, Call call) {
    const std::string lane = call.text("lane");
    const std::string verb = call.path.back();
    std::vector<store::Sequence> sequences;
    if (const auto* list = call.body.if_contains("sequences");
        list != nullptr && list->is_array()) {
        for (const json::value& value : list->as_array()) {
            if (!value.is_int64() || value.as_int64() <= 0)
                co_return net::problem(400, "malformed", "sequences must be whole numbers");
            sequences.push_back(static_cast<store::Sequence>(value.as_int64()));
        }
    }
    const auto* all = call.body.if_contains("all");
    const bool every = all != nullptr && all->is_bool() && all->as_bool();
    if (lane.empty() || (sequences.empty() && !every))
        co_return net::problem(400, "malformed", "lane, and sequences or all, are needed");
    std::size_t total = 0;
    // Requeueing gives new sequences at the tail, so what is listed now is what is meant by all.
    for (bool more = true; more;) {
        if (every) {
            auto dead = co_await rooms.lanes.dead_letters(lane, 0, kAtOnce);
            if (!dead) co_return refusal(dead.error());
            sequences.clear();
            for (const auto& record : *dead)
                sequences.push_back(record.record.sequence);
            more = sequences.size() == kAtOnce;
            if (sequences.empty()) break;
        } else {
            more = false;
        }
        auto count = co_await act_on_dead(rooms, verb, lane, sequences);
        if (!count) co_return refusal(count.error());
        total += *count;
    }
    co_return done({{"count", total}});
}

async::Awaitable<net::Response> act_on_quarantine(const Rooms& rooms, Call call) {
    const std::string id_text = call.path.at(1);
    if (call.path.back() == "replay") {
        auto replayed = co_await rooms.inbound.replay(id_text);
        co_return outcome(replayed);
    }
    Ulid id;
    if (!Ulid::parse(id_text, id))
        co_return net::problem(404, "not_found", "no such quarantine id");
    store::Batch batch;
    batch.erase.push_back({store::Table::quarantine, std::string{id.view()}});
    auto written = co_await rooms.store.commit(std::move(batch));
    if (!written) co_return refusal(written.error());
    co_return done();
}

async::Awaitable<net::Response> act_on_license(const Rooms& rooms, Call call) {
    auto portal = rooms.directory.portal(call.path.at(1));
    if (!portal) co_return net::problem(404, "not_found", "no such portal");
    const std::string verb = call.path.back();
    auto keys = portal->keys();
    if (verb == "rotate") {
        const auto rotate = [keys] { return keys->rotate(); };
        auto next = co_await rooms.pool.run(rotate);
        if (!next) co_return refusal(next.error());
        // The one answer that shows a secret: it is new, and the portal needs it.
        co_return done({{"next_license_key", next->reveal()}});
    }
    const auto change = [keys, verb] {
        return verb == "promote" ? keys->promote() : keys->finish();
    };
    auto result = co_await rooms.pool.run(change);
    co_return outcome(result);
}

/// That a broken account is taken for well again, written down and told to its portal like any
/// other news of it.
async::Awaitable<Result<void>> tell_ready(
    const Rooms& rooms, std::shared_ptr<accounts::Account> account
) {
    const auto tell = [&rooms, &account]() -> async::Awaitable<Result<void>> {
        if (!accounts::stands_still(account->health().state) || !account->strand)
            co_return Result<void>{};
        accounts::Health well{accounts::State::connected, {}, {}};
        auto told = co_await inbound::tell_health(
            rooms.inbound.ground(), rooms.store, *account, std::move(well)
        );
        co_return told;
    };
    auto result = co_await async::on(account->loop.get_executor(), tell);
    co_return result;
}

async::Awaitable<net::Response> resume_account(const Rooms& rooms, Call call) {
    auto account = rooms.directory.account(call.path.at(1));
    if (!account) co_return net::problem(404, "not_found", "no such account");
    auto told = co_await tell_ready(rooms, account);
    if (!told) co_return refusal(told.error());
    auto result = co_await rooms.lanes.resume("account/" + account->id.text());
    co_return outcome(result);
}

async::Awaitable<net::Response> resume_portal(const Rooms& rooms, Call call) {
    if (!rooms.directory.portal(call.path.at(1)))
        co_return net::problem(404, "not_found", "no such portal");
    auto result = co_await rooms.portals.resume(PortalId{call.path.at(1)});
    co_return outcome(result);
}

bool ends_with_any(const Call& call, std::initializer_list<std::string_view> verbs) {
    return std::find(verbs.begin(), verbs.end(), call.path.back()) != verbs.end();
}

async::Awaitable<std::optional<net::Response>> choose(const Rooms& rooms, Call call) {
    std::optional<net::Response> out;
    const std::string& room = call.path.front();
    if (room == "accounts" && call.path.back() != "resume") {
        out = co_await act_on_account(rooms, std::move(call));
    } else if (room == "portals" && call.path.size() <= 2) {
        out = co_await act_on_portal(rooms, std::move(call));
    } else if (room == "plugins") {
        out = co_await act_on_plugin(rooms, std::move(call));
    } else if (room == "lanes" && call.path.size() >= 2 &&
        ends_with_any(call, {"pause", "resume", "kick"})) {
        out = co_await act_on_lane(rooms, call);
    } else if (call.at("POST", {"dead-letters", "requeue"}) || call.at("POST", {"dead-letters", "discard"})) {
        out = co_await act_on_dead_letters(rooms, call);
    } else if (call.at("POST", {"quarantine", "*", "replay"}) || call.at("POST", {"quarantine", "*", "discard"})) {
        out = co_await act_on_quarantine(rooms, call);
    } else if (call.at("POST", {"portals", "*", "resume"})) {
        out = co_await resume_portal(rooms, call);
    } else if (call.at("POST", {"accounts", "*", "resume"})) {
        out = co_await resume_account(rooms, call);
    } else if (call.path.size() == 4 && call.path[2] == "license" && room == "portals" && ends_with_any(call, {"rotate", "promote", "finish"})) {
        out = co_await act_on_license(rooms, call);
    }
    co_return out;
}

}  // namespace

async::Awaitable<std::optional<net::Response>> act(const Rooms& rooms, Call call) {
    const bool changes = call.method == "POST" || call.method == "PATCH" ||
                         call.method == "DELETE" || call.at("PUT", {"portals", "*"});
    if (!changes || call.path.empty()) co_return std::nullopt;
    auto response = co_await choose(rooms, call);
    if (!response || response->status >= 300) co_return response;
    std::string what;
    for (const std::string& piece : call.path)
        what += "/" + piece;
    // What may hold secrets is not repeated.
    for (const char* member : {"settings", "values", "license_key", "next_license_key"}) {
        if (auto* given = call.body.if_contains(member)) *given = "(not shown)";
    }
    if (call.parameter("discard") == "true") what += "?discard=true";
    if (call.method != "POST") what = call.method + ' ' + what;
    const WallMs now = rooms.clock.wall_ms();
    store::Batch batch;
    batch.put.push_back(
        {store::Table::audit,
         std::string{make_ulid(now).view()},
         json::serialize(json::object{
             {"time", rfc3339(now)}, {"who", call.who}, {"did", what}, {"with", call.body}}),
         now + kAuditLives}
    );
    auto written = co_await rooms.store.commit(std::move(batch));
    if (!written) spdlog::error("admin.audit_lost who={} did={}", call.who, what);
    spdlog::info("admin.changed who={} did={}", call.who, what);
    co_return response;
}

}  // namespace trunkline::admin
