#pragma once

#include <functional>
#include <string>

#include "host/config/section.hpp"

/// What every configuration file of the project has in common, whatever its keys are: how it is
/// opened, how `${NAME}` stands in it, and in which order its problems are told. Start-up only; the
/// process's own thread.
namespace trunkline::config {

/// The text of a regular file; notes in `reading` its name and whether others may read it. False,
/// with a problem, when it cannot be read. Blocks.
bool read_file(const std::string& file, Reading& reading, std::string& text);

/// Hands the root of `text` to `bind`, inside a `Section` that reports what nobody asked for. What
/// is no YAML becomes a problem instead.
void read_yaml(
    const std::string& text, Reading& reading, const std::function<void(Section&)>& bind
);

/// Puts the problems into the order of the file; true when one of them is more than a warning.
bool settle(std::vector<Problem>& problems);

}  // namespace trunkline::config
