#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace trunkline::simulator {

using std::chrono::milliseconds;

/// Wall time in milliseconds since 1970. A function, so that a test moves time by hand.
using Now = std::function<std::int64_t()>;

/// The machine's clock.
std::int64_t system_now();

/// The one loop that everything of a simulator runs on, so that nothing of it needs a lock. What
/// was given to a loop is called on it and must live as long as the loop runs.
class Loop {
public:
    Loop();
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    void post(std::function<void()> work);  ///< soon, never within this call `[any]`
    void after(milliseconds how_long, std::function<void()> work);

    void run_until_signal();  ///< until SIGINT or SIGTERM; for main
    /// Turns the loop until `done`; false when that took longer than `at_most`. For tests.
    bool run_until(const std::function<bool()>& done, milliseconds at_most = milliseconds{10'000});

    struct Parts;  ///< what the kit's own sources need of it
    Parts& parts() noexcept { return *parts_; }

private:
    std::unique_ptr<Parts> parts_;
};

}  // namespace trunkline::simulator
