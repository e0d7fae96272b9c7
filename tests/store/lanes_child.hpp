#pragma once

#include <functional>
#include <memory>

#include "crash_child.hpp"
#include "host/base/clock.hpp"
#include "host/store/internals.hpp"
#include "host/store/store.hpp"

namespace trunkline::crash::lanes {

/// The lanes of one life, as the host runs them: a LaneTable on real loops over the real store,
/// producers before it, receivers behind it, and somebody who pauses, resumes and requeues.
class Life {
public:
    /// `store` and `clock` outlive it. `delivered` is called after a receiver has written down what
    /// it has and before it answers, from any loop.
    Life(
        const ChildOptions& options,
        store::Store& store,
        const Clock& clock,
        std::function<void()> delivered
    );
    ~Life();
    Life(const Life&) = delete;
    Life& operator=(const Life&) = delete;

    /// Writes down what is found and starts the lanes. Main thread.
    bool open();
    /// Tells what the committer does; on its thread.
    void reached(store::Moment moment);
    /// Tells that the disk has just refused something; from any thread.
    void disk_failed();
    /// Produces and interferes until the process is killed.
    void run();
    /// Lets all lanes end, and writes down what is left. Main thread; then the life is over.
    bool drain();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace trunkline::crash::lanes
