#include "lanes_receivers.hpp"

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

namespace trunkline::crash::lanes {

namespace {

using trunkline::lanes::Delivery;
using trunkline::lanes::Gap;
using trunkline::lanes::KeyedVerdict;
using trunkline::lanes::Milliseconds;

constexpr std::uint32_t kStuckConversation = 5;
constexpr std::uint64_t kStuckLives = 4;  ///< so long its records must wait
constexpr unsigned kRoundShift = 32;

class Portal final : public trunkline::lanes::SequentialDestination {
public:
    Portal(Surroundings& around, std::uint32_t lane, std::uint64_t epoch, std::uint64_t seed)
        : around_{around}, lane_{lane}, epoch_{epoch}, random_{seed} {}

    async::Awaitable<trunkline::lanes::Verdict> deliver(Delivery delivery) override {
        const auto lines = lines_of(delivery.records);
        bool overlaps = delivery.epoch != epoch_;
        for (const auto line : lines)
            overlaps = !busy_.insert(line).second || overlaps;
        if (overlaps) note(Did::overlap, delivery.records.front());
        if (random_() % 4 == 0) co_await async::pause(Milliseconds{random_() % 4});
        auto verdict = decide(delivery);
        around_.delivered();
        for (const auto line : lines)
            busy_.erase(line);
        co_return verdict;
    }

    store::Append gap_notice(const Gap& gap, const store::Record* only) override {
        store::Append notice;
        if (only != nullptr) notice.conversation = only->conversation;
        notice.id = only == nullptr ? make_ulid(SystemClock{}.wall_ms())
                                    : trunkline::lanes::notice_id(*only);
        notice.body = to_bytes({kNotice | gap.through, gap.from, gap.through, gap.count}, 0);
        return notice;
    }
    std::optional<Gap> gap_of(const store::Record& notice) override {
        const auto body = to_body(notice.body);
        return Gap{body.gap_from, body.gap_through, body.gap_count, "retention"};
    }
    std::string target() const override { return "portal.test"; }

private:
    using Verdict = trunkline::lanes::Verdict;

    Verdict decide(const Delivery& delivery) {
        const auto& records = delivery.records;
        auto verdict = by_fate(records);
        if (verdict.kind != Verdict::Kind::accepted) return verdict;
        verdict.status = 200;
        auto did = Did::taken;
        auto through = records.back().sequence;
        const auto mood = around_.well ? 100 : random_() % 100;
        if (mood < 6) return failed(503, "not now");
        if (mood < 7) {
            verdict.kind = Verdict::Kind::gone;
            verdict.status = 410;
            return verdict;
        }
        if (mood < 12) {
            did = Did::taken_lost;
        } else if (mood < 20) {
            through = records[random_() % records.size()].sequence;
            verdict.through = through;
        }
        for (const auto& record : records) {
            if (record.sequence <= through) note(did, record);
        }
        return did == Did::taken ? verdict : failed(0, "the answer was lost");
    }

    // What must not be under way twice: the lane, a conversation, a record.
    std::set<std::uint64_t> lines_of(const std::vector<store::Record>& records) const {
        if (lane_ < kSequential) return {0};
        std::set<std::uint64_t> lines;
        for (const auto& record : records)
            lines.insert(
                lane_ == kAnyOrder || record.conversation.empty()
                    ? record.sequence + 16
                    : static_cast<std::uint64_t>(record.conversation.back() - '0')
            );
        return lines;
    }

    static Verdict failed(int status, const char* why) {
        Verdict verdict;
        verdict.kind = Verdict::Kind::fault;
        verdict.status = status;
        verdict.detail = why;
        return verdict;
    }

    // What came back from the dead letters is taken.
    Verdict by_fate(const std::vector<store::Record>& records) const {
        Verdict verdict;
        verdict.kind = Verdict::Kind::accepted;
        for (const auto& record : records) {
            if (record.requeued != 0) continue;
            const auto fate = fate_of(to_body(record.body).id);
            if (fate == Fate::at_fault && around_.mended) continue;
            if (fate == Fate::reject) {
                verdict.kind = Verdict::Kind::rejected;
                verdict.rejected.push_back({record.id, "by name"});
            } else if (fate == Fate::too_large && verdict.rejected.empty()) {
                verdict.kind = Verdict::Kind::too_large;
            } else if (fate == Fate::at_fault && verdict.kind == Verdict::Kind::accepted) {
                verdict.kind = Verdict::Kind::unclear;
            }
        }
        verdict.status = 422;
        return verdict;
    }

    void note(Did did, const store::Record& record) const {
        around_.log.write(to_step(did, around_.round, lane_, record));
    }

    Surroundings& around_;
    const std::uint32_t lane_;
    const std::uint64_t epoch_;
    std::mt19937_64 random_;
    std::set<std::uint64_t> busy_;
};

class Messenger final : public trunkline::lanes::KeyedDestination {
public:
    Messenger(Surroundings& around, std::uint32_t lane, store::LaneId told, std::uint64_t seed)
        : around_{around}, lane_{lane}, told_{told}, random_{seed} {}

    async::Awaitable<KeyedVerdict> deliver(store::Record record, std::uint32_t) override {
        const bool overlaps = !busy_.insert(record.conversation).second;
        if (overlaps) note(Did::overlap, record);
        if (random_() % 4 == 0) co_await async::pause(Milliseconds{random_() % 4});
        auto verdict = decide(record);
        around_.delivered();
        busy_.erase(record.conversation);
        co_return verdict;
    }

    async::Awaitable<store::Batch> expired(store::Record record) override {
        note(Did::refused, record);
        co_return told(record);
    }
    std::optional<WallMs> expires_ms(const store::Record&) override { return std::nullopt; }

private:
    KeyedVerdict decide(const store::Record& record) {
        const auto id = to_body(record.body).id;
        KeyedVerdict verdict;
        verdict.reason = "chosen";
        const auto mood = around_.well ? 1'000 : random_() % 1'000;
        const auto told_off = around_.well ? 0 : stuck_for(id, record.conversation);
        if (mood < 3) {
            verdict.kind = KeyedVerdict::Kind::stop;
            return verdict;
        }
        if (mood < 60 || told_off > 0) {
            verdict.kind = KeyedVerdict::Kind::retry;
            verdict.delay = Milliseconds{1 + random_() % 10};
            if (mood < 10) verdict.scope = trunkline::lanes::WaitScope::account;
            if (told_off == 0 && mood > 40) note(Did::taken_lost, record);
            return verdict;
        }
        const bool dead = fate_of(id) == Fate::dead && record.requeued == 0;
        verdict.kind = dead ? KeyedVerdict::Kind::dead : KeyedVerdict::Kind::done;
        verdict.with = told(record);
        note(dead ? Did::refused : Did::taken, record);
        return verdict;
    }

    // The lives for which a record of the conversation that is stuck must still wait.
    std::uint64_t stuck_for(std::uint64_t id, const std::string& conversation) const {
        if (conversation.back() - '0' != static_cast<int>(kStuckConversation)) return 0;
        const auto born = (id & ((1ULL << kFateShift) - 1)) >> kRoundShift;
        const auto free = born + kStuckLives;
        return free > around_.round ? free - around_.round : 0;
    }

    // In one write with the record's end.
    store::Batch told(const store::Record& record) const {
        store::Append status;
        status.lane = told_;
        status.conversation = record.conversation;
        status.id = make_ulid(SystemClock{}.wall_ms());
        status.accepted_ms = SystemClock{}.wall_ms();
        status.body = to_bytes({status_id(lane_, record.sequence), 0, 0, 0}, 0);
        store::Batch batch;
        batch.append.push_back(std::move(status));
        return batch;
    }

    void note(Did did, const store::Record& record) const {
        around_.log.write(to_step(did, around_.round, lane_, record));
    }

    Surroundings& around_;
    const std::uint32_t lane_;
    const store::LaneId told_;
    std::mt19937_64 random_;
    std::set<std::string> busy_;
};

}  // namespace

std::string to_bytes(const Body& body, std::size_t padding) {
    std::string out(sizeof body + padding, '.');
    std::memcpy(out.data(), &body, sizeof body);
    return out;
}

Body to_body(const std::string& bytes) {
    Body body;
    if (bytes.size() >= sizeof body) std::memcpy(&body, bytes.data(), sizeof body);
    return body;
}

Step to_step(Did did, std::uint32_t round, std::uint32_t lane, const store::Record& record) {
    const auto body = to_body(record.body);
    Step step;
    step.did = did;
    step.round = round;
    step.lane = lane;
    if (!record.conversation.empty())
        step.conversation = static_cast<std::uint32_t>(record.conversation.back() - '0');
    step.sequence = record.sequence;
    step.conversation_sequence = record.conversation_sequence;
    step.id = body.id;
    std::memcpy(&step.event, record.id.bytes.data() + 8, sizeof step.event);
    step.other = (body.id & kNotice) != 0 ? body.gap_from : record.requeued;
    return step;
}

std::unique_ptr<trunkline::lanes::SequentialDestination> make_portal(
    Surroundings& around, std::uint32_t lane, std::uint64_t epoch, std::uint64_t seed
) {
    return std::make_unique<Portal>(around, lane, epoch, seed);
}

std::unique_ptr<trunkline::lanes::KeyedDestination> make_messenger(
    Surroundings& around, std::uint32_t lane, store::LaneId told, std::uint64_t seed
) {
    return std::make_unique<Messenger>(around, lane, told, seed);
}

}  // namespace trunkline::crash::lanes
