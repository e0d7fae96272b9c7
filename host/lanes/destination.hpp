#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/async/await.hpp"
#include "host/lanes/policy.hpp"
#include "host/store/store.hpp"

/// What a lane delivers to. The lane knows order, waiting and giving up; a destination knows how to
/// speak to one receiver.
namespace trunkline::lanes {

/// What waits behind this delivery; present while more than the batch waits.
struct Backlog {
    std::uint64_t count = 0;          ///< events waiting, those of this batch included
    std::uint64_t conversations = 0;  ///< distinct ones among the first 1,024 of them
    WallMs oldest_ms = 0;             ///< acceptance of the first
    store::Sequence through = 0;      ///< the last one waiting now
};

/// One request's worth of a sequential or best-effort lane.
struct Delivery {
    store::LaneId lane = 0;  ///< 0 for best-effort lanes
    std::uint64_t epoch = 0;
    std::vector<store::Record> records;  ///< in order, never empty
    std::optional<Backlog> backlog;
    std::uint32_t attempt = 1;  ///< of the first record, counted from 1
    Milliseconds timeout{0};    ///< of the delivery; 0 = as the destination was made
};

/// More rejections an hour are the receiver's fault.
inline constexpr std::size_t kRejectedPerHourMax = 10;

/// The oldest event that waits has used up so much of its time.
struct Warning {
    int percent = 0;
    std::uint64_t waiting = 0;  ///< events
    WallMs oldest_ms = 0;       ///< acceptance of the oldest
    WallMs expires_ms = 0;      ///< when it is given up on
};
std::string code_of(const Warning& warning);  ///< "retention_50", "retention_80", "retention_95"
std::string text_of(const Warning& warning);  ///< a sentence for people

/// Events that were given up on. The notice about them takes `through` as its own sequence.
struct Gap {
    store::Sequence from = 0;
    store::Sequence through = 0;
    std::uint64_t count = 0;
    std::string reason;  ///< of the last one: "retention", "rejected", "too_large", "at_fault"
};

/// The id of a notice in the place of one event: the same however often it is made, since it may go
/// out before it is written down, and again after a kill. Another place of the same event, which
/// was requeued, has another.
inline Ulid notice_id(const store::Record& given_up) {
    Ulid id = given_up.id;
    constexpr std::size_t kTimeBytes = 6;
    id.bytes[kTimeBytes] ^= 0x80U;
    for (std::size_t i = 0; i < sizeof given_up.sequence; ++i)
        id.bytes[id.bytes.size() - 1 - i] ^=
            static_cast<std::uint8_t>(given_up.sequence >> (8 * i));
    return id;
}

/// Whether a request of notices and one event that was too large was so by the event: it is several
/// times as large as the notices together. Else it may be that the receiver would take it alone.
inline bool outweighs(const store::Record& event, std::span<const store::Record> notices) {
    constexpr std::size_t kTimes = 4;
    std::size_t bytes = 0;
    for (const store::Record& notice : notices)
        bytes += notice.body.size();
    return event.body.size() >= kTimes * bytes;
}

/// What a destination made of one delivery.
struct Verdict {
    enum class Kind {
        accepted,   ///< all, or up to `through`
        rejected,   ///< `rejected` names events that will never be taken; nothing else was taken
        unclear,    ///< refused without saying which event is at fault (400, 422)
        too_large,  ///< 413
        fault,      ///< the receiver's fault: wait and try again
        gone,       ///< 410: pause everything of this owner
        cancelled,  ///< we are stopping; nothing is concluded
    };
    struct Rejected {
        Ulid id;
        std::string reason;  ///< the receiver's word, for people
    };

    Kind kind = Kind::fault;
    std::optional<store::Sequence>
        through;  ///< accepted: the last one taken; clamped by the lane to what was sent
    std::vector<Rejected> rejected;
    std::optional<Milliseconds> wait;  ///< fault: what we were told to wait
    bool alarm = false;                ///< a person should look at once (keys or clock differ)
    int status = 0;                    ///< HTTP status, 0 = no answer
    std::string detail;                ///< for logs and the admin page; no content, no secret
};

/// The receiver of a sequential or best-effort lane. Owned by its lane; every member is called on
/// the lane's loop, one `deliver` at a time. It keeps the time-out of a delivery itself.
class SequentialDestination {
public:
    virtual ~SequentialDestination() = default;
    virtual async::Awaitable<Verdict> deliver(Delivery delivery) = 0;

    /// The event that stands in the place of given-up ones. `lane`, `flags` and `accepted_ms` are
    /// the lane's to fill. `only`: the one event of a gap of one, borrowed; the notice is of its
    /// conversation, or there would be an unexplained hole in that one's sequence.
    virtual store::Append gap_notice(const Gap& gap, const store::Record* only) = 0;
    /// The gap that a notice tells of; none when it cannot be read (it then counts as its own place
    /// only).
    virtual std::optional<Gap> gap_of(const store::Record& notice) = 0;

    /// For whoever owns the receiver: nobody waits for it, and nothing depends on it.
    virtual void warn(const Warning& warning) { (void)warning; }

    /// What the bound of requests per target is counted by, e.g. "portal.example:443"; may change
    /// with the URL.
    virtual std::string target() const = 0;
};

/// How far a wait reaches.
enum class WaitScope { conversation, account, connector };

/// What a keyed destination made of one record. `with` is written in the same batch as the lane's
/// progress.
struct KeyedVerdict {
    enum class Kind {
        done,
        retry,  ///< after `delay` (0 = the lane's own clock), holding back as much as `scope` says
        later,  ///< its turn has not come: as `retry` after `delay`, but nothing has failed
        dead,   ///< given up on for good
        stop,   ///< the account is broken: the lane stops until resumed, the command stays first
        cancelled,  ///< we are stopping; nothing is concluded
    };

    Kind kind = Kind::cancelled;
    Milliseconds delay{0};
    WaitScope scope = WaitScope::conversation;
    std::string reason;  ///< dead, stop, retry: a stable word
    std::string code;    ///< the messenger's own code, for people
    store::Batch with;   ///< status events and the like
};

/// The receiver of a keyed lane. Owned by its lane; called on the lane's loop; deliveries of
/// different conversations run at the same time, never two of one conversation.
class KeyedDestination {
public:
    virtual ~KeyedDestination() = default;
    /// What the lane has just learnt of, in its order: each record once in the lane's life, before
    /// it is delivered or runs out of time, and long before that when many wait. So that whoever
    /// waits for them can be told in time that it will take long. `records` outlives the call.
    virtual async::Awaitable<> foresee(std::span<const store::Record> records) {
        (void)records;
        co_return;
    }
    /// `attempt` counts from 1 in this process: after a restart it starts anew.
    virtual async::Awaitable<KeyedVerdict> deliver(store::Record record, std::uint32_t attempt) = 0;
    /// What to write (e.g. a failed status) when the record's time has run out; merged with its
    /// dead letter.
    virtual async::Awaitable<store::Batch> expired(store::Record record) = 0;
    /// What to write when its one try has failed (lanes of best effort).
    virtual async::Awaitable<store::Batch> dropped(store::Record record, const KeyedVerdict& why) {
        (void)record;
        (void)why;
        co_return store::Batch{};
    }
    /// When the record's time runs out; none = acceptance + the lane's retention.
    virtual std::optional<WallMs> expires_ms(const store::Record& record) = 0;
};

}  // namespace trunkline::lanes
