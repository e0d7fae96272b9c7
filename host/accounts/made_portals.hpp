#pragma once

#include <functional>
#include <string>

#include <boost/json/object.hpp>

#include "host/base/result.hpp"
#include "host/store/store.hpp"

/// Portals that were made while the host ran. The store keeps each as the document it was made
/// from, keys and all, encrypted as all of it.
namespace trunkline::accounts {

store::Put portal_row(const std::string& id, const boost::json::object& document);
/// What the store knows of a portal of that id: how it was made, and how its keys were rotated.
std::vector<store::Erase> portal_erasures(const std::string& id);
/// What was done to its keys by hand.
store::Erase rotation_erasure(const std::string& id);

/// Blocks. `not_found`: it was not made.
Result<boost::json::object> load_portal(const store::Store& store, const std::string& id);

/// All of them, sorted by id, one after the other; ends with the first error that `take` gives.
/// Blocks. `storage` names a row that cannot be read.
Result<void> each_made_portal(
    const store::Store& store,
    const std::function<Result<void>(const std::string& id, boost::json::object document)>& take
);

}  // namespace trunkline::accounts
