#pragma once

#include <cstdint>
#include <string>

#include "host/base/result.hpp"
#include "host/frames/progress.hpp"
#include "host/process/descriptor.hpp"

namespace trunkline::isolation {

using process::Descriptor;

/// A started runner. Killed and reaped at the latest by the destructor, which then blocks for as
/// long as the kernel takes. One thread at a time.
class Child {
public:
    /// Blocks for about a millisecond: for the pool. The child dies with the thread that calls
    /// this, so it must be one that stays. Fails with `unavailable`.
    static Result<Child> start(
        const std::string& runner, const std::string& library, std::uint64_t memory_max
    );
    ~Child();
    Child(Child&&) noexcept = default;
    Child& operator=(Child&&) = delete;
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    int pid() const noexcept { return pid_; }
    int process() const noexcept { return process_.get(); }  ///< readable when it has ended
    int socket() const noexcept { return socket_.get(); }
    const frames::ProgressPage& page() const noexcept { return page_; }

    void kill() const noexcept;
    /// Reaps it, when `process` is readable, and says in one line what it died of.
    std::string bury();

private:
    Child(
        int pid, Descriptor process, Descriptor socket, Descriptor words, frames::ProgressPage page
    );

    int pid_;
    Descriptor process_;
    Descriptor socket_;
    Descriptor words_;  ///< its standard error
    frames::ProgressPage page_;
    bool buried_ = false;
};

/// Where the runner is when nothing else is said: beside this program.
std::string runner_beside_this_program();

}  // namespace trunkline::isolation
