#include "host/tasks/input.hpp"

#include "host/base/assert.hpp"

namespace trunkline::tasks {

std::size_t Input::bytes() const noexcept {
    std::size_t sum = method.size() + target.size() + body.size() + key.size() + note.size();
    for (const auto& pair : pairs)
        sum += pair.name.size() + pair.value.size();
    return sum;
}

tl_input Input::lend(std::uint64_t task, WallMs deadline_ms, std::vector<tl_pair>& scratch) const {
    TRUNKLINE_ASSERT(scratch.capacity() - scratch.size() >= pairs.size());
    const tl_pair* const first = scratch.data() + scratch.size();
    for (const auto& pair : pairs)
        scratch.push_back({tasks::lend(pair.name), tasks::lend(pair.value)});
    tl_input out{};
    out.size = sizeof(tl_input);
    out.kind = kind;
    out.task = task;
    out.step = step;
    out.flags = flags;
    out.at_ms = at_ms;
    out.deadline_ms = deadline_ms;
    out.status = status;
    out.pair_count = static_cast<std::uint32_t>(pairs.size());
    out.pairs = pairs.empty() ? nullptr : first;
    out.method = tasks::lend(method);
    out.target = tasks::lend(target);
    out.body = tasks::lend(body);
    out.key = tasks::lend(key);
    out.note = tasks::lend(note);
    return out;
}

}  // namespace trunkline::tasks
