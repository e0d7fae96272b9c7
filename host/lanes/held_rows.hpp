#pragma once

#include <string>
#include <string_view>

#include "host/store/store.hpp"

/// How a keyed lane keeps the records of a waiting conversation aside, in `Table::held`. Stored;
/// never change the form.
namespace trunkline::lanes {

std::string held_prefix(store::LaneId lane);
std::string held_prefix(store::LaneId lane, std::string_view conversation);
/// Sorts by conversation, then by sequence.
std::string held_key(store::LaneId lane, std::string_view conversation, store::Sequence sequence);
std::string write_held(const store::Record& record);
bool read_held(std::string_view value, store::Record& out);  ///< false: not ours

}  // namespace trunkline::lanes
