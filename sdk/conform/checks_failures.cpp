// What a connector makes of a messenger in trouble.
#include <algorithm>
#include <functional>

#include "check.hpp"
#include "library.hpp"
#include "script.hpp"

namespace trunkline::conform {
namespace failures_group {
namespace {

constexpr std::size_t kCallsMax = 6;  // positions tried in one task
constexpr std::int64_t kPauseMs = 100;

using Judge =
    std::function<void(const Journey&, const Answer&, const Arrival&, const std::string&)>;

/// Goes through every task of the golden cases, with each answer at each call.
void everywhere(
    Trial& trial,
    const std::function<bool(const Journey&, const Answer&)>& wanted,
    const Judge& judge
) {
    const auto all = journeys(trial);
    if (all.empty()) return;
    const Library library{trial.subject()};
    std::size_t tried = 0;
    for (const Journey& journey : all) {
        for (const Answer& answer : answers()) {
            if (!wanted(journey, answer)) continue;
            for (std::size_t good = 0; good < std::min(journey.calls, kCallsMax); ++good) {
                const std::string where = journey.name() + ", call " + std::to_string(good + 1) +
                                          " answered with " + answer.name;
                trial.at(where);
                const Arrival arrival = travel(library.plugin(), journey, good, answer);
                if (arrival.odd_ms == 0) continue;  // it does not come to that call
                ++tried;
                judge(journey, answer, arrival, where);
            }
        }
    }
    trial.figure("tries", static_cast<double>(tried));
    if (tried == 0) trial.not_applicable("no golden case has a task of the kind this is about");
}

std::int64_t kind_of(const Arrival& arrival) {
    return arrival.outcome ? number_at(arrival.outcome->json, "kind").value_or(-1) : -1;
}

std::int64_t delay_of(const Arrival& arrival) {
    return arrival.outcome ? number_at(arrival.outcome->json, "delay_ms").value_or(-1) : -1;
}

bool any(const Journey&, const Answer&) {
    return true;
}

void one_outcome(Trial& trial) {
    everywhere(
        trial,
        any,
        [&](const Journey& journey, const Answer&, const Arrival& arrival, const std::string& where
        ) {
            for (const tl_status status : arrival.statuses)
                trial.expect(!blames_connector(status), where + ": " + name_of(status));
            for (const std::string& fault : arrival.faults)
                trial.fail(where + ": " + fault);
            if (arrival.waits_for_person) return;
            if (!arrival.ended) return trial.fail(where + ": it never ends");
            const bool failed =
                std::ranges::any_of(arrival.statuses, [](tl_status each) { return each != TL_OK; });
            if (journey.kind > TL_IN_REPLAY && !failed)
                trial.expect(arrival.outcome.has_value(), where + ": it ends without an outcome");
        }
    );
}

bool is_send(const Journey& journey) {
    return journey.kind == TL_IN_COMMAND && journey.command_type == "send";
}

void refused(Trial& trial) {
    everywhere(
        trial,
        [](const Journey& journey, const Answer& answer) {
            return is_send(journey) && answer.status >= 300;
        },
        [&](const Journey&, const Answer&, const Arrival& arrival, const std::string& where) {
            trial.expect(
                kind_of(arrival) != TL_DONE, where + ": it says that the message was sent"
            );
        }
    );
}

void throttled(Trial& trial) {
    everywhere(
        trial,
        [](const Journey& journey, const Answer& answer) {
            return answer.status == 429 && !answer.headers.empty() &&
                   (journey.kind == TL_IN_COMMAND || journey.kind == TL_IN_POLL);
        },
        [&](const Journey&, const Answer&, const Arrival& arrival, const std::string& where) {
            for (std::size_t i = arrival.first_after; i < arrival.effects.size(); ++i) {
                const Effect& effect = arrival.effects[i];
                if (effect.kind == "http") return trial.fail(where + ": it calls again at once");
                if (effect.kind != "timer") continue;
                const auto due = number_at(effect.json, "due_ms").value_or(0);
                trial.expect(
                    due >= arrival.odd_ms + kRetryAfterMs,
                    where + ": it waits less than was asked for"
                );
                return;
            }
            const auto kind = kind_of(arrival);
            if (kind == TL_RETRY || kind == TL_DONE)
                trial.expect(
                    delay_of(arrival) >= kRetryAfterMs,
                    where + ": it comes again after " + std::to_string(delay_of(arrival)) +
                        " ms, and " + std::to_string(kRetryAfterMs) + " were asked for"
                );
        }
    );
}

bool idempotent(const Trial& trial) {
    const auto& note = trial.subject().elf.note;
    const auto manifest = note ? parsed(note->manifest) : std::nullopt;
    return manifest && flag_at(*manifest, "idempotent");
}

void unknown(Trial& trial) {
    const bool may_repeat = idempotent(trial);
    everywhere(
        trial,
        [](const Journey& journey, const Answer& answer) {
            return journey.kind == TL_IN_COMMAND && answer.unknown;
        },
        [&](const Journey&, const Answer&, const Arrival& arrival, const std::string& where) {
            if (!arrival.once) return;
            const Effect& call = arrival.effects[*arrival.once];
            const auto kind = kind_of(arrival);
            if (may_repeat && kind == TL_RETRY) return;
            trial.expect(
                kind == TL_UNKNOWN,
                where + ": the outcome is of kind " + std::to_string(kind) + ", not UNKNOWN"
            );
            const bool again = std::any_of(
                arrival.effects.begin() + static_cast<std::ptrdiff_t>(arrival.first_after),
                arrival.effects.end(),
                [&](const Effect& each) {
                    return each.kind == "http" && each.string("url") == call.string("url") &&
                           (number_at(each.json, "flags").value_or(0) & TL_HTTP_ONCE) != 0;
                }
            );
            trial.expect(
                may_repeat || !again, where + ": it makes the call that may have happened again"
            );
        }
    );
}

void credentials(Trial& trial) {
    everywhere(
        trial,
        [](const Journey& journey, const Answer& answer) {
            return journey.kind == TL_IN_COMMAND && answer.status == 401;
        },
        [&](const Journey&, const Answer&, const Arrival& arrival, const std::string& where) {
            const auto kind = kind_of(arrival);
            trial.expect(
                kind != TL_RETRY && kind != TL_DONE,
                where + ": nobody is told that the credentials were refused"
            );
        }
    );
}

/// Seconds between two polls by the manifest; 0 = the next one begins at once.
bool polls_pause(const Trial& trial) {
    const auto& note = trial.subject().elf.note;
    const auto manifest = note ? parsed(note->manifest) : std::nullopt;
    if (!manifest) return false;
    const std::string_view every = text_at(*manifest, "poll", "every");
    return !every.empty() && every.front() != '0';
}

void pause(Trial& trial) {
    const bool by_manifest = polls_pause(trial);
    everywhere(
        trial,
        [](const Journey&, const Answer& answer) {
            return answer.status == 0 || answer.status >= 400;
        },
        [&](const Journey& journey, const Answer&, const Arrival& arrival, const std::string& where
        ) {
            const auto kind = kind_of(arrival);
            const auto delay = delay_of(arrival);
            if (kind == TL_RETRY)
                trial.expect(delay >= kPauseMs, where + ": it is tried again at once");
            // What it has fetched it need not fetch again: the next poll is another one.
            const bool fetched =
                std::ranges::find(arrival.effects, "item", &Effect::kind) != arrival.effects.end();
            if (kind == TL_DONE && journey.kind == TL_IN_POLL && !fetched)
                trial.expect(
                    delay >= kPauseMs || (delay < 0 && by_manifest),
                    where + ": it polls again at once"
                );
        }
    );
}

void scope(Trial& trial) {
    everywhere(
        trial,
        any,
        [&](const Journey& journey, const Answer&, const Arrival& arrival, const std::string& where
        ) {
            if (kind_of(arrival) != TL_RETRY) return;
            const auto reach = number_at(arrival.outcome->json, "scope").value_or(-1);
            trial.expect(
                reach >= TL_CONVERSATION && reach <= TL_CONNECTOR,
                where + ": " + std::to_string(reach) + " is no scope"
            );
            const bool has_conversation =
                journey.kind == TL_IN_COMMAND || journey.kind == TL_IN_PROFILE;
            trial.expect(
                reach != TL_CONVERSATION || has_conversation,
                where + ": a conversation is to wait, and this task has none"
            );
        }
    );
}

constexpr Check kChecks[]{
    {"failures.one_outcome",
     "Whatever a call is answered with, the task comes to one end: none is silent, none is a bug.",
     one_outcome,
     Severity::error,
     60},
    {"failures.refused",
     "A message that the messenger did not take is never called sent.",
     refused},
    {"failures.throttled", "After a 429 nothing is asked before its Retry-After.", throttled},
    {"failures.unknown",
     "A call that may have happened ends as UNKNOWN: never as a second message, never as sent.",
     unknown},
    {"failures.credentials",
     "Refused credentials are told to people, not tried again.",
     credentials},
    {"failures.pause", "Nothing is tried again at once: trouble would become a flood.", pause},
    {"failures.scope", "A retry says who waits with it, in a way that exists in its task.", scope},
};

}  // namespace
}  // namespace failures_group

std::span<const Check> failures_checks() {
    return failures_group::kChecks;
}

}  // namespace trunkline::conform
