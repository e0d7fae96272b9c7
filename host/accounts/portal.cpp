#include "host/accounts/portal.hpp"

namespace trunkline::accounts {
namespace {

double rate(std::uint64_t per_second) {
    return static_cast<double>(per_second);
}

}  // namespace

Portal::Portal(const config::Portal& from, std::shared_ptr<PortalKeys> keys_, async::Loop& loop_)
    : id{from.id},
      url{from.url},
      encrypt{from.encrypt},
      limits{from.limits},
      place{from.place},
      keys{std::move(keys_)},
      loop{loop_},
      // Two seconds' worth may come at once: messengers deliver what they held back in a burst.
      events_{rate(from.limits.events_per_second), 2 * rate(from.limits.events_per_second)},
      // A whole request of commands must fit, or it could never be taken.
      commands_{
          rate(from.limits.commands_per_second), 100 + 2 * rate(from.limits.commands_per_second)} {}

const PortalLane& Portal::lane_for(std::string_view event_type) const {
    const PortalLane* rest = &lanes.front();
    for (const PortalLane& lane : lanes) {
        if (lane.events.contains(event_type)) return lane;
        if (lane.events.empty()) rest = &lane;
    }
    return *rest;
}

std::chrono::milliseconds Portal::take_events(quotas::TokenBucket::Time now, double count) {
    const std::lock_guard lock{mutex_};
    return events_.take(now, count);
}

std::chrono::milliseconds Portal::take_commands(quotas::TokenBucket::Time now, double count) {
    const std::lock_guard lock{mutex_};
    return commands_.take(now, count);
}

seal::Opener& Portal::opener() {
    if (const std::uint64_t version = keys->version(); !opener_ || version != opener_version_) {
        opener_.emplace(id.text(), *keys->ring(), seal::Direction::portal_to_host);
        opener_version_ = version;
    }
    return *opener_;
}

}  // namespace trunkline::accounts
