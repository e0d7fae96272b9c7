#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/result.hpp"

namespace trunkline::plugins {

/// A connector's version as Semantic Versioning 2.0.0 reads it. A value, ordered by precedence:
/// what stands behind "+" is kept out of it, so that two versions can be equivalent and not the
/// same.
class Version {
public:
    /// Fails with `malformed`. Numbers may be of any length.
    static Result<Version> parse(std::string_view text);

    friend std::weak_ordering operator<=>(const Version& a, const Version& b) noexcept;
    friend bool operator==(const Version& a, const Version& b) noexcept { return (a <=> b) == 0; }

private:
    std::vector<std::string> core_;         ///< major, minor, patch
    std::vector<std::string> pre_release_;  ///< empty: a release
};

}  // namespace trunkline::plugins
