#pragma once

#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/accounts/account.hpp"
#include "host/base/clock.hpp"
#include "host/inbound/payload.hpp"
#include "host/media/links.hpp"
#include "host/store/store.hpp"
#include "host/tasks/strand.hpp"
#include "host/universal/json.hpp"

namespace trunkline::inbound {

/// A customer who wrote, as the event has it.
struct Met {
    std::string conversation, kind;
    universal::Sender sender;
};

/// What every acceptance needs. Everything outlives it.
struct Ground {
    const Clock& clock;
    const media::Links& links;
    WallMs quarantine_keep_ms;
    WallMs media_life_ms;                 ///< how long a link to a file works
    async::BlockingPool* pool = nullptr;  ///< for looking things up; null: nothing is looked up
    WallMs copy_within_ms = 0;  ///< files that die at their messenger within this time are copied
    /// Something to be copied was written. `[any]` Null: nothing is copied.
    std::function<void()> copies_wait = {};
    /// Customers whose profile may be asked for were met, durably; on the account's loop. Null:
    /// nobody asks.
    std::function<void(accounts::Account&, std::vector<Met>)> customers_met = {};
    /// What `media_life_ms` and `copy_within_ms` were reckoned from; a portal may come that has a
    /// longer one.
    WallMs longest_retention_ms = std::numeric_limits<WallMs>::max();
};

/// By how much the retention of the account's portal is longer than the ground reckons with.
WallMs beyond_longest(const Ground& ground, const accounts::Account& account);

/// An event for a lane in memory.
struct Fleeting {
    std::shared_ptr<lanes::MemoryLane> lane;
    std::string kind;
    store::Record record;
    std::string dedup;
};

/// What a commit is made of. The batch is written whole; what is fleeting is offered afterwards.
struct Accepted {
    store::Batch batch;
    std::vector<Fleeting> fleeting;
    std::size_t quarantined = 0;
    std::size_t to_copy = 0;  ///< files
    std::vector<Met> met;     ///< of an account whose connector fetches profiles
    /// A replay's item that is no more readable than it was, and why: then nothing is written.
    std::optional<std::string> unreadable;

    // What the account learned on the way; forgotten again when the batch cannot be written, so
    // that it is news the next time.
    std::vector<std::string> aliases;
    std::optional<accounts::Health> former_health;
};

/// How items of a replayed payload are marked.
struct Replay {
    std::string replaces;  ///< event id of the placeholder; the first item becomes `edited` of it
    bool first = true;
};

/// What kinds the conversations are that a task speaks of by id, as far as they are known.
using Kinds = std::map<std::string, std::string>;

/// Turns what a connector wants durable into one batch: items become events with ids, lanes, links
/// and dedup keys; what is no readable event becomes an `unsupported` placeholder in its place,
/// with the payload in the quarantine. `input` is the payload of the task, for items that name no
/// part of their own; empty = there is none (polls). Pure but for the account's health and aliases,
/// which it updates. On the account's loop.
Accepted accept(
    const Ground& ground,
    accounts::Account& account,
    tasks::Durable durable,
    const Payload& input,
    Replay* replay = nullptr,
    const Kinds& kinds = {}
);

/// The placeholder for a payload that could not be read at all, and the payload itself in the
/// quarantine.
void quarantine_whole(
    const Ground& ground,
    accounts::Account& account,
    const Payload& input,
    const std::string& reason,
    Accepted& out
);

/// Appends an event to whichever lane of the account's portal takes it. `event` needs only what is
/// its own; the rest is filled in.
void append_event(
    const Ground& ground,
    accounts::Account& account,
    universal::Event& event,
    std::string dedup,
    std::vector<store::Put> with,
    Accepted& out
);

/// Replaces references of pictures by links.
void link_avatars(const Ground& ground, const accounts::Account& account, universal::Event& event);

/// A notice that an account's health changed; nothing when it says nothing new.
void append_health(
    const Ground& ground, accounts::Account& account, accounts::Health health, Accepted& out
);

}  // namespace trunkline::inbound
