#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::conform {

/// A check that a connector's author does not want to pass yet. It ends by itself: exceptions
/// without a date stay for ever.
struct Skip {
    std::string check, reason;
    std::string until;  ///< YYYY-MM-DD, the last day
};

/// conform.json beside the golden cases.
struct Exceptions {
    std::vector<Skip> skips;
    std::vector<std::string> allow_imports, allow_needed;
};

/// Nothing when there is no such file. Throws std::runtime_error naming file and member of what
/// cannot be read.
Exceptions read_exceptions(const std::filesystem::path& file);

/// Today in UTC, as dates are written here.
std::string today();

}  // namespace trunkline::conform
