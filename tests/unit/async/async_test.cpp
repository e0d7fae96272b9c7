#include <set>
#include <stdexcept>

#include <gtest/gtest.h>

#include "host/async/blocking_pool.hpp"
#include "host/async/loops.hpp"
#include "host/async/on.hpp"
#include "host/async/spawn.hpp"
#include "host/base/result.hpp"

namespace trunkline::async {
namespace {

/// Tells copies from moves and that each is destroyed once.
struct Counted {
    explicit Counted(int& alive_) : alive{&alive_} { ++*alive; }
    Counted(const Counted& other) : alive{other.alive} { ++*alive; }
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --*alive; }
    int* alive;
};

class AsyncTest : public testing::Test {
protected:
    AsyncTest() { loops_.start(); }
    Executor loop(std::size_t index) { return loops_.at(index).get_executor(); }
    Loops loops_{2};
};

TEST(LoopsTest, LeaveACoreToTheCommitterUnlessTheyAreTold) {
    EXPECT_EQ(Loops{0}.size(), std::max(2U, std::thread::hardware_concurrency()) - 1);
    EXPECT_EQ(Loops{3}.size(), 3U);
}

TEST_F(AsyncTest, WorkOnAnotherLoopStaysThereAndTheCallerComesBack) {
    bool inside = false;
    bool inside_after_wait = false;
    bool back = false;
    run_and_wait(loop(0), "test", [&]() -> Awaitable<> {
        const auto work = [&]() -> Awaitable<int> {
            inside = loop(1).running_in_this_thread();
            co_await pause(std::chrono::milliseconds{1});
            inside_after_wait = loop(1).running_in_this_thread();
            co_return 42;
        };
        const int answer = co_await on(loop(1), work);
        EXPECT_EQ(answer, 42);
        back = loop(0).running_in_this_thread();
    });
    EXPECT_TRUE(inside);
    EXPECT_TRUE(inside_after_wait) << "a wait must not carry it back";
    EXPECT_TRUE(back);
}

TEST_F(AsyncTest, ResultsThatCannotBeDefaultMadeComeBackToo) {
    run_and_wait(loop(0), "test", [&]() -> Awaitable<> {
        const auto work = []() -> Awaitable<Result<std::string>> {
            co_return std::string(100, 'x');
        };
        auto answer = co_await on(loop(1), work);
        EXPECT_EQ(answer->size(), 100u);
    });
}

TEST_F(AsyncTest, BlockingWorkRunsElsewhereAndDiesOnce) {
    BlockingPool pool{1};
    int alive = 0;
    run_and_wait(loop(0), "test", [&]() -> Awaitable<> {
        const Counted counted{alive};
        const auto work = [counted, text = std::string(100, 'y')] { return text.size(); };
        const std::size_t size = co_await pool.run(work);
        EXPECT_EQ(size, 100u);
        EXPECT_TRUE(loop(0).running_in_this_thread());
    });
    EXPECT_EQ(alive, 0);
}

TEST_F(AsyncTest, AnExceptionOfBlockingWorkReachesTheCaller) {
    BlockingPool pool{1};
    bool caught = false;
    run_and_wait(loop(0), "test", [&]() -> Awaitable<> {
        const auto work = []() -> int { throw std::runtime_error{"no"}; };
        try {
            co_await pool.run(work);
        } catch (const std::runtime_error&) {
            caught = true;
        }
    });
    EXPECT_TRUE(caught);
}

TEST_F(AsyncTest, AnEscapedExceptionEndsOnlyItsCoroutine) {
    run_and_wait(loop(0), "throws", []() -> Awaitable<> {
        co_await pause(std::chrono::milliseconds{0});
        throw std::runtime_error{"bug"};
    });
    bool alive = false;
    run_and_wait(loop(0), "after", [&]() -> Awaitable<> {
        alive = true;
        co_return;
    });
    EXPECT_TRUE(alive);
}

TEST_F(AsyncTest, AKeyAlwaysHasTheSameHome) {
    std::set<Loop*> homes;
    for (int i = 0; i < 100; ++i) {
        const std::string key = "account" + std::to_string(i);
        EXPECT_EQ(&loops_.home_of(key), &loops_.home_of(key));
        homes.insert(&loops_.home_of(key));
    }
    EXPECT_EQ(homes.size(), 2u) << "and keys are spread";
}

}  // namespace
}  // namespace trunkline::async
