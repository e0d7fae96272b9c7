#pragma once

#include <string>
#include <vector>

#include "execute.hpp"
#include "options.hpp"

namespace trunkline::conform {

/// Everything that a run came to.
struct Report {
    std::string connector;  ///< file name
    std::uint64_t seed = 0;
    std::size_t cases = 0;
    std::vector<Result> results;

    std::size_t count(Verdict verdict) const noexcept;
    /// False when a rule is broken that is not merely a warning.
    bool ok() const noexcept;
};

std::string written(const Report& report, Format format);

/// The checks there are, one a line, or as JSON.
std::string written(const std::vector<Check>& checks, Format format);

/// Where a rule is explained.
std::string link_of(const Check& check);

}  // namespace trunkline::conform
