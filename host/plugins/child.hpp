#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/base/result.hpp"

/// A program of ours as a child process, with descriptors of its own choosing. `[any]`
namespace trunkline::plugins {

/// A descriptor that closes itself. Moves.
class OwnedDescriptor {
public:
    OwnedDescriptor() = default;
    explicit OwnedDescriptor(int value) : value_{value} {}
    OwnedDescriptor(OwnedDescriptor&& other) noexcept : value_{std::exchange(other.value_, -1)} {}
    OwnedDescriptor& operator=(OwnedDescriptor&& other) noexcept {
        std::swap(value_, other.value_);
        return *this;
    }
    ~OwnedDescriptor();

    int get() const noexcept { return value_; }
    void close();

private:
    int value_ = -1;
};

/// A file in memory that holds `bytes`, for a child to read.
Result<OwnedDescriptor> memory_file(const char* name, std::string_view bytes);

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
