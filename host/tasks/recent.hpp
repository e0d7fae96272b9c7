#pragma once

#include <array>
#include <deque>
#include <vector>

#include "host/base/id.hpp"
#include "host/tasks/input.hpp"

namespace trunkline::tasks {

struct Task;

/// A task that ended well: everything it was handed, in order.
struct KeptTask {
    AccountId account;
    std::vector<Input> inputs;
};

/// The last tasks of one connector on one loop, so that its next generation can be tried on what
/// really comes. In memory only, bounded; holds what came as it came, so nobody may show it before
/// secrets are taken out. That loop only.
class Recent {
public:
    /// Takes over what `task` was handed, `last` being the input that ended it. Tasks that are
    /// large or say nothing of how messages are understood are passed over.
    void keep(const AccountId& account, Task& task, Input last);

    std::vector<KeptTask> all() const;

private:
    // Apart, so that a bot that polls does not push out everything else.
    enum Kind : std::size_t { kReceived, kSent, kPolled, kKinds };
    std::array<std::deque<KeptTask>, kKinds> tasks_;
};

}  // namespace trunkline::tasks
