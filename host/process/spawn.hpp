#pragma once

#include <string>
#include <vector>

#include "host/base/result.hpp"

namespace trunkline::process {

/// A descriptor of ours, and its number in the child.
struct Given {
    int ours = -1;
    int number = 0;
};

struct Command {
    std::vector<std::string> words;  ///< the program's path, then its arguments
    std::vector<Given> given;        ///< what is not said of 0, 1 and 2 leads nowhere
    bool own_group = false;          ///< Ctrl-C at the host's terminal is the host's affair
};

/// Starts a program with what it is given and nothing else of ours: its environment has but the
/// sanitizers' options, in builds that have them, since secrets are in ours; its signals are as at
/// the beginning of any program. Returns its process id, which the caller must wait for. Fails with
/// `unavailable`. Blocks for about a millisecond. `[any]` Source: posix_spawn(3).
Result<int> spawn(const Command& command);

}  // namespace trunkline::process
