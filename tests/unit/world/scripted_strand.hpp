#pragma once

#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "host/tasks/strand.hpp"

namespace trunkline::test {

/// What a connector makes of one task: what it wants durable, call by call, and how it ends.
struct Play {
    std::vector<tasks::Durable> commits;
    tasks::End end;
};

/// A task that ends with `outcome`, as the real strand tells it: first to the sink, then at the
/// end.
inline Play ends(tasks::Outcome outcome) {
    Play play;
    tasks::Durable last;
    last.outcome = outcome;
    play.commits.push_back(std::move(last));
    play.end.outcome = std::move(outcome);
    return play;
}
inline Play ends(tl_outcome_kind kind, std::string value = {}) {
    tasks::Outcome outcome;
    outcome.kind = kind;
    outcome.value = std::move(value);
    return ends(std::move(outcome));
}
inline Play fails(Fault fault, std::string why) {
    Play play;
    play.end.fault = Error{fault, std::move(why)};
    return play;
}

/// A strand whose connector follows a script, and does nothing worth telling when that has run out.
/// On its account's loop.
class ScriptedStrand final : public tasks::Strand {
public:
    std::deque<Play> plays;
    std::vector<tasks::Start> starts;
    std::size_t open = 0;  ///< what `open_tasks` says
    std::function<void(const tasks::Start&)> on_start;

    async::Awaitable<tasks::End> run(tasks::Start start, tasks::Sink& sink) override {
        starts.push_back(start);
        if (on_start) on_start(start);
        Play play = ends(TL_DONE);
        if (!plays.empty()) {
            play = std::move(plays.front());
            plays.pop_front();
        }
        for (tasks::Durable& durable : play.commits) {
            auto kept = co_await sink.commit(std::move(durable));
            if (kept) continue;
            tasks::End end;
            end.fault = kept.error();
            co_return end;
        }
        co_return std::move(play.end);
    }
    void cancel(const std::string&) override {}
    async::Awaitable<> stop() override { co_return; }
    async::Awaitable<Result<void>> refeed(
        std::shared_ptr<plugins::Generation>, std::chrono::milliseconds
    ) override {
        co_return Result<void>{};
    }
    const plugins::Generation& generation() const override { std::abort(); }  // nobody asks
    std::size_t open_tasks() const override { return open; }
    Figures figures() const override { return {}; }
};

}  // namespace trunkline::test
