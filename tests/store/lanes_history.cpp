#include "lanes_history.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace trunkline::crash::lanes {

namespace {

/// What stands at one place of a lane to a portal.
struct Place {
    std::uint64_t id = 0;  ///< 0: given up, the notice comes later
    std::uint64_t event = 0;
    std::uint32_t answered = 0;  ///< the life in which "taken" was said last
};

struct Conversation {
    std::uint64_t last = 0;           ///< the last sequence that the receiver had
    std::uint64_t last_in_place = 0;  ///< conversation sequence, lanes to portals
    std::uint32_t round = 0;
    Did did{};
};

struct Lane {
    std::vector<Place> places;                 ///< sequential: by sequence - 1
    std::map<std::uint64_t, Place> scattered;  ///< turning: by sequence
    std::set<std::uint64_t> told_of;           ///< turning: in notices
    std::map<std::uint32_t, Conversation> conversations;
    std::map<std::uint64_t, std::uint64_t> accepted;  ///< ids by sequence
    std::map<std::uint64_t, Did> finished;            ///< keyed: what became of each
    std::map<std::uint64_t, std::uint64_t> requeued;  ///< old sequence -> new one
    std::set<std::uint64_t> requeues;                 ///< old sequences that were to be requeued
    std::set<std::uint64_t> dead;                     ///< ever found among the dead letters
    std::uint64_t accepted_through = 0;
    std::uint64_t newest = 0;  ///< id
    std::uint64_t head = 0;
    std::uint64_t tail = 0;
    std::uint64_t epoch = 0;
    std::uint32_t paused = 0;  ///< the life in which that was written, 0 = it was not
    std::uint32_t round = 0;
    std::uint64_t repeats = 0;  ///< in that life
};

class Judge {
public:
    Verdict run(const std::vector<Step>& history) {
        for (const auto& step : history)
            take(step);
        for (std::uint32_t lane = 0; lane < kLanes; ++lane)
            settle(lane);
        return std::move(verdict_);
    }

private:
    void take(const Step& step) {
        auto& lane = lanes_[step.lane];
        switch (step.did) {
            case Did::attempt:
                attempted_.insert(step.id);
                break;
            case Did::accepted:
                ++verdict_.accepted;
                lane.accepted[step.sequence] = step.id;
                lane.accepted_through = std::max(lane.accepted_through, step.sequence);
                break;
            case Did::taken:
            case Did::taken_lost:
            case Did::refused:
                receive(step, lane);
                break;
            case Did::dead:
                lane.dead.insert(step.sequence);
                letters_[step.round].insert(step.id);
                break;
            case Did::requeue:
                lane.requeues.insert(step.sequence);
                break;
            case Did::discard:
                discarded_.insert(step.id);
                break;
            case Did::opened:
                open(step, lane);
                break;
            case Did::written:
                lane.head = std::max(lane.head, step.sequence);
                break;
            case Did::paused:
                lane.paused = step.round;
                break;
            case Did::resuming:
                lane.paused = 0;
                break;
            case Did::overlap:
                wrong("two deliveries at once", step);
                break;
            case Did::turned:
                ++verdict_.turns;
                break;
            case Did::disk_failed:
                ++verdict_.disk_failures;
                break;
            case Did::closed:
                open(step, lane);
                last_round_ = step.round;
                if (step.sequence != step.other) wrong("not empty at the end", step);
                if (step.lane < kSequential && lane.places.size() + 1 != step.other)
                    wrong("the end was not delivered", step);
                break;
        }
    }

    // What a life finds must be what the lives before it were told.
    void open(const Step& step, Lane& lane) {
        if (lane.epoch != 0 && lane.epoch != step.id) wrong("another epoch", step);
        if (step.sequence < lane.head) wrong("the head went back", step);
        if (step.other < lane.tail || step.other <= lane.accepted_through)
            wrong("the tail went back", step);
        lane.epoch = step.id;
        lane.head = std::max(lane.head, step.sequence);
        lane.tail = step.other;
    }

    void receive(const Step& step, Lane& lane) {
        if (lane.round != step.round) lane.repeats = 0;
        lane.round = step.round;
        const bool delivered = step.did != Did::refused;
        if (delivered && lane.paused != 0 && lane.paused < step.round)
            wrong("delivered while paused", step);
        if ((step.id & (kNotice | kStatus)) == 0 && !attempted_.contains(step.id))
            wrong("never sent", step);
        if (lane.dead.contains(step.sequence) && (step.id & kNotice) == 0)
            wrong("delivered after it was given up", step);
        if (delivered) {
            ++verdict_.taken;
            alive_.insert(step.id);
        }
        if ((step.id & kNotice) == 0 && step.other != 0) come_back(step, lane);
        if (step.lane < kSequential) {
            in_sequence(step, lane);
        } else if (step.lane < kTurning) {
            in_conversation(step, lane);
        } else {
            in_any_order(step, lane);
        }
    }

    void come_back(const Step& step, Lane& lane) {
        if (!lane.requeues.contains(step.other)) wrong("came back unasked", step);
        const auto [at, first] = lane.requeued.emplace(step.other, step.sequence);
        if (first) ++verdict_.requeued;
        if (at->second != step.sequence) wrong("came back twice", step);
    }

    void in_sequence(const Step& step, Lane& lane) {
        const auto next = lane.places.size() + 1;
        const bool notice = (step.id & kNotice) != 0;
        if (step.sequence < next) {
            if (step.sequence < lane.head) wrong("repeat of what was finished on disk", step);
            again(step, lane, lane.places[step.sequence - 1]);
        } else {
            if (step.sequence > next && !(notice && step.other <= next)) wrong("gap", step);
            lane.places.resize(step.sequence);
            lane.places.back() = {step.id, step.event, 0};
            if (notice) ++verdict_.notices;
            first_time(step, lane);
        }
        if (notice) {
            for (auto place = step.other; place < step.sequence; ++place)
                lane.places[place - 1] = {};
        }
        if (step.did == Did::taken) lane.places[step.sequence - 1].answered = step.round;
    }

    void first_time(const Step& step, Lane& lane) {
        if ((step.id & kNotice) != 0) return;
        auto& last = lane.conversations[step.conversation].last_in_place;
        if (step.conversation_sequence <= last) wrong("conversation out of order", step);
        last = step.conversation_sequence;
        if ((step.id & kStatus) != 0) {
            ++verdict_.statuses;
            if (!told_.insert(step.id).second) wrong("told twice", step);
        } else if (step.other == 0) {
            const auto number = step.id & ((1ULL << kFateShift) - 1);
            if (number <= lane.newest) wrong("out of order", step);
            lane.newest = number;
        }
    }

    // A repeat needs a reason: an answer that was lost, or a kill before the head was written.
    void again(const Step& step, Lane& lane, Place& place) {
        repeated(lane);
        if (place.answered == step.round) wrong("repeat without a reason", step);
        if (place.event == step.event && place.id == step.id) return;
        // Given up on between its two appearances: possible when its answer was lost.
        const bool replaced = (step.id & kNotice) != 0 && (place.id & kNotice) == 0;
        if (!replaced) wrong("another event at the same place", step);
        place.id = step.id;
        place.event = step.event;
        ++verdict_.notices;
    }

    // A conversation's next record is begun only when what became of the one before is on disk. So
    // only the last one can come again.
    void in_conversation(const Step& step, Lane& lane) {
        auto& conversation = lane.conversations[step.conversation];
        const bool certain = conversation.did != Did::taken_lost;
        if (step.sequence < conversation.last) wrong("conversation went back", step);
        if (step.sequence == conversation.last) {
            repeated(lane);
            if (certain && conversation.round == step.round) wrong("repeat without a reason", step);
        } else if (conversation.last != 0 && !certain) {
            wrong("overtook what is not finished", step);
        }
        conversation.last = step.sequence;
        conversation.round = step.round;
        conversation.did = step.did;
        lane.finished[step.sequence] = step.did;
    }

    // Whatever the order is at the time, a record has a place, and conversations keep theirs. The
    // head tells nothing: it has gone over what was set aside.
    void in_any_order(const Step& step, Lane& lane) {
        const bool notice = (step.id & kNotice) != 0;
        const auto [at, fresh] = lane.scattered.try_emplace(step.sequence);
        auto& place = at->second;
        if (fresh) {
            place.id = step.id;
            place.event = step.event;
            if (notice) ++verdict_.notices;
            if (step.lane < kAnyOrder) in_its_conversation(step, lane);
        } else {
            again(step, lane, place);
        }
        if (notice) {
            for (auto given_up = step.other; given_up <= step.sequence; ++given_up)
                lane.told_of.insert(given_up);
        }
        if (step.did == Did::taken) place.answered = step.round;
    }

    void in_its_conversation(const Step& step, Lane& lane) {
        if ((step.id & kNotice) != 0) return;
        auto& conversation = lane.conversations[step.conversation];
        if (step.sequence <= conversation.last) wrong("overtaken in its conversation", step);
        if (step.conversation_sequence <= conversation.last_in_place)
            wrong("conversation out of order", step);
        conversation.last = step.sequence;
        conversation.last_in_place = step.conversation_sequence;
    }

    void repeated(Lane& lane) {
        ++verdict_.repeats;
        verdict_.longest_repeat = std::max(verdict_.longest_repeat, ++lane.repeats);
    }

    void settle(std::uint32_t number) {
        const auto& lane = lanes_[number];
        const auto& letters = letters_[last_round_];
        for (const auto& [sequence, id] : lane.accepted) {
            const bool dead = letters.contains(id);
            if (dead) ++verdict_.dead;
            if (dead || alive_.contains(id) || discarded_.contains(id)) continue;
            ++verdict_.lost;
            settled_wrong("lost", number, sequence);
        }
        for (const auto& [sequence, did] : lane.finished) {
            if (!told_.contains(status_id(number, sequence)))
                settled_wrong("nobody was told", number, sequence);
            if (did == Did::taken && lane.dead.contains(sequence))
                settled_wrong("taken and dead", number, sequence);
        }
        for (const auto sequence : lane.dead) {
            if (number >= kTurning && !lane.told_of.contains(sequence))
                settled_wrong("dead without a notice", number, sequence);
            if (number >= kSequential || sequence > lane.places.size()) continue;
            const auto id = lane.places[sequence - 1].id;
            if (id != 0 && (id & kNotice) == 0)
                settled_wrong("dead without a notice", number, sequence);
        }
    }

    void wrong(const char* what, const Step& step) {
        verdict_.violations.push_back(
            std::string{what} + ": lane " + std::to_string(step.lane) + " sequence " +
            std::to_string(step.sequence) + " round " + std::to_string(step.round) + " id " +
            std::to_string(step.id)
        );
    }

    void settled_wrong(const char* what, std::uint32_t lane, std::uint64_t sequence) {
        verdict_.violations.push_back(
            std::string{what} + ": lane " + std::to_string(lane) + " sequence " +
            std::to_string(sequence)
        );
    }

    Verdict verdict_;
    std::map<std::uint32_t, Lane> lanes_;
    std::set<std::uint64_t> attempted_;
    std::set<std::uint64_t> alive_;                             ///< ids that a receiver has
    std::set<std::uint64_t> discarded_;                         ///< ids
    std::set<std::uint64_t> told_;                              ///< statuses
    std::map<std::uint32_t, std::set<std::uint64_t>> letters_;  ///< ids, by the life that looked
    std::uint32_t last_round_ = 0;
};

}  // namespace

Verdict judge(const std::vector<Step>& history) {
    return Judge{}.run(history);
}

}  // namespace trunkline::crash::lanes
