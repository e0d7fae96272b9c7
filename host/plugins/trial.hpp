#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

/// Runs a connector in a child process before its code runs in this one. `[any]`; blocks.
namespace trunkline::plugins {

/// What one case came to in the child.
struct CaseResult {
    std::string name;
    int created = 0;                      ///< the status of `create`
    std::string said;                     ///< the connector's last log line, when it said anything
    std::vector<int> statuses;            ///< of each input
    std::vector<std::string> transcript;  ///< effects, one canonical line of JSON each
    std::vector<std::string> faults;      ///< breaches of the border
};

struct TrialResult {
    std::optional<std::string> failure;  ///< one line for people; none: it went to its end
    std::vector<CaseResult> cases;
};

struct TrialOptions {
    std::string runner;  ///< the program trunkline-runner
    std::chrono::milliseconds load{5'000};
    std::chrono::milliseconds self_check{2'000};
    std::chrono::milliseconds each_case{2'000};
    std::chrono::milliseconds all{60'000};
    const std::atomic<bool>* unwanted = nullptr;  ///< looked at while it runs: true ends it
    std::size_t report_bytes_max = 64U << 20U;
};

/// Loads `library`, checks it and runs `cases` (the text of trunkline/testing/cases.hpp) in it.
TrialResult run_trial(
    const TrialOptions& options, const std::string& library, const std::string& cases
);

/// Whether a connector does in its own golden cases what it says it does. One line naming the case
/// and what differs. `cases` is what was run.
std::optional<std::string> judge_golden(const std::string& cases, const TrialResult& result);

}  // namespace trunkline::plugins
