#include "host/accounts/portal.hpp"

#include <algorithm>

namespace trunkline::accounts {
namespace {

/// Two seconds' worth may come at once: messengers deliver what they held back in a burst.
quotas::TokenBucket events_of(const config::Limits& limits) {
    const auto rate = static_cast<double>(limits.events_per_second);
    return {rate, 2 * rate};
}

/// A whole request of commands must fit, or it could never be taken.
quotas::TokenBucket commands_of(const config::Limits& limits) {
    const auto rate = static_cast<double>(limits.commands_per_second);
    return {rate, 100 + 2 * rate};
}

}  // namespace

Terms Terms::of(const config::Portal& from, std::shared_ptr<PortalKeys> keys) {
    Terms out;
    out.url = from.url;
    out.warn_url = from.warn_url;
    out.encrypt = from.encrypt;
    out.allow_private = from.allow_private;
    out.accept_html = from.accept_html;
    out.limits = from.limits;
    for (const config::Lane& lane : from.lanes)
        out.retention = std::max(out.retention, lane.retention);
    out.keys = std::move(keys);
    return out;
}

const PortalLane& Terms::lane_for(std::string_view event_type) const {
    const PortalLane* rest = &lanes.front();
    for (const PortalLane& lane : lanes) {
        if (lane.events.contains(event_type)) return lane;
        if (lane.events.empty()) rest = &lane;
    }
    return *rest;
}

Portal::Portal(const config::Portal& from, std::shared_ptr<PortalKeys> keys, async::Loop& loop_)
    : id{from.id},
      place{from.place},
      loop{loop_},
      terms_{std::make_shared<const Terms>(Terms::of(from, std::move(keys)))},
      events_{events_of(from.limits)},
      commands_{commands_of(from.limits)} {}

std::shared_ptr<const Terms> Portal::terms() const {
    const std::lock_guard lock{mutex_};
    return terms_;
}

config::Limits Portal::limits() const {
    const std::lock_guard lock{mutex_};
    return terms_->limits;
}

std::shared_ptr<PortalKeys> Portal::keys() const {
    const std::lock_guard lock{mutex_};
    return terms_->keys;
}

void Portal::adopt(Terms terms) {
    auto next = std::make_shared<const Terms>(std::move(terms));
    const std::lock_guard lock{mutex_};
    const config::Limits& former = terms_->limits;
    if (next->limits.events_per_second != former.events_per_second)
        events_ = events_of(next->limits);
    if (next->limits.commands_per_second != former.commands_per_second)
        commands_ = commands_of(next->limits);
    terms_.swap(next);  // the former ones end without the lock
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
    auto present = keys();
    const std::uint64_t version = present->version();
    if (!opener_ || present != opener_keys_ || version != opener_version_) {
        opener_.emplace(id.text(), *present->ring(), seal::Direction::portal_to_host);
        opener_keys_ = std::move(present);
        opener_version_ = version;
    }
    return *opener_;
}

}  // namespace trunkline::accounts
