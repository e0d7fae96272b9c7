#include "portal/store/batches.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "portal/fields.hpp"
#include "portal/store/changes.hpp"
#include "portal/store/gaps.hpp"
#include "portal/store/projection.hpp"

namespace trunkline::portal::store {

namespace {

struct Position {
    std::int64_t epoch = 0;
    std::int64_t sequence = 0;
};

Position position_of(Database& database, const std::string& lane) {
    Statement row = database.query("SELECT epoch, sequence FROM lanes WHERE lane = ?", lane);
    if (!row.step()) return {};
    return {row.number(0), row.number(1)};
}

bool known(Database& database, const ReceivedBatch& batch, const ReceivedEvent& event) {
    Statement row = database.query(
        "SELECT 1 FROM events WHERE id = ? UNION ALL SELECT 1 FROM events WHERE lane = ? AND epoch "
        "= ? AND sequence = ?",
        event.id,
        batch.lane,
        batch.epoch,
        event.sequence
    );
    return row.step();
}

void keep_raw(
    Database& database, const ReceivedBatch& batch, const ReceivedEvent& event, WallMs now
) {
    database.run(
        "INSERT INTO events(id, lane, epoch, sequence, type, stored, body) VALUES(?, ?, ?, ?, ?, "
        "?, ?)",
        event.id,
        batch.lane,
        batch.epoch,
        event.sequence,
        event.type,
        now,
        json::serialize(event.body)
    );
}

}  // namespace

Result<KeptBatch> keep_batch(
    Database& database, const ReceivedBatch& batch, LaneKind kind, WallMs now
) {
    KeptBatch kept;
    Position position = position_of(database, batch.lane);
    if (batch.epoch < position.epoch) {
        kept.stale_epoch = true;
        return kept;
    }
    if (batch.epoch > position.epoch) position = {batch.epoch, 0};

    for (const auto& event : batch.events) {
        kept.through = std::max(kept.through, event.sequence);
        const LanePlace place{batch.lane, batch.epoch, event.sequence};
        if (kind == LaneKind::guaranteed) {
            // A sequence above the next one leaves a hole; one below may fill a hole that an
            // earlier batch left.
            if (event.sequence > position.sequence + 1)
                open_gap(database, place, position.sequence + 1, now);
            if (event.sequence <= position.sequence) fill_gap(database, place);
        }
        position.sequence = std::max(position.sequence, event.sequence);
        if (known(database, batch, event)) {
            ++kept.repeats;
            continue;
        }
        keep_raw(database, batch, event, now);
        ++kept.stored;
        const auto& gap = object_of(event.body, "gap");
        if (event.type == "notice" && !gap.empty()) explain_gap(database, place, gap, now);
        if (event.type == "typing") {
            kept.passing.push_back(passing_typing(database, event.body));
        } else {
            project(database, event.body, event.type, now);
        }
    }
    database.run(
        "INSERT INTO lanes(lane, epoch, sequence) VALUES(?, ?, ?) "
        "ON CONFLICT(lane) DO UPDATE SET epoch = excluded.epoch, sequence = excluded.sequence",
        batch.lane,
        position.epoch,
        position.sequence
    );
    prune_changes(database);
    return kept;
}

json::array events_after(
    Database& database, const std::string& lane, std::int64_t after, std::int64_t limit
) {
    json::array events;
    Statement row = database.query(
        "SELECT position, lane, epoch, sequence, body FROM events WHERE position > ?1 AND (?2 = '' "
        "OR lane = ?2) "
        "ORDER BY position LIMIT ?3",
        after,
        lane,
        limit
    );
    while (row.step()) {
        boost::system::error_code failure;
        auto body = json::parse(row.text(4), failure);
        events.push_back(json::object{
            {"position", row.number(0)},
            {"lane", row.text(1)},
            {"epoch", row.number(2)},
            {"sequence", row.number(3)},
            {"event", std::move(body)},
        });
    }
    return events;
}

}  // namespace trunkline::portal::store
