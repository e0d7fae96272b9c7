#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/base/result.hpp"
#include "host/process/descriptor.hpp"

/// A program of ours as a child process, with descriptors of its own choosing. `[any]`
namespace trunkline::plugins {

/// A file in memory that holds `bytes`, for a child to read.
Result<process::Descriptor> memory_file(const char* name, std::string_view bytes);

/// A child that is killed and waited for when this ends. One thread.
class Child {
public:
    /// Starts `arguments[0]` with `descriptors` as its 3, 4, ... and nothing of ours otherwise:
    /// standard input and output lead nowhere, the environment is empty.
    static Result<Child> start(
        const std::vector<std::string>& arguments, const std::vector<int>& descriptors
    );
    Child(Child&& other) noexcept;
    Child& operator=(Child&&) = delete;
    ~Child();

    int pid() const noexcept { return pid_; }

    /// Kills it unless it has ended, and says how it ended: "exit status 1", "killed by SIGABRT".
    std::string end();

private:
    explicit Child(int pid) : pid_{pid} {}
    int pid_ = -1;
};

}  // namespace trunkline::plugins
