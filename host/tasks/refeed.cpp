// Rebuilding open tasks from their inputs: in the next generation, or where the connector lost one.
#include "host/async/spawn.hpp"
#include "host/seal/crypto.hpp"
#include "host/tasks/core.hpp"

// GCC 12 inlines only the first half of the pair of functions that a coroutine frame is allocated
// by, and takes the other for a stranger.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace trunkline::tasks {

/// An instance of the same account in `next`, with the caches of the present one where they fit.
async::Awaitable<Result<std::shared_ptr<Instance>>> Core::instance_in(
    const std::shared_ptr<plugins::Generation>& next
) {
    const std::shared_ptr<Instance> present = instance_;
    Saved saved = co_await saved_of(*present);
    // Caches of a newer schema mean nothing to an older connector.
    if (next->state_schema() < saved.schema) saved = {};
    auto made = co_await make_instance(next, setup_, saved, collector_.random(), services_);
    if (!made && made.error().fault == Fault::conflict && !saved.state.empty()) {
        saved = {};
        auto again = co_await make_instance(next, setup_, saved, collector_.random(), services_);
        co_return again;
    }
    co_return made;
}

async::Awaitable<Result<void>> Core::refeed(
    std::shared_ptr<plugins::Generation> next, std::chrono::milliseconds drain
) {
    const auto keep = shared_from_this();
    if (stopping_) co_return Error{Fault::cancelled, "the account is being stopped"};
    if (refeeding_)
        co_return Error{Fault::conflict, "the account is going over to another generation"};
    refeeding_ = true;
    const auto began = std::chrono::steady_clock::now();
    auto made = co_await instance_in(next);
    if (!made || stopping_) {
        refeeding_ = false;
        if (!made) co_return made.error();
        co_return Error{Fault::cancelled, "the account is being stopped"};
    }
    const std::shared_ptr<Instance> former = std::exchange(instance_, *std::move(made));
    const std::shared_ptr<Instance> latter = instance_;
    figures_.switch_us =
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                       std::chrono::steady_clock::now() - began
        )
                                       .count());

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

    // What is moved must not be handed in meanwhile.
    held_ = true;
    while (flying_)
        co_await landed_.wait();
    std::vector<TaskRef> open;
    for (const auto& [id, task] : tasks_) {
        if (task->instance == former && !task->ended) open.push_back(task);
    }
    std::sort(open.begin(), open.end(), [](const TaskRef& a, const TaskRef& b) {
        return a->id < b->id;
    });
    for (const auto& task : open)
        co_await move_over(task, latter);
    refeeding_ = false;
    held_ = false;
    if (!ready_.empty()) schedule();
    co_return Result<void>{};
}

bool Core::anyone_on(const Instance& instance) const {
    return std::any_of(tasks_.begin(), tasks_.end(), [&](const auto& entry) {
        return entry.second->instance.get() == &instance && !entry.second->ended;
    });
}

async::Awaitable<> Core::move_over(const TaskRef& task, const std::shared_ptr<Instance>& instance) {
    if (!task->begun) {
        task->instance = instance;  // nobody has seen it yet
        co_return;
    }
    const std::shared_ptr<Instance> former = task->instance;
    const std::uint64_t former_life = task->known_in;
    if (RemoteInstance* remote = instance->remote()) {
        const auto ready = co_await remote->ready(false);
        if (!ready) co_return;  // it ends where it is
    }
    RemoteInstance* const remote = instance->remote();
    Answer last;
    Rebuilt rebuilt = Rebuilt::other;
    if (!task->closed && !task->ended) rebuilt = co_await rebuild(task, instance, &last);
    if (rebuilt == Rebuilt::crashed) co_return;  // it ends where it is
    const auto let_go = [&](const std::shared_ptr<Instance>& of, std::uint64_t life) {
        const auto back = std::exchange(task->instance, of);
        const auto known = std::exchange(task->known_in, life);
        forget(*task);
        task->instance = back;
        task->known_in = known;
    };
    const std::uint64_t life = remote == nullptr ? 0 : remote->life();
    // A wait for a child is long enough for a task to be given up.
    if (task->closed || (task->ended && rebuilt != Rebuilt::same)) {
        let_go(instance, life);
        co_return;
    }
    if (rebuilt == Rebuilt::same) {
        let_go(former, former_life);  // the former generation lets go of it
        task->instance = instance;
        task->known_in = life;
        co_return;
    }
    let_go(instance, life);  // the half-built one
    const bool once = !task->marks.empty();
    spdlog::warn(
        "tasks.diverged {} next={} once={}", who(*task), instance->generation().label(), once
    );
    // A call that must not happen twice was made: only the generation that made it may decide what
    // follows.
    if (once) co_return;
    let_go(former, former_life);
    restart(task, instance);
}

/// Feeds a task's inputs again, in order. `same`: it asked for exactly what it had asked for; what
/// it asks for beyond that is taken up. `other`: the task is as it was, and half-built in
/// `instance`. `crashed`: the child died of it or of something else; `last` says more.
async::Awaitable<Core::Rebuilt> Core::rebuild(
    const TaskRef& task, const std::shared_ptr<Instance>& instance, Answer* last
) {
    if (LocalInstance* here = instance->local()) co_return rebuild_here(task, *here);
    if (task->seed.empty()) task->seed = seal::random_bytes(32);
    Collector::Slot slot = slot_to_rebuild(*task, *instance);
    // A task's inputs are added to only where one is handed in, which nobody does now.
    std::vector<const Input*> inputs{&task->first};
    for (const Input& input : task->journal)
        inputs.push_back(&input);
    for (const Input* input : inputs) {
        if (!input->starts_task()) slot.journal_bytes += input->bytes();
        const bool fed = co_await feed_again(&slot, input, instance->remote(), last);
        if (!last->frame) co_return Rebuilt::crashed;
        if (!fed) co_return Rebuilt::other;
    }
    if (task->closed) co_return Rebuilt::other;
    co_return rebuilt(task, slot);
}

Core::Rebuilt Core::rebuild_here(const TaskRef& task, LocalInstance& instance) {
    Collector::Slot slot = slot_to_rebuild(*task, instance);
    if (!feed_again(slot, task->first, instance)) return Rebuilt::other;
    for (const Input& input : task->journal) {
        slot.journal_bytes += input.bytes();
        if (!feed_again(slot, input, instance)) return Rebuilt::other;
    }
    return rebuilt(task, slot);
}

Collector::Slot Core::slot_to_rebuild(Task& task, const Instance& instance) {
    ++figures_.refeeds;
    task.buckets = &instance.buckets();
    Collector::Slot slot;
    slot.task = &task;
    slot.expected = &task.fingerprints;
    slot.deadline_ms = task.deadline_ms;
    return slot;
}

/// All inputs were fed again: takes up what came of it.
Core::Rebuilt Core::rebuilt(const TaskRef& task, Collector::Slot& slot) {
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

bool Core::feed_again(Collector::Slot& slot, const Input& input, LocalInstance& instance) {
    pairs_.clear();
    pairs_.reserve(input.pairs.size());
    tl_input lent = input.lend(slot.task->id, slot.deadline_ms, pairs_);
    lent.flags |= TL_INPUT_REPLAYED;
    std::uint32_t done = 0;
    collector_.open({&slot, 1}, &done);
    const Handled handled = instance.handle(&lent, 1, &done, collector_.table());
    collector_.close();
    ++figures_.calls;
    figures_.busy_us += static_cast<std::uint64_t>(handled.took.count());
    if (!handled.escaped.empty())
        spdlog::error(
            "tasks.escaped account={} task={} reason=\"{}\"",
            setup_.account.text(),
            slot.task->id,
            instance.redact(handled.escaped)
        );
    return handled.code == TL_OK && !slot.diverged;
}

async::Awaitable<bool> Core::feed_again(
    Collector::Slot* slot, const Input* input, RemoteInstance* instance, Answer* answer
) {
    std::vector<tl_pair> pairs;
    pairs.reserve(input->pairs.size());
    tl_input lent = input->lend(slot->task->id, slot->deadline_ms, pairs);
    lent.flags |= TL_INPUT_REPLAYED;
    auto given = co_await instance->handle({&lent, 1}, {slot, 1});
    *answer = std::move(given);
    if (!answer->frame) co_return false;
    const Handled handled = believe(*answer, {slot, 1});
    if (!handled.escaped.empty())
        spdlog::error(
            "tasks.escaped account={} task={} reason=\"{}\"",
            setup_.account.text(),
            slot->task->id,
            instance->redact(handled.escaped)
        );
    co_return handled.code == TL_OK && !slot->diverged;
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
    task->known_in = 0;
    task->tries = 0;
    task->due.reset();
    task->end = End{};
    if (!task->busy) enqueue(task);
}

}  // namespace trunkline::tasks
