#pragma once

#include <string>
#include <vector>

#include "host/base/result.hpp"
#include "host/universal/fidelity.hpp"

namespace trunkline::trunkctl {

/// How faithful the connector in `file` is, read out of its note without running it. Blocks.
Result<std::vector<universal::Fidelity>> fidelity_of_file(const std::string& file);

/// Puts `table` between the lines `<!-- fidelity -->` and `<!-- /fidelity -->` of a text; fails
/// when they are not there.
Result<std::string> with_table(const std::string& text, const std::string& table);

}  // namespace trunkline::trunkctl
