#pragma once

#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "host/base/clock.hpp"
#include "host/base/result.hpp"
#include "portal/store/database.hpp"

namespace trunkline::portal::store {

/// One event as it came, with what identifies it taken out. A value.
struct ReceivedEvent {
    std::string id;
    std::int64_t sequence = 0;
    std::string type;
    boost::json::object body;
};

/// One request of the host. A value.
struct ReceivedBatch {
    std::string lane;
    std::int64_t epoch = 0;
    std::vector<ReceivedEvent> events;  ///< empty: the lane is being opened
};

enum class LaneKind {
    guaranteed,
    best_effort
};  ///< in best-effort lanes holes are normal and not recorded

struct KeptBatch {
    bool stale_epoch = false;  ///< refused: the lane has a later incarnation; nothing was kept
    std::int64_t through = 0;  ///< highest sequence of the batch
    std::uint64_t stored = 0;
    std::uint64_t repeats = 0;
    std::vector<boost::json::object>
        passing;  ///< what is shown for a moment and not kept as state: typing
};

/// Keeps a whole batch in the caller's transaction: raw events, what they change on the page, the
/// lane's position and holes. Repeats are known by (lane, epoch, sequence) and by event id and
/// change nothing.
Result<KeptBatch> keep_batch(
    Database& database, const ReceivedBatch& batch, LaneKind kind, WallMs now
);

/// Raw events of a lane (or all, when empty) after a store position, oldest first:
/// [{position, lane, epoch, sequence, event}].
boost::json::array events_after(
    Database& database, const std::string& lane, std::int64_t after, std::int64_t limit
);

/// Holes and given-up ranges, newest first: [{id, lane, epoch, from, through, explained, reason,
/// placed, seen}].
boost::json::array list_gaps(Database& database, std::int64_t limit);

}  // namespace trunkline::portal::store
