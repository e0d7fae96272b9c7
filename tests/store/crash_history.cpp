#include "crash_history.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <unistd.h>

namespace trunkline::crash {

Log::Log(const std::string& path)
    : file_{::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)} {
    if (file_ < 0) std::abort();
}

Log::~Log() {
    ::close(file_);
}

void Log::write_bytes(const void* bytes, std::size_t size) const {
    if (::write(file_, bytes, size) != static_cast<ssize_t>(size)) std::abort();
}

std::string read_file(const std::string& path) {
    std::ifstream in{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

namespace {

struct Lane {
    std::vector<std::uint64_t> first;  ///< ids by sequence - 1, as they first appeared
    std::map<std::uint64_t, std::uint64_t> accepted;
    std::map<std::uint32_t, std::uint64_t> conversations;  ///< the last sequence seen of each
    std::uint32_t round = 0;
    std::uint64_t repeats_this_round = 0;
    std::uint64_t last_this_round = 0;
    bool excused = false;  ///< acknowledgements that were kept in memory may have gone with a kill
};

class Judge {
public:
    Judge(const std::vector<Round>& rounds, const DeadIds& dead, bool torn)
        : rounds_{rounds}, dead_{dead}, torn_{torn} {}

    Verdict run(const std::vector<Entry>& history) {
        for (const auto& entry : history)
            take(entry);
        for (auto& [id, lane] : lanes_)
            settle(id, lane);
        return std::move(verdict_);
    }

private:
    void take(const Entry& entry) {
        auto& lane = lanes_[entry.lane];
        switch (entry.what) {
            case What::attempt:
                attempted_.insert(entry.id);
                break;
            case What::accepted:
                ++verdict_.accepted;
                lane.accepted[entry.sequence] = entry.id;
                break;
            case What::delivered:
                deliver(entry, lane);
                break;
            case What::given_up:
                break;
        }
    }

    void deliver(const Entry& entry, Lane& lane) {
        ++verdict_.delivered;
        if (!attempted_.contains(entry.id & ~kNoticeBit)) wrong("never sent", entry);
        const bool new_round = lane.round != entry.round;
        if (new_round) {
            const bool excused =
                lane.round != 0 && !rounds_.at(lane.round).durable_acknowledgements;
            lane.excused = lane.excused || excused;
            if (torn_ && torn_since(lane.round, entry.round)) rewind(entry, lane);
            lane.round = entry.round;
            lane.repeats_this_round = 0;
            lane.last_this_round = 0;
        }
        if (entry.sequence <= lane.last_this_round) wrong("repeat without a kill", entry);
        lane.last_this_round = entry.sequence;
        const auto next = lane.first.size() + 1;
        if (entry.sequence > next) {
            wrong("gap", entry);
            lane.first.resize(entry.sequence - 1);
        }
        if (entry.sequence < next) return repeat(entry, lane);
        if (rounds_.at(entry.round).durable_acknowledgements) lane.excused = false;
        lane.first.push_back(entry.id);
        if (torn_) return;
        if (!ids_.insert(entry.id).second) wrong("one record at two places", entry);
        auto& last = lane.conversations[entry.conversation];
        if (entry.conversation_sequence != last + 1) wrong("conversation out of order", entry);
        last = entry.conversation_sequence;
    }

    void repeat(const Entry& entry, Lane& lane) {
        ++verdict_.repeats;
        ++lane.repeats_this_round;
        verdict_.longest_repeat = std::max(verdict_.longest_repeat, lane.repeats_this_round);
        const auto before = lane.first[entry.sequence - 1];
        const bool replaced =
            entry.id == (before | kNoticeBit);  // given up on between its two appearances
        if (before != entry.id && !replaced) wrong("another record at the same place", entry);
        if (!lane.excused && !torn_ && lane.repeats_this_round > kBatch)
            wrong("more than a batch repeated", entry);
    }

    bool torn_since(std::uint32_t after, std::uint32_t until) const {
        for (auto round = after + 1; round <= until; ++round) {
            if (rounds_.at(round).torn_before) return true;
        }
        return false;
    }

    // The end of the log was taken away: from where the lane goes on, everything may be new.
    static void rewind(const Entry& entry, Lane& lane) {
        if (entry.sequence <= lane.first.size()) lane.first.resize(entry.sequence - 1);
    }

    void settle(std::uint32_t id, const Lane& lane) {
        for (const auto& [sequence, record] : lane.accepted) {
            const auto got = sequence <= lane.first.size() ? lane.first[sequence - 1] : 0;
            const bool dead = dead_.contains(record);
            if (dead) ++verdict_.dead;
            if (got == record || (got == (record | kNoticeBit) && dead)) continue;
            ++verdict_.lost;
            if (!torn_) {
                verdict_.violations.push_back(
                    "lost: lane " + std::to_string(id) + " sequence " + std::to_string(sequence)
                );
            }
        }
    }

    void wrong(const char* what, const Entry& entry) {
        verdict_.violations.push_back(
            std::string{what} + ": lane " + std::to_string(entry.lane) + " sequence " +
            std::to_string(entry.sequence) + " round " + std::to_string(entry.round) + " id " +
            std::to_string(entry.id)
        );
    }

    const std::vector<Round>& rounds_;
    const DeadIds& dead_;
    const bool torn_;
    Verdict verdict_;
    std::map<std::uint32_t, Lane> lanes_;
    std::set<std::uint64_t> attempted_;
    std::set<std::uint64_t> ids_;
};

}  // namespace

Verdict judge(
    const std::vector<Entry>& history,
    const std::vector<Round>& rounds,
    const DeadIds& dead,
    bool torn
) {
    return Judge{rounds, dead, torn}.run(history);
}

}  // namespace trunkline::crash
