// Handing inputs to the connector, and judging what came of it.
#include <boost/asio/post.hpp>

#include "host/tasks/core.hpp"
#include "host/tasks/recent.hpp"

namespace trunkline::tasks {
namespace {

constexpr int kCallsPerTurn = 8;                        // then the loop's other work gets its turn
constexpr std::size_t kFlightBytes = 1ULL << 20U;       // of inputs that share a call to a child
constexpr WallMs kMarkKeepMs = 3LL * 24 * 3600 * 1000;  // longer than any command lives

}  // namespace

void Core::enqueue(const TaskRef& task, bool first) {
    if (task->queued || task->closed) return;
    task->queued = true;
    if (first) {
        ready_.push_front(task);
    } else {
        ready_.push_back(task);
    }
    schedule();
}

void Core::schedule() {
    if (scheduled_) return;
    scheduled_ = true;
    // Posted, so that everything that arrives in this turn of the loop shares one call.
    async::net::post(services_.loop, [self = shared_from_this()] { self->pump(); });
}

void Core::pump() {
    scheduled_ = false;
    for (int calls = 0; calls < kCallsPerTurn && !flying_ && !held_ && take_batch(); ++calls)
        call();
    if (!ready_.empty() && !flying_ && !held_) schedule();
}

/// Takes the inputs of the next call off the queue: starting inputs together, others alone, as is
/// one that failed before, so that it cannot take its neighbours down again.
bool Core::take_batch() {
    batch_.clear();
    std::size_t bytes = 0;
    while (!ready_.empty() && batch_.size() < TL_MAX_BATCH && bytes < kFlightBytes) {
        const TaskRef task = ready_.front();
        if (task->closed || task->busy || task->inbox.empty()) {
            task->queued = false;
            ready_.pop_front();
            continue;
        }
        const bool alone = !task->inbox.front().starts_task() || task->tries > 0 || task->alone;
        if (!batch_.empty() && (alone || task->instance != batch_.front()->instance)) break;
        task->queued = false;
        ready_.pop_front();
        batch_.push_back(task);
        if (alone) break;
        if (task->instance->remote() != nullptr) bytes += task->inbox.front().bytes();
    }
    return !batch_.empty();
}

void Core::lay_out(std::span<const TaskRef> batch) {
    std::size_t pairs = 0;
    for (const auto& task : batch)
        pairs += task->inbox.front().pairs.size();
    pairs_.clear();
    pairs_.reserve(pairs);
    inputs_.clear();
    slots_.clear();
    const WallMs now = services_.clock.wall_ms();
    for (const auto& task : batch) {
        Input& input = task->inbox.front();
        task->buckets = &task->instance->buckets();
        if (input.at_ms == 0) input.at_ms = now;
        inputs_.push_back(input.lend(task->id, task->deadline_ms, pairs_));
        Collector::Slot slot;
        slot.task = task.get();
        slot.asked = task->asked;
        slot.journal_bytes = task->journal_bytes + (input.starts_task() ? 0 : input.bytes());
        slots_.push_back(std::move(slot));
    }
}

Handled Core::hand_in(LocalInstance& instance) {
    std::uint32_t done = 0;
    collector_.open(slots_, &done);
    Handled handled = instance.handle(
        inputs_.data(), static_cast<std::uint32_t>(inputs_.size()), &done, collector_.table()
    );
    collector_.close();
    ++figures_.calls;
    figures_.busy_us += static_cast<std::uint64_t>(handled.took.count());
    return handled;
}

void Core::call() {
    LocalInstance* const here = batch_.front()->instance->local();
    if (here == nullptr) return take_off();
    lay_out(batch_);
    settle(hand_in(*here));
}

void Core::settle(const Handled& handled) {
    for (std::size_t i = 0; i < handled.done; ++i)
        succeed(batch_[i], slots_[i]);
    if (handled.code == TL_OK) return;
    // Behind the failed one they go on in their order, before anything that came later.
    for (std::size_t i = batch_.size(); i-- > handled.done + 1U;)
        put_back(batch_[i]);
    fail(batch_[handled.done], handled.code, handled.escaped);
}

/// To the front of the queue, since it was there before; its own coroutine takes it when it was
/// cancelled meanwhile.
void Core::put_back(const TaskRef& task) {
    if (!task->cancel) return enqueue(task, true);
    task->busy = true;
    task->signal.notify();
}

void Core::succeed(const TaskRef& task, Collector::Slot& slot) {
    Input input = std::move(task->inbox.front());
    task->inbox.pop_front();
    task->tries = 0;
    task->alone = false;
    task->begun = true;
    if (RemoteInstance* remote = task->instance->remote()) task->known_in = remote->life();
    task->asked = slot.asked;
    std::erase(task->pending, input.step);
    Collected& collected = slot.collected;
    const bool outcome = collected.durable.outcome.has_value();
    if (!outcome) {
        for (const Step& step : collected.steps)
            task->pending.push_back(step.step);
    }
    task->ended = outcome || task->pending.empty();
    if (task->ended) collected.steps.clear();
    if (!judge_marks(*task, collected)) {
        count_failure(*task);
        spdlog::error("tasks.diverged {} key={}", who(*task), task->durable_key);
        end_with(
            *task, Error{Fault::unknown, "the task asks for something else than before the restart"}
        );
        return;
    }
    if (task->first_kind == TL_IN_CONNECT) recall_told(*task, collected);
    if (task->ended && !outcome && !task->inbound() && !task->asked.sourced) {
        count_failure(*task);
        end_with(
            *task,
            Error{
                Fault::unavailable,
                task->instance->generation().label() + " ended a task without an outcome"}
        );
        return;
    }
    if (task->ended) figures_.bad_in_a_row = 0;
    std::optional<Input> reply;
    if (!task->ended) {
        if (input.kind == TL_IN_HTTP_REPLY) reply = input;
        task->journal_bytes += input.starts_task() ? 0 : input.bytes();
        auto& prints = task->fingerprints;
        prints.insert(prints.end(), collected.fingerprints.begin(), collected.fingerprints.end());
        if (input.starts_task()) {
            task->first = std::move(input);
        } else {
            task->journal.push_back(std::move(input));
        }
        arm_deadline(task);
    }
    if (task->ended && services_.recent != nullptr)
        services_.recent->keep(setup_.account, *task, std::move(input));
    write_marks(*task, collected, reply);
    task->due = std::move(collected);
    task->busy = true;
    task->signal.notify();
}

/// Recognises ONCE calls of an earlier life. False: the task does not ask for what it had started
/// then.
bool Core::judge_marks(Task& task, Collected& collected) {
    if (!task.has_unmatched_marks()) return true;
    bool asked_for_another = false;
    for (Step& step : collected.steps) {
        if (!step.request.once) continue;
        const auto mark = std::find_if(task.marks.begin(), task.marks.end(), [&](const Mark& each) {
            return !each.matched && each.step == step.step && each.fingerprint == step.fingerprint;
        });
        if (mark == task.marks.end()) {
            asked_for_another = true;
            continue;
        }
        mark->matched = true;
        Input recalled;
        if (mark->reply) {
            recalled = *mark->reply;
        } else {
            recalled.flags = TL_INPUT_UNKNOWN;
        }
        recalled.kind = TL_IN_HTTP_REPLY;
        recalled.step = step.step;
        recalled.flags |= TL_INPUT_REPLAYED;
        recalled.at_ms = 0;
        step.recalled = std::move(recalled);
    }
    if (asked_for_another && task.has_unmatched_marks()) return false;
    // A task that wants to be tried again has not decided anything: the marks stay for the next
    // try.
    const bool again = collected.durable.outcome && collected.durable.outcome->kind == TL_RETRY;
    return !task.ended || again || !task.has_unmatched_marks();
}

/// What a CONNECT task was told in an earlier life it is told again, until it asks for something
/// else: then it goes on from there as if it had just come to that point.
void Core::recall_told(Task& task, Collected& collected) {
    for (Step& step : collected.steps) {
        task.prints[step.step] = step.fingerprint;
        const auto told = std::ranges::find(task.told, step.step, [](const Told& each) {
            return each.reply.step;
        });
        if (told == task.told.end()) continue;
        if (told->fingerprint != step.fingerprint) {
            task.told.clear();
            continue;
        }
        step.recalled = std::move(told->reply);
        step.recalled->flags |= TL_INPUT_REPLAYED;
        task.told.erase(told);
    }
}

void Core::write_marks(Task& task, Collected& collected, const std::optional<Input>& reply) {
    if (task.durable_key.empty()) return;
    if (task.ended) {
        erase_marks(task, collected.durable);
        return;
    }
    const auto write = [&](const Mark& mark) {
        collected.durable.put.push_back(
            {store::Table::task,
             mark_key(setup_.account.text(), task.durable_key, mark.step),
             encode_mark(mark),
             services_.clock.wall_ms() + kMarkKeepMs}
        );
    };
    for (const Step& step : collected.steps) {
        if (!step.request.once || step.recalled) continue;
        Mark mark;
        mark.step = step.step;
        mark.fingerprint = step.fingerprint;
        mark.seed = task.seed;
        write(mark);
        task.marks.push_back(std::move(mark));
    }
    if (!reply) return;
    for (Mark& mark : task.marks) {
        if (mark.step != reply->step || !mark.matched || mark.reply) continue;
        mark.reply = *reply;
        write(mark);
    }
}

/// What was matched is decided now; what was not is kept only by a task that will be tried again.
void Core::erase_marks(Task& task, Durable& durable) {
    const bool again = durable.outcome && durable.outcome->kind == TL_RETRY;
    std::vector<Mark> kept;
    for (Mark& mark : task.marks) {
        if (again && !mark.matched) {
            kept.push_back(std::move(mark));
        } else {
            durable.erase.push_back(
                {store::Table::task, mark_key(setup_.account.text(), task.durable_key, mark.step)}
            );
        }
    }
    task.marks = std::move(kept);
}

void Core::count_failure(const Task& task) {
    ++figures_.failures;
    if (task.first_kind == TL_IN_REPLAY) ++figures_.replay_failures;
}

void Core::fail(const TaskRef& task, tl_code code, const std::string& thrown) {
    const std::string escaped = task->instance->redact(thrown);
    const std::string label = task->instance->generation().label();
    if (!escaped.empty()) spdlog::error("tasks.escaped {} reason=\"{}\"", who(*task), escaped);
    ++task->tries;
    const Input& input = task->inbox.front();
    std::string unread = input.starts_task() ? std::string{} : input.body;
    const auto end = [&](Fault fault, std::string why) {
        end_with(*task, Error{fault, std::move(why)});
        task->end.unread = std::move(unread);
    };
    switch (code) {
        case TL_E_BAD_INPUT:
        case TL_E_LIMIT:
            ++figures_.bad_input;
            if (task->first_kind == TL_IN_REPLAY)
                ++figures_.replay_failures;
            else if (code == TL_E_BAD_INPUT && ++figures_.bad_in_a_row == kDriftAfter) {
                spdlog::error(
                    "connector.drift {} in_a_row={} hint=\"its messenger may have changed\"",
                    who(*task),
                    kDriftAfter
                );
            }
            return end(Fault::malformed, label + " answers " + plugins::name_of(code));
        case TL_E_UNSUPPORTED:
            return end(Fault::unsupported, label + " answers UNSUPPORTED");
        case TL_E_FORGED:
            ++figures_.forged;
            // Only what came from outside can be forged.
            return end_with(
                *task,
                Error{task->inbound() ? Fault::forged : Fault::malformed, label + " answers FORGED"}
            );
        case TL_E_BAD_STATE:
            // The connector does not know the task: it is rebuilt there, and the input handed in
            // once more.
            if (!task->begun || task->tries >= kTriesMax) break;
            if (LocalInstance* here = task->instance->local()) {
                if (rebuild_here(task, *here) != Rebuilt::same) break;
            } else {
                task->known_in = 0;  // the next flight begins with that
            }
            return enqueue(task, true);
        case TL_OK:
        case TL_E_INTERNAL:
        case TL_E_NO_MEMORY:
        case TL_E_BAD_CONFIG:
            if (!task->begun && task->tries < kTriesMax) {
                count_failure(*task);
                return enqueue(task, true);
            }
            break;
    }
    count_failure(*task);
    const std::string what = escaped.empty() ? plugins::name_of(code) : "it threw: " + escaped;
    end(Fault::unavailable, label + " failed " + std::to_string(task->tries) + " times: " + what);
}

/// Ends a task by a fault. The connector has forgotten it, or is told to.
void Core::end_with(Task& task, Error why) {
    Collected last;
    // `unavailable` may be run again, and must then find out what happened before.
    if (why.fault != Fault::unavailable && !task.durable_key.empty())
        erase_marks(task, last.durable);
    if (task.begun) forget(task);
    task.ended = true;
    task.end = End{};
    task.end.fault = std::move(why);
    task.due = std::move(last);
    task.busy = true;
    task.signal.notify();
}

}  // namespace trunkline::tasks
