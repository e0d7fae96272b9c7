#pragma once

#include <cstdint>
#include <functional>
#include <optional>

namespace trunkline::conform {

/// False on machines whose processor we do not know how to step.
bool instructions_are_counted() noexcept;

/// How many instructions of this program `work` takes, counted one by one: the same number on a
/// busy machine. Nothing when there are more than `most`; the rest then runs uncounted. One thread.
std::optional<std::uint64_t> count_instructions(
    const std::function<void()>& work, std::uint64_t most
);

/// While it lives, inside of `work`, nothing is counted: what the host does for a connector is not
/// the connector's.
class Uncounted {
public:
    Uncounted() noexcept;
    Uncounted(const Uncounted&) = delete;
    Uncounted& operator=(const Uncounted&) = delete;
    ~Uncounted();

private:
    const bool paused_;
};

}  // namespace trunkline::conform
