#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// What lanes did over many lives of a process, as their receivers and producers wrote it down, and
/// whether they kept their promises by it.
namespace trunkline::crash::lanes {

/// Lanes 0 to 2 go to portals, one event after the other; 3 and 4 go to messengers, conversation by
/// conversation. What became of each record of 3 and 4 is told in 0 and 1. 5 and 6 go to portals
/// and change their order: 5 between those that keep conversations in order, 6 between all.
constexpr std::uint32_t kSequential = 3;
constexpr std::uint32_t kTurning = 5;
constexpr std::uint32_t kAnyOrder = 6;
constexpr std::uint32_t kLanes = 7;

constexpr bool goes_to_portal(std::uint32_t lane) {
    return lane < kSequential || lane >= kTurning;
}

/// What a receiver makes of a record, the same at every try.
enum class Fate : std::uint64_t { take, reject, too_large, at_fault, dead };

// An id: what it is, its fate, and a number that grows with time in each lane.
constexpr std::uint64_t kNotice = 1ULL << 63U;  ///< a gap notice: the id of the last one given up
constexpr std::uint64_t kStatus = 1ULL << 62U;  ///< tells of a record: its lane and sequence
constexpr unsigned kFateShift = 56;
constexpr unsigned kLaneShift = 48;  ///< in a status

constexpr std::uint64_t make_id(Fate fate, std::uint64_t number) {
    return static_cast<std::uint64_t>(fate) << kFateShift | number;
}
constexpr std::uint64_t status_id(std::uint32_t lane, std::uint64_t sequence) {
    return kStatus | std::uint64_t{lane} << kLaneShift | sequence;
}
constexpr Fate fate_of(std::uint64_t id) {
    return (id & (kNotice | kStatus)) != 0 ? Fate::take : static_cast<Fate>(id >> kFateShift & 7U);
}

enum class Did : std::uint32_t {
    attempt = 1,   ///< about to be committed
    accepted = 2,  ///< the store said: synced
    taken = 3,     ///< the receiver has it and says so
    taken_lost =
        4,  ///< the receiver has it, its answer does not arrive: it must come again, in this life
    refused = 5,   ///< a messenger refuses it for good, or its time has run out
    dead = 6,      ///< found among the dead letters; `other` = the sequence it was requeued from
    requeue = 7,   ///< about to be requeued
    discard = 8,   ///< about to be discarded
    opened = 9,    ///< sequence = head, other = tail, id = epoch
    written = 10,  ///< sequence = a head that is on disk
    paused = 11,   ///< that it is paused is on disk
    resuming = 12,
    overlap = 13,      ///< a receiver was called while it was still busy with the same
    closed = 14,       ///< like `opened`, at the very end
    turned = 15,       ///< another order was asked for
    disk_failed = 16,  ///< a write of the store's was refused
};

struct alignas(64) Step {
    Did did{};
    std::uint32_t round = 0;
    std::uint32_t lane = 0;
    std::uint32_t conversation = 0;
    std::uint64_t sequence = 0;
    std::uint64_t conversation_sequence = 0;
    std::uint64_t id = 0;
    std::uint64_t event = 0;  ///< of the event's id, which stays the same over all tries
    std::uint64_t other = 0;  ///< a notice: where its gap begins; a requeued one: its old sequence
};

struct Verdict {
    std::uint64_t accepted = 0;
    std::uint64_t taken = 0;
    std::uint64_t dead = 0;      ///< dead letters left at the end
    std::uint64_t notices = 0;   ///< places at which a gap is told of
    std::uint64_t requeued = 0;  ///< places taken by what came back
    std::uint64_t statuses = 0;
    std::uint64_t turns = 0;  ///< changes of order while the lane ran
    std::uint64_t disk_failures = 0;
    std::uint64_t repeats = 0;
    std::uint64_t longest_repeat = 0;  ///< of one lane in one life
    std::uint64_t lost = 0;
    std::vector<std::string> violations;
};

/// `history` in the order in which it was written.
Verdict judge(const std::vector<Step>& history);

}  // namespace trunkline::crash::lanes
