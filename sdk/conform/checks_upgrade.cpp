// This version beside another one of the same connector.
#include <algorithm>

#include "check.hpp"
#include "library.hpp"
#include "runs.hpp"

namespace trunkline::conform {
namespace upgrade_group {
namespace {

constexpr std::string_view kNothingToCompare = "no other version: name one with --against";

bool may_change(const Trial& trial, const Golden& golden) {
    const auto& changed = trial.subject().changed;
    return std::ranges::find(changed, golden.name()) != changed.end();
}

void same_connector(Trial& trial) {
    if (!trial.subject().other) return trial.not_applicable(std::string{kNothingToCompare});
    const Library now{trial.subject()}, then{trial.subject(), *trial.subject().other};
    trial.expect(
        view(now.plugin().id) == view(then.plugin().id),
        "the other one is '" + shortened(view(then.plugin().id)) + "'"
    );
}

void golden(Trial& trial) {
    if (!trial.subject().other) return trial.not_applicable(std::string{kNothingToCompare});
    for_each_case(trial, [&](const Golden& golden) {
        const Library now{trial.subject()}, then{trial.subject(), *trial.subject().other};
        const std::string differs = difference(
            run_in(then.plugin(), golden).transcript, run_in(now.plugin(), golden).transcript
        );
        if (!differs.empty() && !may_change(trial, golden))
            trial.fail(
                "case " + golden.name() +
                " comes out otherwise, and CHANGES.golden does not name it: " + differs
            );
    });
}

/// What the other version saved, at each place of each case, is taken or refused; either way the
/// tasks go on.
void state(Trial& trial) {
    if (!trial.subject().other) return trial.not_applicable(std::string{kNothingToCompare});
    for_each_case(trial, [&](const Golden& golden) {
        const Library now{trial.subject()}, then{trial.subject(), *trial.subject().other};
        const std::uint32_t schema = then.plugin().state_schema;
        RunOptions options;
        options.save_at_end = true;
        for (std::size_t i = 0; i <= golden.inputs.size(); ++i) {
            Golden part = golden;
            part.inputs.resize(i);
            Behaviour behaviour;
            behaviour.state = run_in(then.plugin(), part, options).state;
            behaviour.state_schema = schema;
            const TestHost host{now.plugin(), golden.account, behaviour};
            const bool taken = host.created() == TL_OK || host.created() == TL_E_BAD_STATE;
            trial.expect(
                taken,
                "case " + golden.name() + ": what the other version saved before input " +
                    std::to_string(i) + ": " + name_of(host.created())
            );
        }
    });
}

constexpr Check kChecks[]{
    {"upgrade.same_connector", "Another version has the same id.", same_connector},
    {"upgrade.golden",
     "Golden cases come out as in the other version, unless CHANGES.golden names them.",
     golden},
    {"upgrade.state", "What the other version saved is taken, or refused with BAD_STATE.", state},
};

}  // namespace
}  // namespace upgrade_group

std::span<const Check> upgrade_checks() {
    return upgrade_group::kChecks;
}

}  // namespace trunkline::conform
