// The same inputs are the same effects: what a replay, a re-feed and a shadow run rest on.
#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>

#include <sys/wait.h>
#include <unistd.h>

#include "check.hpp"
#include "library.hpp"
#include "runs.hpp"
#include "subject.hpp"

namespace trunkline::conform {
namespace determinism_group {
namespace {

constexpr int kOrders = 25;

void repeat(Trial& trial) {
    for_each_case(trial, [&](const Golden& golden) {
        const Library library{trial.subject()};
        const Run first = run_in(library.plugin(), golden);
        const Run second = run_in(library.plugin(), golden);
        const std::string differs = difference(first.transcript, second.transcript);
        if (!differs.empty())
            trial.fail("case " + golden.name() + ", a second time in the same process: " + differs);
    });
}

/// Starts this program again, with what it was started with, for its transcripts.
std::string asked_elsewhere(const Subject& subject) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error{"no pipe"};
    std::vector<std::string> words{"trunkline-conform"};
    words.insert(words.end(), subject.arguments.begin(), subject.arguments.end());
    words.emplace_back("--transcripts");
    std::vector<char*> pointers;
    for (std::string& word : words)
        pointers.push_back(word.data());
    pointers.push_back(nullptr);
    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execv("/proc/self/exe", pointers.data());
        _exit(127);
    }
    close(ends[1]);
    std::string text;
    char piece[65536];
    for (ssize_t got = 0; (got = read(ends[0], piece, sizeof piece)) > 0;)
        text.append(piece, static_cast<std::size_t>(got));
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (status != 0) throw std::runtime_error{"a fresh process could not run the cases"};
    return text;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

void fresh_process(Trial& trial) {
    if (trial.subject().cases.empty()) return trial.not_applicable("there are no golden cases");
    // Another copy stands where this one would: the addresses differ even where they are not
    // random.
    const Library elsewhere{trial.subject()};
    const std::string here = transcripts_of(trial.subject());
    const std::string there = asked_elsewhere(trial.subject());
    const std::string differs = difference(lines_of(here), lines_of(there));
    if (!differs.empty()) trial.fail("in a fresh process: " + differs);
}

/// Statuses and dedup keys must not depend on what `change` does to the inputs.
template <class Change>
void same_keys(
    Trial& trial,
    const Golden& golden,
    const Behaviour& behaviour,
    std::string_view how,
    Change change
) {
    const auto run = [&](bool changed) {
        const Library library{trial.subject()};
        Golden other = golden;
        other.inputs = shifted(golden.inputs, 0);
        if (changed) change(other.inputs);
        RunOptions options;
        if (changed) options.behaviour = behaviour;
        return run_in(library.plugin(), other, options);
    };
    const Run usual = run(false), other = run(true);
    const std::string where = "case " + golden.name() + ", " + std::string{how};
    if (usual.statuses != other.statuses) trial.fail(where + ": other statuses");
    const std::string differs = difference(dedup_keys(usual.effects), dedup_keys(other.effects));
    if (!differs.empty()) trial.fail(where + ": other dedup keys, " + differs);
}

void clock(Trial& trial) {
    constexpr std::int64_t kHour = 3'600'000;
    for_each_case(trial, [&](const Golden& golden) {
        const auto all = [](std::int64_t by) {
            return [by](std::vector<Input>& inputs) {
                for (Input& each : inputs)
                    each.at_ms += by;
            };
        };
        same_keys(trial, golden, {}, "an hour later", all(kHour));
        same_keys(trial, golden, {}, "an hour earlier", all(-kHour));
        same_keys(trial, golden, {}, "with a clock that jumps", [](std::vector<Input>& inputs) {
            for (std::size_t i = 0; i < inputs.size(); ++i)
                inputs[i].at_ms += i % 2 == 0 ? 17'000 : -9'000;
        });
    });
}

void chance(Trial& trial) {
    for_each_case(trial, [&](const Golden& golden) {
        Behaviour behaviour;
        behaviour.random_seed = 1 + trial.draw(1'000'000);
        same_keys(trial, golden, behaviour, "with other random bytes", [](std::vector<Input>&) {});
    });
}

/// All cases of one account in one instance, their tasks interleaved at random.
void order(Trial& trial) {
    if (trial.subject().cases.empty()) return trial.not_applicable("there are no golden cases");
    std::map<std::string, std::vector<const Golden*>> groups;
    for (const Golden& golden : trial.subject().cases) {
        const Account& account = golden.account;
        groups[account.settings + "\n" + account.connector + "\n" + std::to_string(account.scope)]
            .push_back(&golden);
    }
    for (const auto& [ignored, group] : groups) {
        // A task is a sequence of its own.
        std::vector<std::vector<Input>> sequences;
        std::map<std::uint64_t, std::vector<std::string>> alone;
        std::uint64_t base = 0;
        for (const Golden* golden : group) {
            base += 1'000'000;
            std::map<std::uint64_t, std::vector<Input>> tasks;
            for (const Input& each : shifted(golden->inputs, base)) {
                tasks[each.task].push_back(each);
                tasks[each.task].back().at_ms = kClockMs;
            }
            for (auto& [task, inputs] : tasks) {
                Golden one = *golden;
                one.inputs = inputs;
                alone[task] = effects_of_task(run_fresh(trial, one).effects, task);
                sequences.push_back(std::move(inputs));
            }
        }
        for (int i = 0; i < kOrders && !trial.failed(); ++i) {
            trial.at("order " + std::to_string(i));
            const Library library{trial.subject()};
            TestHost host{library.plugin(), group.front()->account};
            feed(host, testing::interleaved(sequences, static_cast<unsigned>(trial.random()())));
            for (const auto& [task, expected] : alone) {
                const std::string differs =
                    difference(expected, effects_of_task(host.effects(), task));
                if (!differs.empty())
                    trial.fail(
                        "case " + group[task / 1'000'000 - 1]->name() +
                        ", among tasks of other cases: " + differs
                    );
            }
        }
    }
}

constexpr Check kChecks[]{
    {"determinism.repeat",
     "The same inputs give the same effects, byte for byte, in a second instance.",
     repeat},
    {"determinism.fresh_process",
     "And in another process: nothing depends on addresses or on what ran before.",
     fresh_process,
     Severity::error,
     30},
    {"determinism.clock",
     "Statuses and dedup keys do not depend on the time, which may jump: a repeat must be "
     "recognised later.",
     clock},
    {"determinism.random", "Nor on random bytes.", chance},
    {"determinism.order",
     "Tasks of one instance may interleave in any order: none sees another.",
     order,
     Severity::error,
     30},
};

}  // namespace
}  // namespace determinism_group

std::span<const Check> determinism_checks() {
    return determinism_group::kChecks;
}

}  // namespace trunkline::conform
