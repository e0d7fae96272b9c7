// What the file itself says, before anything of it is run.
#include <algorithm>
#include <array>
#include <ctime>
#include <regex>

#include "check.hpp"
#include "imports.hpp"
#include "library.hpp"
#include "runs.hpp"

namespace trunkline::conform {
namespace binary_group {
namespace {

constexpr std::uint64_t kLoadedBytesMax = 8ULL << 20U;
constexpr std::size_t kManifestBytesMax = 64U << 10U;
constexpr double kLoadMsMax = 100;
constexpr int kLoads = 3;

constexpr std::array<std::string_view, 7> kNeededAllowed{
    "libc.so.6",
    "libm.so.6",
    "libstdc++.so.6",
    "libgcc_s.so.1",
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
    "libatomic.so.1"};

void one_export(Trial& trial) {
    bool entry = false;
    for (const Symbol& each : trial.subject().elf.exports) {
        if (each.name == "tl_connector_entry")
            entry = true;
        else if (!each.unique)
            trial.fail("it exports " + shortened(each.name));
    }
    trial.expect(entry, "it does not export tl_connector_entry");
}

void no_unique(Trial& trial) {
    for (const Symbol& each : trial.subject().elf.exports) {
        if (each.unique) trial.fail("it has the unique symbol " + shortened(each.name));
    }
}

class Patterns {
public:
    template <class List>
    explicit Patterns(const List& list) {
        for (const std::string_view each : list)
            patterns_.emplace_back(std::string{each});
    }
    bool match(const std::string& name) const {
        return std::ranges::any_of(patterns_, [&](const std::regex& each) {
            return std::regex_search(name, each);
        });
    }

private:
    std::vector<std::regex> patterns_;
};

void imports(Trial& trial) {
    const Patterns forbidden{kForbiddenImports}, allowed{kAllowedImports};
    for (const Symbol& each : trial.subject().elf.imports) {
        const auto& by_author = trial.subject().allow_imports;
        if (std::ranges::find(by_author, each.name) != by_author.end()) continue;
        if (std::ranges::find(kAllowedNames, each.name) != kAllowedNames.end()) continue;
        if (each.name.starts_with("__cxa_thread_atexit"))
            trial.fail("it imports " + each.name + ": a thread_local with a destructor");
        else if (forbidden.match(each.name))
            trial.fail("it imports " + shortened(each.name) + ", which belongs to the host");
        else if (!allowed.match(each.name))
            trial.fail("it imports " + shortened(each.name) + ", which is on no list");
    }
}

void note(Trial& trial) {
    const Elf& elf = trial.subject().elf;
    if (!trial.expect(elf.note.has_value(), "it has no note that can be read: " + elf.note_fault))
        return;
    const Note& note = *elf.note;
    trial.expect(
        note.id == trial.subject().path.stem().string(),
        "its id is '" + shortened(note.id, 40) + "', which is not the file's name"
    );
    trial.expect(note.manifest.size() <= kManifestBytesMax, "its manifest is above 64 KiB");
    const Library library{trial.subject()};
    // Whatever border it was made for: its own numbers are in the note.
    const tl_plugin* const table = library.entry()(note.abi_major, note.abi_minor);
    if (!trial.expect(table != nullptr, "its entry refuses the border that the note names")) return;
    const auto same = [&](std::string_view what, const auto& in_note, const auto& in_table) {
        trial.expect(in_note == in_table, std::string{what} + ": the note and the table differ");
    };
    same("abi_major", note.abi_major, table->abi_major);
    same("abi_minor", note.abi_minor, table->abi_minor);
    same("state_schema", note.state_schema, table->state_schema);
    same("id", note.id, view(table->id));
    same("version", note.version, view(table->version));
    same("title", note.title, view(table->title));
    same("manifest", note.manifest, view(table->manifest));
}

void hardened(Trial& trial) {
    trial.expect(trial.subject().elf.relro, "it has no RELRO segment: link with -z relro");
    trial.expect(trial.subject().elf.bind_now, "it binds symbols late: link with -z now");
}

void build_id(Trial& trial) {
    trial.expect(trial.subject().elf.build_id, "it has no build id: link with --build-id=sha1");
}

void no_run_path(Trial& trial) {
    const std::string& path = trial.subject().elf.run_path;
    trial.expect(path.empty(), "it has the run path " + shortened(path));
}

void needed(Trial& trial) {
    for (const std::string& each : trial.subject().elf.needed) {
        const auto& by_author = trial.subject().allow_needed;
        const bool sanitizer = each.starts_with("libasan.") || each.starts_with("libubsan.") ||
                               each.starts_with("libtsan.");
        if (std::ranges::find(kNeededAllowed, each) == kNeededAllowed.end() && !sanitizer &&
            std::ranges::find(by_author, each) == by_author.end())
            trial.fail("it needs " + shortened(each));
    }
}

void size(Trial& trial) {
    const auto bytes = trial.subject().elf.loaded_size;
    trial.figure("MiB", static_cast<double>(bytes) / (1U << 20U));
    trial.expect(
        bytes <= kLoadedBytesMax, "it maps " + std::to_string(bytes) + " bytes; at most 8 MiB"
    );
}

double processor_ms() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

/// Processor time and the best of three: a busy machine must not make a connector slow.
void loads(Trial& trial) {
    double best = 1e9;
    for (int i = 0; i < kLoads; ++i) {
        const double before = processor_ms();
        const Library library{trial.subject()};
        best = std::min(best, processor_ms() - before);
    }
    trial.figure("ms", best);
    trial.expect(best < kLoadMsMax, "loading it takes more than 100 ms of processor time");
}

constexpr Check kChecks[]{
    {"binary.one_export",
     "The library exports tl_connector_entry and nothing else, so that nothing binds to it and "
     "keeps it mapped.",
     one_export},
    {"binary.no_unique",
     "The library has no unique symbol: one is enough to keep it mapped for ever.",
     no_unique},
    {"binary.imports",
     "The library imports only what is on the list: threads, files, clocks and the process belong "
     "to the host.",
     imports},
    {"binary.note",
     "The note in the file says what the table says and names the file, because the host decides "
     "by it before it runs anything.",
     note},
    {"binary.hardened",
     "Symbols are bound when the library is loaded and are read-only then, so that a missing one "
     "is found before it serves.",
     hardened},
    {"binary.build_id",
     "The library has a build id, by which an unload is proven and a crash is understood.",
     build_id},
    {"binary.no_run_path",
     "The library has no run path, so that it finds the same libraries everywhere.",
     no_run_path},
    {"binary.needed",
     "The library needs only the C and C++ runtime: another library stays mapped after it.",
     needed},
    {"binary.size", "At most 8 MiB of the file are mapped.", size},
    {"binary.loads",
     "Loading runs no work worth mentioning: the host does it while messages flow.",
     loads},
};

}  // namespace
}  // namespace binary_group

std::span<const Check> binary_checks() {
    return binary_group::kChecks;
}

}  // namespace trunkline::conform
