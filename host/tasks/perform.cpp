// Doing what a task asked for, once everything it asked to be kept is kept.
#include "host/async/spawn.hpp"
#include "host/tasks/core.hpp"

namespace trunkline::tasks {
namespace {

Input to_input(std::uint32_t step, net::ClientReply reply, std::string url) {
    Input input;
    input.kind = TL_IN_HTTP_REPLY;
    input.step = step;
    input.status = reply.status;
    input.target = std::move(url);
    if (reply.status == 0) {
        if (reply.fault == Fault::unknown) input.flags |= TL_INPUT_UNKNOWN;
        return input;
    }
    if (reply.truncated) input.flags |= TL_INPUT_TRUNCATED;
    input.body = std::move(reply.body);
    input.pairs = std::move(reply.headers);
    if (input.pairs.size() > TL_MAX_PAIRS) input.pairs.resize(TL_MAX_PAIRS);
    for (auto& pair : input.pairs) {
        for (char& c : pair.name)
            c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return input;
}

}  // namespace

void Core::perform(const TaskRef& task, std::vector<Step> steps) {
    for (Step& step : steps) {
        if (step.recalled) {
            deliver(task->id, task->incarnation, *std::move(step.recalled));
        } else if (step.kind == TL_IN_HTTP_REPLY) {
            start_http(task, std::move(step));
        } else if (step.kind == TL_IN_TIMER) {
            start_timer(task, std::move(step));
        } else if (step.kind == TL_IN_FORM) {
            start_form(task, std::move(step));
        } else {
            start_get(task, std::move(step));
        }
    }
}

void Core::start_http(const TaskRef& task, Step step) {
    const auto left = std::chrono::milliseconds{task->deadline_ms - services_.clock.wall_ms()};
    step.request.timeout = std::clamp(left, std::chrono::milliseconds{1}, step.request.timeout);
    async::spawn(
        services_.loop.get_executor(),
        "tasks.http",
        [self = shared_from_this(),
         id = task->id,
         incarnation = task->incarnation,
         number = step.step,
         request = std::move(step.request)]() -> async::Awaitable<> {
            net::ClientRequest wanted = request;
            std::string url = request.url;
            net::ClientReply reply = co_await self->services_.client.fetch(std::move(wanted));
            if (reply.status == 0) {
                spdlog::debug(
                    "tasks.http_failed account={} task={} step={} fault={} reason=\"{}\"",
                    self->setup_.account.text(),
                    id,
                    number,
                    to_string(reply.fault),
                    reply.reason
                );
            }
            self->deliver(id, incarnation, to_input(number, std::move(reply), std::move(url)));
        }
    );
}

void Core::start_timer(const TaskRef& task, Step step) {
    // Bounded by the deadline, after which nobody waits; this also keeps far-away times from
    // overflowing.
    const WallMs due = std::min(step.due_ms, task->deadline_ms + 1);
    const auto wait =
        std::chrono::milliseconds{std::max<WallMs>(due - services_.clock.wall_ms(), 0)};
    auto timer = std::make_shared<async::net::steady_timer>(services_.loop, wait);
    timer->async_wait([weak = weak_from_this(),
                       id = task->id,
                       incarnation = task->incarnation,
                       number = step.step](boost::system::error_code error) {
        const auto self = weak.lock();
        if (error || !self) return;
        Input input;
        input.kind = TL_IN_TIMER;
        input.step = number;
        self->deliver(id, incarnation, std::move(input));
    });
    task->timers.push_back(std::move(timer));  // dropped, and so cancelled, with the task
}

void Core::start_form(const TaskRef& task, Step step) {
    Form form;
    form.step = step.step;
    form.json = std::move(step.form);
    form.seed = task->seed;
    for (const Input& reply : task->journal)
        form.told.push_back({task->prints[reply.step], reply});
    task->sink->ask(
        std::move(form),
        [weak = weak_from_this(),
         id = task->id,
         incarnation = task->incarnation,
         number = step.step](std::string entered) {
            const auto self = weak.lock();
            if (!self) return;
            Input input;
            input.kind = TL_IN_FORM;
            input.step = number;
            input.body = std::move(entered);
            self->deliver(id, incarnation, std::move(input));
        }
    );
}

void Core::start_get(const TaskRef& task, Step step) {
    async::spawn(
        services_.loop.get_executor(),
        "tasks.get",
        [self = shared_from_this(),
         id = task->id,
         incarnation = task->incarnation,
         number = step.step,
         key = std::move(step.key)]() -> async::Awaitable<> {
            // Named: GCC 12 destroys a temporary twice when it is the argument of an awaited call.
            auto read_row = [&store = self->services_.store, key] {
                return store.row(store::Table::plugin, key);
            };
            auto row = co_await self->services_.pool.run(read_row);
            Input input;
            input.kind = TL_IN_STORED;
            input.step = number;
            if (!row) {
                // To go on as if the key did not exist could register a second time what exists.
                const auto found = self->tasks_.find(id);
                if (found != self->tasks_.end()) self->cancel(*found->second, row.error());
                co_return;
            }
            if (*row) {
                input.status = 1;
                input.secret = (*row)->value.front() == static_cast<char>(TL_PUT_SECRET);
                input.body = (*row)->value.substr(1);  // behind the flags
            }
            self->deliver(id, incarnation, std::move(input));
        }
    );
}

void Core::deliver(std::uint64_t id, std::uint32_t incarnation, Input input) {
    const auto found = tasks_.find(id);
    if (found == tasks_.end()) return;  // it ended meanwhile
    const TaskRef task = found->second;
    if (task->incarnation != incarnation || task->ended) return;
    task->inbox.push_back(std::move(input));
    if (!task->busy) enqueue(task);
}

}  // namespace trunkline::tasks
