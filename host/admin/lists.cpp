#include "host/admin/lists.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <unordered_map>

#include "host/admin/replacing.hpp"
#include "host/base/base64.hpp"
#include "host/universal/json.hpp"

namespace trunkline::admin {
namespace {

namespace json = boost::json;

json::value time_or_null(WallMs ms) {
    if (ms <= 0) return nullptr;
    return json::string{rfc3339(ms)};
}

json::value last_alarm(const lanes::Alarms& alarms) {
    if (alarms.last.at_ms == 0) return nullptr;
    return json::object{
        {"code", alarms.last.code},
        {"time", rfc3339(alarms.last.at_ms)},
        {"text", alarms.last.text}};
}

json::object to_json(const lanes::LaneStatus& lane) {
    return {
        {"name", lane.name},
        {"order", lane.order},
        {"delivery", lane.delivery},
        {"state", lane.state},
        {"paused_reason", lane.paused_reason},
        {"epoch", lane.epoch},
        {"depth", lane.depth},
        {"held", lane.held},
        {"waiting_bytes", lane.waiting_bytes},
        {"oldest", time_or_null(lane.oldest_ms)},
        {"failures", lane.failures},
        {"failing_since", time_or_null(lane.failing_since_ms)},
        {"next_attempt", time_or_null(lane.next_attempt_ms)},
        {"last_status", lane.last_status},
        {"last_error", lane.last_error},
        {"last_alarm", last_alarm(lane.alarms)},
    };
}

std::string last_of(const json::array& items, const char* key) {
    return std::string{items.back().at(key).as_string()};
}

json::object to_json(const accounts::Account& account) {
    const accounts::Health health = account.health();
    const auto& f = account.figures;
    return {
        {"id", account.id.text()},
        {"connector", account.connector.text()},
        {"portal", account.portal->id.text()},
        {"line", account.line},
        {"title", account.title},
        {"url", account.url},
        {"receive", account.polls.load() ? "poll" : "webhook"},
        {"state", to_string(health.state)},
        {"code", health.code},
        {"text", explained(health)},
        {"action", action_of(health)},
        {"since", time_or_null(health.since_ms)},
        {"until", time_or_null(health.until_ms)},
        {"owner", place_text(account.place)},
        {"received", f.received.load()},
        {"repeats", f.repeats.load()},
        {"forged", f.forged.load()},
        {"quarantined", f.quarantined.load()},
        {"refused", f.refused.load()},
        {"sent", f.sent.load()},
        {"failed", f.failed.load()},
        {"unknown", f.unknown.load()},
    };
}

/// What a portal's lanes are together.
struct LanesOfPortal {
    std::uint64_t waiting = 0;
    std::string state = "ok";
};

/// By portal; once through all lanes, since there may be as many portals as lanes.
std::unordered_map<std::string, LanesOfPortal> by_portal(
    const std::vector<lanes::LaneStatus>& all_lanes
) {
    constexpr std::string_view kPrefix = "portal/";
    std::unordered_map<std::string, LanesOfPortal> out;
    for (const auto& lane : all_lanes) {
        if (!lane.name.starts_with(kPrefix)) continue;
        const auto end = lane.name.find('/', kPrefix.size());
        auto& portal = out[lane.name.substr(kPrefix.size(), end - kPrefix.size())];
        portal.waiting += lane.depth;
        if (!lane.paused_reason.empty())
            portal.state = lane.paused_reason;
        else if (lane.failures > 0 && portal.state == "ok")
            portal.state = "failing";
    }
    return out;
}

json::object to_json(const accounts::Portal& portal, const LanesOfPortal& lanes) {
    const auto terms = portal.terms();
    const auto keys = terms->keys->state();
    const char* rotation = !keys.rotating ? "none" : keys.promoted ? "promoted" : "waiting";
    return {
        {"id", portal.id.text()},
        {"url", terms->url},
        {"encrypt", terms->encrypt},
        {"state", lanes.state},
        {"waiting", lanes.waiting},
        {"rotation", rotation},
        {"owner", place_text(portal.place)},
    };
}

/// The conversation without the account in front, as people know it.
std::string plain_conversation(const std::string& key) {
    const std::size_t at = key.find('\x1f');
    return at == std::string::npos ? key : key.substr(at + 1);
}

json::object to_json(const std::string& lane, const store::DeadRecord& dead) {
    return {
        {"lane", lane},
        {"sequence", dead.record.sequence},
        {"id", dead.record.id.text()},
        {"conversation", plain_conversation(dead.record.conversation)},
        {"accepted", rfc3339(dead.record.accepted_ms)},
        {"died", rfc3339(dead.died_ms)},
        {"reason", dead.reason},
        {"detail", dead.detail},
        {"last_status", dead.last_status},
        {"attempts", dead.attempts},
        {"bytes", dead.record.body.size()},
    };
}

json::object quarantine_json(const store::Row& row, bool with_raw) {
    json::error_code bad;
    const json::value kept = json::parse(row.value, bad);
    json::object out;
    Ulid id;
    if (row.key.size() == id.bytes.size())
        std::copy(row.key.begin(), row.key.end(), id.bytes.begin());
    out["id"] = id.text();
    if (bad || !kept.is_object()) return out;
    for (const auto& [key, value] : kept.as_object()) {
        const bool content = key == "raw" || key == "request";
        if (!content || (with_raw && key != "raw")) out[key] = value;
    }
    std::string raw;
    if (base64_decode(std::string{kept.at("raw").as_string()}, raw)) {
        out["bytes"] = raw.size();
        if (with_raw) out["raw"] = raw;
    }
    return out;
}

void add_children(
    const plugins::PluginInfo& plugin,
    const std::vector<isolation::ChildStatus>& children,
    json::object& row
) {
    json::array listed;
    json::array pids;
    std::uint64_t deaths = 0;
    for (const isolation::ChildStatus& child : children) {
        if (child.connector != plugin.manifest.id.text()) continue;
        if (child.pid != 0) pids.push_back(child.pid);
        deaths += child.deaths;
        listed.push_back(json::object{
            {"generation", child.generation},
            {"loop", child.loop},
            {"pid", child.pid},
            {"state", child.state},
            {"starts", child.starts},
            {"deaths", child.deaths},
            {"last_death", child.last_death},
        });
    }
    row["children"] = std::move(listed);
    row["pids"] = std::move(pids);
    row["deaths"] = deaths;
}

std::uint64_t number(const std::string& text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

/// "lane@sequence", where a page of dead letters goes on.
struct DeadCursor {
    std::string lane;
    store::Sequence after = 0;
};

DeadCursor dead_cursor(const std::string& text) {
    const std::size_t at = text.rfind('@');
    if (at == std::string::npos) return {};
    return {text.substr(0, at), number(text.substr(at + 1))};
}

/// A fingerprint, "unsigned", or "" for what was refused.
std::string signer_of(const plugins::PluginInfo& info) {
    if (info.state != "serving") return "";
    return info.signed_by.empty() ? "unsigned" : info.signed_by;
}

}  // namespace

std::string place_text(const config::Place& place) {
    if (place.line == 0) return place.file;  // nobody wrote it
    return place.file + ":" + std::to_string(place.line);
}

async::Awaitable<std::vector<lanes::LaneStatus>> all_lanes(const Rooms& rooms) {
    std::vector<lanes::LaneStatus> out;
    for (;;) {
        const std::string after = out.empty() ? "" : out.back().name;
        auto piece = co_await rooms.lanes.list(after, 1'000);
        const bool last = piece.size() < 1'000;
        for (auto& lane : piece)
            out.push_back(std::move(lane));
        if (last) break;
    }
    co_return out;
}

async::Awaitable<net::Response> show_status(const Rooms& rooms, WallMs started_ms) {
    auto lanes = co_await all_lanes(rooms);
    std::uint64_t waiting = 0;
    std::uint64_t failing = 0;
    std::uint64_t paused = 0;
    WallMs oldest = 0;
    for (const auto& lane : lanes) {
        waiting += lane.depth;
        failing += lane.failures > 0 ? 1U : 0U;
        paused += lane.paused_reason.empty() ? 0U : 1U;
        if (lane.oldest_ms > 0 && (oldest == 0 || lane.oldest_ms < oldest)) oldest = lane.oldest_ms;
    }
    std::map<std::string, std::uint64_t> states;
    for (const auto& [id, account] : rooms.directory.accounts())
        ++states[std::string{to_string(account->health().state)}];
    json::object accounts;
    for (const auto& [state, count] : states)
        accounts[state] = count;
    const net::Response ready = rooms.readiness();
    const media::Copies::Figures copies = rooms.copies.figures();
    const media::Copier::Figures copier = rooms.copier.figures();
    co_return answer(json::object{
        {"version", TRUNKLINE_VERSION},
        {"started", rfc3339(started_ms)},
        {"ready", ready.status == 200},
        {"store", {{"engine", "embedded"}, {"read_only", rooms.store.read_only()}}},
        {"portals", rooms.directory.portals().size()},
        {"accounts", accounts},
        {"lanes",
         {{"count", lanes.size()},
          {"waiting", waiting},
          {"failing", failing},
          {"paused", paused},
          {"oldest", time_or_null(oldest)}}},
        {"copies",
         {{"files", copies.files},
          {"bytes", copies.bytes},
          {"bytes_max", copies.bytes_max},
          {"lost", copier.failed},
          {"refused", copier.refused}}},
    });
}

net::Response list_plugins(const Rooms& rooms, const Call& call) {
    const std::vector<isolation::ChildStatus> children = rooms.children.list();
    const std::string after = call.parameter("after");
    json::array items;
    for (const plugins::PluginInfo& info : rooms.catalogue.list()) {
        if (info.file <= after) continue;  // they come in the order of their files
        if (items.size() == call.limit()) return page(std::move(items), last_of(items, "file"));
        json::object row{
            {"name", info.manifest.id.text()},
            {"version", info.manifest.version},
            {"title", info.manifest.title},
            {"generation", info.generation},
            {"state", info.state},
            {"signed_by", signer_of(info)},
            {"reason", info.reason},
            {"file", info.file},
            {"isolation", info.isolation == plugins::Isolation::process ? "process" : "in_process"},
            {"children", json::array{}},
            {"pids", json::array{}},
            {"deaths", 0},
        };
        if (info.state == "serving") add_children(info, children, row);
        for (auto& [key, value] : replacing_of(rooms.reloader.report(info.id)))
            row[key] = std::move(value);
        items.push_back(std::move(row));
    }
    return page(std::move(items), "");
}

net::Response list_accounts(const Rooms& rooms, const Call& call) {
    json::array items;
    const auto& all = rooms.directory.accounts();
    auto account = all.upper_bound(call.parameter("after"));
    for (; account != all.end() && items.size() < call.limit(); ++account)
        items.push_back(to_json(*account->second));
    return page(std::move(items), account == all.end() ? "" : last_of(items, "id"));
}

async::Awaitable<net::Response> list_portals(const Rooms& rooms, Call call) {
    const auto every_lane = co_await all_lanes(rooms);
    const auto lanes = by_portal(every_lane);
    json::array items;
    const auto& all = rooms.directory.portals();
    auto portal = all.upper_bound(call.parameter("after"));
    for (; portal != all.end() && items.size() < call.limit(); ++portal) {
        const auto found = lanes.find(portal->second->id.text());
        items.push_back(
            to_json(*portal->second, found == lanes.end() ? LanesOfPortal{} : found->second)
        );
    }
    co_return page(std::move(items), portal == all.end() ? "" : last_of(items, "id"));
}

namespace {

/// Adds, in the order of names, what is stored for portals and accounts that are not configured.
void add_orphaned(
    const store::Store& store,
    const std::string& after,
    std::size_t limit,
    std::vector<lanes::LaneStatus>& page
) {
    std::set<std::string> served;
    for (const auto& lane : page)
        served.insert(lane.name);
    const std::string last = page.size() == limit ? page.back().name : "";
    const auto next = [](const std::string& name) { return name + '\0'; };
    for (store::LaneInfo& lane : store.lanes(next(after), last.empty() ? "" : next(last))) {
        if (lane.head == lane.tail || served.contains(lane.name)) continue;
        lanes::LaneStatus orphan;
        orphan.name = std::move(lane.name);
        orphan.delivery = "guaranteed";
        orphan.state = "orphaned";
        orphan.epoch = lane.epoch;
        orphan.depth = lane.tail - lane.head;
        orphan.waiting_bytes = lane.waiting_bytes;
        page.push_back(std::move(orphan));
    }
    std::sort(page.begin(), page.end(), [](const auto& a, const auto& b) {
        return a.name < b.name;
    });
    if (page.size() > limit) page.resize(limit);
}

}  // namespace

async::Awaitable<net::Response> list_lanes(const Rooms& rooms, Call call) {
    const std::string after = call.parameter("after");
    auto found = co_await rooms.lanes.list(after, call.limit());
    add_orphaned(rooms.store, after, call.limit(), found);
    json::array items;
    for (const auto& lane : found)
        items.push_back(to_json(lane));
    co_return page(std::move(items), found.size() == call.limit() ? found.back().name : "");
}

async::Awaitable<net::Response> list_dead_letters(const Rooms& rooms, Call call) {
    const std::string only = call.parameter("lane");
    DeadCursor from = dead_cursor(call.parameter("after"));
    auto lanes = co_await all_lanes(rooms);
    json::array items;
    std::string next;
    for (const auto& lane : lanes) {
        if (lane.delivery != "guaranteed" || (!only.empty() && lane.name != only) ||
            lane.name < from.lane)
            continue;
        const store::Sequence after = lane.name == from.lane ? from.after : 0;
        const std::size_t room = call.limit() - items.size();
        auto dead = co_await rooms.lanes.dead_letters(lane.name, after, room);
        if (!dead) co_return refusal(dead.error());
        for (const auto& record : *dead)
            items.push_back(to_json(lane.name, record));
        if (items.size() == call.limit()) {
            next = lane.name + "@" +
                   std::to_string(dead->empty() ? after : dead->back().record.sequence);
            break;
        }
    }
    co_return page(std::move(items), next);
}

async::Awaitable<net::Response> show_dead_letter(const Rooms& rooms, Call call) {
    const std::string lane = call.parameter("lane");
    const store::Sequence sequence = number(call.parameter("sequence"));
    if (sequence == 0) co_return net::problem(400, "malformed", "lane and sequence are needed");
    auto dead = co_await rooms.lanes.dead_letters(lane, sequence - 1, 1);
    if (!dead) co_return refusal(dead.error());
    if (dead->empty() || dead->front().record.sequence != sequence)
        co_return net::problem(404, "not_found", "no such dead letter");
    json::object out = to_json(lane, dead->front());
    std::string content;
    universal::Event event;
    universal::Command command;
    if (lane.starts_with("account/") && command.ParseFromString(dead->front().record.body))
        universal::write_command_json(command, content);
    else if (event.ParseFromString(dead->front().record.body))
        universal::write_json(event, content);
    json::error_code bad;
    json::value parsed = json::parse(content, bad);
    if (!bad) out["content"] = std::move(parsed);
    co_return answer(std::move(out));
}

async::Awaitable<net::Response> list_quarantine(const Rooms& rooms, Call call) {
    std::string after;
    Ulid id;
    if (Ulid::parse(call.parameter("after"), id)) after = id.view();
    const std::size_t limit = call.limit();
    auto rows = co_await rooms.pool.run([&rooms, &after, limit] {
        return rooms.store.rows(store::Table::quarantine, "", after, limit);
    });
    if (!rows) co_return refusal(rows.error());
    json::array items;
    for (const store::Row& row : *rows)
        items.push_back(quarantine_json(row, false));
    std::string next;
    if (items.size() == limit) next = items.back().at("id").as_string();
    co_return page(std::move(items), next);
}

async::Awaitable<net::Response> show_quarantine(const Rooms& rooms, Call call) {
    Ulid id;
    if (!Ulid::parse(call.path.at(1), id))
        co_return net::problem(404, "not_found", "no such quarantine id");
    const std::string key{id.view()};
    auto row = co_await rooms.pool.run([&rooms, &key] {
        return rooms.store.row(store::Table::quarantine, key);
    });
    if (!row) co_return refusal(row.error());
    if (!*row) co_return net::problem(404, "not_found", "no such quarantine id");
    co_return answer(quarantine_json(**row, true));
}

async::Awaitable<net::Response> list_audit(const Rooms& rooms, Call call) {
    std::string after;
    Ulid id;
    if (Ulid::parse(call.parameter("after"), id)) after = id.view();
    const std::size_t limit = call.limit();
    auto rows = co_await rooms.pool.run([&rooms, &after, limit] {
        return rooms.store.rows(store::Table::audit, "", after, limit);
    });
    if (!rows) co_return refusal(rows.error());
    json::array items;
    std::string next;
    for (const store::Row& row : *rows) {
        json::error_code bad;
        json::value entry = json::parse(row.value, bad);
        if (bad || !entry.is_object()) continue;
        if (row.key.size() == id.bytes.size())
            std::copy(row.key.begin(), row.key.end(), id.bytes.begin());
        entry.as_object()["id"] = id.text();
        next = id.text();
        items.push_back(std::move(entry));
    }
    const bool more = rows->size() == limit;
    co_return page(std::move(items), more ? next : "");
}

}  // namespace trunkline::admin
