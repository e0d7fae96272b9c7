// Counts instructions by the processor's own trap flag: it raises SIGTRAP after each, in this
// thread, and no other process has to be asked.
#include "instructions.hpp"

#include <csignal>

#include <ucontext.h>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace trunkline::conform {

#if defined(__x86_64__)

namespace {

constexpr unsigned long long kTrapFlag = 0x100;

// What a signal handler can reach.
volatile std::uint64_t steps = 0, steps_max = 0;

void stepped(int, siginfo_t*, void* context) {
    steps = steps + 1;
    if (steps <= steps_max) return;
    auto* const interrupted = static_cast<ucontext_t*>(context);
    interrupted->uc_mcontext.gregs[REG_EFL] &= ~static_cast<greg_t>(kTrapFlag);
}

}  // namespace

bool instructions_are_counted() noexcept {
    return true;
}

std::optional<std::uint64_t> count_instructions(
    const std::function<void()>& work, std::uint64_t most
) {
    struct sigaction ours {
    }, theirs{};
    ours.sa_sigaction = stepped;
    ours.sa_flags = SA_SIGINFO;
    sigemptyset(&ours.sa_mask);
    sigaction(SIGTRAP, &ours, &theirs);
    steps = 0;
    steps_max = most;
    __writeeflags(__readeflags() | kTrapFlag);
    work();
    __writeeflags(__readeflags() & ~kTrapFlag);
    sigaction(SIGTRAP, &theirs, nullptr);
    if (steps > most) return std::nullopt;
    return steps;
}

Uncounted::Uncounted() noexcept : paused_{(__readeflags() & kTrapFlag) != 0} {
    if (paused_) __writeeflags(__readeflags() & ~kTrapFlag);
}

Uncounted::~Uncounted() {
    if (paused_) __writeeflags(__readeflags() | kTrapFlag);
}

#else

bool instructions_are_counted() noexcept {
    return false;
}

std::optional<std::uint64_t> count_instructions(
    const std::function<void()>& work, std::uint64_t most
) {
    (void)work, (void)most;
    return std::nullopt;
}

Uncounted::Uncounted() noexcept : paused_{false} {}
Uncounted::~Uncounted() = default;

#endif

}  // namespace trunkline::conform
