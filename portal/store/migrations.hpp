#pragma once

#include "portal/store/database.hpp"

namespace trunkline::portal::store {

/// Brings the file to this program's version, each step in a transaction of its own. A file of a
/// later version is refused.
Result<void> migrate(Database& database);

}  // namespace trunkline::portal::store
