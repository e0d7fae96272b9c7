// What a connector and its host owe each other in one call of handle.
#include <algorithm>
#include <array>

#include "check.hpp"
#include "library.hpp"
#include "runs.hpp"

namespace trunkline::conform {
namespace contract_group {
namespace {

constexpr std::size_t kRefusalsMax = 200;  // positions tried in one case
constexpr std::uint64_t kOtherTasks = 1'000'000;

void golden(Trial& trial) {
    if (!trial.subject().has_expectations)
        return trial.not_applicable("no case says what should come out; --update writes it");
    for_each_case(trial, [&](const Golden& golden) {
        const Run run = run_fresh(trial, golden);
        const std::string differs = difference(golden.expected, run.transcript);
        if (!differs.empty()) trial.fail("case " + golden.name() + ", out.jsonl, " + differs);
    });
}

void batches(Trial& trial) {
    for_each_case(trial, [&](const Golden& golden) {
        const Run single = run_fresh(trial, golden);
        for (const std::size_t size : {2U, 7U, 64U}) {
            RunOptions options;
            options.batch = size;
            const Run run = run_fresh(trial, golden, options);
            const std::string differs = difference(single.transcript, run.transcript);
            if (!differs.empty())
                trial.fail(
                    "case " + golden.name() + ", in batches of " + std::to_string(size) + ": " +
                    differs
                );
        }
    });
}

/// A good input, one that fails, a good one: in one call.
void done(Trial& trial) {
    bool tried = false;
    for_each_case(trial, [&](const Golden& golden) {
        const Run single = run_fresh(trial, golden);
        if (single.statuses.empty() || single.statuses.front() != TL_OK) return;
        tried = true;
        const Library library{trial.subject()};
        TestHost host{library.plugin(), golden.account};
        std::vector<Input> batch;
        batch.push_back(golden.inputs.front());
        batch.push_back(Input::of(9'999, 0));
        batch.push_back(golden.inputs.front());
        for (std::size_t i = 0; i < batch.size(); ++i)
            batch[i].task = kOtherTasks + i;
        const auto statuses = host.feed(batch);
        const std::array<tl_status, 3> expected{TL_OK, TL_E_UNSUPPORTED, TL_OK};
        for (std::size_t i = 0; i < batch.size(); ++i) {
            if (statuses[i] != expected[i])
                trial.fail(
                    "case " + golden.name() +
                    ": in a batch of three of which the second fails, input " + std::to_string(i) +
                    " counts as " + name_of(statuses[i])
                );
        }
        for (const std::string& fault : host.faults())
            trial.fail("case " + golden.name() + ": " + fault);
        for (const std::size_t good : {0U, 2U}) {
            Golden alone = golden;
            alone.inputs = {batch[good]};
            const std::uint64_t task = batch[good].task;
            trial.expect(
                effects_of_task(host.effects(), task) ==
                    effects_of_task(run_fresh(trial, alone).effects, task),
                "case " + golden.name() +
                    ": an input beside a failed one has other effects than alone"
            );
        }
        for (const Effect& effect : host.effects()) {
            if (kOtherTasks + effect.input != effect.task)
                trial.fail(
                    "case " + golden.name() + ": *done was at another input than the effect's"
                );
        }
    });
    if (!tried && trial.inapplicable.empty())
        trial.not_applicable("no case begins with an input that succeeds");
}

void with_memory(Trial& trial, const Behaviour& behaviour) {
    for_each_case(trial, [&](const Golden& golden) {
        const Run usual = run_fresh(trial, golden);
        RunOptions options;
        options.behaviour = behaviour;
        const Run run = run_fresh(trial, golden, options);
        const std::string differs = difference(usual.transcript, run.transcript);
        if (!differs.empty()) trial.fail("case " + golden.name() + ": " + differs);
    });
}

void views_end(Trial& trial) {
    Behaviour behaviour;
    behaviour.guard_ends = true;
    with_memory(trial, behaviour);
}

void views_kept(Trial& trial) {
    Behaviour behaviour;
    behaviour.revoke = true;
    with_memory(trial, behaviour);
}

/// What a whole case asks for under other tasks' ids, in a fresh instance.
Run under_other_ids(Trial& trial, const Golden& golden) {
    Golden other = golden;
    other.inputs = shifted(golden.inputs, kOtherTasks);
    return run_fresh(trial, other);
}

/// The instance must be as good as new for other tasks afterwards.
void works_on(
    Trial& trial, TestHost& host, const Golden& golden, const Run& other, const std::string& where
) {
    feed(host, shifted(golden.inputs, kOtherTasks));
    for (const Input& input : golden.inputs) {
        const std::uint64_t task = input.task + kOtherTasks;
        if (effects_of_task(other.effects, task) == effects_of_task(host.effects(), task)) continue;
        return trial.fail(where + ": afterwards it does something else than before");
    }
}

void limit(Trial& trial) {
    for_each_case(trial, [&](const Golden& golden) {
        const Run usual = run_fresh(trial, golden), other = under_other_ids(trial, golden);
        for (std::size_t i = 0; i < std::min(usual.effects.size(), kRefusalsMax); ++i) {
            const std::string where = "case " + golden.name() + ", effect " + std::to_string(i) +
                                      " (" + usual.effects[i].kind + ") refused";
            trial.at(where);
            const Library library{trial.subject()};
            TestHost host{library.plugin(), golden.account};
            host.refuse_effect(i);
            feed(host, golden.inputs);
            const auto statuses = host.statuses();
            for (std::size_t k = 0; k < statuses.size(); ++k) {
                if (blames_anew(usual.statuses, k, statuses[k]))
                    trial.fail(
                        where + ": input " + std::to_string(k) + ": " + name_of(statuses[k])
                    );
            }
            for (const std::string& fault : host.faults())
                trial.fail(where + ": " + fault);
            if (!trial.failed()) works_on(trial, host, golden, other, where);
        }
    });
}

void outcome(Trial& trial) {
    for_each_case(trial, [&](const Golden& golden) {
        const Run run = run_fresh(trial, golden);
        for (const std::string& fault : run.faults)
            trial.fail("case " + golden.name() + ": " + fault);
        for (const auto& refusal : run.refusals) {
            if (refusal.kind == "outcome" && refusal.status == TL_E_BAD_STATE)
                trial.fail(
                    "case " + golden.name() + ", input " + std::to_string(refusal.input) +
                    ": a second outcome for task " + std::to_string(refusal.task)
                );
        }
    });
}

void effects(Trial& trial) {
    for_each_case(trial, [&](const Golden& golden) {
        for (const auto& refusal : run_fresh(trial, golden).refusals) {
            if (refusal.kind == "outcome" && refusal.status == TL_E_BAD_STATE) continue;
            trial.fail(
                "case " + golden.name() + ", input " + std::to_string(refusal.input) + ": " +
                refusal.kind + " is refused with " + name_of(refusal.status)
            );
        }
    });
}

void cancel(Trial& trial) {
    for_each_case(trial, [&](const Golden& golden) {
        const Library library{trial.subject()};
        for (std::size_t i = 1; i <= golden.inputs.size(); ++i) {
            TestHost host{library.plugin(), golden.account};
            if (host.created() != TL_OK) return;
            feed(
                host,
                {golden.inputs.begin(), golden.inputs.begin() + static_cast<std::ptrdiff_t>(i)}
            );
            const std::uint64_t task = golden.inputs[i - 1].task;
            const std::vector<std::uint32_t> steps = host.pending(task);
            const std::string where =
                "case " + golden.name() + ", after input " + std::to_string(i - 1);
            const std::size_t before = host.effects().size();
            const tl_status status = host.feed(Input::cancel(task));
            trial.expect(status == TL_OK, where + ": CANCEL: " + name_of(status));
            trial.expect(
                host.effects().size() == before, where + ": it asks for something on CANCEL"
            );
            for (const std::uint32_t step : steps) {
                const tl_status late = host.feed(Input::reply(task, step, 200, "{}"));
                trial.expect(
                    late == TL_E_BAD_STATE,
                    where + ": an answer for a cancelled task: " + name_of(late)
                );
            }
        }
    });
}

void golden_present(Trial& trial) {
    const bool messages = std::ranges::any_of(trial.subject().cases, [](const Golden& golden) {
        return std::ranges::any_of(golden.inputs, starts);
    });
    trial.expect(
        messages,
        "no golden cases: put them into testdata/ beside the sources, or name a folder with "
        "--golden"
    );
}

constexpr Check kChecks[]{
    {"contract.cases",
     "There are golden cases: most of what is checked here is checked on them.",
     golden_present},
    {"contract.golden", "Each golden case comes out as its author reviewed it.", golden},
    {"contract.outcome",
     "Each task ends with exactly one outcome: none is a message that vanished, two are a message "
     "with two fates.",
     outcome},
    {"contract.effects",
     "What the golden cases ask for is well formed and in turn, so that no host refuses it.",
     effects},
    {"contract.batches", "Batches of 1, 2, 7 and 64 make no difference.", batches},
    {"contract.done",
     "*done says which inputs ended well, while they are handled and when one fails: the host "
     "commits by it.",
     done},
    {"contract.views_end", "Nothing is read behind a view: texts are not terminated.", views_end},
    {"contract.views_kept",
     "Nothing that was lent to a call is touched after it: the memory is another's by then.",
     views_kept},
    {"contract.limit",
     "An effect that the host refuses ends in a status, wherever it happens, and leaves the "
     "instance sound.",
     limit,
     Severity::error,
     30},
    {"contract.cancel",
     "A cancelled task is forgotten: CANCEL is OK, asks for nothing, and late answers are "
     "BAD_STATE.",
     cancel,
     Severity::error,
     20},
};

}  // namespace
}  // namespace contract_group

std::span<const Check> contract_checks() {
    return contract_group::kChecks;
}

}  // namespace trunkline::conform
