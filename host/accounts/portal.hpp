#pragma once

#include <chrono>
#include <memory>
#include <mutex>
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

/// A business installation while the host runs. Made by main; afterwards unchanging but for what is
/// guarded.
class Portal {
public:
    Portal(const config::Portal& from, std::shared_ptr<PortalKeys> keys_, async::Loop& loop_);

    const PortalId id;
    const std::string url;
    const bool encrypt;
    const config::Limits limits;
    const config::Place place;  ///< where the configuration names it
    const std::shared_ptr<PortalKeys> keys;
    async::Loop& loop;              ///< where its commands are opened
    std::vector<PortalLane> lanes;  ///< filled before the host starts to accept

    const PortalLane& lane_for(std::string_view event_type) const;

    std::chrono::milliseconds take_events(
        quotas::TokenBucket::Time now, double count
    );  ///< `[any]`; zero = taken
    std::chrono::milliseconds take_commands(
        quotas::TokenBucket::Time now, double count
    );  ///< `[any]`

    /// The opener of what this portal sends, renewed when its keys change. On `loop` only.
    seal::Opener& opener();

private:
    std::mutex mutex_;  // guards the buckets; held for a few additions
    quotas::TokenBucket events_;
    quotas::TokenBucket commands_;
    std::optional<seal::Opener> opener_;
    std::uint64_t opener_version_ = 0;
};

}  // namespace trunkline::accounts
