// Hosts that are older, newer or sparer than the one the connector was written with.
#include <array>
#include <limits>
#include <regex>

#include "check.hpp"
#include "library.hpp"
#include "runs.hpp"

namespace trunkline::conform {
namespace negotiation_group {
namespace {

constexpr auto kMax = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kTail = 128;  // bytes that a later minor might have appended

void major(Trial& trial) {
    const Library library{trial.subject()};
    for (const std::uint32_t each : {0U, TL_ABI_MAJOR + 1U, kMax}) {
        trial.expect(
            library.entry()(each, TL_ABI_MINOR) == nullptr,
            "its entry accepts a host of major " + std::to_string(each)
        );
    }
}

void minor(Trial& trial) {
    const Library library{trial.subject()};
    const std::uint32_t needs = library.plugin().abi_minor;
    for (const std::uint32_t each : {TL_ABI_MINOR, TL_ABI_MINOR + 1U, TL_ABI_MINOR + 100U, kMax}) {
        const bool accepted = library.entry()(TL_ABI_MAJOR, each) != nullptr;
        trial.expect(
            accepted == (each >= needs),
            std::string{"its entry "} + (accepted ? "accepts" : "refuses") + " a host of minor " +
                std::to_string(each) + ", and it works with " + std::to_string(needs) + " and later"
        );
    }
    for (std::uint32_t each = 0; each < needs; ++each) {
        trial.expect(
            library.entry()(TL_ABI_MAJOR, each) == nullptr,
            "its entry accepts a host of minor " + std::to_string(each) +
                ", which lacks what it needs"
        );
    }
}

void table(Trial& trial) {
    const Library library{trial.subject()};
    const tl_plugin& plugin = library.plugin();
    trial.expect(plugin.size >= offsetof(tl_plugin, save), "its table is smaller than minor 0's");
    trial.expect(plugin.abi_major == TL_ABI_MAJOR, "its table names another major");
    trial.expect(plugin.create != nullptr, "create is missing");
    trial.expect(plugin.destroy != nullptr, "destroy is missing");
    trial.expect(plugin.handle != nullptr, "handle is missing");
    const std::regex id{"[a-z][a-z0-9_]{1,31}"}, version{"[0-9]+\\.[0-9]+\\.[0-9]+([-+].*)?"};
    const std::string text{view(plugin.version)};
    trial.expect(
        std::regex_match(std::string{view(plugin.id)}, id), "its id is not [a-z][a-z0-9_]{1,31}"
    );
    trial.expect(
        std::regex_match(text, version), "its version '" + shortened(text, 40) + "' is not 1.2.3"
    );
    trial.expect(plugin.title.size > 0, "it has no title");
    trial.expect(library.entry()(TL_ABI_MAJOR, TL_ABI_MINOR) == &plugin, "its table moves");
}

/// Runs every case with a host that behaves otherwise, and expects the usual.
void same_with(Trial& trial, const Behaviour& behaviour) {
    for_each_case(trial, [&](const Golden& golden) {
        const Run usual = run_fresh(trial, golden);
        RunOptions options;
        options.behaviour = behaviour;
        const Run other = run_fresh(trial, golden, options);
        const std::string differs = difference(usual.transcript, other.transcript);
        if (!differs.empty()) trial.fail("case " + golden.name() + ": " + differs);
    });
}

/// The tables end where minor 0 ended, and there is nothing behind.
void oldest_tables(Trial& trial) {
    Behaviour behaviour;
    behaviour.guard_tables = true;
    same_with(trial, behaviour);
}

void larger_tables(Trial& trial) {
    Behaviour behaviour;
    behaviour.guard_tables = true;
    behaviour.tail = kTail;
    same_with(trial, behaviour);
}

void unknown_extension(Trial& trial) {
    const Library library{trial.subject()};
    const tl_plugin& plugin = library.plugin();
    if (!TL_HAS(&plugin, tl_plugin, extension))
        return trial.not_applicable("it has no function extension");
    const std::string long_id(1024, 'x');
    for (const std::string_view each :
         {std::string_view{},
          std::string_view{"trunkline.none/1"},
          std::string_view{"trunkline.features/99"},
          std::string_view{long_id}}) {
        trial.expect(
            plugin.extension(raw(each)) == nullptr,
            "it claims to have the extension '" + shortened(each, 40) + "'"
        );
    }
}

/// It may do less, but must say so by a status.
void no_extensions(Trial& trial) {
    for_each_case(trial, [&](const Golden& golden) {
        const Library library{trial.subject()};
        Behaviour behaviour;
        behaviour.extensions = false;
        TestHost host{library.plugin(), golden.account, behaviour};
        if (host.created() == TL_E_BAD_CONFIG || host.created() == TL_E_UNSUPPORTED) return;
        if (!trial.expect(
                host.created() == TL_OK,
                "case " + golden.name() + ": create without extensions: " + name_of(host.created())
            ))
            return;
        feed(host, golden.inputs);
        const Run usual = run_fresh(trial, golden);
        for (std::size_t i = 0; i < golden.inputs.size(); ++i) {
            if (blames_anew(usual.statuses, i, host.statuses()[i]))
                trial.fail(
                    "case " + golden.name() + ", input " + std::to_string(i) + ": " +
                    name_of(host.statuses()[i])
                );
        }
    });
}

void unknown_input(Trial& trial) {
    for_each_case(trial, [&](const Golden& golden) {
        const Library library{trial.subject()};
        TestHost host{library.plugin(), golden.account};
        if (host.created() != TL_OK) return;
        std::uint64_t task = 1'000'000;
        for (const std::uint32_t kind : {0U, 11U, 63U, 69U, 9'999U, kMax}) {
            const tl_status status = host.feed(Input::of(kind, ++task));
            trial.expect(
                status == TL_E_UNSUPPORTED,
                "an input of kind " + std::to_string(kind) + ": " + name_of(status)
            );
        }
        trial.expect(host.effects().empty(), "it asks for something on inputs it cannot know");
    });
}

constexpr Check kChecks[]{
    {"negotiation.major",
     "The entry refuses hosts of another major by handing out no table: their structs are laid out "
     "otherwise.",
     major},
    {"negotiation.minor",
     "The entry accepts every host that is not older than what the connector needs, and no older "
     "one.",
     minor},
    {"negotiation.table",
     "The table is complete: size, border, id, version, title and what is Required.",
     table},
    {"negotiation.oldest_tables",
     "Nothing is read behind the tables of the oldest host that the entry accepts.",
     oldest_tables},
    {"negotiation.larger_tables",
     "Tables to which a later host appended something work like today's.",
     larger_tables},
    {"negotiation.unknown_extension",
     "An extension that the connector does not know is null, so that a later host may ask for it.",
     unknown_extension},
    {"negotiation.no_extensions",
     "A host without extensions gets a status, not a crash: every extension is optional.",
     no_extensions},
    {"negotiation.unknown_input",
     "An input of a kind that a later host invents is answered with UNSUPPORTED.",
     unknown_input},
};

}  // namespace
}  // namespace negotiation_group

std::span<const Check> negotiation_checks() {
    return negotiation_group::kChecks;
}

}  // namespace trunkline::conform
