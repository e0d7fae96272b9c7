#pragma once

#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include "host/async/await.hpp"

namespace trunkline::async {

/// Event loops, each run by exactly one thread, so that what belongs to a loop needs no lock.
/// Owner: main. Construct, `start()`, later `stop()`; all three from one thread.
class Loops {
public:
    explicit Loops(std::size_t count);  ///< 0 = one per core, less one for the committer
    ~Loops();
    Loops(const Loops&) = delete;
    Loops& operator=(const Loops&) = delete;

    void start();
    void stop();  ///< cuts whatever is left and joins; ask the parts to end first

    std::size_t size() const noexcept { return loops_.size(); }
    Loop& at(std::size_t index) { return *loops_.at(index); }
    std::size_t index_of(const Loop& loop) const;  ///< asserts that it is one of these

    /// The loop that owns everything named `key`: the same for the life of the process. `[any]`
    Loop& home_of(std::string_view key);

private:
    std::vector<std::unique_ptr<Loop>> loops_;
    std::vector<net::executor_work_guard<Executor>> guards_;
    std::vector<std::thread> threads_;
};

}  // namespace trunkline::async
