#include "host/tasks/core.hpp"

// GCC 12 inlines only the first half of the pair of functions that a coroutine frame is allocated
// by, and takes the other for a stranger.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace trunkline::tasks {
namespace {

constexpr std::size_t kOpenTasksMax = 50'000;
constexpr std::chrono::milliseconds kLook{2};

Input first_input(Start& start) {
    Input input;
    input.kind = start.kind;
    input.method = std::move(start.method);
    input.target = std::move(start.target);
    input.body = std::move(start.body);
    input.key = std::move(start.key);
    input.note = std::move(start.note);
    input.pairs = std::move(start.pairs);
    for (auto& pair : input.pairs) {
        for (char& c : pair.name)
            c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return input;
}

End refused(Fault fault, std::string why) {
    End end;
    end.fault = Error{fault, std::move(why)};
    return end;
}

}  // namespace

Core::Core(Setup setup, Services services)
    : setup_{std::move(setup)}, services_{std::move(services)}, collector_{setup_, services_.file} {
    inputs_.reserve(TL_MAX_BATCH);
    slots_.reserve(TL_MAX_BATCH);
}

Result<void> Core::begin(std::shared_ptr<plugins::Generation> generation) {
    auto made = LocalInstance::make(
        std::move(generation), setup_, {}, collector_.random(), services_.loop_index
    );
    if (!made) return made.error();
    instance_ = *std::move(made);
    return {};
}

async::Awaitable<Result<void>> Core::open(std::shared_ptr<plugins::Generation> generation) {
    const Saved nothing;
    auto made = co_await make_instance(generation, setup_, nothing, collector_.random(), services_);
    if (!made) co_return made.error();
    instance_ = *std::move(made);
    co_return Result<void>{};
}

TaskRef Core::admit(Start start, Sink& sink) {
    auto task = std::make_shared<Task>();
    task->id = next_id_++;
    task->instance = instance_;
    task->sink = &sink;
    task->durable_key = std::move(start.durable_key);
    task->deadline_ms = services_.clock.wall_ms() + start.deadline.count();
    task->first_kind = start.kind;
    if (start.kind == TL_IN_COMMAND || start.kind == TL_IN_PROFILE) task->first_key = start.key;
    task->told = std::move(start.told);
    task->seed = std::move(start.seed);
    task->inbox.push_back(first_input(start));
    tasks_.emplace(task->id, task);
    if (!task->durable_key.empty()) durable_keys_.insert(task->durable_key);
    return task;
}

/// Finds what an earlier life of this task left. All of the account's marks are read once; later
/// ones are known already.
async::Awaitable<Result<void>> Core::recall_marks(const TaskRef& task) {
    if (!marks_) {
        // Named: GCC 12 destroys a temporary twice when it is the argument of an awaited call.
        auto read_all = [&store = services_.store, account = setup_.account.text()] {
            return load_marks(store, account);
        };
        auto read = co_await services_.pool.run(read_all);
        if (!read) co_return read.error();
        if (!marks_) marks_ = *std::move(read);  // another task may have been quicker
    }
    const auto found = marks_->find(task->durable_key);
    if (found == marks_->end()) co_return Result<void>{};
    task->marks = std::move(found->second);
    task->written_marks = task->marks;
    marks_->erase(found);
    for (const Mark& mark : task->marks) {
        if (!mark.seed.empty()) task->seed = mark.seed;
    }
    task->inbox.front().flags |= TL_INPUT_REPLAYED;
    co_return Result<void>{};
}

async::Awaitable<End> Core::run(Start start, Sink& sink) {
    const auto keep = shared_from_this();
    if (stopping_) co_return refused(Fault::cancelled, "the account is being stopped");
    if (tasks_.size() >= kOpenTasksMax) co_return refused(Fault::throttled, "too many open tasks");
    if (!start.durable_key.empty() && durable_keys_.contains(start.durable_key)) {
        co_return refused(Fault::conflict, "task " + start.durable_key + " is open already");
    }
    const TaskRef task = admit(std::move(start), sink);
    // Also when this coroutine is destroyed with its loop.
    struct Closer {
        Core& core;
        Task& task;
        ~Closer() { core.close(task); }
    } closer{*this, *task};

    if (!task->durable_key.empty()) {
        const auto recalled = co_await recall_marks(task);
        if (!recalled) {
            task->end.fault = recalled.error();
            co_return std::move(task->end);
        }
    }
    task->busy = false;
    if (task->cancel) {
        task->end.fault = task->cancel;
        co_return std::move(task->end);
    }
    enqueue(task);
    for (bool open = true; open;) {
        co_await task->signal.wait();
        while (task->due) {
            Collected due = *std::move(task->due);
            task->due.reset();
            const std::uint32_t incarnation = task->incarnation;
            if (due.durable.outcome) task->end.outcome = due.durable.outcome;
            auto spending = co_await let_leave(task, &due);
            Result<void> committed;
            if (!due.durable.empty()) committed = co_await sink.commit(std::move(due.durable));
            if (services_.ledger) services_.ledger->wrote(spending, committed.has_value());
            take_up(task, std::move(due), incarnation, committed);
        }
        open = go_on(task);
    }
    co_return std::move(task->end);
}

/// What one call asked for is durable, or never will be.
void Core::take_up(
    const TaskRef& task, Collected due, std::uint32_t incarnation, const Result<void>& committed
) {
    if (!committed) {
        task->due.reset();
        task->end = End{};
        task->end.fault = committed.error();
        // A mark that was not written stands for a call that was not made.
        task->marks = std::move(task->written_marks);
        if (!task->ended) forget(*task);
        task->ended = true;
        return;
    }
    if (!task->durable_key.empty()) task->written_marks = task->marks;
    if (due.answer) task->sink->answer(*std::move(due.answer));
    if (due.source) task->end.source = std::move(due.source);
    // It may have started over meanwhile; then nobody waits for these steps any more.
    if (!task->ended && incarnation == task->incarnation) perform(task, std::move(due.steps));
}

/// Nothing is left to commit: lets the task's next input in; false when it has ended.
bool Core::go_on(const TaskRef& task) {
    if (task->ended) return false;
    if (task->cancel) {
        task->end = End{};
        task->end.fault = task->cancel;
        forget(*task);
        return false;
    }
    task->busy = false;
    if (!task->inbox.empty()) enqueue(task);
    return true;
}

void Core::close(Task& task) noexcept {
    task.closed = true;
    task.deadline.reset();
    task.timers.clear();
    // A task that ended without an outcome may be run again under its name, and then needs its
    // marks.
    if (marks_ && !task.marks.empty()) {
        for (Mark& mark : task.marks)
            mark.matched = false;
        (*marks_)[task.durable_key] = std::move(task.marks);
    }
    if (!task.durable_key.empty()) durable_keys_.erase(task.durable_key);
    tasks_.erase(task.id);
    closed_.notify();
}

void Core::cancel(Task& task, Error why) {
    if (task.ended || task.closed || task.cancel) return;
    task.cancel = std::move(why);
    if (task.busy) return;  // its coroutine looks when it is done
    task.busy = true;
    task.signal.notify();
}

/// Tells the connector that the host gave up on a task, so that it lets go of it.
void Core::forget(Task& task) {
    if (!task.begun) return;
    Input input;
    input.kind = TL_IN_CANCEL;
    input.at_ms = services_.clock.wall_ms();
    pairs_.clear();
    const tl_input lent = input.lend(task.id, task.deadline_ms, pairs_);
    if (RemoteInstance* remote = task.instance->remote()) {
        // A child that came after the one that knew it has nothing to forget.
        if (task.known_in == remote->life()) remote->cancel(lent);
        return;
    }
    std::uint32_t done = 0;
    collector_.open({}, &done);  // nothing may be asked for any more
    const Handled handled = task.instance->local()->handle(&lent, 1, &done, collector_.table());
    collector_.close();
    ++figures_.calls;
    if (handled.code == TL_OK) return;
    ++figures_.failures;
    spdlog::warn("tasks.cancel_failed {} status={}", who(task), plugins::name_of(handled.code));
}

void Core::arm_deadline(const TaskRef& task) {
    if (task->deadline) return;
    const auto left = std::chrono::milliseconds{task->deadline_ms - services_.clock.wall_ms()};
    task->deadline = std::make_unique<async::net::steady_timer>(
        services_.loop, std::max(left, std::chrono::milliseconds{0})
    );
    task->deadline->async_wait([weak = weak_from_this(),
                                late = std::weak_ptr<Task>{task}](boost::system::error_code error) {
        const auto self = weak.lock();
        const auto still = late.lock();
        if (error || !self || !still) return;
        self->cancel(
            *still, Error{Fault::unavailable, "the task's deadline passed", std::chrono::seconds{1}}
        );
    });
}

void Core::cancel(const std::string& durable_key) {
    for (const auto& [id, task] : tasks_) {
        if (task->durable_key != durable_key) continue;
        return cancel(*task, Error{Fault::cancelled, "nobody wants it any more"});
    }
}

async::Awaitable<> Core::stop() {
    const auto keep = shared_from_this();
    stopping_ = true;
    std::vector<TaskRef> open;
    for (const auto& [id, task] : tasks_)
        open.push_back(task);
    for (const auto& task : open) {
        cancel(*task, Error{Fault::cancelled, "the account is being stopped"});
        // Nobody waits for a child any more.
        if (RemoteInstance* remote = task->instance->remote()) remote->give_up();
    }
    open.clear();
    // Several may wait, for an account can be closed while the host stops; a signal has room for
    // one.
    while (!tasks_.empty())
        co_await async::pause(kLook);
}

std::string Core::who(const Task& task) const {
    return "connector=" + task.instance->generation().label() +
           " account=" + setup_.account.text() + " task=" + std::to_string(task.id);
}

}  // namespace trunkline::tasks
