#pragma once

#include <deque>
#include <optional>
#include <string>

#include "plugins/telegram/simulator/world.hpp"

namespace trunkline::telegram::simulator {

/// How one call is made to fail.
struct Fault {
    std::string method;  ///< lower case; "*" = any
    std::string action;  ///< error, drop_after, drop_before, delay, html502
    int skip = 0;        ///< calls let through first
    int count = 1;       ///< calls it applies to
    Refusal refusal;     ///< error
    std::int64_t delay_ms = 0;
};

/// The faults a test has asked for, oldest first.
class Faults {
public:
    void add(Fault fault) { faults_.push_back(std::move(fault)); }
    void clear() { faults_.clear(); }

    /// The fault for this call, if any; uses it up.
    std::optional<Fault> take(const std::string& method) {
        for (auto at = faults_.begin(); at != faults_.end(); ++at) {
            if (at->method != "*" && at->method != method) continue;
            if (at->skip > 0) {
                --at->skip;
                continue;
            }
            Fault out = *at;
            if (--at->count <= 0) faults_.erase(at);
            return out;
        }
        return std::nullopt;
    }

private:
    std::deque<Fault> faults_;
};

}  // namespace trunkline::telegram::simulator
