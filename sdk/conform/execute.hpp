#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "check.hpp"

/// Runs checks in children that may die.
namespace trunkline::conform {

struct Result {
    const Check* check = nullptr;
    Verdict verdict = Verdict::passed;
    std::vector<std::string> faults;  ///< of a failed one
    std::map<std::string, double> figures;
    std::string remark;      ///< why it was skipped or not applicable
    std::uint64_t seed = 0;  ///< repeats it
    double seconds = 0;
};

/// Runs one check: in a child with limits of processor time and of time, or right here when the
/// subject says so.
Result execute(const Check& check, const Subject& subject, std::uint64_t seed, bool once);

/// Runs `work` in such a child and hands back what it wrote; throws std::runtime_error saying how
/// the child died when it did.
std::string in_child(const std::function<std::string()>& work, int seconds);

}  // namespace trunkline::conform
