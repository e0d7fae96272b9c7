#include "host/left_behind.hpp"

#include <algorithm>

#include "host/lanes/held_rows.hpp"

namespace trunkline {
namespace {

constexpr std::string_view kPortal = "portal/";
constexpr std::string_view kAccount = "account/";

}  // namespace

bool something_waits(const store::Store& store, const store::LaneInfo& lane) {
    if (lane.head != lane.tail) return true;
    const auto aside = store.rows(store::Table::held, lanes::held_prefix(lane.id), "", 1);
    return !aside || !aside->empty();
}

std::vector<std::string> lanes_to_drain(const store::Store& store, const config::Portal& portal) {
    const std::string prefix = std::string{kPortal} + portal.id + '/';
    std::vector<std::string> out;
    for (const store::LaneInfo& lane : store.lanes_under(prefix)) {
        if (!something_waits(store, lane)) continue;
        std::string name = lane.name.substr(prefix.size());
        const bool configured =
            std::any_of(portal.lanes.begin(), portal.lanes.end(), [&](const config::Lane& one) {
                return one.name == name && one.delivery == "guaranteed";
            });
        if (!configured) out.push_back(std::move(name));
    }
    return out;
}

std::vector<store::LaneInfo> orphaned_lanes(
    const store::Store& store, const accounts::Directory& directory
) {
    std::vector<store::LaneInfo> out;
    for (store::LaneInfo& lane : store.lanes()) {
        if (!something_waits(store, lane)) continue;
        const std::string_view name = lane.name;
        const bool known =
            name.starts_with(kPortal)
                ? directory.portal(name.substr(kPortal.size(), name.rfind('/') - kPortal.size())) !=
                      nullptr
                : directory.account(name.substr(std::min(kAccount.size(), name.size()))) != nullptr;
        if (!known) out.push_back(std::move(lane));
    }
    return out;
}

}  // namespace trunkline
