// Messengers deliver twice, and hosts feed again.
#include <algorithm>
#include <map>

#include "check.hpp"
#include "library.hpp"
#include "runs.hpp"

namespace trunkline::conform {
namespace duplicates_group {
namespace {

constexpr std::uint64_t kAgain = 2'000'000;

/// Dedup keys by task.
std::map<std::uint64_t, std::vector<std::string>> keys_by_task(const std::vector<Effect>& effects) {
    std::map<std::uint64_t, std::vector<std::string>> keys;
    for (const Effect& effect : effects) {
        if (effect.kind == "item") keys[effect.task].push_back(effect.string("dedup"));
    }
    return keys;
}

/// The messenger delivers everything a second time: other tasks, the same facts.
void redelivered(Trial& trial) {
    for_each_case(trial, [&](const Golden& golden) {
        const Library library{trial.subject()};
        TestHost host{library.plugin(), golden.account};
        if (host.created() != TL_OK) return;
        feed(host, shifted(golden.inputs, 0));
        feed(host, shifted(golden.inputs, kAgain));
        auto keys = keys_by_task(host.effects());
        for (const Input& input : golden.inputs) {
            if (!starts(input)) continue;
            const std::string differs = difference(keys[input.task], keys[input.task + kAgain]);
            if (!differs.empty())
                trial.fail(
                    "case " + golden.name() + ", task " + std::to_string(input.task) +
                    " delivered again: other dedup keys, " + differs
                );
        }
    });
}

/// Every message can be recognised when it comes again.
void keyed(Trial& trial) {
    for_each_case(trial, [&](const Golden& golden) {
        for (const Effect& effect : run_fresh(trial, golden).effects) {
            if (effect.kind != "item" || !effect.string("dedup").empty()) continue;
            if (text_at(effect.json, "item", "type") == "message")
                trial.fail(
                    "case " + golden.name() + ", input " + std::to_string(effect.input) +
                    ": a message without a dedup key"
                );
        }
    });
}

/// The starting input of an open task begins it anew: the host was not sure that it had arrived.
void begun_anew(Trial& trial) {
    for_each_case(trial, [&](const Golden& golden) {
        const Run usual = run_fresh(trial, golden);
        for (std::size_t i = 0; i < golden.inputs.size(); ++i) {
            if (!starts(golden.inputs[i]) || usual.statuses[i] != TL_OK) continue;
            const std::uint64_t task = golden.inputs[i].task;
            const Library library{trial.subject()};
            TestHost host{library.plugin(), golden.account};
            const std::vector<Input> inputs = shifted(golden.inputs, 0);
            feed(host, {inputs.begin(), inputs.begin() + static_cast<std::ptrdiff_t>(i) + 1});
            if (host.pending(task).empty()) continue;
            const std::string where =
                "case " + golden.name() + ", input " + std::to_string(i) + " twice";
            trial.at(where);
            const std::size_t first = host.effects().size();
            feed(host, {inputs.begin() + static_cast<std::ptrdiff_t>(i), inputs.end()});
            const std::vector<Effect> since{
                host.effects().begin() + static_cast<std::ptrdiff_t>(first), host.effects().end()};
            const std::string differs =
                difference(effects_of_task(usual.effects, task), effects_of_task(since, task));
            if (!differs.empty()) trial.fail(where + ": " + differs);
        }
    });
}

/// The host lost the end of a call and hands it in again, to an instance that knows nothing of it.
void tail_again(Trial& trial) {
    for_each_case(trial, [&](const Golden& golden) {
        const Run usual = run_fresh(trial, golden);
        for (std::size_t last = 1; last <= std::min<std::size_t>(3, golden.inputs.size()); ++last) {
            const auto from = golden.inputs.end() - static_cast<std::ptrdiff_t>(last);
            const Library library{trial.subject()};
            TestHost host{library.plugin(), golden.account};
            feed(host, golden.inputs);
            const std::size_t before = host.effects().size();
            feed(host, {from, golden.inputs.end()});
            const std::vector<Effect> again{
                host.effects().begin() + static_cast<std::ptrdiff_t>(before), host.effects().end()};
            for (const auto& refusal : host.refusals()) {
                // A task that has two outcomes the first time too: contract.outcome.
                const bool as_usual = std::ranges::any_of(usual.refusals, [&](const auto& each) {
                    return each.kind == refusal.kind && each.task == refusal.task;
                });
                if (refusal.input >= golden.inputs.size() && refusal.kind == "outcome" && !as_usual)
                    trial.fail(
                        "case " + golden.name() + ", the last " + std::to_string(last) +
                        " inputs again: another outcome for task " + std::to_string(refusal.task)
                    );
            }
            auto known = dedup_keys(usual.effects);
            for (const std::string& key : dedup_keys(again)) {
                if (std::ranges::find(known, key) == known.end())
                    trial.fail(
                        "case " + golden.name() + ", the last " + std::to_string(last) +
                        " inputs again: a new dedup key " + shortened(key)
                    );
            }
            for (std::size_t i = golden.inputs.size(); i < host.statuses().size(); ++i)
                trial.expect(
                    !blames_anew(usual.statuses, i - last, host.statuses()[i]),
                    "case " + golden.name() + ", the last " + std::to_string(last) +
                        " inputs again: " + name_of(host.statuses()[i])
                );
        }
    });
}

constexpr Check kChecks[]{
    {"duplicates.redelivered",
     "What a messenger delivers again has the dedup keys that it had: otherwise people read it "
     "twice.",
     redelivered},
    {"duplicates.keyed", "Every message has a dedup key.", keyed, Severity::warning},
    {"duplicates.begun_anew",
     "The starting input of an open task, handed in again, begins it anew.",
     begun_anew},
    {"duplicates.tail_again",
     "The last inputs, handed in again, make no new keys and no second outcome, and are no bug.",
     tail_again},
};

}  // namespace
}  // namespace duplicates_group

std::span<const Check> duplicates_checks() {
    return duplicates_group::kChecks;
}

}  // namespace trunkline::conform
