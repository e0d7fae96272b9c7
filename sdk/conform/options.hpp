#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace trunkline::conform {

enum class Format { text, junit, json };

/// What was asked for on the command line.
struct Options {
    std::filesystem::path plugin;
    std::optional<std::filesystem::path> golden, replay, against;
    std::vector<std::string> checks;  ///< ids or groups; empty = all
    bool list = false, update = false, in_process = false, help = false, version = false;
    Format format = Format::text;
    std::uint64_t seed = 0;
    std::optional<std::string> reproduce;  ///< check
    std::optional<double> fuzz_seconds;
    /// Not for people: write what the cases came to and end. How the kit looks at a fresh process.
    bool transcripts = false;
};

inline constexpr const char* kUsage =
    "usage: trunkline-conform PLUGIN.so [--golden DIR | --replay FILE] [--checks a,b]\n"
    "         [--format text|junit|json] [--seed N] [--reproduce CHECK:SEED] [--update]\n"
    "         [--against OTHER.so] [--in-process] [--fuzz-seconds N]\n"
    "       trunkline-conform --list [--format text|json]\n"
    "\n"
    "Checks a connector against the rules of the border. 0: it keeps them; 1: it breaks one;\n"
    "2: it could not be checked.\n"
    "\n"
    "  --golden DIR       folder of golden cases; default: those inside of the connector\n"
    "  --replay FILE      cases that a host recorded, instead\n"
    "  --checks a,b       only these checks or groups\n"
    "  --update           write what comes out of the golden cases into DIR, for review\n"
    "  --against OTHER    also compare with another version of the connector\n"
    "  --seed N           what chance is drawn from; printed, so that a run can be repeated\n"
    "  --reproduce C:S    only check C, with seed S; for robustness.mutated only that one input\n"
    "  --fuzz-seconds N   how long robustness.mutated goes on; default: a fixed number of inputs\n"
    "  --in-process       no child processes, for a debugger\n";

/// Throws std::runtime_error naming what is wrong.
Options read_options(const std::vector<std::string>& arguments);

}  // namespace trunkline::conform
