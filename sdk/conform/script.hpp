#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runs.hpp"

/// A messenger that answers as it should up to a point, and from there on otherwise.
namespace trunkline::conform {

/// What a call gets for an answer.
struct Answer {
    std::string name;
    int status = 0;  ///< 0 = none came
    std::vector<Header> headers = {};
    std::string body = {};
    bool unknown = false;  ///< none came, but the request may have arrived
};

/// Every way in which calls go wrong, and the odd ones in which they go well.
const std::vector<Answer>& answers();

inline constexpr std::int64_t kRetryAfterMs = 7'000;  ///< what the 429 among them asks for

/// A task of a golden case that makes calls.
struct Journey {
    const Golden* golden = nullptr;
    std::uint64_t task = 0;
    std::uint32_t kind = 0;
    std::size_t calls = 0;     ///< how many it makes in the case
    std::string command_type;  ///< "send", ...; of a command
    std::string name() const;
};

/// All of them.
std::vector<Journey> journeys(Trial& trial);

/// What came of one.
struct Arrival {
    bool ended = false;  ///< false: it goes on for ever, or waits for a person
    bool waits_for_person = false;
    std::vector<Effect> effects;  ///< of the task
    std::size_t first_after = 0;  ///< index in `effects`: what came after the odd answer
    std::optional<Effect> outcome;
    std::optional<std::size_t> once;  ///< in `effects`: the ONCE call that got the odd answer
    std::vector<tl_status> statuses;
    std::vector<std::string> faults;
    std::int64_t odd_ms = 0;  ///< when the first odd answer came
};

/// Goes through a task: the first `good` calls are answered as in the golden case, the others with
/// `answer`. Timers come, nothing is stored but what the case says.
Arrival travel(
    const tl_plugin& plugin, const Journey& journey, std::size_t good, const Answer& answer
);

}  // namespace trunkline::conform
