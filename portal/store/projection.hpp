#pragma once

#include <string>

#include <boost/json/object.hpp>

#include "host/base/clock.hpp"
#include "portal/store/database.hpp"

namespace trunkline::portal::store {

/// Applies one universal event to what the page shows. Types that are not known change nothing: the
/// raw event is kept.
void project(
    Database& database, const boost::json::object& event, const std::string& type, WallMs now
);

/// {conversation, name, on, until}: shown for a moment, never stored as state.
boost::json::object passing_typing(Database& database, const boost::json::object& event);

/// Account notices and gaps, newest first: [{id, placed, time, code, text, gap?, account?,
/// conversation?}].
boost::json::array list_notices(Database& database, std::int64_t limit);

}  // namespace trunkline::portal::store
