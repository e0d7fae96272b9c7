#include "portal/store/gaps.hpp"

#include <algorithm>
#include <vector>

#include <boost/json/array.hpp>

#include "portal/fields.hpp"
#include "portal/store/batches.hpp"
#include "portal/store/changes.hpp"

namespace trunkline::portal::store {

namespace {

struct Range {
    std::int64_t id = 0;
    std::int64_t first = 0;
    std::int64_t last = 0;
    std::int64_t placed = 0;
    std::int64_t seen = 0;
};

/// Unexplained holes that touch [first, last].
std::vector<Range> holes(
    Database& database, const LanePlace& place, std::int64_t first, std::int64_t last
) {
    std::vector<Range> found;
    Statement row = database.query(
        "SELECT id, first, last, placed, seen FROM gaps WHERE lane = ? AND epoch = ? AND explained "
        "= 0 "
        "AND first <= ? AND last >= ?",
        place.lane,
        place.epoch,
        last,
        first
    );
    while (row.step())
        found.push_back({row.number(0), row.number(1), row.number(2), row.number(3), row.number(4)}
        );
    return found;
}

void add(
    Database& database,
    const LanePlace& place,
    const Range& range,
    bool explained,
    const std::string& reason
) {
    database.run(
        "INSERT INTO gaps(lane, epoch, first, last, explained, reason, placed, seen) VALUES(?, ?, "
        "?, ?, ?, ?, ?, ?)",
        place.lane,
        place.epoch,
        range.first,
        range.last,
        explained ? 1 : 0,
        reason,
        range.placed,
        range.seen
    );
}

/// Cuts [first, last] out of `hole`; what is left on either side stays a hole.
void cut(
    Database& database,
    const LanePlace& place,
    const Range& hole,
    std::int64_t first,
    std::int64_t last
) {
    database.run("DELETE FROM gaps WHERE id = ?", hole.id);
    if (hole.first < first)
        add(database, place, {0, hole.first, first - 1, hole.placed, hole.seen}, false, {});
    if (hole.last > last)
        add(database, place, {0, last + 1, hole.last, hole.placed, hole.seen}, false, {});
    tell(database, "gaps", 0, 0);
}

}  // namespace

void open_gap(Database& database, const LanePlace& place, std::int64_t first, WallMs now) {
    add(database, place, {0, first, place.sequence - 1, next_revision(database), now}, false, {});
    tell(database, "gaps", 0, 0);
}

void fill_gap(Database& database, const LanePlace& place) {
    for (const auto& hole : holes(database, place, place.sequence, place.sequence)) {
        cut(database, place, hole, place.sequence, place.sequence);
    }
}

void explain_gap(Database& database, const LanePlace& place, const json::object& gap, WallMs now) {
    const auto through = number_of(gap, "through", place.sequence);
    const auto from = std::max<std::int64_t>(1, number_of(gap, "from", through));
    if (from > through) return;
    for (const auto& hole : holes(database, place, from, through))
        cut(database, place, hole, from, through);
    add(database,
        place,
        {0, from, through, next_revision(database), now},
        true,
        shortened(text_of(gap, "reason"), 500));
    tell(database, "gaps", 0, 0);
}

json::array list_gaps(Database& database, std::int64_t limit) {
    json::array gaps;
    Statement row = database.query(
        "SELECT id, lane, epoch, first, last, explained, reason, placed, seen FROM gaps ORDER BY "
        "placed DESC LIMIT ?",
        limit
    );
    while (row.step()) {
        gaps.push_back(json::object{
            {"id", row.number(0)},
            {"lane", row.text(1)},
            {"epoch", row.number(2)},
            {"from", row.number(3)},
            {"through", row.number(4)},
            {"explained", row.number(5) != 0},
            {"reason", row.text(6)},
            {"placed", row.number(7)},
            {"seen", rfc3339(row.number(8))},
        });
    }
    return gaps;
}

}  // namespace trunkline::portal::store
