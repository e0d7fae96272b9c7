// Opening portals: the empty batch comes first, and what was accepted is remembered.
#include "host/delivery/portal_lanes.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include "host/async/spawn.hpp"
#include "host/universal/json.hpp"

namespace trunkline::delivery {
namespace {

using std::chrono_literals::operator""s;

/// A portal without encryption, seen from any thread: keeps each request's body, answers with
/// `status`.
class CountingClient final : public net::Client {
public:
    async::Awaitable<net::ClientReply> fetch(net::ClientRequest request) override {
        net::ClientReply reply;
        reply.status = status;
        const std::lock_guard lock{mutex_};
        requests_.push_back(std::move(request));
        changed_.notify_all();
        co_return reply;
    }
    async::Awaitable<net::StreamedReply> stream(net::ClientRequest) override {
        co_return net::StreamedReply{};
    }
    Figures figures() const override { return {}; }

    std::vector<net::ClientRequest> wait_for(std::size_t count) {
        std::unique_lock lock{mutex_};
        changed_.wait_for(lock, 20s, [&] { return requests_.size() >= count; });
        return requests_;
    }

    std::atomic<int> status{200};

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<net::ClientRequest> requests_;
};

bool is_knock(const net::ClientRequest& request) {
    return request.body.find(R"("events":[])") != std::string::npos;
}

class PortalLanesTest : public testing::Test {
protected:
    PortalLanesTest() {
        spdlog::set_level(spdlog::level::off);
        loops.start();
        make_table();
    }
    ~PortalLanesTest() override {
        end_table();
        loops.stop();
        store->close();
    }
    void make_table() {
        table = std::make_unique<lanes::LaneTable>(lanes::LaneTable::Services{
            loops, *store, pool, clock, {}, {}});
        portals = std::make_unique<PortalLanes>(PortalLanes::Services{
            loops, *store, pool, clock, *table, [this](async::Loop&) -> net::Client& {
                return client;
            }});
    }
    void end_table() {
        run([this]() -> async::Awaitable<> {
            co_await portals->stop();
            co_await table->stop(5s);
        });
        portals.reset();
        table.reset();
    }
    void run(std::function<async::Awaitable<>()> work) {
        async::run_and_wait(loops.at(0).get_executor(), "test", std::move(work));
    }
    void open() {
        run([this]() -> async::Awaitable<> {
            PortalSpec spec;
            spec.id = PortalId{"acme"};
            PortalLaneSpec messages;
            messages.name = "messages";
            messages.policy.retry.first = lanes::Milliseconds{10};
            messages.policy.retry.max = lanes::Milliseconds{20};
            spec.lanes.push_back(std::move(messages));
            PortalLaneSpec presence;
            presence.name = "presence";
            presence.guaranteed = false;
            presence.events = {"typing", "presence"};
            spec.lanes.push_back(std::move(presence));
            spec.settings = [this] {
                const std::lock_guard lock{url_mutex};
                PortalSettings settings;
                settings.url = url;
                settings.keys.current = key;
                settings.encrypt = false;
                return settings;
            };
            auto opened = co_await portals->open(std::move(spec));
            if (opened) routes = *std::move(opened);
        });
    }
    void append() {
        universal::Event event;
        event.set_type("message");
        event.mutable_conversation()->set_id("1");
        store::Batch batch;
        store::Append append;
        append.lane = routes.of("message")->lane;
        append.conversation = "1";
        append.id = make_ulid(clock.wall_ms());
        append.accepted_ms = clock.wall_ms();
        append.body = event.SerializeAsString();
        batch.append.push_back(std::move(append));
        ASSERT_TRUE(store->commit_and_wait(std::move(batch)));
    }
    lanes::LaneStatus status() {
        lanes::LaneStatus out;
        run([&]() -> async::Awaitable<> {
            std::string name = "portal/acme/messages";
            const auto found = co_await table->find(std::move(name));
            if (found) out = *found;
        });
        return out;
    }
    static bool comes_to(const std::function<bool()>& look) {
        const auto deadline = std::chrono::steady_clock::now() + 20s;
        while (!look()) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            std::this_thread::yield();
        }
        return true;
    }
    bool becomes(const std::string& state) {
        return comes_to([&] { return status().state == state; });
    }

    SystemClock clock;
    async::Loops loops{2};
    async::BlockingPool pool{2};
    std::unique_ptr<store::Store> store = store::make_memory_store(clock);
    CountingClient client;
    seal::LicenseKey key = seal::LicenseKey::generate();
    std::mutex url_mutex;
    std::string url = "https://portal.example/events";
    std::unique_ptr<lanes::LaneTable> table;
    std::unique_ptr<PortalLanes> portals;
    PortalRoutes routes;
};

}  // namespace

TEST_F(PortalLanesTest, KnocksUntilAcceptedAndOnlyThenDelivers) {
    client.status = 503;
    open();
    append();
    for (const auto& request : client.wait_for(3))
        EXPECT_TRUE(is_knock(request));
    EXPECT_EQ(status().paused_reason, "opening");
    EXPECT_EQ(status().depth, 1U);

    client.status = 200;

    ASSERT_TRUE(becomes("idle"));
    const auto requests = client.wait_for(5);
    EXPECT_FALSE(is_knock(requests.back()));
    EXPECT_TRUE(is_knock(requests[requests.size() - 2]));
}

TEST_F(PortalLanesTest, RemembersOverARestartThatItWasOpened) {
    open();
    ASSERT_EQ(client.wait_for(1).size(), 1U);
    ASSERT_TRUE(becomes("idle"));
    end_table();
    make_table();

    open();
    append();

    const auto requests = client.wait_for(2);
    ASSERT_EQ(requests.size(), 2U);
    EXPECT_FALSE(is_knock(requests[1])) << "no second knock";
}

TEST_F(PortalLanesTest, AnotherUrlIsOpenedAgainAndEndsAPauseForGone) {
    open();
    ASSERT_TRUE(becomes("idle"));
    client.status = 410;
    append();
    ASSERT_TRUE(becomes("paused"));
    EXPECT_EQ(status().paused_reason, "gone");
    const auto before = client.wait_for(2).size();
    client.status = 200;
    {
        const std::lock_guard lock{url_mutex};
        url = "https://moved.example/events";
    }

    run([this]() -> async::Awaitable<> {
        const auto changed = co_await portals->changed(PortalId{"acme"});
        EXPECT_TRUE(changed);
    });

    ASSERT_TRUE(becomes("idle"));
    const auto requests = client.wait_for(before + 2);
    ASSERT_EQ(requests.size(), before + 2);
    EXPECT_TRUE(is_knock(requests[before]));
    EXPECT_EQ(requests[before].url, "https://moved.example/events");
    EXPECT_FALSE(is_knock(requests[before + 1]));
}

TEST_F(PortalLanesTest, AResumeByHandEndsAPauseForGone) {
    open();
    ASSERT_TRUE(becomes("idle"));
    client.status = 410;
    append();
    ASSERT_TRUE(becomes("paused"));
    client.status = 200;

    run([this]() -> async::Awaitable<> {
        const auto resumed = co_await portals->resume(PortalId{"acme"});
        EXPECT_TRUE(resumed);
    });

    EXPECT_TRUE(becomes("idle"));
}

TEST_F(PortalLanesTest, RoutesByTypeAndRefusesASecondPortalOfOneId) {
    open();
    EXPECT_NE(routes.of("message")->lane, 0U);
    EXPECT_EQ(routes.of("typing")->lane, 0U);
    EXPECT_NE(routes.of("typing")->memory, nullptr);
    EXPECT_EQ(routes.of("presence"), routes.of("typing"));
    EXPECT_EQ(routes.of("anything new"), routes.of("message"));
    routes = {};
    open();
    EXPECT_TRUE(routes.routes.empty());
    run([this]() -> async::Awaitable<> {
        const auto closed = co_await portals->close(PortalId{"acme"});
        EXPECT_TRUE(closed);
        const auto again = co_await portals->close(PortalId{"acme"});
        EXPECT_FALSE(again);
    });
    open();
    EXPECT_EQ(routes.routes.size(), 2U);
}

TEST_F(PortalLanesTest, LanesChangeWhileItRunsAndAnUnnamedOneIsEmptied) {
    open();
    ASSERT_TRUE(becomes("idle"));
    auto former = routes;
    const auto change = [this](std::vector<PortalLaneSpec> wanted) {
        run([&]() -> async::Awaitable<> {
            const PortalId id{"acme"};
            const auto may = co_await portals->may_change(id, wanted);
            EXPECT_TRUE(may);
            std::string same = url;
            auto changed = co_await portals->change(id, wanted, std::move(same));
            EXPECT_TRUE(changed);
            if (changed) routes = *std::move(changed);
            const auto settled = co_await portals->changed(id);
            EXPECT_TRUE(settled);
        });
    };
    const auto named = [](std::string name, bool guaranteed, std::vector<std::string> events) {
        PortalLaneSpec out;
        out.name = std::move(name);
        out.guaranteed = guaranteed;
        out.events = std::move(events);
        out.policy.order = lanes::Order::keyed;
        return out;
    };
    change({named("messages", true, {}), named("fast", false, {"typing"})});
    EXPECT_EQ(routes.of("message")->lane, former.of("message")->lane);
    EXPECT_NE(routes.of("typing")->memory, former.of("typing")->memory);
    EXPECT_TRUE(comes_to([this] { return status().order == "keyed"; }));

    // What is routed by the former ones is delivered, too.
    change({named("fast", true, {"typing"}), named("rest", true, {})});
    EXPECT_NE(routes.of("message")->lane, former.of("message")->lane);
    EXPECT_NE(routes.of("typing")->lane, 0U);
    const auto before = client.wait_for(1).size();
    std::swap(routes, former);
    append();
    EXPECT_FALSE(is_knock(client.wait_for(before + 1).back()));
    ASSERT_TRUE(becomes("idle"));

    // It comes back to what it was, beside what is named now.
    change({named("messages", true, {}), named("fast", false, {"typing"})});
    EXPECT_NE(routes.of("typing")->memory, nullptr);
    append();
    EXPECT_FALSE(is_knock(client.wait_for(before + 2).back()));
    ASSERT_TRUE(becomes("idle"));
}

TEST_F(PortalLanesTest, NothingLeavesForAnotherUrlBeforeThatIsOpen) {
    open();
    ASSERT_TRUE(becomes("idle"));
    client.status = 503;
    run([this]() -> async::Awaitable<> {
        const PortalId id{"acme"};
        PortalLaneSpec messages;
        messages.name = "messages";
        messages.policy.retry.first = lanes::Milliseconds{10};
        messages.policy.retry.max = lanes::Milliseconds{20};
        std::vector<PortalLaneSpec> wanted{messages};
        std::string next = "https://moved.example/events";
        const auto changed = co_await portals->change(id, std::move(wanted), std::move(next));
        EXPECT_TRUE(changed);
    });
    EXPECT_EQ(status().paused_reason, "opening") << "already before its settings say so";
    append();
    {
        const std::lock_guard lock{url_mutex};
        url = "https://moved.example/events";
    }
    run([this]() -> async::Awaitable<> {
        const PortalId id{"acme"};
        const auto changed = co_await portals->changed(id);
        EXPECT_TRUE(changed);
    });
    for (const auto& request : client.wait_for(4))
        EXPECT_TRUE(is_knock(request));
    client.status = 200;
    ASSERT_TRUE(becomes("idle"));
    EXPECT_EQ(client.wait_for(5).back().url, "https://moved.example/events");
    EXPECT_EQ(status().depth, 0U);
}

}  // namespace trunkline::delivery
