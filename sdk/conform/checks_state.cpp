// What survives a reload and a crash, and what must not be needed for it.
#include <algorithm>

#include "check.hpp"
#include "library.hpp"
#include "runs.hpp"

namespace trunkline::conform {
namespace state_group {
namespace {

constexpr int kFlips = 64;

/// Runs a case once for each place between its inputs, reloading there in the way `set` says.
template <class Set>
void reloaded_everywhere(Trial& trial, Set set) {
    for_each_case(trial, [&](const Golden& golden) {
        const Run usual = run_fresh(trial, golden);
        // Before the first input there is nothing to rebuild: lifecycle.save_after_create.
        for (std::size_t i = 1; i <= golden.inputs.size(); ++i) {
            const std::string where =
                "case " + golden.name() + ", reload before input " + std::to_string(i);
            trial.at(where);
            RunOptions options;
            set(options, i);
            const Run run = run_fresh(trial, golden, options);
            for (std::size_t k = usual.faults.size(); k < run.faults.size(); ++k) {
                const bool about_saving = run.faults[k].starts_with("save");  // state.save
                if (!about_saving) trial.fail(where + ": " + run.faults[k]);
            }
            const std::string differs = difference(usual.transcript, run.transcript);
            if (!differs.empty()) trial.fail(where + ": " + differs);
        }
    });
}

void refeed(Trial& trial) {
    reloaded_everywhere(trial, [](RunOptions& options, std::size_t i) {
        options.reload_before = i;
    });
}

void lost(Trial& trial) {
    reloaded_everywhere(trial, [](RunOptions& options, std::size_t i) {
        options.lose_state_before = i;
    });
}

bool saves(Trial& trial) {
    const Library library{trial.subject()};
    const bool has = TL_HAS(&library.plugin(), tl_plugin, save);
    if (!has) trial.not_applicable("it has no function save");
    return has;
}

void save(Trial& trial) {
    if (!saves(trial)) return;
    for_each_case(trial, [&](const Golden& golden) {
        const Run usual = run_fresh(trial, golden);
        RunOptions options;
        options.save_before_each = true;
        options.save_at_end = true;
        const Run run = run_fresh(trial, golden, options);
        const std::string differs = difference(usual.transcript, run.transcript);
        if (!differs.empty())
            trial.fail("case " + golden.name() + ", saved before each input: " + differs);
        for (std::size_t k = usual.faults.size(); k < run.faults.size(); ++k)
            trial.fail("case " + golden.name() + ": " + run.faults[k]);
    });
}

/// Hands `create` a state; it may take it or refuse it, and must work without it then.
void handed(
    Trial& trial,
    const tl_plugin& plugin,
    const Golden& golden,
    std::string state,
    const std::string& what
) {
    trial.at("case " + golden.name() + ", " + what);
    Behaviour behaviour;
    behaviour.state = std::move(state);
    TestHost host{plugin, golden.account, behaviour};
    const std::string where = "case " + golden.name() + ", " + what;
    if (host.created() == TL_OK) {
        feed(host, golden.inputs);
        const Run usual = run_in(plugin, golden);
        for (std::size_t i = 0; i < golden.inputs.size(); ++i) {
            const tl_status status = host.statuses()[i];
            trial.expect(!blames_anew(usual.statuses, i, status), where + ": " + name_of(status));
        }
        return;
    }
    trial.expect(host.created() == TL_E_BAD_STATE, where + ": " + name_of(host.created()));
    const TestHost without{plugin, golden.account};
    trial.expect(
        without.created() == TL_OK, where + ": then without state: " + name_of(without.created())
    );
}

void damaged(Trial& trial) {
    for_each_case(trial, [&](const Golden& golden) {
        RunOptions options;
        options.save_at_end = true;
        const std::string state = run_fresh(trial, golden, options).state;
        const Library library{trial.subject()};
        const tl_plugin& plugin = library.plugin();
        for (std::size_t size = 1; size < state.size(); size += 1 + state.size() / 16)
            handed(
                trial,
                plugin,
                golden,
                state.substr(0, size),
                "state cut to " + std::to_string(size) + " bytes"
            );
        for (int i = 0; i < kFlips && !state.empty(); ++i) {
            std::string other = state;
            const std::size_t bit = trial.draw(other.size() * 8);
            other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << (bit % 8)));
            handed(
                trial, plugin, golden, other, "state with bit " + std::to_string(bit) + " turned"
            );
        }
        handed(trial, plugin, golden, std::string(1, '\0'), "a foreign state of one byte");
        handed(trial, plugin, golden, R"({"someone":"else"})", "a foreign state");
        std::string large(TL_MAX_VALUE, '\0');
        for (char& c : large)
            c = static_cast<char>(trial.draw(256));
        handed(trial, plugin, golden, large, "a foreign state of 64 KiB");
    });
}

void schema(Trial& trial) {
    for_each_case(trial, [&](const Golden& golden) {
        const Library library{trial.subject()};
        RunOptions options;
        options.save_at_end = true;
        Behaviour behaviour;
        behaviour.state = run_in(library.plugin(), golden, options).state;
        if (behaviour.state.empty()) behaviour.state = "x";
        behaviour.state_schema = library.plugin().state_schema + 1;
        const TestHost host{library.plugin(), golden.account, behaviour};
        trial.expect(
            host.created() == TL_E_BAD_STATE,
            "case " + golden.name() + ": a state of the next schema: " + name_of(host.created())
        );
    });
}

constexpr Check kChecks[]{
    {"state.refeed",
     "Ended before any input, made anew from what it saved, and fed its open tasks again, an "
     "instance does what it did: that is a reload.",
     refeed,
     Severity::error,
     60},
    {"state.lost",
     "The same holds when nothing was saved: that is a crash.",
     lost,
     Severity::error,
     60},
    {"state.save", "Saving changes nothing, calls its sink once and gives at most 64 KiB.", save},
    {"state.damaged",
     "A state that is damaged or another's is ignored or refused with BAD_STATE.",
     damaged,
     Severity::error,
     30},
    {"state.schema", "A state of another schema is refused with BAD_STATE.", schema},
};

}  // namespace
}  // namespace state_group

std::span<const Check> state_checks() {
    return state_group::kChecks;
}

}  // namespace trunkline::conform
