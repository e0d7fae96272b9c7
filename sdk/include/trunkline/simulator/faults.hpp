#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>

#include "trunkline/simulator/refusal.hpp"

namespace trunkline::simulator {

/// One thing that is made to go wrong, for calls of the connector or for deliveries to it.
struct Fault {
    enum class On { calls, deliveries };
    enum class Action {
        error,          ///< calls: `refusal` is the answer
        server_error,   ///< calls: "5xx", answered with `refusal.code`
        too_many,       ///< calls: "429", with `retry_after`
        html,           ///< calls: a page instead of JSON, with the status `refusal.code`
        drop_before,    ///< the connection closes and nothing was done; a delivery is not made
        drop_after,     ///< it was done and the answer is lost; a delivery is made again
        delay,          ///< done after `delay_ms`
        unknown_field,  ///< members that nobody has heard of, in answers and deliveries
        unknown_kind,   ///< deliveries: something of a kind that nobody knows comes first
        repeat,         ///< deliveries: comes twice
        token_revoked,  ///< calls: refused from now on, until the faults are deleted
    };
    On on = On::calls;
    std::string method = "*";  ///< of a call in lower case, the kind of a delivery; "*" = any
    Action action = Action::error;
    std::int64_t skip = 0;   ///< let through first
    std::int64_t count = 1;  ///< how many it applies to
    Refusal refusal;
    std::int64_t delay_ms = 0;
    std::int64_t retry_after_s = 1;

    std::string name() const;  ///< of the action, as in `POST /control/faults`
};

/// Reads {"on","method","action","skip","count","code","description","parameters","delay_ms",
/// "retry_after"}. Or why it is none.
std::variant<Fault, std::string> read_fault(const json::object& from);

/// The faults a test has asked for, oldest first. On the loop.
class Faults {
public:
    void add(Fault fault) { faults_.push_back(std::move(fault)); }
    void clear();

    /// The fault for this call or delivery, if any; uses it up.
    std::optional<Fault> take(Fault::On on, const std::string& method);

    json::array as_json() const;  ///< what is still to come

private:
    std::deque<Fault> faults_;
};

/// Puts a member that nobody knows into an object and into the objects in it.
void add_unknown_members(json::object& object);

}  // namespace trunkline::simulator
