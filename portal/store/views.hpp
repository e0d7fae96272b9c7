#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "portal/store/database.hpp"

/// Rows as the page sees them: addresses of files lead to the portal, and nothing secret is in
/// them.
namespace trunkline::portal::store {

std::optional<boost::json::object> message_view(Database& database, std::int64_t id);

/// A page of a conversation, oldest first: the newest `limit` entries with an id below `before` (0
/// = up to the end).
boost::json::array list_messages(
    Database& database, std::int64_t conversation, std::int64_t before, std::int64_t limit
);

/// Former texts of an edited message, oldest first: [{number, time, body}].
boost::json::array list_edits(Database& database, std::int64_t message);

/// One change with the present form of what changed.
struct LiveChange {
    std::int64_t rev = 0;
    boost::json::object data;  ///< {rev, message?, conversation?, notices?, gaps?}
};

struct LiveChanges {
    bool too_old =
        false;  ///< `after` is no longer kept, or was never given out: the page must start anew
    std::vector<LiveChange> changes;
};

/// What changed after `after`, in order; repeats of one entry within the answer appear once, at the
/// newest place.
LiveChanges changes_after(Database& database, std::int64_t after, std::int64_t limit);

}  // namespace trunkline::portal::store
