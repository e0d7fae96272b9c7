#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/accounts/portal_keys.hpp"
#include "host/async/loops.hpp"
#include "host/base/id.hpp"
#include "host/config/config.hpp"
#include "host/lanes/memory_lane.hpp"
#include "host/quotas/token_bucket.hpp"
#include "host/seal/seal.hpp"
#include "host/store/store.hpp"

namespace trunkline::accounts {

/// One queue of a portal: stored, or (best effort) in memory.
struct PortalLane {
    std::string name;                           ///< "messages"
    std::set<std::string, std::less<>> events;  ///< empty = all that no other lane takes
    store::LaneId id = 0;                       ///< 0 when in memory
    std::shared_ptr<lanes::MemoryLane> memory;
};

/// What a portal is to the host at one moment: never changed, only replaced.
struct Terms {
    /// Without lanes, which are there once they were opened.
    static Terms of(const config::Portal& from, std::shared_ptr<PortalKeys> keys);

    std::string url;
    std::string warn_url;  ///< where its owner is told that patience ends; "" = nowhere
    bool encrypt = true;
    bool allow_private = false;
    bool accept_html = false;
    config::Limits limits;
    std::chrono::milliseconds retention{0};  ///< the longest of its lanes
    std::shared_ptr<PortalKeys> keys;
    std::vector<PortalLane> lanes;

    const PortalLane& lane_for(std::string_view event_type) const;
};

/// A business installation while the host runs. Only its terms change. `[any]`
class Portal {
public:
    Portal(const config::Portal& from, std::shared_ptr<PortalKeys> keys, async::Loop& loop_);

    const PortalId id;
    const config::Place place;  ///< where the configuration names it, or that the store owns it
    async::Loop& loop;          ///< where its commands are opened

    /// As they are now; whoever looks twice holds on to what he found.
    std::shared_ptr<const Terms> terms() const;
    config::Limits limits() const;
    std::shared_ptr<PortalKeys> keys() const;
    /// Other terms from now on.
    void adopt(Terms terms);

    std::chrono::milliseconds take_events(
        quotas::TokenBucket::Time now, double count
    );  ///< zero = taken
    std::chrono::milliseconds take_commands(quotas::TokenBucket::Time now, double count);

    /// The opener of what this portal sends, renewed when its keys change. On `loop` only.
    seal::Opener& opener();

private:
    mutable std::mutex mutex_;  // guards all but the opener; held for a few additions
    std::shared_ptr<const Terms> terms_;
    quotas::TokenBucket events_;
    quotas::TokenBucket commands_;
    std::optional<seal::Opener> opener_;
    std::shared_ptr<PortalKeys> opener_keys_;
    std::uint64_t opener_version_ = 0;
};

}  // namespace trunkline::accounts
