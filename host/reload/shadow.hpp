#pragma once

#include <string>
#include <vector>

#include "host/plugins/trial.hpp"

/// Compares what two generations make of the same tasks. Pure.
namespace trunkline::reload {

struct Difference {
    std::string task;       ///< name of the case
    std::size_t input = 0;  ///< index of the input, from 0
    std::string what;       ///< one line for people
    std::string was, is;    ///< as far as it helps; shortened
    bool stops = false;     ///< the new generation may not take over like this
};

struct Comparison {
    std::size_t tasks = 0;
    std::size_t same = 0;
    std::vector<Difference> differences;  ///< those that stop first; bounded
    std::size_t left_out = 0;             ///< differences beyond the bound

    const Difference* stop() const {
        return differences.empty() || !differences.front().stops ? nullptr : &differences.front();
    }
};

/// What stops: an instance that can no longer be made, an input that was understood and now is not,
/// an event that is missing or has another type, conversation, dedup key or message id, an answer
/// to the messenger of another kind, another kind of outcome. Everything else is told only.
Comparison compare(
    const std::vector<plugins::CaseResult>& before, const std::vector<plugins::CaseResult>& after
);

}  // namespace trunkline::reload
