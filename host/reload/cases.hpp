#pragma once

#include <string>
#include <vector>

#include "host/reload/serving.hpp"

/// The cases that a generation is tried on before it serves. Pure.
namespace trunkline::reload {

/// One case for each served account, without inputs: whether an instance can be made for it. With
/// its secrets, which the connector will be given anyway.
std::string account_cases(const std::vector<ServedAccount>& accounts);

/// `text` with every secret of the accounts replaced, for a log and for people.
std::string without_secrets(const std::vector<ServedAccount>& accounts, std::string text);

/// What came lately, one case for each task, with every secret of the accounts replaced by another
/// text of the same length and kind, in settings and inputs alike, so that what was authentic stays
/// so as far as it depends on equality.
std::string recent_cases(
    const std::vector<ServedAccount>& accounts, const std::vector<tasks::KeptTask>& tasks
);

}  // namespace trunkline::reload
