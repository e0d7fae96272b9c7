#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "host/async/signal.hpp"
#include "host/tasks/buckets.hpp"
#include "host/tasks/input.hpp"
#include "host/tasks/instance.hpp"
#include "host/tasks/marks.hpp"
#include "host/tasks/strand.hpp"

namespace trunkline::tasks {

/// An effect that is answered by an input; performed only after everything durable of the same call
/// is.
struct Step {
    std::uint32_t kind = 0;  ///< the input that answers it: HTTP_REPLY, TIMER, STORED or FORM
    std::uint32_t step = 0;
    std::uint64_t fingerprint = 0;
    net::ClientRequest request;     ///< http
    std::string bucket;             ///< http: the quota it counts against
    WallMs due_ms = 0;              ///< timer
    std::string form;               ///< form: what is shown
    std::string key;                ///< get: the store's key
    std::optional<Input> recalled;  ///< asked for in an earlier life already: what it is answered
                                    ///< with instead of being done
};

/// What a task asked for in one call.
struct Collected {
    Durable durable;
    std::vector<Step> steps;
    std::vector<std::uint64_t> fingerprints;
    std::optional<Answer> answer;
    std::optional<Source> source;
};

/// How far a task has come in asking. Kept apart, so that a call that fails leaves no trace in it.
struct Asked {
    std::uint32_t last_step = 0;
    bool answered = false;
    bool sourced = false;
    bool ended = false;  ///< has an outcome
};

/// What of a task its effects are judged by.
struct TaskFacts {
    std::uint64_t id = 0;
    std::string durable_key;
    std::uint32_t first_kind = 0;
    std::string first_key;             ///< the conversation of a command
    std::string seed;                  ///< of its random bytes; made when first drawn
    const Buckets* buckets = nullptr;  ///< that its connector may name; borrowed for a call
};

/// One piece of work. Owned by the coroutine that runs it; the strand's loop only.
struct Task : TaskFacts {
    std::shared_ptr<Instance> instance;
    Sink* sink = nullptr;
    WallMs deadline_ms = 0;

    // What it can be rebuilt from.
    Input first;
    std::vector<Input> journal;  ///< replies it was handed, in order
    std::size_t journal_bytes = 0;
    std::vector<std::uint64_t> fingerprints;  ///< of everything it asked for, in order
    Asked asked;
    std::vector<Told> told;                         ///< in an earlier life, not asked for again yet
    std::map<std::uint32_t, std::uint64_t> prints;  ///< CONNECT: of its steps

    // Where it stands.
    std::vector<std::uint32_t> pending;  ///< steps without an answer
    std::deque<Input> inbox;  ///< answers waiting to be handed in; at first the starting input
    std::uint32_t incarnation =
        0;               ///< raised when it starts over: answers to earlier steps are then dropped
    int tries = 0;       ///< of the input at the head of the inbox
    bool alone = false;  ///< that input must not share a call
    std::uint64_t known_in = 0;  ///< the child in which the connector knows the task
    bool begun = false;          ///< the starting input was handled
    bool queued = false;         ///< in the ready queue
    bool busy = true;            ///< its coroutine is at work: nothing is handed in meanwhile
    bool closed = false;

    // What its coroutine is to do next.
    std::optional<Collected> due;
    bool ended = false;
    std::optional<Error> cancel;  ///< it must end as soon as nothing is being committed
    End end;
    std::vector<Mark> marks;
    std::vector<Mark> written_marks;  ///< as of the last commit that succeeded
    async::Signal signal;

    std::unique_ptr<async::net::steady_timer> deadline;
    std::vector<std::shared_ptr<async::net::steady_timer>> timers;

    bool inbound() const noexcept {
        return first_kind == TL_IN_WEBHOOK || first_kind == TL_IN_ROUTED ||
               first_kind == TL_IN_REPLAY;
    }
    bool has_unmatched_marks() const noexcept {
        return std::any_of(marks.begin(), marks.end(), [](const Mark& mark) {
            return !mark.matched;
        });
    }
};

}  // namespace trunkline::tasks
