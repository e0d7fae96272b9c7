#pragma once

#include <optional>
#include <string>

namespace trunkline::config {

/// The first line of the file that a secret names: of a regular file of at most 64 KiB, or nothing.
/// Blocks.
std::optional<std::string> first_line_of(const std::string& file);

}  // namespace trunkline::config
