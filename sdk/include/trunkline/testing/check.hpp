#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <trunkline/testing.hpp>

namespace trunkline::inline face::testing {

/// The first line in which two transcripts differ, for people; empty when they are the same.
inline std::string first_difference(
    const std::vector<std::string>& expected, const std::vector<std::string>& got
) {
    const auto at = std::ranges::mismatch(expected, got);
    if (at.in1 == expected.end() && at.in2 == got.end()) return {};
    const auto line = at.in1 - expected.begin() + 1;
    return "line " + std::to_string(line) + "\n  expected " +
           (at.in1 == expected.end() ? "nothing more" : *at.in1) + "\n  got      " +
           (at.in2 == got.end() ? "nothing more" : *at.in2);
}

/// One golden case: what out.jsonl says, the contract, batches of any size, and an instance that
/// is replaced before every input. One problem a line.
inline std::vector<std::string> check_case(const tl_plugin& plugin, const Golden& golden) {
    std::vector<std::string> problems;
    const auto add = [&](const std::string& what) {
        problems.push_back(golden.name() + ": " + what);
    };
    const RunResult run = run_inputs(plugin, golden.account, golden.inputs);
    for (const std::string& fault : run.faults)
        add(fault);
    if (update_golden(golden, run.transcript)) return problems;
    if (const auto difference = first_difference(golden.expected, run.transcript);
        !difference.empty())
        add("out.jsonl, " + difference);
    for (const std::size_t batch : std::array<std::size_t, 3>{2, 7, TL_MAX_BATCH}) {
        if (run_inputs(plugin, golden.account, golden.inputs, batch).transcript != run.transcript)
            add("batches of " + std::to_string(batch) + " inputs change the effects");
    }
    for (const std::string& fault : refeed_everywhere(plugin, golden.account, golden.inputs))
        add(fault);
    return problems;
}

/// check_case() for every case below `folder`; a test expects nothing. With
/// TRUNKLINE_UPDATE_GOLDEN=1 in the environment the files out.jsonl are written instead of
/// compared. Throws std::runtime_error for files that cannot be read, and when there is no case.
inline std::vector<std::string> check_cases(
    const tl_plugin& plugin, const std::filesystem::path& folder
) {
    const std::vector<Golden> cases = load_goldens(folder);
    if (cases.empty()) throw std::runtime_error{folder.string() + ": no golden cases"};
    std::vector<std::string> problems;
    for (const Golden& golden : cases) {
        for (std::string& problem : check_case(plugin, golden))
            problems.push_back(std::move(problem));
    }
    return problems;
}

}  // namespace trunkline::inline face::testing
