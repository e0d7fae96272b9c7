// A sequential lane against a portal that misbehaves by chance, in virtual time. Each seed is one
// life of a lane: events arrive, the portal changes its mood, the disk refuses now and then, the
// host is killed and comes back. At the end the portal is well again and everything must be
// accounted for.
#include <algorithm>
#include <cstdlib>

#include <gtest/gtest.h>

#include "fake_portal.hpp"
#include "host/lanes/sequential_lane.hpp"

namespace trunkline::lanes::test {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""h;

enum class Mood { well, partial, down, hanging, refusing, parked, small, flaky, count };

struct Life {
    explicit Life(std::uint64_t seed) : world{seed} {
        id = world.store.open_lane("portal/acme/messages")->id;
        policy.batch.max_messages = static_cast<std::uint32_t>(1 + world.pick(64));
        policy.batch.linger = Milliseconds{static_cast<std::int64_t>(world.pick(50))};
        policy.retention = world.chance(30) ? Milliseconds{20min} : Milliseconds{24h};
        world.store.on_append([this](store::LaneId) {
            if (lane) lane->wake();
        });
        begin();
    }

    ~Life() {
        ++lives;
        lane->stop();
        world.drain();
    }
    Life(const Life&) = delete;
    Life& operator=(const Life&) = delete;

    void begin() {
        SequentialLane::Setup setup;
        setup.name = "portal/acme/messages";
        setup.owner = "portal/acme";
        setup.policy = policy;
        setup.info = *world.store.lane(id);
        auto portal = std::make_unique<FakePortal>(
            world,
            memory,
            [this, life = lives](const Delivery& delivery) { return answer(delivery, life); }
        );
        lane = std::make_shared<SequentialLane>(world.ground, std::move(setup), std::move(portal));
        lane->start();
    }

    // kill -9: what was on its way is never answered here, what was not synced is forgotten.
    void crash() {
        ++lives;
        lane->stop();
        lane.reset();
        world.store.failing = true;  // nothing of the old life is written any more
        for (int i = 0; i < 3; ++i)
            world.pass(61s);
        world.store.failing = false;
        world.store.crash();
        memory.repeats_allowed = memory.last;
        begin();
    }

    bool poison(const store::Record& record) const { return record.body.starts_with("poison"); }
    bool large(const std::string& body) const { return body.starts_with("large"); }
    bool large(const store::Record& record) const { return large(record.body); }
    bool refused(const store::Record& record) const { return record.body.starts_with("refused"); }

    // What a portal that means well does with the events in front of it.
    Verdict honest(const Delivery& delivery, bool partly) {
        Verdict verdict;
        const auto& records = delivery.records;
        for (const auto& record : records) {
            if (refused(record)) verdict.rejected.push_back({record.id, "no"});
        }
        if (std::any_of(records.begin(), records.end(), [&](const auto& r) { return large(r); })) {
            verdict.kind = Verdict::Kind::too_large;
        } else if (!verdict.rejected.empty()) {
            verdict.kind = Verdict::Kind::rejected;
        } else if (std::any_of(records.begin(), records.end(), [&](const auto& r) {
                       return poison(r);
                   })) {
            verdict.kind = Verdict::Kind::unclear;
        } else {
            verdict.kind = Verdict::Kind::accepted;
            auto through = records.back().sequence;
            if (partly) {
                through = records[world.pick(records.size())].sequence;
                verdict.through = through;
            } else if (world.chance(5)) {
                verdict.through = through + 1'000;  // nonsense, to be clamped
            }
            memory.take(records, through);
            // What cannot be written down is asked again.
            if (world.store.failing)
                memory.repeats_allowed = std::max(memory.repeats_allowed, memory.last);
        }
        return verdict;
    }

    // An ill portal that gets well between refusing an event alone and being asked without it makes
    // that event look bad. There is no telling these apart, so the lane asks without any wait
    // between; the moods here change at any time.
    void note_illness(const Delivery& delivery, int asked) {
        if (delivery.records.size() == 1) misjudged[delivery.records.front().sequence] = asked;
    }
    bool may_be_misjudged(store::Sequence sequence) const {
        const auto found = misjudged.find(sequence);
        return found != misjudged.end() && found->second < moods;
    }

    async::Awaitable<Verdict> answer(Delivery delivery, int life) {
        const auto how = mood;
        const int asked = moods;
        Verdict verdict;
        verdict.kind = Verdict::Kind::fault;
        verdict.status = how == Mood::hanging ? 0 : 503;
        if (how == Mood::hanging) {
            const bool took = world.chance(50);
            if (took) memory.take(delivery.records, delivery.records.back().sequence);
            memory.repeats_allowed = std::max(memory.repeats_allowed, memory.last);
            co_await world.sleep(15s);
        } else if (world.chance(50)) {
            co_await world.sleep(Milliseconds{static_cast<std::int64_t>(world.pick(3'000))});
        }
        if (life != lives) {  // the host that asked is dead
            verdict.kind = Verdict::Kind::cancelled;
            co_return verdict;
        }
        if (delivery.records.front().accepted_ms + policy.retention.count() + 200'000 <
                world.clock.wall_ms() &&
            (delivery.records.front().flags & store::kNotice) == 0) {
            memory.violated("delivered long after its retention");
        }
        if (how == Mood::well || how == Mood::partial)
            co_return honest(delivery, how == Mood::partial);
        if (how == Mood::down && world.chance(30))
            verdict.wait = Milliseconds{static_cast<std::int64_t>(world.pick(7'200'000))};
        if (how != Mood::well && how != Mood::partial) note_illness(delivery, asked);
        if (how == Mood::refusing)
            verdict.kind = world.chance(90) ? Verdict::Kind::unclear : Verdict::Kind::rejected;
        if (how == Mood::small) {
            if (delivery.records.size() <= 3) co_return honest(delivery, false);
            verdict.kind = Verdict::Kind::too_large;
        }
        if (how == Mood::flaky && world.chance(50)) co_return honest(delivery, world.chance(50));
        co_return verdict;
    }

    void feed() {
        const auto count = 1 + world.pick(world.chance(10) ? 200 : 12);
        for (std::uint64_t i = 0; i < count; ++i) {
            const auto dice = world.pick(100);
            const char* kind = dice < 3   ? "poison "
                               : dice < 5 ? "large "
                               : dice < 6 ? "refused "
                                          : "plain ";
            std::string body = kind + std::to_string(appended.size());
            if (large(body)) body.append(400, '.');
            const auto at = world.add(id, "c" + std::to_string(world.pick(5)), std::move(body));
            if (at == 0) continue;
            appended.emplace(at, kind);
            accepted_ms.emplace(at, world.clock.wall_ms());
        }
    }

    void live() {
        for (int step = 0; step < 30; ++step) {
            feed();
            mood = static_cast<Mood>(world.pick(static_cast<std::uint64_t>(Mood::count)));
            ++moods;
            if (world.chance(10)) world.store.failing = true;
            world.pass(Milliseconds{
                static_cast<std::int64_t>(world.pick(world.chance(20) ? 1'800'000 : 30'000))});
            world.store.failing = false;
            if (world.chance(10)) crash();
            if (world.chance(5)) {
                world.run([this]() -> async::Awaitable<> {
                    [[maybe_unused]] const auto done = co_await lane->pause("operator");
                });
                world.pass(Milliseconds{static_cast<std::int64_t>(world.pick(100'000))});
                world.run([this]() -> async::Awaitable<> {
                    [[maybe_unused]] const auto done = co_await lane->resume();
                });
            }
        }
        mood = Mood::well;
        ++moods;
        // One more event lets the last one be told apart from a portal that takes nothing.
        appended.emplace(world.add(id, "c0", "plain last"), "plain ");
        for (int i = 0; i < 400 && lane->status().depth > 0; ++i)
            world.pass(10min);
    }

    void check() {
        for (const auto& violation : memory.violations)
            ADD_FAILURE() << violation;
        EXPECT_EQ(lane->status().depth, 0U)
            << lane->status().state << " " << lane->status().last_error;
        const auto& dead = world.store.data(id).dead;
        for (const auto& [sequence, kind] : appended) {
            const bool gone = dead.contains(sequence);
            EXPECT_TRUE(gone || memory.taken.contains(sequence))
                << "lost: " << sequence << " " << kind;
            if (!gone) continue;
            const auto& letter = dead.at(sequence);
            const auto& reason = letter.reason;
            if (reason == "retention") {
                EXPECT_GE(letter.died_ms, accepted_ms[sequence] + policy.retention.count());
            } else if (reason == "at_fault" && may_be_misjudged(sequence)) {
                ++misjudgements;
            } else if (kind == "plain ") {
                ADD_FAILURE() << "a good event was given up on: " << sequence << " " << reason;
            } else {
                EXPECT_EQ(
                    reason,
                    kind == "poison "  ? "at_fault"
                    : kind == "large " ? "too_large"
                                       : "rejected"
                ) << sequence;
            }
        }
        // What is missing at the portal is explained there.
        for (const auto& [sequence, kind] : appended) {
            if (memory.taken.contains(sequence)) continue;
            const bool told = std::any_of(
                memory.gaps.begin(),
                memory.gaps.end(),
                [&, at = sequence](const Gap& gap) { return gap.from <= at && at <= gap.through; }
            );
            EXPECT_TRUE(told) << "unexplained: " << sequence;
        }
    }

    World world;
    PortalMemory memory;
    LanePolicy policy;
    store::LaneId id = 0;
    std::shared_ptr<SequentialLane> lane;
    Mood mood = Mood::well;
    int lives = 0;
    int moods = 0;
    std::map<store::Sequence, int> misjudged;
    int misjudgements = 0;
    std::map<store::Sequence, std::string> appended;
    std::map<store::Sequence, WallMs> accepted_ms;
};

}  // namespace

TEST(SequentialLaneSimulationTest, EverythingIsDeliveredInOrderOrGivenUpByRule) {
    const char* seeds = std::getenv("TRUNKLINE_SEEDS");
    const char* only = std::getenv("TRUNKLINE_SEED");
    const std::uint64_t count = seeds != nullptr  ? std::strtoull(seeds, nullptr, 10)
                                : only != nullptr ? 1
                                                  : 300;
    const std::uint64_t first = only != nullptr ? std::strtoull(only, nullptr, 10) : 1;
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        SCOPED_TRACE("TRUNKLINE_SEED=" + std::to_string(seed));
        Life life{seed};
        life.live();
        life.check();
        if (HasFailure()) return;
    }
}

}  // namespace trunkline::lanes::test
