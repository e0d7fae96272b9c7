#include "host/left_behind.hpp"

#include <algorithm>

#include "host/lanes/held_rows.hpp"

namespace trunkline {
namespace {

constexpr std::string_view kPortal = "portal/";
constexpr std::string_view kAccount = "account/";

template <class Named>
bool names(const std::vector<Named>& configured, std::string_view id) {
    return std::any_of(configured.begin(), configured.end(), [id](const Named& one) {
        return one.id == id;
    });
}

/// Also what a waiting line has set aside. Where that cannot be read it is taken for granted.
bool something_waits(const store::Store& store, const store::LaneInfo& lane) {
    if (lane.head != lane.tail) return true;
    const auto aside = store.rows(store::Table::held, lanes::held_prefix(lane.id), "", 1);
    return !aside || !aside->empty();
}

}  // namespace

std::vector<std::string> lanes_to_drain(const store::Store& store, const config::Portal& portal) {
    const std::string prefix = std::string{kPortal} + portal.id + '/';
    std::vector<std::string> out;
    for (const store::LaneInfo& lane : store.lanes()) {
        if (!lane.name.starts_with(prefix) || !something_waits(store, lane)) continue;
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
    const store::Store& store, const config::Config& config
) {
    std::vector<store::LaneInfo> out;
    for (store::LaneInfo& lane : store.lanes()) {
        if (!something_waits(store, lane)) continue;
        const std::string_view name = lane.name;
        const bool known =
            name.starts_with(kPortal)
                ? names(
                      config.portals, name.substr(kPortal.size(), name.rfind('/') - kPortal.size())
                  )
                : names(config.accounts, name.substr(std::min(kAccount.size(), name.size())));
        if (!known) out.push_back(std::move(lane));
    }
    return out;
}

}  // namespace trunkline
