#pragma once

#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "fake_store.hpp"
#include "host/async/spawn.hpp"
#include "host/lanes/lane.hpp"

namespace trunkline::lanes::test {

/// Waits that take no time: the clock jumps to whatever is due next.
class VirtualTimers final : public Timers {
public:
    explicit VirtualTimers(FakeClock& clock) : clock_{clock} {}

    Token after(std::chrono::milliseconds delay, std::function<void()> fire) override {
        const auto due = clock_.steady() + std::max(delay, std::chrono::milliseconds{0});
        waits_.emplace(std::pair{due, next_}, std::move(fire));
        return next_++;
    }
    void cancel(Token token) override {
        std::erase_if(waits_, [token](const auto& wait) { return wait.first.second == token; });
    }

    bool empty() const { return waits_.empty(); }
    std::chrono::milliseconds next_in() const {
        return std::chrono::ceil<std::chrono::milliseconds>(
            waits_.begin()->first.first - clock_.steady()
        );
    }
    /// Moves the clock to the next wait that is due within `at_most` and ends it; false when there
    /// is none.
    bool fire_next(std::chrono::milliseconds at_most) {
        if (waits_.empty() || next_in() > at_most) return false;
        if (next_in().count() > 0) clock_.advance(next_in());
        auto first = waits_.extract(waits_.begin());
        first.mapped()();
        return true;
    }

private:
    FakeClock& clock_;
    std::map<std::pair<std::chrono::steady_clock::time_point, Token>, std::function<void()>> waits_;
    Token next_ = 1;
};

class InlineReads final : public Reads {
public:
    explicit InlineReads(store::Store& store) : store_{store} {}
    async::Awaitable<Result<std::vector<store::Record>>> records(
        store::LaneId lane, store::Sequence from, std::size_t count, std::uint64_t bytes
    ) override {
        co_return store_.read(lane, from, count, bytes);
    }
    async::Awaitable<Result<std::vector<store::Row>>> rows(
        store::Table table, std::string prefix, std::string after, std::size_t count
    ) override {
        co_return store_.rows(table, prefix, after, count);
    }

private:
    store::Store& store_;
};

/// Everything a lane stands on, in virtual time on one thread.
class World {
public:
    explicit World(std::uint64_t seed = 1) : random{seed} {}

    async::Loop loop{1};
    FakeClock clock;
    FakeStore store{clock};
    VirtualTimers timers{clock};
    InlineReads reads{store};
    Gate gate{loop.get_executor(), GateLimits{}};
    DriftWatch drift{clock};
    LaneFigures figures;
    std::mt19937_64 random;
    std::vector<std::string> alarms;
    std::vector<std::string> alarm_details;
    std::vector<std::string> gone;
    std::vector<std::pair<std::string, Milliseconds>> connector_waits;
    Ground ground{
        .loop = loop.get_executor(),
        .store = store,
        .reads = reads,
        .clock = clock,
        .timers = timers,
        .gate = gate,
        .drift = drift,
        .jitter = [this] { return static_cast<double>(random() % 2001) / 1000.0 - 1.0; },
        .alarm =
            [this](const std::string&, const std::string& code, const std::string& detail) {
                alarms.push_back(code);
                alarm_details.push_back(detail);
            },
        .gone = [this](const std::string& owner) { gone.push_back(owner); },
        .connector_wait = [this](
                              const std::string& connector, Milliseconds wait
                          ) { connector_waits.emplace_back(connector, wait); },
        .drained = {},
        .figures = figures,
    };

    std::uint64_t pick(std::uint64_t below) { return random() % below; }
    bool chance(unsigned percent) { return pick(100) < percent; }

    /// Lets everything that still waits come to its end, so that no coroutine outlives what it
    /// stands on. Lanes must have been stopped.
    void drain() {
        settle();
        for (int i = 0; i < 10'000 && !timers.empty(); ++i) {
            timers.fire_next(std::chrono::hours{1'000});
            settle();
        }
    }

    /// Runs what can run without time passing.
    void settle() {
        loop.restart();
        while (loop.poll() > 0)
            loop.restart();
    }

    /// Lets `how_long` pass, ending every wait in its turn.
    void pass(std::chrono::milliseconds how_long) {
        const auto until = clock.steady() + how_long;
        settle();
        while (
            timers.fire_next(std::chrono::floor<std::chrono::milliseconds>(until - clock.steady()))
        )
            settle();
        const auto left = std::chrono::floor<std::chrono::milliseconds>(until - clock.steady());
        if (left.count() > 0) clock.advance(left);
        settle();
    }

    /// Runs `work` as far as it gets without time passing.
    void run(std::function<async::Awaitable<>()> work) {
        async::spawn(loop.get_executor(), "test", std::move(work));
        settle();
    }

    /// An await that takes virtual time.
    async::Awaitable<> sleep(std::chrono::milliseconds how_long) {
        auto timer =
            std::make_shared<async::net::steady_timer>(co_await async::net::this_coro::executor);
        timer->expires_at(std::chrono::steady_clock::time_point::max());
        timers.after(how_long, [timer] { timer->cancel(); });
        [[maybe_unused]] auto [error] = co_await timer->async_wait(async::kAsTuple);
    }

    store::Append event(store::LaneId lane, std::string conversation, std::string body) {
        store::Append append;
        append.lane = lane;
        append.conversation = std::move(conversation);
        append.id = make_ulid(clock.wall_ms());
        append.accepted_ms = clock.wall_ms();
        append.body = std::move(body);
        return append;
    }

    store::Sequence add(store::LaneId lane, std::string conversation, std::string body) {
        store::Batch batch;
        batch.append.push_back(event(lane, std::move(conversation), std::move(body)));
        const auto receipt = store.commit_and_wait(std::move(batch));
        return receipt ? receipt->positions.front().sequence : 0;
    }
};

}  // namespace trunkline::lanes::test
