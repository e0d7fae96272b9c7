#include "host/admin/account_actions.hpp"

#include <algorithm>

#include <boost/json.hpp>

#include "host/admin/access.hpp"
#include "host/connect/stage.hpp"

// GCC 12 inlines only the first half of the pair of functions that a coroutine frame is allocated
// by, and takes the other for a stranger.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace trunkline::admin {
namespace {

namespace json = boost::json;

constexpr std::size_t kIdMax = 64;

/// As in the configuration; it stands in addresses.
bool is_id(const std::string& text) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    };
    return !text.empty() && text.size() <= kIdMax && std::ranges::all_of(text, fits);
}

json::object members_of(const Call& call, const char* name) {
    const auto* value = call.body.if_contains(name);
    return value != nullptr && value->is_object() ? value->get_object() : json::object{};
}

net::Response changed(const Result<std::string>& outcome) {
    if (!outcome) return refusal(outcome.error());
    json::object body{{"status", "done"}};
    if (!outcome->empty()) body["warning"] = *outcome;
    return answer(std::move(body));
}

net::Response flow_answer(
    const Rooms& rooms,
    const connect::Flow& flow,
    const connect::Stage& stage,
    bool with_page = true
) {
    json::object body = connect::to_json(stage);
    body["account"] = flow.account();
    body["connector"] = flow.connector();
    if (!stage.over() && with_page) body["page"] = rooms.flows.page_of(flow);
    return answer(std::move(body));
}

async::Awaitable<net::Response> begin_flow(const Rooms& rooms, Call call) {
    connect::Kept wanted;
    wanted.account = call.path.at(1);
    wanted.connector = call.text("connector");
    wanted.portal = call.text("portal");
    wanted.line = call.text("line");
    wanted.settings = members_of(call, "settings");
    if (!is_id(wanted.account))
        co_return net::problem(
            400, "malformed", "an account's id is of a-z, 0-9, - and _, at most 64"
        );
    if (const auto present = rooms.directory.account(wanted.account); present && !present->draft) {
        wanted.again = true;
        for (const auto& [given, known] :
             {std::pair{&wanted.connector, present->connector.text()},
              std::pair{&wanted.portal, present->portal->id.text()}}) {
            if (!given->empty() && *given != known)
                co_return net::problem(
                    409, "conflict", "account " + wanted.account + " is there, with " + known
                );
            *given = known;
        }
        if (wanted.line.empty()) wanted.line = present->line;
    }
    if (wanted.connector.empty() || wanted.portal.empty())
        co_return net::problem(400, "malformed", "connector and portal are needed");
    auto flow = co_await rooms.flows.begin(std::move(wanted));
    if (!flow) co_return refusal(flow.error());
    const auto stage = co_await rooms.flows.settled(*flow);
    co_return flow_answer(rooms, **flow, stage);
}

async::Awaitable<net::Response> go_on(const Rooms& rooms, Call call) {
    auto flow = rooms.flows.of(call.path.at(1));
    if (!flow) co_return net::problem(404, "not_found", "it is not being connected");
    if (call.path.back() == "cancel") {
        const auto stage = co_await rooms.flows.cancel(flow);
        co_return flow_answer(rooms, *flow, stage);
    }
    std::string step = call.text("step");
    std::string transaction = call.text("transaction");
    json::object values = members_of(call, "values");
    auto stage = co_await rooms.flows.answer(
        flow, std::move(step), std::move(transaction), std::move(values)
    );
    if (!stage) co_return refusal(stage.error());
    co_return flow_answer(rooms, *flow, *stage);
}

bool is_being_connected(const Rooms& rooms, const std::string& id) {
    const auto flow = rooms.flows.of(id);
    return flow && !flow->stage().over();
}

AccountChange change_of(const Call& call) {
    AccountChange change;
    change.connector = call.text("connector");
    change.portal = call.text("portal");
    change.line = call.text("line");
    change.settings = members_of(call, "settings");
    return change;
}

}  // namespace

net::Response show_flow(const Rooms& rooms, const Call& call) {
    const auto flow = rooms.flows.of(call.path.at(1));
    if (!flow) return net::problem(404, "not_found", "it is not being connected");
    auto stage = flow->stage();
    // Whoever has the page's address may go on, and a form may hold a code to sign in with.
    const bool may_act = Access::may(call.role, "operate");
    if (!may_act) stage.form = {};
    net::Response response = flow_answer(rooms, *flow, stage, may_act);
    return response;
}

async::Awaitable<std::optional<net::Response>> act_on_account(const Rooms& rooms, Call call) {
    std::optional<net::Response> out;
    if (call.at("POST", {"accounts"})) {
        AccountChange change = change_of(call);
        change.id = call.text("id");
        change.create = true;
        if (rooms.directory.account(change.id)) co_return out;  // whose it is says the rest
        if (!is_id(change.id) || change.connector.empty() || change.portal.empty()) {
            out = net::problem(400, "malformed", "id, connector and portal are needed");
            co_return out;
        }
        auto outcome = co_await rooms.changes.put(std::move(change));
        out = changed(outcome);
        co_return out;
    }
    if (call.path.size() < 2) co_return out;
    const auto account = rooms.directory.account(call.path.at(1));
    const bool made = account && account->place.file == accounts::kStoreOwns;
    if (call.at("POST", {"accounts", "*", "connect"})) {
        if (account && !made) co_return out;
        out = co_await begin_flow(rooms, std::move(call));
    } else if (call.at("POST", {"accounts", "*", "connect", "answer"}) ||
               call.at("POST", {"accounts", "*", "connect", "cancel"})) {
        out = co_await go_on(rooms, std::move(call));
    } else if (made && !call.at("POST", {"accounts", "*", "resume"}) &&
               is_being_connected(rooms, account->id.text())) {
        out = net::problem(409, "conflict", "it is being connected; cancel that first");
    } else if (call.at("PATCH", {"accounts", "*"}) && made) {
        AccountChange change = change_of(call);
        change.id = account->id.text();
        auto outcome = co_await rooms.changes.put(std::move(change));
        out = changed(outcome);
    } else if (call.at("DELETE", {"accounts", "*"}) && made) {
        auto outcome = co_await rooms.changes.remove(account);
        out = changed(outcome);
    } else if (call.at("POST", {"accounts", "*", "disconnect"}) && made) {
        auto outcome = co_await rooms.changes.disconnect(account);
        out = changed(outcome);
    }
    co_return out;
}

}  // namespace trunkline::admin
