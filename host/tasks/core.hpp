#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "host/tasks/collector.hpp"
#include "host/tasks/local_instance.hpp"
#include "host/tasks/remote_instance.hpp"
#include "host/tasks/strand.hpp"
#include "host/tasks/task.hpp"

namespace trunkline::tasks {

using TaskRef = std::shared_ptr<Task>;

constexpr int kTriesMax = 3;  ///< of one input

/// The strand itself: the ready queue, the calls of `handle`, and the coroutine of each task. What
/// is in flight (requests, timers, reads) holds it, so that an answer that comes late finds it or
/// nothing. One loop.
///
/// How a task goes round:
///     inbox --ready queue--> call() --effects--> Task::due --its coroutine: commit, then
///     perform--> steps --answers--> inbox
/// With an instance in a child, call() is a flight: the tasks count as busy until the reply is in,
/// and everything else queues up behind it.
class Core final : public std::enable_shared_from_this<Core> {
public:
    Core(Setup setup, Services services);

    Result<void> begin(std::shared_ptr<plugins::Generation> generation);  ///< runs in the host
    async::Awaitable<Result<void>> open(std::shared_ptr<plugins::Generation> generation);
    async::Awaitable<End> run(Start start, Sink& sink);
    void cancel(const std::string& durable_key);
    async::Awaitable<> stop();
    async::Awaitable<Result<void>> refeed(
        std::shared_ptr<plugins::Generation> next, std::chrono::milliseconds drain
    );

    const plugins::Generation& generation() const { return instance_->generation(); }
    std::size_t open_tasks() const noexcept { return tasks_.size(); }
    Strand::Figures figures() const noexcept { return figures_; }

private:
    // Coming and going (core.cpp).
    TaskRef admit(Start start, Sink& sink);
    async::Awaitable<Result<void>> recall_marks(const TaskRef& task);  ///< `task` belongs to `run`
    void take_up(
        const TaskRef& task, Collected due, std::uint32_t incarnation, const Result<void>& committed
    );
    bool go_on(const TaskRef& task);
    void close(Task& task) noexcept;
    void cancel(Task& task, Error why);
    void forget(Task& task);
    void arm_deadline(const TaskRef& task);

    // Calling the connector (calls.cpp).
    void enqueue(const TaskRef& task, bool first = false);
    void schedule();
    void pump();
    bool take_batch();
    void call();
    void lay_out(std::span<const TaskRef> batch);
    Handled hand_in(LocalInstance& instance);
    void settle(const Handled& handled);
    void put_back(const TaskRef& task);
    void succeed(const TaskRef& task, Collector::Slot& slot);
    void count_failure(const Task& task);
    void fail(const TaskRef& task, tl_code code, const std::string& thrown);
    void end_with(Task& task, Error why);
    bool judge_marks(Task& task, Collected& collected);
    void recall_told(Task& task, Collected& collected);
    void write_marks(Task& task, Collected& collected, const std::optional<Input>& reply);
    void erase_marks(Task& task, Durable& durable);
    std::string who(const Task& task) const;

    // Calling a connector in a child (flight.cpp).
    using Answer = isolation::Keeper::Answer;
    void take_off();
    async::Awaitable<> flight(const std::shared_ptr<Instance>& instance);
    void land();
    async::Awaitable<bool> known_again(
        const TaskRef& task, const std::shared_ptr<Instance>& instance
    );
    Handled believe(const Answer& answer, std::span<Collector::Slot> slots);
    void settle_flight(const Answer& answer);
    void crash(std::span<const TaskRef> batch, const Answer& answer);
    void crash_of(const TaskRef& task, const std::string& reason);

    // What a call counts against (allowance.cpp).
    async::Awaitable<quotas::Ledger::Writing> let_leave(const TaskRef& task, Collected* due);
    async::Awaitable<std::optional<Error>> wait_for_room(
        const TaskRef& task, const quotas::Ask& ask, bool nothing_in_flight
    );
    void call_off(Task& task, Collected* due, std::optional<Error> why);

    // Doing what was asked for (perform.cpp).
    void perform(const TaskRef& task, std::vector<Step> steps);
    void start_http(const TaskRef& task, Step step);
    void start_timer(const TaskRef& task, Step step);
    void start_form(const TaskRef& task, Step step);
    void start_get(const TaskRef& task, Step step);
    void deliver(std::uint64_t task, std::uint32_t incarnation, Input input);

    // Rebuilding (refeed.cpp).
    enum class Rebuilt { same, other, crashed };
    async::Awaitable<Result<std::shared_ptr<Instance>>> instance_in(
        const std::shared_ptr<plugins::Generation>& next
    );
    async::Awaitable<Rebuilt> rebuild(
        const TaskRef& task, const std::shared_ptr<Instance>& instance, Answer* last
    );
    Rebuilt rebuild_here(const TaskRef& task, LocalInstance& instance);
    Collector::Slot slot_to_rebuild(Task& task, const Instance& instance);
    bool feed_again(Collector::Slot& slot, const Input& input, LocalInstance& instance);
    async::Awaitable<bool> feed_again(
        Collector::Slot* slot, const Input* input, RemoteInstance* instance, Answer* answer
    );
    Rebuilt rebuilt(const TaskRef& task, Collector::Slot& slot);
    void restart(const TaskRef& task, const std::shared_ptr<Instance>& instance);
    async::Awaitable<> move_over(const TaskRef& task, const std::shared_ptr<Instance>& instance);
    bool anyone_on(const Instance& instance) const;

    Setup setup_;
    Services services_;
    Collector collector_;
    std::shared_ptr<Instance> instance_;
    Strand::Figures figures_;

    std::unordered_map<std::uint64_t, TaskRef> tasks_;
    std::set<std::string> durable_keys_;  ///< of open tasks
    std::uint64_t next_id_ = 1;
    bool stopping_ = false;
    bool refeeding_ = false;
    async::Signal closed_;  ///< a task ended; for who waits for a generation to drain

    std::deque<TaskRef> ready_;
    bool scheduled_ = false;
    bool flying_ = false;   ///< a call is under way in a child; one at a time
    bool held_ = false;     ///< tasks are being moved: nothing is handed in
    async::Signal landed_;  ///< for who wants to move them
    std::vector<TaskRef> batch_;
    std::vector<Collector::Slot> slots_;
    std::vector<tl_input> inputs_;
    std::vector<tl_pair> pairs_;

    std::optional<MarksByTask> marks_;  ///< of an earlier life, by task; none until they were read
};

}  // namespace trunkline::tasks
