// One instance on many threads, never at once; many instances at once.
#include <algorithm>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <pthread.h>

#include "check.hpp"
#include "library.hpp"
#include "runs.hpp"

namespace trunkline::conform {
namespace threads_group {
namespace {

constexpr std::size_t kStackBytes = 64U << 10U;
constexpr std::size_t kHostStackBytes = 48U << 10U;  // what the host's own functions need

void moved(Trial& trial) {
    for_each_case(trial, [&](const Golden& golden) {
        const Run usual = run_fresh(trial, golden);
        const Library library{trial.subject()};
        TestHost host{library.plugin(), golden.account};
        for (const Input& input : golden.inputs)
            std::thread{[&] { host.feed(input); }}.join();
        const std::string differs = difference(usual.transcript, host.transcript());
        if (!differs.empty()) trial.fail("case " + golden.name() + ": " + differs);
    });
}

/// Lets two threads take turns from effect to effect, so that each is in the middle of its work
/// while the other one works. One that waits in vain goes on: the other may have ended.
class Turns {
public:
    void arrive(int who) {
        std::unique_lock lock{mutex_};
        ++arrived_[who];
        moved_.notify_all();
        // A limit, not a measure: reached only when the connector holds a lock of its own.
        moved_.wait_for(lock, std::chrono::seconds{2}, [&] {
            return ended_[1 - who] || arrived_[1 - who] >= arrived_[who];
        });
    }
    void end(int who) {
        const std::lock_guard lock{mutex_};
        ended_[who] = true;
        moved_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable moved_;
    std::size_t arrived_[2]{};
    bool ended_[2]{};
};

/// Two cases at once, each in an instance of its own, in the same copy of the library.
void both(Trial& trial, const Golden& left, const Golden& right) {
    const Run usual[2]{run_fresh(trial, left), run_fresh(trial, right)};
    const Library library{trial.subject()};
    const tl_plugin& plugin = library.plugin();
    Turns turns;
    std::barrier made{2};
    std::vector<std::string> transcripts[2];
    const auto work = [&](int who, const Golden& golden) {
        Behaviour behaviour;
        behaviour.in_effect = [&turns, who] { turns.arrive(who); };
        TestHost host{plugin, golden.account, behaviour};
        made.arrive_and_wait();
        if (host.created() == TL_OK) feed(host, golden.inputs);
        transcripts[who] = host.transcript();
        turns.end(who);
    };
    std::thread other{[&] { work(1, right); }};
    work(0, left);
    other.join();
    for (const int who : {0, 1}) {
        const std::string differs = difference(usual[who].transcript, transcripts[who]);
        if (!differs.empty())
            trial.fail("cases " + left.name() + " and " + right.name() + " at once: " + differs);
    }
}

void parallel(Trial& trial) {
    const auto& cases = trial.subject().cases;
    for_each_case(trial, [&](const Golden& golden) {
        const auto index = static_cast<std::size_t>(&golden - cases.data());
        both(trial, golden, cases[(index + 1) % cases.size()]);
    });
}

struct SmallStack {
    const tl_plugin& plugin;
    const Golden& golden;
    std::vector<std::string> transcript;
};

void small_stack(Trial& trial) {
#ifdef TRUNKLINE_SANITIZED
    return trial.not_applicable("a sanitizer makes every frame larger");
#endif
    for_each_case(trial, [&](const Golden& golden) {
        const Run usual = run_fresh(trial, golden);
        const Library library{trial.subject()};
        SmallStack job{library.plugin(), golden, {}};
        pthread_attr_t attributes;
        pthread_attr_init(&attributes);
        pthread_attr_setstacksize(&attributes, kStackBytes + kHostStackBytes);
        pthread_t thread{};
        const int made = pthread_create(
            &thread,
            &attributes,
            [](void* given) -> void* {
                auto& mine = *static_cast<SmallStack*>(given);
                TestHost host{mine.plugin, mine.golden.account};
                if (host.created() == TL_OK) feed(host, mine.golden.inputs);
                mine.transcript = host.transcript();
                return nullptr;
            },
            &job
        );
        pthread_attr_destroy(&attributes);
        if (made != 0) throw std::runtime_error{"no thread"};
        pthread_join(thread, nullptr);
        const std::string differs = difference(usual.transcript, job.transcript);
        if (!differs.empty()) trial.fail("case " + golden.name() + ": " + differs);
    });
}

constexpr Check kChecks[]{
    {"threads.moved",
     "An instance may be called on another thread each time: nothing of it is bound to one.",
     moved},
    {"threads.parallel",
     "Two instances work at the same time without knowing of each other: nothing that changes is "
     "shared.",
     parallel,
     Severity::error,
     20},
    {"threads.small_stack", "A stack of 64 KiB is enough.", small_stack},
};

}  // namespace
}  // namespace threads_group

std::span<const Check> threads_checks() {
    return threads_group::kChecks;
}

}  // namespace trunkline::conform
