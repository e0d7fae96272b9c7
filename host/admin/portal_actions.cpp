#include "host/admin/portal_actions.hpp"

#include <boost/json.hpp>

#include "host/accounts/made.hpp"
#include "host/config/portal_document.hpp"

// GCC 12 inlines only the first half of the pair of functions that a coroutine frame is allocated
// by, and takes the other for a stranger.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace trunkline::admin {
namespace {

/// None: it is no change of a portal.
std::optional<PortalChange::How> way_of(const Call& call) {
    if (call.at("POST", {"portals"})) return PortalChange::How::create;
    if (call.at("PUT", {"portals", "*"})) return PortalChange::How::put;
    if (call.at("PATCH", {"portals", "*"})) return PortalChange::How::patch;
    return std::nullopt;
}

async::Awaitable<net::Response> change(const Rooms& rooms, PortalChange wanted, std::string text) {
    auto document = config::read_document(text);
    if (!document) co_return refusal(document.error());
    wanted.document = *std::move(document);
    boost::json::object body{{"status", "done"}, {"id", wanted.id}};
    auto changed = co_await rooms.portal_changes.put(std::move(wanted));
    if (!changed) co_return refusal(changed.error());
    // Shown this once: the portal needs it.
    if (!changed->license_key.empty()) body["license_key"] = changed->license_key.reveal();
    co_return answer(std::move(body), changed->created ? 201 : 200);
}

async::Awaitable<net::Response> remove(const Rooms& rooms, std::string id, bool discard) {
    auto removed = co_await rooms.portal_changes.remove(std::move(id), discard);
    if (!removed) co_return refusal(removed.error());
    if (*removed == PortalRemoval::has_accounts)
        co_return net::problem(
            409, "portal_has_accounts", "accounts belong to this portal; remove them first"
        );
    if (*removed == PortalRemoval::events_waiting)
        co_return net::problem(
            409,
            "portal_has_events",
            "events wait in the lanes of this portal; ?discard=true gives them up"
        );
    co_return answer(boost::json::object{{"status", "done"}});
}

}  // namespace

async::Awaitable<std::optional<net::Response>> act_on_portal(const Rooms& rooms, Call call) {
    std::optional<net::Response> out;
    const auto how = way_of(call);
    const bool removes = call.at("DELETE", {"portals", "*"});
    if (!how && !removes) co_return out;
    std::string id = call.path.size() == 1 ? call.text("id") : call.path.at(1);
    const auto present = rooms.directory.portal(id);
    if (present && present->place.file != accounts::kStoreOwns) co_return out;
    if (removes) {
        const std::string discard = call.parameter("discard");
        if (!discard.empty() && discard != "true" && discard != "false") {
            out = net::problem(400, "malformed", "discard: is neither true nor false");
            co_return out;
        }
        out = co_await remove(rooms, std::move(id), discard == "true");
        co_return out;
    }
    PortalChange wanted;
    wanted.id = std::move(id);
    wanted.how = *how;
    std::string text = std::move(call.text_as_sent);
    out = co_await change(rooms, std::move(wanted), std::move(text));
    co_return out;
}

}  // namespace trunkline::admin
