#include "host/tasks/recent.hpp"

#include "host/tasks/task.hpp"

namespace trunkline::tasks {
namespace {

constexpr std::size_t kTasksMax = 32;  // of each kind
constexpr std::size_t kTaskBytesMax = 32U << 10U;

}  // namespace

void Recent::keep(const AccountId& account, Task& task, Input last) {
    Kind kind = kReceived;
    switch (task.first_kind) {
        case TL_IN_WEBHOOK:
        case TL_IN_ROUTED:
            break;
        case TL_IN_COMMAND:
            kind = kSent;
            break;
        case TL_IN_POLL:
            kind = kPolled;
            break;
        default:
            return;
    }
    std::size_t bytes = last.bytes() + task.first.bytes();
    for (const Input& input : task.journal)
        bytes += input.bytes();
    if (bytes > kTaskBytesMax) return;
    KeptTask kept{account, {}};
    if (!last.starts_task()) {
        kept.inputs.push_back(std::move(task.first));
        std::move(task.journal.begin(), task.journal.end(), std::back_inserter(kept.inputs));
    }
    kept.inputs.push_back(std::move(last));
    auto& tasks = tasks_[kind];
    tasks.push_back(std::move(kept));
    if (tasks.size() > kTasksMax) tasks.pop_front();
}

std::vector<KeptTask> Recent::all() const {
    std::vector<KeptTask> out;
    for (const auto& tasks : tasks_)
        out.insert(out.end(), tasks.begin(), tasks.end());
    return out;
}

}  // namespace trunkline::tasks
