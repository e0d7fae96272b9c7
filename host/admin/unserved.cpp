#include "host/admin/unserved.hpp"

#include <array>

#include <boost/json.hpp>

#include "host/accounts/made.hpp"
#include "host/admin/lists.hpp"

namespace trunkline::admin {
namespace {

using Path = std::initializer_list<std::string_view>;

bool is_at(const Call& call, Path path) {
    return call.at(call.method, path);
}

bool is_any(std::string_view word, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// Methods a path is served with, or "".
std::string_view methods_of(const Call& call) {
    const std::string& room = call.path.front();
    const std::string& last = call.path.back();
    const std::size_t length = call.path.size();
    if (length == 1 &&
        is_any(room, {"status", "plugins", "lanes", "dead-letters", "quarantine", "audit"}))
        return "GET";
    if (length == 1 && is_any(room, {"accounts", "portals"})) return "GET, POST";
    if (length == 2 && room == "accounts") return "PATCH, DELETE";
    if (length == 2 && room == "portals") return "PUT, PATCH, DELETE";
    if (length == 3 && room == "plugins" && is_any(last, {"reload", "rollback", "disable"}))
        return "POST";
    if (length == 3 && room == "plugins" && last == "diff") return "GET";
    if (is_at(call, {"dead-letters", "show"})) return "GET";
    if (length == 2 && room == "dead-letters" && is_any(last, {"requeue", "discard"}))
        return "POST";
    if (length == 2 && room == "quarantine") return "GET";
    if (length == 3 && room == "quarantine" && is_any(last, {"replay", "discard"})) return "POST";
    if (length >= 2 && room == "lanes" && is_any(last, {"pause", "resume", "kick"})) return "POST";
    if (length == 3 && is_any(room, {"accounts", "portals"}) && last == "resume") return "POST";
    if (room == "accounts" && length == 3 && last == "connect") return "GET, POST";
    if (room == "accounts" && length == 3 && last == "quota") return "GET";
    if (room == "accounts" && length == 3 && last == "disconnect") return "POST";
    if (room == "accounts" && length == 4 && call.path[2] == "connect" &&
        is_any(last, {"answer", "cancel"}))
        return "POST";
    if (length == 4 && room == "portals" && call.path[2] == "license" &&
        is_any(last, {"rotate", "promote", "finish"}))
        return "POST";
    return "";
}

/// What the contract names and a later version brings.
bool is_later(const Call& call) {
    const std::string& room = call.path.front();
    const std::string& last = call.path.back();
    return room == "erase" || (room == "conversations" && last == "erase");
}

net::Response owned(const std::string& what, const config::Place& place) {
    net::Response response = net::problem(
        409,
        "owned_by_configuration",
        what + " is written in " + place_text(place) + "; change it there"
    );
    boost::json::error_code bad;
    boost::json::value body = boost::json::parse(response.body, bad);
    if (bad || !body.is_object()) return response;
    body.as_object()["place"] =
        boost::json::object{{"file", place.file}, {"line", place.line}, {"column", place.column}};
    response.body = boost::json::serialize(body);
    return response;
}

/// A change of what the configuration owns, or of what is not there.
std::optional<net::Response> change(const Rooms& rooms, const Call& call) {
    const std::string& room = call.path.front();
    const bool connecting = call.path.size() == 3 && room == "accounts" && call.method == "POST" &&
                            is_any(call.path.back(), {"connect", "disconnect"});
    if (!is_any(room, {"accounts", "portals"}) || (call.path.size() > 2 && !connecting))
        return std::nullopt;
    const bool by_path =
        connecting || (call.path.size() == 2 && is_any(call.method, {"PUT", "PATCH", "DELETE"}));
    if (!by_path && !(call.path.size() == 1 && call.method == "POST")) return std::nullopt;
    const std::string id = by_path ? call.path[1] : call.text("id");
    if (room == "accounts") {
        const auto account = rooms.directory.account(id);
        if (account && account->place.file != accounts::kStoreOwns)
            return owned("account " + id, account->place);
        if (account && call.path.size() == 1)
            return net::problem(409, "conflict", "account " + id + " is there already");
    } else if (const auto portal = rooms.directory.portal(id);
               portal && portal->place.file != accounts::kStoreOwns) {
        return owned("portal " + id, portal->place);
    }
    if (by_path && call.method != "PUT")
        return net::problem(
            404, "not_found", room == "accounts" ? "no such account" : "no such portal"
        );
    return std::nullopt;
}

}  // namespace

net::Response unserved(const Rooms& rooms, const Call& call) {
    if (auto response = change(rooms, call)) return *std::move(response);
    if (is_later(call))
        return net::problem(501, "not_in_this_version", "this is not in this version");
    const std::string_view methods = methods_of(call);
    if (methods.empty() || methods.find(call.method) != std::string_view::npos)
        return net::problem(
            404, "not_found", call.method == "GET" ? "no such address" : "no such action"
        );
    net::Response response = net::problem(
        405, "method_not_allowed", "this address is there for " + std::string{methods}
    );
    response.headers.push_back({"Allow", std::string{methods}});
    return response;
}

}  // namespace trunkline::admin
