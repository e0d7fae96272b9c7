#pragma once

#include <gtest/gtest.h>

#include "fake_portal.hpp"
#include "host/lanes/sequential_lane.hpp"

namespace trunkline::lanes::test {

inline Verdict of(Verdict::Kind kind, int status = 0) {
    Verdict verdict;
    verdict.kind = kind;
    verdict.status = status;
    return verdict;
}

/// One sequential lane, a portal that answers what the test says, and virtual time.
class SequentialLaneTest : public testing::Test {
protected:
    SequentialLaneTest() {
        policy.batch.max_messages = 8;
        id = world.store.open_lane("portal/acme/messages")->id;
        world.store.on_append([this](store::LaneId) {
            if (lane) lane->wake();
        });
    }
    ~SequentialLaneTest() override {
        if (lane) lane->stop();
        world.drain();
        for (const auto& violation : memory.violations)
            ADD_FAILURE() << violation;
    }

    void start() {
        SequentialLane::Setup setup;
        setup.name = "portal/acme/messages";
        setup.owner = "portal/acme";
        setup.policy = policy;
        setup.info = *world.store.lane(id);
        auto portal = std::make_unique<FakePortal>(world, memory, [this](const Delivery& delivery) {
            last_delivery = delivery;
            times.push_back(world.clock.steady());
            return reply(answer(delivery));
        });
        lane = std::make_shared<SequentialLane>(world.ground, std::move(setup), std::move(portal));
        lane->start();
        world.settle();
    }
    void restart() {
        lane->stop();
        world.settle();
        lane.reset();
        memory.repeats_allowed = memory.last;
        start();
    }
    static async::Awaitable<Verdict> reply(Verdict verdict) { co_return verdict; }

    Verdict take(const Delivery& delivery) {
        memory.take(delivery.records, delivery.records.back().sequence);
        return of(Verdict::Kind::accepted, 200);
    }
    void add(int count, const std::string& body = "plain") {
        for (int i = 0; i < count; ++i)
            world.add(id, "c" + std::to_string(i % 3), body);
    }
    const std::map<store::Sequence, store::DeadRecord>& dead() { return world.store.data(id).dead; }

    World world;
    PortalMemory memory;
    LanePolicy policy;
    store::LaneId id = 0;
    std::shared_ptr<SequentialLane> lane;
    std::function<Verdict(const Delivery&)> answer = [this](const Delivery& delivery) {
        return take(delivery);
    };
    Delivery last_delivery;
    std::vector<std::chrono::steady_clock::time_point> times;
};

}  // namespace trunkline::lanes::test
