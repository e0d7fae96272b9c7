#include "portal/store/changes.hpp"

namespace trunkline::portal::store {

std::int64_t latest_revision(Database& database) {
    Statement row = database.query("SELECT coalesce(max(rev), 0) FROM changes");
    return row.step() ? row.number(0) : 0;
}

std::int64_t next_revision(Database& database) {
    return latest_revision(database) + 1;
}

void tell(Database& database, const char* kind, std::int64_t conversation, std::int64_t item) {
    database.run(
        "INSERT INTO changes(kind, conversation, item) VALUES(?, ?, ?)", kind, conversation, item
    );
}

void prune_changes(Database& database) {
    database.run(
        "DELETE FROM changes WHERE rev <= (SELECT max(rev) FROM changes) - ?", kChangesKept
    );
}

}  // namespace trunkline::portal::store
