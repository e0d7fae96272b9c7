// Handing inputs to a connector in a child: the same steps as in the host, with a wait in between
// and with deaths.
#include "host/async/spawn.hpp"
#include "host/frames/effects.hpp"
#include "host/seal/crypto.hpp"
#include "host/tasks/core.hpp"

// GCC 12 inlines only the first half of the pair of functions that a coroutine frame is allocated
// by, and takes the other for a stranger.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace trunkline::tasks {
namespace {

constexpr std::size_t kSeedBytes = 32;

}  // namespace

void Core::take_off() {
    flying_ = true;
    for (const auto& task : batch_)
        task->busy = true;
    async::spawn(
        services_.loop.get_executor(),
        "tasks.flight",
        [self = shared_from_this(), instance = batch_.front()->instance]() -> async::Awaitable<> {
            co_await self->flight(instance);
            self->land();
        }
    );
}

void Core::land() {
    flying_ = false;
    landed_.notify();
    if (!ready_.empty()) schedule();
}

async::Awaitable<> Core::flight(const std::shared_ptr<Instance>& instance) {
    RemoteInstance& remote = *instance->remote();
    // One that was being worked on when a child died waits for the next: it is to be found out
    // whether it is at fault.
    const bool patient = batch_.front()->tries > 0;
    const auto ready = co_await remote.ready(patient);
    for (const auto& task : batch_)
        task->busy = false;
    if (!ready) {
        for (std::size_t i = batch_.size(); i-- > 0;) {
            const TaskRef& task = batch_[i];
            if (ready.error().fault == Fault::cancelled && !task->cancel)
                task->cancel = ready.error();
            if (task->cancel)
                put_back(task);
            else
                end_with(*task, ready.error());
        }
        co_return;
    }
    // Who was cancelled while there was no child is not handed in at all.
    std::erase_if(batch_, [this](const TaskRef& task) {
        if (!task->cancel) return false;
        put_back(task);
        return true;
    });
    if (batch_.empty()) co_return;
    for (const auto& task : batch_)
        task->busy = true;
    const TaskRef first = batch_.front();
    if (first->begun && first->known_in != remote.life()) {
        const bool known = co_await known_again(first, instance);
        if (!known) co_return;
    }
    for (const auto& task : batch_) {
        if (task->seed.empty()) task->seed = seal::random_bytes(kSeedBytes);
    }
    lay_out(batch_);
    const auto answer = co_await remote.handle(inputs_, slots_);
    for (const auto& task : batch_)
        task->busy = false;
    settle_flight(answer);
}

/// Rebuilds a task that an earlier child knew. False when its input is not to be handed in now.
async::Awaitable<bool> Core::known_again(
    const TaskRef& task, const std::shared_ptr<Instance>& instance
) {
    Answer last;
    const Rebuilt rebuilt = co_await rebuild(task, instance, &last);
    switch (rebuilt) {
        case Rebuilt::same:
            task->known_in = instance->remote()->life();
            // It asked for more than before: that comes first.
            co_return !task->due;
        case Rebuilt::crashed:
            task->busy = false;
            crash({&task, 1}, last);
            co_return false;
        case Rebuilt::other:
            break;
    }
    task->busy = false;
    count_failure(*task);
    const bool once = !task->marks.empty();
    spdlog::error("tasks.diverged {} once={}", who(*task), once);
    task->known_in = 0;
    if (task->cancel) {
        put_back(task);
    } else if (once) {
        // A call that must not happen twice was made, and nobody is left who could say what
        // follows.
        end_with(
            *task,
            Error{Fault::unknown, "the task asks for something else than before its child died"}
        );
    } else {
        restart(task, instance);
    }
    co_return false;
}

/// Does what a reply says the connector asked for, by the same table as in the host. The child
/// judged it already, by the same rules: where this side refuses, that input failed.
Handled Core::believe(const Answer& answer, std::span<Collector::Slot> slots) {
    const auto count = static_cast<std::uint32_t>(slots.size());
    Handled handled;
    frames::Reply reply;
    if (!frames::decode(*answer.frame, reply)) {
        handled.code = TL_E_INTERNAL;
        handled.escaped = "its child answers something else";
        return handled;
    }
    handled.code = plugins::code_of(reply.code);
    handled.escaped = reply.escaped.substr(0, 200);
    if (!handled.escaped.empty()) handled.code = TL_E_INTERNAL;
    handled.done = reply.done;
    doubt(handled, count);
    ++figures_.calls;
    // At most what the keeper waits for.
    figures_.busy_us += std::min<std::uint64_t>(reply.took_us, 120'000'000);
    if (reply.crowded && *reply.crowded <= handled.done && *reply.crowded < count) {
        handled.code = TL_E_LIMIT;
        handled.done = *reply.crowded;
        handled.crowded = true;
    }
    frames::EffectReader effects{reply.effects};
    std::uint32_t at = 0;
    collector_.open(slots, &at);
    bool agreed = true;
    while (agreed && effects.next()) {
        agreed = effects.input() >= at && effects.input() < count;
        if (!agreed || effects.input() >= handled.done) break;  // what failed asks for nothing
        at = effects.input();
        agreed =
            slots[at].task->id == effects.task() && effects.perform(collector_.table()) == TL_OK;
    }
    collector_.close();
    if (agreed && effects.failed()) agreed = false;
    if (!agreed) {
        handled.code = TL_E_INTERNAL;
        handled.done = std::min(at, handled.done);
        handled.crowded = false;
        handled.escaped = "its child asks for what the host refuses";
        if (handled.done == count) handled.done = 0;
    }
    return handled;
}

void Core::settle_flight(const Answer& answer) {
    if (!answer.frame) return crash(batch_, answer);
    const Handled handled = believe(answer, slots_);
    if (!handled.crowded) return settle(handled);
    for (std::size_t i = 0; i < handled.done; ++i)
        succeed(batch_[i], slots_[i]);
    for (std::size_t i = batch_.size(); i-- > handled.done;) {
        batch_[i]->alone = true;
        put_back(batch_[i]);
    }
}

/// The child died. Nothing of the call has happened; all go on in their order, and the one that was
/// being worked on has had one try.
void Core::crash(std::span<const TaskRef> batch, const Answer& answer) {
    const std::size_t blamed =
        answer.working ? std::min<std::size_t>(answer.done, batch.size() - 1) : batch.size();
    ++figures_.calls;
    if (blamed < batch.size()) count_failure(*batch[blamed]);
    for (std::size_t i = batch.size(); i-- > 0;) {
        if (i == blamed)
            crash_of(batch[i], answer.reason);
        else
            put_back(batch[i]);
    }
}

void Core::crash_of(const TaskRef& task, const std::string& reason) {
    ++task->tries;
    spdlog::warn("tasks.child_died {} try={} reason=\"{}\"", who(*task), task->tries, reason);
    // A payload of the quarantine is in nobody's way there: it costs one child, not three.
    const bool replay = task->first_kind == TL_IN_REPLAY;
    if ((task->tries < kTriesMax && !replay) || task->cancel) return put_back(task);
    const Input& input = task->inbox.front();
    std::string unread = input.starts_task() ? std::string{} : input.body;
    // What comes from outside is set aside; a command that may have been sent is never sent again
    // blindly; what the host itself began may go better another time.
    Error why{
        Fault::unavailable,
        task->instance->generation().label() + " died of it " + std::to_string(task->tries) +
            " times: " + reason};
    if (!task->marks.empty())
        why.fault = Fault::unknown;
    else if ((task->inbound() && !replay) || task->first_kind == TL_IN_COMMAND)
        why.fault = Fault::malformed;
    end_with(*task, std::move(why));
    task->end.unread = std::move(unread);
}

}  // namespace trunkline::tasks
