#pragma once

#include <string>

#include <boost/json/object.hpp>

#include "host/base/clock.hpp"
#include "portal/store/database.hpp"

/// The holes of guaranteed lanes: what is missing, and whether the host said why.
namespace trunkline::portal::store {

struct LanePlace {
    std::string lane;
    std::int64_t epoch = 0;
    std::int64_t sequence = 0;
};

/// Records that everything from `first` up to the one before `place` did not come.
void open_gap(Database& database, const LanePlace& place, std::int64_t first, WallMs now);

/// Takes `place` out of the hole it lies in, if it does: an event that came late.
void fill_gap(Database& database, const LanePlace& place);

/// Marks what a notice's `gap {from, through, count, reason}` covers as explained and gone for
/// good.
void explain_gap(
    Database& database, const LanePlace& place, const boost::json::object& gap, WallMs now
);

}  // namespace trunkline::portal::store
