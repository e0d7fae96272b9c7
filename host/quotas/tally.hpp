#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/quotas/moment.hpp"
#include "host/quotas/rules.hpp"
#include "host/quotas/token_bucket.hpp"

namespace trunkline::quotas {

/// The buckets of one holder, which is a conversation, an account, or all accounts of a connector;
/// and what the disk knows of them. A value without a lock.
///
/// The promise to whoever restarts: what `restore` makes of the last row that was written is never
/// more than was left. So a call may leave only while nothing is `owed` to the disk.
class Tally {
public:
    using Time = TokenBucket::Time;
    using RulesOf = std::shared_ptr<const std::vector<Rule>>;

    /// `began`: when the host did. What has no row was empty then.
    Tally(RulesOf rules, Time began, Time now);

    /// Other rules from now on; what is spent of those that stay is carried over.
    void adopt(RulesOf rules, Time now);

    struct Answer {
        std::chrono::milliseconds wait{0};  ///< zero = there is room
        const Rule* rule = nullptr;         ///< which asks for the wait
    };
    /// How long a call has to wait, behind who stands in line already. Takes nothing. `key`: under
    /// which it stood in line; "" = it does not stand in one.
    Answer wait(const Call& call, std::string_view key, Time now);
    void charge(const Call& call, std::string_view key, Time now);
    /// Keeps a place in line for a call that comes again at `due`, or soon after: of many that
    /// come at the same moment only one would find room.
    void stand_in_line(const Call& call, std::string_view key, Time due);
    /// It will not come again: whoever stood behind it moves up.
    void leave_line(std::string_view key);
    /// How long a command has to wait at least behind `ahead` others that count against the same.
    std::chrono::milliseconds forecast(const Call& call, std::uint64_t ahead, Time now);
    /// How many commands there is room for within `span`, at most.
    std::uint64_t room_within(const Call& call, std::chrono::milliseconds span, Time now);

    /// Whether the disk knows less than is spent.
    bool owed(Time now);
    /// Whether nothing is lost when it is forgotten: the rest is full, or in the row.
    bool idle(Time now);
    /// The row that says what is spent, and a little more when calls would otherwise need a write
    /// `alone`. In force after `written`; one at a time.
    std::string row(const Moment& now, bool alone);
    bool writing() const noexcept { return writing_; }
    void written(bool ok);
    /// When a row of these rules means nothing any more.
    WallMs row_expires(WallMs now) const;
    /// What a row says; once, before anything is taken. A row that cannot be read is as much as
    /// nothing left. False then.
    bool restore(std::string_view row, const Moment& now);
    bool restored() const noexcept { return restored_; }
    void mark_restored() noexcept { restored_ = true; }

    struct Room {
        const Rule* rule = nullptr;
        double room = 0;
        std::chrono::milliseconds next{0};  ///< until a call may leave
        std::size_t waiting = 0;            ///< in line
    };
    std::vector<Room> rooms(Time now);

private:
    struct Place {
        std::string key;
        Time due;
    };
    struct Bucket {
        explicit Bucket(const Rule& rule)
            : live{rule.per_second(), rule.burst}, known{rule.per_second(), rule.burst} {}
        TokenBucket live;
        TokenBucket known;                  ///< as a restart would find it
        std::optional<TokenBucket> coming;  ///< as it would when what is being written is
        std::vector<Place> line;

        void drop_late(Time now);
    };

    Bucket fresh(const Rule& rule, Time now) const;

    RulesOf rules_;
    Time began_;
    std::vector<Bucket> buckets_;  ///< one for each rule
    bool writing_ = false;
    bool restored_ = false;
};

}  // namespace trunkline::quotas
