#include "host/store/recovery.hpp"

#include <spdlog/spdlog.h>

#include "host/store/bytes.hpp"

namespace trunkline::store {

namespace {

constexpr std::string_view kProofKey = "store";
constexpr std::string_view kProofText = "the key fits";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kProofHeader = 4 + kSaltBytes;

Result<std::unique_ptr<Vault>> make_new(
    Medium& medium, const Secret& key, const std::string& name
) {
    // Let go of before anything is written: a cursor keeps the tables from being opened anew.
    const bool has_lanes = medium.cursor(Family::lane, {}, {})->valid();
    if (has_lanes) {
        return Error{
            Fault::storage,
            name + " is damaged: it has lanes but no proof of its key; its files are kept"};
    }
    auto salt = seal::random_bytes(kSaltBytes);
    auto vault = std::make_unique<Vault>(key.reveal(), salt);
    std::string header;
    Out{header}.u32(kVersion).raw(salt);
    std::string value;
    vault->seal(Family::meta, kProofKey, header, kProofText, value);
    const auto writes = medium.writes();
    writes->put(Family::meta, kProofKey, value);
    const auto done = medium.apply(*writes, true);
    if (!done) return done.error();
    return vault;
}

// Sizes are only needed roughly, so a long lane is measured by its beginning.
std::uint64_t measure(const Medium& medium, LaneId lane, Sequence head, Sequence tail) {
    constexpr std::uint64_t kMeasured = 16;
    constexpr std::uint64_t kMeasuredWell = 256;  // where it may come near to a bound
    constexpr std::uint64_t kMuch = 64ULL << 20U;
    const auto cursor = medium.cursor(
        Family::msg, Key::of_record(lane, head).view(), Key::of_record(lane, tail).view()
    );
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
    const auto enough = [&] {
        return count >= kMeasuredWell ||
               (count >= kMeasured && bytes / count * (tail - head) < kMuch);
    };
    for (; cursor->valid() && !enough(); cursor->next()) {
        ++count;
        bytes += cursor->value().size();
    }
    return count == 0 ? 0 : bytes / count * (tail - head);
}

Result<Sequence> last_record(const Medium& medium, LaneId lane, Sequence head) {
    // Records are contiguous from the head on, so the end is found by doubling and halving, without
    // a reverse cursor.
    std::string unused;
    const auto stored = [&](Sequence sequence) {
        return medium.get(Family::msg, Key::of_record(lane, sequence).view(), unused);
    };
    Sequence below = head;  // the tail is at or above
    Sequence step = 1;
    while (true) {
        const auto there = stored(below + step - 1);
        if (!there) return there.error();
        if (!*there) break;
        below += step;
        step *= 2;
    }
    Sequence above = below + step - 1;  // not stored, so the tail is at or below
    while (below < above) {
        const auto middle = below + (above - below) / 2;
        const auto there = stored(middle);
        if (!there) return there.error();
        if (*there) {
            below = middle + 1;
        } else {
            above = middle;
        }
    }
    return below;
}

Result<LaneTable::Loaded> load_lane(const Medium& medium, std::string name, const LaneRow& row) {
    LaneTable::Loaded lane;
    lane.id = row.id;
    lane.name = std::move(name);
    lane.epoch = row.epoch;
    std::string stored;
    const auto found = medium.get(Family::head, Key::of_lane(row.id).view(), stored);
    if (!found) return found.error();
    HeadRow head;
    if (*found && !read_head(stored, head)) {
        return Error{Fault::storage, "the head of lane " + lane.name + " is damaged"};
    }
    // A log that lost its end can bring an older head back; what it would point to was finished and
    // is gone.
    const auto first = medium.cursor(
        Family::msg, Key::of_record(row.id, head.head).view(), Key::of_lane(row.id + 1).view()
    );
    LaneId of = 0;
    Sequence sequence = 0;
    if (first->valid() && parse_record_key(first->key(), of, sequence) && sequence > head.head) {
        spdlog::warn("store.head_moved lane={} from={} to={}", lane.name, head.head, sequence);
        head.head = sequence;
    }
    const auto read = first->status();
    if (!read) return read.error();
    const auto tail = last_record(medium, row.id, head.head);
    if (!tail) return tail.error();
    lane.progress.head = head.head;
    lane.tail = *tail;
    for (const auto one : head.beyond) {
        if (one < lane.tail) lane.progress.finish(one);
    }
    lane.waiting_bytes = measure(medium, row.id, lane.progress.head, lane.tail);
    lane.state = std::move(head.state);
    return lane;
}

}  // namespace

Result<std::unique_ptr<Vault>> unlock(Medium& medium, const Secret& key, const std::string& name) {
    if (key.reveal().size() != 32)
        return Error{Fault::storage, "the key of " + name + " must have 32 bytes"};
    std::string stored;
    const auto found = medium.get(Family::meta, kProofKey, stored);
    if (!found) return found.error();
    if (!*found) return make_new(medium, key, name);
    In in{stored};
    const auto version = in.u32();
    if (!in.ok() || version > kVersion) {
        return Error{
            Fault::storage,
            name + " was written by a newer version (" + std::to_string(version) + ")"};
    }
    auto vault = std::make_unique<Vault>(key.reveal(), std::string{in.raw(kSaltBytes)});
    std::string text;
    if (!vault->open(Family::meta, kProofKey, stored, kProofHeader, text) || text != kProofText) {
        return Error{
            Fault::storage,
            "the key does not fit " + name + ": it was made with another one; nothing was changed"};
    }
    return vault;
}

Result<void> load_lanes(Medium& medium, LaneTable& lanes) {
    std::vector<LaneHead> heads;
    const auto cursor = medium.cursor(Family::lane, {}, {});
    for (; cursor->valid(); cursor->next()) {
        LaneRow row;
        if (!read_lane(cursor->value(), row)) {
            return Error{
                Fault::storage, "the row of lane " + std::string{cursor->key()} + " is damaged"};
        }
        auto lane = load_lane(medium, std::string{cursor->key()}, row);
        if (!lane) return lane.error();
        heads.emplace_back(row.id, lane->progress.head);
        lanes.add(*std::move(lane));
    }
    const auto read = cursor->status();
    if (!read) return read;
    medium.heads_synced(heads);
    medium.start_collecting();
    return {};
}

Result<std::vector<LaneId>> adopt_tails(const Medium& medium, LaneTable& lanes) {
    std::vector<LaneId> out;
    for (const auto& lane : lanes.between("", "")) {
        const auto tail = last_record(medium, lane.id, lane.tail);
        if (!tail) return tail.error();
        if (*tail == lane.tail) continue;
        spdlog::warn("store.tail_adopted lane={} from={} to={}", lane.name, lane.tail, *tail);
        lanes.adopt_tail(lane.id, *tail);
        out.push_back(lane.id);
    }
    return out;
}

}  // namespace trunkline::store
