// Portals that are made, changed and removed while the host runs. The store keeps them; those of
// the configuration are only looked at here. A change is written as a whole, in one row, before
// anything of it holds: whatever ends the host in between, the next start finishes it. A removal is
// written last: one that is broken off leaves the portal as it was, without what was set aside.
#include <algorithm>

#include <boost/json.hpp>
#include <spdlog/spdlog.h>

#include "host/accounts/made.hpp"
#include "host/accounts/made_portals.hpp"
#include "host/config/portal_document.hpp"
#include "host/host.hpp"
#include "host/lanes/held_rows.hpp"
#include "host/left_behind.hpp"
#include "host/portal_lanes_of.hpp"
#include "host/seal/seal.hpp"

// GCC 12 inlines only the first half of the pair of functions that a coroutine frame is allocated
// by, and takes the other for a stranger.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace trunkline {
namespace {

namespace json = boost::json;

constexpr char kKey[] = "license_key";
constexpr char kNextKey[] = "next_license_key";

std::string portal_claim(const std::string& id) {
    return "portal/" + id;
}

std::string lanes_prefix(const std::string& id) {
    return "portal/" + id + "/";
}

bool is_made(const accounts::Portal& portal) {
    return portal.place.file == accounts::kStoreOwns;
}

bool same_member(const json::object& a, const json::object& b, const char* name) {
    const auto* left = a.if_contains(name);
    const auto* right = b.if_contains(name);
    return left == nullptr || right == nullptr ? left == right : *left == *right;
}

/// What the address names, and the document may say again.
Result<void> give_id(json::object& document, const std::string& id) {
    if (const auto* given = document.if_contains("id");
        given != nullptr && (!given->is_string() || given->get_string() != id))
        return Error{Fault::malformed, "id: is not \"" + id + "\", which the address names"};
    document["id"] = id;
    return {};
}

/// To a portal a lane is one whatever its delivery, and those in memory have higher epochs than the
/// stored ones before them: what such a one still holds, or will again, would be refused.
Result<void> check_deliveries(const store::Store& store, const config::Portal& portal) {
    const auto stored = store.lanes_under(lanes_prefix(portal.id));
    for (std::size_t i = 0; i < portal.lanes.size(); ++i) {
        const config::Lane& lane = portal.lanes[i];
        if (lane.delivery != "best_effort") continue;
        const std::string name = lanes_prefix(portal.id) + lane.name;
        if (std::ranges::find(stored, name, &store::LaneInfo::name) != stored.end())
            return Error{
                Fault::conflict,
                "lanes[" + std::to_string(i) + "].delivery: lane " + lane.name +
                    " is, or was, guaranteed and cannot become best_effort; give it another name"};
    }
    return {};
}

/// Gives up what is stored in the lanes of a portal that has none open any more, as a part of
/// `batch`; what was set aside is erased at once, since it may be more than one write holds.
Result<void> empty_lanes(store::Store& store, const std::string& id, store::Batch& batch) {
    constexpr std::size_t kAtOnce = 10'000;
    for (const store::LaneInfo& lane : store.lanes_under(lanes_prefix(id))) {
        for (;;) {
            auto aside = store.rows(store::Table::held, lanes::held_prefix(lane.id), "", kAtOnce);
            if (!aside) return aside.error();
            if (aside->empty()) break;
            store::Batch erasing;
            for (store::Row& row : *aside)
                erasing.erase.push_back({store::Table::held, std::move(row.key)});
            const auto erased = store.commit_and_wait(std::move(erasing));
            if (!erased) return erased.error();
        }
        if (lane.head != lane.tail) batch.advance.push_back({lane.id, lane.tail - 1, {}});
        if (!lane.state.empty()) batch.states.push_back({lane.id, ""});
    }
    return {};
}

}  // namespace

/// What a portal is to be.
struct Host::WantedPortal {
    json::object document;
    config::Portal portal;
    bool fresh_key = false;    ///< made here
    bool other_keys = true;    ///< than it has
    bool other_key = true;     ///< than the first of them
    bool kept = false;         ///< a row of it is there
    bool former_next = false;  ///< which names a second key
};

admin::PortalChanges Host::portal_changes() {
    return {
        [this](admin::PortalChange change) { return change_portal(std::move(change)); },
        [this](std::string id, bool discard) { return remove_portal(std::move(id), discard); }};
}

/// Blocks.
Result<Host::WantedPortal> Host::wanted_portal(const admin::PortalChange& change) const {
    using How = admin::PortalChange::How;
    WantedPortal out;
    json::object former;
    if (change.how != How::create) {
        auto kept = accounts::load_portal(*store_, change.id);
        if (!kept && kept.error().fault != Fault::not_found) return kept.error();
        if (kept) former = *std::move(kept);
    } else if (const auto kept = accounts::load_portal(*store_, change.id);
               kept || kept.error().fault != Fault::not_found) {
        return Error{
            Fault::conflict,
            "portal " + change.id +
                " is kept already, though it cannot be opened; PUT replaces it"};
    }
    out.kept = !former.empty();
    out.former_next = former.contains(kNextKey);
    if (change.how == How::patch) {
        if (const auto* key = change.document.if_contains(kKey); key != nullptr && key->is_null())
            return Error{Fault::malformed, "license_key: cannot be taken away"};
        out.document = former;
        config::merge(out.document, change.document);
    } else {
        out.document = change.document;
    }
    if (!change.id.empty() || change.how != How::create) {
        const auto named = give_id(out.document, change.id);
        if (!named) return named.error();
    }
    if (!out.document.contains(kKey)) {
        out.fresh_key = !former.contains(kKey);
        out.document[kKey] = out.fresh_key
                                 ? json::value(seal::LicenseKey::generate().text().reveal())
                                 : former.at(kKey);
    }
    auto portal = config::portal_of(out.document);
    if (!portal) return portal.error();
    if (portal->id != change.id) return Error{Fault::malformed, "id: expected text"};
    const auto deliveries = check_deliveries(*store_, *portal);
    if (!deliveries) return deliveries.error();
    out.portal = *std::move(portal);
    out.portal.place = {accounts::kStoreOwns};
    out.other_key = !same_member(out.document, former, kKey);
    out.other_keys = out.other_key || !same_member(out.document, former, kNextKey);
    return out;
}

async::Awaitable<Result<admin::PortalChanged>> Host::change_portal(admin::PortalChange change) {
    using How = admin::PortalChange::How;
    Claims::Hold claim{claims_, portal_claim(change.id)};
    if (!claim.take())
        co_return Error{Fault::conflict, "portal " + change.id + " is being changed"};
    const auto present = directory_.portal(change.id);
    if (present && change.how == How::create)
        co_return Error{Fault::conflict, "portal " + change.id + " is there already"};
    if (present && !is_made(*present))
        co_return Error{Fault::conflict, "portal " + change.id + " cannot be changed here"};
    if (!present && change.how == How::patch) co_return Error{Fault::not_found, "no such portal"};
    const auto look = [this, &change] { return wanted_portal(change); };
    auto wanted = co_await pool_.run(look);
    if (!wanted) co_return wanted.error();
    Result<void> done;
    if (present)
        done = co_await alter_portal(present, *wanted);
    else
        done = co_await make_portal(*wanted);
    if (!done) co_return done.error();
    admin::PortalChanged changed;
    changed.created = !present;
    if (wanted->fresh_key) changed.license_key = wanted->portal.license_key;
    co_return changed;
}

async::Awaitable<Result<void>> Host::write_portal(const WantedPortal& wanted) {
    store::Batch batch;
    // A rotation by hand is of the key before.
    if (wanted.other_key) batch.erase.push_back(accounts::rotation_erasure(wanted.portal.id));
    batch.put.push_back(accounts::portal_row(wanted.portal.id, wanted.document));
    auto written = co_await store_->commit(std::move(batch));
    if (!written) co_return written.error();
    co_return Result<void>{};
}

async::Awaitable<Result<void>> Host::make_portal(const WantedPortal& wanted) {
    auto written = co_await write_portal(wanted);
    if (!written) co_return written;
    auto opened = co_await open_portal_here(wanted.portal);
    if (opened || wanted.kept) co_return opened;
    store::Batch undo;
    undo.erase = accounts::portal_erasures(wanted.portal.id);
    const auto undone = co_await store_->commit(std::move(undo));
    if (!undone)
        spdlog::error(
            "portal.half_made portal={} reason={}", wanted.portal.id, undone.error().context
        );
    co_return opened;
}

async::Awaitable<Result<void>> Host::alter_portal(
    std::shared_ptr<accounts::Portal> portal, const WantedPortal& wanted
) {
    const auto former = portal->terms();
    auto lanes = lanes_of(wanted.portal);
    auto may = co_await portal_lanes_->may_change(portal->id, lanes);
    if (!may) co_return may;
    auto keys = former->keys;
    if (wanted.other_keys && !wanted.other_key && keys->state().rotating && !wanted.former_next)
        co_return Error{
            Fault::conflict,
            "next_license_key: the key that license rotate made is in the way; finish that first"};
    auto written = co_await write_portal(wanted);
    if (!written) co_return written;
    if (wanted.other_keys) {
        const auto look = [this, &wanted] {
            return accounts::PortalKeys::open(
                PortalId{wanted.portal.id},
                wanted.portal.license_key,
                wanted.portal.next_license_key,
                *store_,
                clock_
            );
        };
        auto opened = co_await pool_.run(look);
        if (!opened) co_return opened.error();
        keys = *std::move(opened);
    }

    std::string url = wanted.portal.url;
    auto routes = co_await portal_lanes_->change(portal->id, std::move(lanes), std::move(url));
    if (!routes) {
        (void)co_await portal_lanes_->changed(portal->id);
        co_return Error{
            routes.error().fault,
            "it is written down and holds from the next start, but not before: " +
                routes.error().context};
    }
    accounts::Terms terms = accounts::Terms::of(wanted.portal, std::move(keys));
    give_lanes(terms, wanted.portal, *std::move(routes));
    portal->adopt(std::move(terms));
    auto changed = co_await portal_lanes_->changed(portal->id);
    if (!changed) co_return changed;
    if (wanted.portal.limits.waiting_bytes == former->limits.waiting_bytes)
        co_return Result<void>{};
    auto bounded = co_await bound_accounts(*portal);
    co_return bounded;
}

/// What may wait for its accounts is a part of a portal's limits.
async::Awaitable<Result<void>> Host::bound_accounts(const accounts::Portal& portal) {
    const auto bound = [this, &portal]() -> Result<void> {
        const std::uint64_t most = portal.limits().waiting_bytes;
        for (const auto& [id, account] : directory_.accounts()) {
            if (account->portal.get() != &portal) continue;
            const auto opened = store_->open_lane("account/" + id, most);
            if (!opened) return opened.error();
        }
        return {};
    };
    auto bounded = co_await pool_.run(bound);
    co_return bounded;
}

async::Awaitable<Result<admin::PortalRemoval>> Host::remove_portal(std::string id, bool discard) {
    Claims::Hold claim{claims_, portal_claim(id)};
    Claims::Hold accounts{claims_, accounts_claim(id)};
    if (!claim.take() || !accounts.take())
        co_return Error{
            Fault::conflict, "portal " + id + ", or an account of it, is being changed"};
    auto portal = directory_.portal(id);
    if (!portal) co_return Error{Fault::not_found, "no such portal"};
    if (!is_made(*portal))
        co_return Error{Fault::conflict, "portal " + id + " cannot be removed here"};
    const auto belongs = [&portal](const auto& entry) { return entry.second->portal == portal; };
    if (const auto all = directory_.accounts(); std::any_of(all.begin(), all.end(), belongs))
        co_return admin::PortalRemoval::has_accounts;
    const auto look = [this, &id] {
        const auto lanes = store_->lanes_under(lanes_prefix(id));
        return std::ranges::any_of(lanes, [this](const auto& lane) {
            return something_waits(*store_, lane);
        });
    };
    const bool waits = co_await pool_.run(look);
    if (waits && !discard) co_return admin::PortalRemoval::events_waiting;
    directory_.remove(portal);
    auto ended = co_await end_portal(portal, discard);
    if (ended) co_return admin::PortalRemoval::done;
    // It is there still, as the next start would have it.
    const auto read = [this, &id]() -> Result<config::Portal> {
        auto document = accounts::load_portal(*store_, id);
        if (!document) return document.error();
        auto from = config::portal_of(*document);
        if (from) from->place = {accounts::kStoreOwns};
        return from;
    };
    auto from = co_await pool_.run(read);
    Result<void> back = from ? Result<void>{} : Result<void>{from.error()};
    if (from) back = co_await open_portal_here(*from);
    if (!back) spdlog::error("portal.not_back portal={} reason={}", id, back.error().context);
    co_return ended.error();
}

/// Its lanes end; then it, and what waits in them, are no more.
async::Awaitable<Result<void>> Host::end_portal(
    std::shared_ptr<accounts::Portal> portal, bool discard
) {
    auto closed = co_await portal_lanes_->close(portal->id);
    if (!closed) co_return closed;
    const auto collect = [this, &portal, discard]() -> Result<store::Batch> {
        store::Batch batch;
        // Something may have come back until its lanes had ended.
        for (const auto& lane : store_->lanes_under(lanes_prefix(portal->id.text()))) {
            if (!discard && something_waits(*store_, lane))
                return Error{Fault::conflict, "events have come into lane " + lane.name};
        }
        batch.erase = accounts::portal_erasures(portal->id.text());
        const auto emptied = empty_lanes(*store_, portal->id.text(), batch);
        if (!emptied) return emptied.error();
        return batch;
    };
    auto batch = co_await pool_.run(collect);
    if (!batch) co_return batch.error();
    auto written = co_await store_->commit(*std::move(batch));
    if (!written) co_return written.error();
    co_return Result<void>{};
}

}  // namespace trunkline
