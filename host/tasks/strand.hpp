#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <trunkline/abi.h>

#include "host/async/blocking_pool.hpp"
#include "host/async/loops.hpp"
#include "host/base/clock.hpp"
#include "host/base/id.hpp"
#include "host/base/result.hpp"
#include "host/net/client.hpp"
#include "host/plugins/generation.hpp"
#include "host/quotas/ledger.hpp"
#include "host/store/store.hpp"
#include "host/tasks/input.hpp"

/// Tasks: pieces of work a connector does, each with one outcome, rebuilt from their inputs after a
/// crash or a reload.
namespace trunkline::isolation {
class Children;
}

namespace trunkline::tasks {

class Recent;

/// A universal event as a connector reported it, not yet looked at.
struct Item {
    std::uint32_t flags = 0;  ///< 1 = outgoing echo, 2 = history
    std::string conversation;
    std::string dedup;
    std::string json;
    std::string raw;
    std::optional<std::string> note;
};

struct Route {
    std::string account_key;
    std::string body;
};
struct Alias {
    std::string conversation;
    std::string former;
};
struct Health {
    std::string state, code, text;
    WallMs until_ms = 0;
};
struct Answer {
    int status = 200;
    net::Headers headers;
    std::string body;
};
struct Source {
    net::ClientRequest request;
    WallMs expires_ms = 0;
};

struct Outcome {
    tl_outcome_kind kind = TL_DONE;
    std::chrono::milliseconds delay{0};
    tl_scope scope = TL_CONVERSATION;
    std::string value, code, text;
};

/// What one call of the connector wants made durable, before anything else it asked for in that
/// call happens.
struct Durable {
    std::vector<Item> items;
    std::vector<Route> routes;
    std::vector<Alias> aliases;
    std::vector<Health> health;
    std::vector<store::Put> put;  ///< the connector's puts, ONCE marks and replies
    std::vector<store::Erase> erase;
    std::optional<Outcome> outcome;  ///< present when this call ended the task
    bool empty() const noexcept {
        return items.empty() && routes.empty() && aliases.empty() && health.empty() &&
               put.empty() && erase.empty() && !outcome;
    }
};

/// What a CONNECT task was handed so far, by its steps: with it the task can be taken up again in
/// another life.
struct Told {
    std::uint64_t fingerprint = 0;  ///< of what it asked for
    Input reply;
};

/// What a person is asked, who may take days to answer.
struct Form {
    std::uint32_t step = 0;
    std::string json;        ///< docs/connectors/reference/connect.md
    std::vector<Told> told;  ///< until now
    std::string seed;        ///< of the task's random bytes; "" = none were drawn
};

/// Where a task's durable effects go: the inbound path for webhooks and polls, the outbound path
/// for commands. Owned by whoever started the task; called on the strand's loop, one call at a time
/// per task.
class Sink {
public:
    virtual ~Sink() = default;
    /// Writes everything in `durable` or nothing. On failure the task ends with that fault and
    /// nothing it asked for happens.
    virtual async::Awaitable<Result<void>> commit(Durable durable) = 0;
    /// The connector's answer, when everything the task asked for until then is durable. The task
    /// may go on, and may answer again when it has to be rebuilt.
    virtual void answer(Answer) {}
    /// CONNECT tasks: shows a form instead of the one before it, if there was one. `answer` takes
    /// what was entered, once, on the strand's loop; after the task has ended it does nothing.
    virtual void ask(Form, std::function<void(std::string entered)> /*answer*/) {}
};

/// What starts a task. Everything is owned.
struct Start {
    tl_input_kind kind = TL_IN_WEBHOOK;
    std::string method, target, body, key, note;
    net::Headers pairs;
    std::chrono::milliseconds deadline{30'000};
    /// Names the task across restarts ("command/<id>"); "" = it starts anew after a crash and may
    /// not use ONCE calls.
    std::string durable_key;
    /// CONNECT: what an earlier life of the task was told, and its seed. As long as it asks for the
    /// same again it is told the same, and nothing happens twice.
    std::vector<Told> told;
    std::string seed;
};

struct End {
    std::optional<Outcome> outcome;
    std::optional<Source> source;
    /// With a fault that is the connector's own: what it failed on, as far as it came from outside
    /// (the last reply; "" when that was its starting input).
    std::optional<std::string> unread;
    /// Absent when the connector ended the task by itself. `malformed` BAD_INPUT, `unsupported`,
    /// `forged`, `unavailable` INTERNAL after its tries or the deadline passed, `storage` a commit
    /// failed, `cancelled`, `unknown` a ONCE call diverged.
    std::optional<Error> fault;
};

/// What tasks are performed with. Everything outlives the strand.
struct Services {
    async::Loop& loop;
    net::Client& client;  ///< of the same loop
    store::Store& store;
    async::BlockingPool& pool;
    const Clock& clock;
    /// The bytes of a host file by its id, or null when unknown. `[any]`
    std::function<std::shared_ptr<const net::FileBytes>(const std::string& file)> file;
    std::size_t loop_index = 0;               ///< of `loop`; picks the generation's log table
    Recent* recent = nullptr;                 ///< of the connector on `loop`; null: nothing is kept
    isolation::Children* children = nullptr;  ///< for connectors that run in one; else not needed
    std::shared_ptr<quotas::Ledger> ledger;   ///< what calls count against; null: nothing
};

struct Setup {
    ConnectorId connector;
    AccountId account;  ///< empty for the application instance
    tl_scope scope = TL_ACCOUNT;
    std::string name, connector_json, settings_json, hook_url;
    std::vector<Secret> secrets;  ///< values to keep out of logs
    bool allow_private = false;   ///< this account's api_base may be private (simulators)
};

/// So many tasks in a row that a connector does not understand mean that its messenger has changed.
inline constexpr std::uint64_t kDriftAfter = 3;

/// One instance and its open tasks. Lives on its loop; every member is called there.
class Strand {
public:
    virtual ~Strand() = default;

    /// Makes the instance in `generation`, wherever that runs. Fails with the connector's status
    /// and its last log line.
    static async::Awaitable<Result<std::unique_ptr<Strand>>> open(
        std::shared_ptr<plugins::Generation> generation, Setup setup, Services services
    );
    /// The same at once, for a generation that runs in the host.
    static Result<std::unique_ptr<Strand>> make(
        std::shared_ptr<plugins::Generation> generation, Setup setup, Services services
    );

    /// Runs one task to its end. Inputs of different tasks interleave; the instance is never
    /// entered twice at once.
    virtual async::Awaitable<End> run(Start start, Sink& sink) = 0;

    /// Ends the open task of that name with `cancelled`, if there is one.
    virtual void cancel(const std::string& durable_key) = 0;

    /// Ends every open task with `cancelled` and waits until none is left.
    virtual async::Awaitable<> stop() = 0;

    /// Goes over to `next`: new tasks start there at once; open ones may end where they are for up
    /// to `drain`, then what is left is rebuilt from its inputs in `next`, and nothing is done
    /// twice. A task that asks for something else there starts over, or, if it made a ONCE call,
    /// ends where it is. Fails, and stays as it is, when `next` refuses the account. The caller
    /// holds the former generation until no strand has tasks on it, so that it is unmapped off the
    /// loop.
    virtual async::Awaitable<Result<void>> refeed(
        std::shared_ptr<plugins::Generation> next, std::chrono::milliseconds drain
    ) = 0;

    virtual const plugins::Generation& generation() const = 0;
    virtual std::size_t open_tasks() const = 0;

    struct Figures {
        std::uint64_t calls = 0, failures = 0, bad_input = 0, forged = 0, refeeds = 0;
        /// What of `failures` and `bad_input` was of payloads replayed from the quarantine, which
        /// are there because somebody failed on them before.
        std::uint64_t replay_failures = 0;
        std::uint64_t busy_us = 0;
        std::uint64_t bad_in_a_row = 0;  ///< tasks that ended as BAD_INPUT since one ended well
        std::uint64_t switch_us = 0;     ///< how long it stood still to go over, the last time
    };
    virtual Figures figures() const = 0;
};

}  // namespace trunkline::tasks
