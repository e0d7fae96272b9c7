// Letting calls leave only when their messenger's quotas have room, and the disk knows what is
// spent.
#include "host/tasks/core.hpp"

// GCC 12 inlines only the first half of the pair of functions that a coroutine frame is allocated
// by, and takes the other for a stranger.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace trunkline::tasks {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLookAgain{100};
constexpr milliseconds kCommandWaits{2'000};  // longer, and it waits in its lane, which has room
constexpr milliseconds kForTheCall{1'000};    // of a task's time is left for what it waits for

bool leaves(const Step& step) {
    return step.kind == TL_IN_HTTP_REPLY && !step.recalled;
}

}  // namespace

/// Waits until what `due` asks for may leave, and adds to it what must be on disk before. Where
/// that takes too long nothing leaves, and the task ends; with what it was told so far, and its
/// marks, it is run again later.
async::Awaitable<quotas::Ledger::Writing> Core::let_leave(const TaskRef& task, Collected* due) {
    quotas::Ledger::Writing nothing;
    if (!services_.ledger || std::ranges::none_of(due->steps, leaves)) co_return nothing;
    const std::uint32_t incarnation = task->incarnation;
    const bool alone_under_way = task->pending.size() <= due->steps.size();
    quotas::Ask ask;
    ask.conversation = task->first_key;
    ask.key = task->durable_key.empty() ? "task/" + std::to_string(task->id) : task->durable_key;
    for (const Step& step : due->steps) {
        if (!leaves(step) || step.bucket.empty()) continue;
        ask.bucket = step.bucket;
        auto refused = co_await wait_for_room(task, ask, alone_under_way);
        const bool over = task->cancel || task->incarnation != incarnation;
        if (!refused && !over) continue;
        call_off(*task, due, over ? std::nullopt : std::move(refused));
        co_return nothing;
    }
    const bool alone = due->durable.empty();
    auto writing =
        co_await services_.ledger->write_ahead(task->first_key, &due->durable.put, alone);
    co_return writing;
}

/// None when the call is counted and may leave, or the task was cancelled meanwhile.
async::Awaitable<std::optional<Error>> Core::wait_for_room(
    const TaskRef& task, const quotas::Ask& ask, bool nothing_in_flight
) {
    quotas::Ledger& ledger = *services_.ledger;
    const auto began = services_.clock.steady();
    bool waits = false;
    bool taken = false;
    std::optional<Error> refused;
    while (!task->cancel) {
        auto turn = co_await ledger.take(ask);
        if (!turn) {
            refused = turn.error();
            break;
        }
        taken = turn->wait.count() == 0;
        if (taken) break;
        if (!std::exchange(waits, true)) {
            ++ledger.figures().waits;
            ++ledger.figures().waiting;
        }
        const milliseconds left{task->deadline_ms - services_.clock.wall_ms()};
        milliseconds most = left - kForTheCall;
        // A call in flight would be forgotten.
        if (task->first_kind == TL_IN_COMMAND && nothing_in_flight)
            most = std::min(most, kCommandWaits);
        if (turn->wait > most) {
            refused = Error{Fault::throttled, "quota " + ask.bucket + " is used up", turn->wait};
            --ledger.figures().waits;  // whoever runs the task again counts it
            break;
        }
        co_await async::pause(std::min(turn->wait, kLookAgain));
    }
    if (waits) {
        --ledger.figures().waiting;
        ledger.figures().waited_ms += static_cast<std::uint64_t>(
            std::chrono::floor<milliseconds>(services_.clock.steady() - began).count()
        );
    }
    // Its key does not come back, or not soon; nobody is to wait behind a place that stays empty.
    if (!taken && (task->durable_key.empty() || task->cancel)) ledger.leave_line(ask);
    co_return refused;
}

/// Nothing of `due` leaves: a mark that was to say so would stand for a call that was not made.
/// What it was told before is kept. With `why` the task ends.
void Core::call_off(Task& task, Collected* due, std::optional<Error> why) {
    for (const Step& step : due->steps) {
        if (!step.request.once || step.recalled) continue;
        const auto key = mark_key(setup_.account.text(), task.durable_key, step.step);
        std::erase_if(due->durable.put, [&key](const store::Put& put) {
            return put.table == store::Table::task && put.key == key;
        });
        std::erase_if(task.marks, [&step](const Mark& mark) { return mark.step == step.step; });
    }
    due->steps.clear();
    if (!why) return;
    task.end = End{};
    task.end.fault = std::move(why);
    forget(task);
    task.ended = true;
}

}  // namespace trunkline::tasks
