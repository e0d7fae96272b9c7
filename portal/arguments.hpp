#pragma once

#include <string>
#include <vector>

namespace trunkline::portal {

extern const char* const kUsage;

/// What the program is asked to do.
struct Arguments {
    enum class Wish { run, help, version, refuse };
    Wish wish = Wish::refuse;
    std::string config;   ///< with `run`
    std::string problem;  ///< with `refuse`: the word that was not understood, or what is missing
};

/// `words`: without the program's name. A word that nobody knows is refused, never passed over.
Arguments parse_arguments(const std::vector<std::string>& words);

}  // namespace trunkline::portal
