#pragma once

#include <memory>
#include <vector>

#include "host/store/lane_table.hpp"
#include "host/store/medium.hpp"
#include "host/store/vault.hpp"

namespace trunkline::store {

/// Proves that the key fits what is stored, or, in an empty store, writes the proof. Fails, naming
/// the reason.
Result<std::unique_ptr<Vault>> unlock(Medium& medium, const Secret& key, const std::string& name);

/// Loads every lane with its head, finds its tail, and tells the medium which heads it may trust.
Result<void> load_lanes(Medium& medium, LaneTable& lanes);

/// After the medium was opened anew: takes over records that were reported as failed but are there.
/// Returns their lanes.
Result<std::vector<LaneId>> adopt_tails(const Medium& medium, LaneTable& lanes);

}  // namespace trunkline::store
