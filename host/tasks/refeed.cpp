// Rebuilding open tasks from their inputs: in the next generation, or where the connector lost one.
#include "host/async/spawn.hpp"
#include "host/tasks/core.hpp"

namespace trunkline::tasks {

async::Awaitable<Result<void>> Core::refeed(
    std::shared_ptr<plugins::Generation> next, std::chrono::milliseconds drain
) {
    const auto keep = shared_from_this();
    if (stopping_) co_return Error{Fault::cancelled, "the account is being stopped"};
    if (refeeding_)
        co_return Error{Fault::conflict, "the account is going over to another generation"};
    const auto began = std::chrono::steady_clock::now();
    Saved saved = instance_->save();
    // Caches of a newer schema mean nothing to an older connector.
    if (next->table().state_schema < saved.schema) saved = {};
    auto made = Instance::make(next, setup_, saved, collector_.random(), services_.loop_index);
    if (!made && made.error().fault == Fault::conflict && !saved.state.empty()) {
        saved = {};
        made = Instance::make(next, setup_, saved, collector_.random(), services_.loop_index);
    }
    if (!made) co_return made.error();
    const std::shared_ptr<Instance> former = std::exchange(instance_, *std::move(made));
    const std::shared_ptr<Instance> latter = instance_;
    figures_.switch_us =
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                       std::chrono::steady_clock::now() - began
        )
                                       .count());

    refeeding_ = true;
    // Nearly every task ends by itself within moments; the rest is moved.
    bool waited = drain.count() <= 0;
    async::net::steady_timer limit{services_.loop, drain};
    limit.async_wait([&waited, weak = weak_from_this()](boost::system::error_code error) {
        const auto self = weak.lock();
        if (error || !self) return;
        waited = true;
        self->closed_.notify();
    });
    while (!waited && anyone_on(*former))
        co_await closed_.wait();
    // The timer refers to a local: it must be certain not to fire any more before this frame goes.
    if (!waited && limit.cancel() == 0) {
        while (!waited)
            co_await closed_.wait();
    }

    refeeding_ = false;
    std::vector<TaskRef> open;
    for (const auto& [id, task] : tasks_) {
        if (task->instance == former && !task->ended) open.push_back(task);
    }
    std::sort(open.begin(), open.end(), [](const TaskRef& a, const TaskRef& b) {
        return a->id < b->id;
    });
    for (const auto& task : open)
        move_over(task, latter);
    co_return Result<void>{};
}

bool Core::anyone_on(const Instance& instance) const {
    return std::any_of(tasks_.begin(), tasks_.end(), [&](const auto& entry) {
        return entry.second->instance.get() == &instance && !entry.second->ended;
    });
}

void Core::move_over(const TaskRef& task, const std::shared_ptr<Instance>& instance) {
    if (!task->begun) {
        task->instance = instance;  // nobody has seen it yet
        return;
    }
    const std::shared_ptr<Instance> former = task->instance;
    if (rebuild(task, instance) == Rebuilt::same) {
        task->instance = former;
        forget(*task);  // the former generation lets go of it
        task->instance = instance;
        return;
    }
    task->instance = instance;
    forget(*task);  // the half-built one
    task->instance = former;
    const bool once = !task->marks.empty();
    spdlog::warn(
        "tasks.diverged {} next={} once={}", who(*task), instance->generation().label(), once
    );
    // A call that must not happen twice was made: only the generation that made it may decide what
    // follows.
    if (once) return;
    forget(*task);
    restart(task, instance);
}

/// Feeds a task's inputs again, in order. `same`: it asked for exactly what it had asked for; what
/// it asks for beyond that is taken up. `other`: the task is as it was, and half-built in
/// `instance`.
Core::Rebuilt Core::rebuild(const TaskRef& task, const std::shared_ptr<Instance>& instance) {
    ++figures_.refeeds;
    Collector::Slot slot;
    slot.task = task.get();
    slot.expected = &task->fingerprints;
    slot.journal_bytes = 0;
    if (!feed_again(slot, task->first, *instance)) return Rebuilt::other;
    for (const Input& input : task->journal) {
        slot.journal_bytes += input.bytes();
        if (!feed_again(slot, input, *instance)) return Rebuilt::other;
    }
    if (slot.matched != task->fingerprints.size()) return Rebuilt::other;

    task->asked = slot.asked;
    Collected& more = slot.collected;
    if (more.fingerprints.empty()) return Rebuilt::same;
    task->fingerprints.insert(
        task->fingerprints.end(), more.fingerprints.begin(), more.fingerprints.end()
    );
    const bool outcome = more.durable.outcome.has_value();
    if (outcome) more.steps.clear();
    for (const Step& step : more.steps)
        task->pending.push_back(step.step);
    task->ended = outcome;
    write_marks(*task, more, std::nullopt);
    if (task->due) {
        // Still waiting to be committed: both go together.
        auto& due = *task->due;
        const auto append = [](auto& to, auto& from) {
            to.insert(
                to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end())
            );
        };
        append(due.durable.items, more.durable.items);
        append(due.durable.routes, more.durable.routes);
        append(due.durable.aliases, more.durable.aliases);
        append(due.durable.health, more.durable.health);
        append(due.durable.put, more.durable.put);
        append(due.durable.erase, more.durable.erase);
        append(due.steps, more.steps);
        if (more.durable.outcome) due.durable.outcome = std::move(more.durable.outcome);
        if (more.answer) due.answer = std::move(more.answer);
        if (more.source) due.source = std::move(more.source);
    } else {
        task->due = std::move(more);
    }
    task->busy = true;
    task->signal.notify();
    return Rebuilt::same;
}

bool Core::feed_again(Collector::Slot& slot, const Input& input, Instance& instance) {
    pairs_.clear();
    pairs_.reserve(input.pairs.size());
    tl_input lent = input.lend(slot.task->id, slot.task->deadline_ms, pairs_);
    lent.flags |= TL_INPUT_REPLAYED;
    std::uint32_t done = 0;
    collector_.open({&slot, 1}, &done);
    const Handled handled = instance.handle(&lent, 1, &done, collector_.table());
    collector_.close();
    ++figures_.calls;
    figures_.busy_us += static_cast<std::uint64_t>(handled.took.count());
    if (!handled.escaped.empty())
        spdlog::error("tasks.escaped {} reason=\"{}\"", who(*slot.task), handled.escaped);
    return handled.code == TL_OK && !slot.diverged;
}

/// Begins a task anew in `instance`. Items it has reported already are recognised by their dedup
/// keys.
void Core::restart(const TaskRef& task, const std::shared_ptr<Instance>& instance) {
    task->instance = instance;
    ++task->incarnation;
    task->inbox.clear();
    task->inbox.push_back(std::move(task->first));
    task->inbox.front().flags |= TL_INPUT_REPLAYED;
    task->journal.clear();
    task->journal_bytes = 0;
    task->fingerprints.clear();
    task->pending.clear();
    task->timers.clear();
    task->asked = {};
    task->begun = false;
    task->tries = 0;
    task->due.reset();
    task->end = End{};
    if (!task->busy) enqueue(task);
}

}  // namespace trunkline::tasks
