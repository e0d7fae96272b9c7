#include <algorithm>

#include "host/store/lane_store.hpp"

// The reading half of the store: it never waits for the committer.
namespace trunkline::store {

namespace {

Error damaged(const std::string& what) {
    return {Fault::storage, what + " is damaged or was tampered with"};
}

std::string place(LaneId lane, Sequence sequence) {
    return "record " + std::to_string(sequence) + " of lane " + std::to_string(lane);
}

}  // namespace

bool LaneStore::alive(WallMs time, WallMs keep) const {
    return time == 0 || time + keep > parts_.expiry->now_ms();
}

Result<std::vector<Record>> LaneStore::read(
    LaneId lane, Sequence from, std::size_t count, std::uint64_t bytes
) const {
    const std::shared_lock reading{open_};
    if (closed_) return closed();
    const auto position = parts_.lanes->position(lane);
    if (!position) return Error{Fault::not_found, "no lane " + std::to_string(lane)};
    return records_of(lane, *position, from, count, bytes, false);
}

std::optional<std::vector<Record>> LaneStore::read_at_once(
    LaneId lane, Sequence from, std::size_t count, std::uint64_t bytes
) const {
    const std::shared_lock reading{open_, std::try_to_lock};
    if (!reading || closed_) return std::nullopt;
    const auto position = parts_.lanes->position(lane);
    if (!position) return std::nullopt;
    auto records = records_of(lane, *position, from, count, bytes, true);
    if (!records) return std::nullopt;  // whoever may wait finds out why
    return *std::move(records);
}

Result<std::vector<Record>> LaneStore::records_of(
    LaneId lane,
    const LaneTable::Position& position,
    Sequence from,
    std::size_t count,
    std::uint64_t bytes,
    bool at_hand
) const {
    std::vector<Record> out;
    auto expected = std::max(from, position.progress.head);
    if (expected >= position.tail || count == 0) return out;
    const auto begin = Key::of_record(lane, expected);
    const auto end = Key::of_record(lane, position.tail);
    const auto cursor = at_hand
                            ? parts_.medium->cursor_at_hand(Family::msg, begin.view(), end.view())
                            : parts_.medium->cursor(Family::msg, begin.view(), end.view());
    std::uint64_t taken = 0;
    while (cursor->valid()) {
        LaneId of = 0;
        Record record;
        if (!parse_record_key(cursor->key(), of, record.sequence)) return damaged("a key");
        // What is missing must have been finished since; a real hole must never be passed over in
        // silence.
        if (record.sequence != expected && parts_.lanes->head(lane) < record.sequence) {
            return damaged(place(lane, expected));
        }
        expected = record.sequence + 1;
        if (!position.progress.finished(record.sequence)) {
            if (!read_record(*parts_.vault, cursor->key(), cursor->value(), record)) {
                return damaged(place(lane, record.sequence));
            }
            taken += record.body.size();
            out.push_back(std::move(record));
            if (out.size() == count || taken >= bytes) return out;
        }
        cursor->next();
    }
    const auto status = cursor->status();
    if (!status) return status.error();
    return out;
}

Result<std::optional<Row>> LaneStore::row(Table table, const std::string& key) const {
    const std::shared_lock reading{open_};
    if (closed_) return closed();
    const auto stored_key = row_key(table, key);
    std::string stored;
    const auto found = parts_.medium->get(Family::row, stored_key, stored);
    if (!found) return found.error();
    if (!*found || !alive(leading_time(stored))) return std::optional<Row>{};
    Row row;
    if (!read_row(*parts_.vault, stored_key, stored, row)) return damaged("a row");
    row.key = key;
    return std::optional<Row>{std::move(row)};
}

Result<std::vector<Row>> LaneStore::rows(
    Table table, const std::string& prefix, const std::string& after, std::size_t count
) const {
    const std::shared_lock reading{open_};
    if (closed_) return closed();
    const auto start = row_key(table, prefix);
    auto from = start;
    if (!after.empty() && after >= prefix) {
        from = row_key(table, after);
        from.push_back('\0');
    }
    std::vector<Row> out;
    const auto cursor = parts_.medium->cursor(Family::row, from, after_prefix(start));
    for (; cursor->valid() && out.size() < count; cursor->next()) {
        if (!alive(leading_time(cursor->value()))) continue;
        Row row;
        if (!read_row(*parts_.vault, cursor->key(), cursor->value(), row)) return damaged("a row");
        row.key = cursor->key().substr(1);
        out.push_back(std::move(row));
    }
    const auto status = cursor->status();
    if (!status) return status.error();
    return out;
}

Result<Conversation> LaneStore::conversation(LaneId lane, const std::string& conversation) const {
    const std::shared_lock reading{open_};
    if (closed_) return closed();
    const auto key =
        Key::of_conversation(lane, parts_.vault->digest(Family::conv, lane, conversation));
    std::string stored;
    const auto found = parts_.medium->get(Family::conv, key.view(), stored);
    if (!found) return found.error();
    Conversation out;
    if (*found && !read_conversation(*parts_.vault, key.view(), stored, out))
        return damaged("a conversation");
    return out;
}

Result<std::vector<DeadRecord>> LaneStore::dead(LaneId lane, Sequence after, std::size_t count)
    const {
    const std::shared_lock reading{open_};
    if (closed_) return closed();
    std::vector<DeadRecord> out;
    const auto cursor = parts_.medium->cursor(
        Family::dead,
        Key::of_record(lane, after + 1).view(),
        after_prefix(std::string{Key::of_lane(lane).view()})
    );
    for (; cursor->valid() && out.size() < count; cursor->next()) {
        if (!alive(leading_time(cursor->value()), dead_letters_keep_ms_)) continue;
        DeadRecord dead;
        LaneId of = 0;
        if (!parse_record_key(cursor->key(), of, dead.record.sequence)) return damaged("a key");
        if (!read_dead(*parts_.vault, cursor->key(), cursor->value(), dead)) {
            return damaged("dead letter " + place(lane, dead.record.sequence));
        }
        out.push_back(std::move(dead));
    }
    const auto status = cursor->status();
    if (!status) return status.error();
    return out;
}

}  // namespace trunkline::store
