#pragma once

#include "portal/store/database.hpp"

/// What changed, in order: the list that live pages follow. Every visible change appends one row in
/// its own transaction.
namespace trunkline::portal::store {

constexpr std::int64_t kChangesKept = 20'000;

std::int64_t latest_revision(Database& database);

/// The revision the next `tell` will get, for an entry that must carry it.
std::int64_t next_revision(Database& database);

/// `kind`: message, conversation, notice, gaps. `conversation` and `item` are 0 where there is
/// none.
void tell(Database& database, const char* kind, std::int64_t conversation, std::int64_t item);

/// Forgets what is older than the newest `kChangesKept`; a page that is further behind starts anew.
void prune_changes(Database& database);

}  // namespace trunkline::portal::store
