#include "host/delivery/sealers.hpp"

#include <utility>

namespace trunkline::delivery {

namespace {

constexpr std::size_t kKept = 256;

bool same(const seal::KeyRing& a, const seal::KeyRing& b) {
    return a.current == b.current && a.next == b.next;
}

}  // namespace

seal::Sealer& Sealers::of(const PortalId& portal, const seal::KeyRing& keys) {
    const auto known = by_portal_.find(portal.text());
    if (known != by_portal_.end() && same(known->second->keys, keys)) {
        entries_.splice(entries_.begin(), entries_, known->second);
        return entries_.front().sealer;
    }
    if (known != by_portal_.end()) {
        entries_.erase(known->second);
        by_portal_.erase(known);
    } else if (entries_.size() >= kKept) {
        by_portal_.erase(entries_.back().portal);
        entries_.pop_back();
    }
    entries_.push_front(
        {portal.text(), keys, {portal.text(), keys, seal::Direction::host_to_portal}}
    );
    by_portal_.emplace(portal.text(), entries_.begin());
    return entries_.front().sealer;
}

}  // namespace trunkline::delivery
