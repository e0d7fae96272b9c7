#pragma once

#include <mutex>

#include "host/quotas/tally.hpp"

namespace trunkline::quotas {

/// How long a call has to wait, and what for.
struct Turn {
    std::chrono::milliseconds wait{0};  ///< zero = it may leave, and is counted
    Scope scope = Scope::account;       ///< who waits with it
    bool one_kind = false;  ///< only conversations of some kinds wait, or who names its bucket
    std::string bucket;     ///< "" = a limit
};

Turn turn_of(const Tally::Answer& answer);

/// The buckets that all accounts of one connector share, whatever their loop. `[any]`
class Shared {
public:
    using Time = Tally::Time;

    Shared(std::vector<Rule> rules, Time began, Time now);
    void adopt(const std::vector<Rule>& rules, Time now);

    Turn look(const Call& call, std::string_view key, Time now);
    Turn take(const Call& call, std::string_view key, Time now);
    void leave_line(std::string_view key);
    std::chrono::milliseconds forecast(const Call& call, std::uint64_t ahead, Time now);

    bool restored();
    void restore(const std::string& row, const Moment& now);  ///< "" = there is none

    enum class Owed { nothing, row, somebody_writes };
    /// With `row`: that is to be written, and `written` called.
    Owed owed(const Moment& now, bool alone, std::string* row, WallMs* expires);
    void written(bool ok);

    struct Listed {
        Rule rule;
        Tally::Room room;
    };
    std::vector<Listed> list(Time now);

private:
    std::mutex mutex_;  // held for a few additions
    std::vector<Rule> rules_;
    Tally tally_;
};

}  // namespace trunkline::quotas
