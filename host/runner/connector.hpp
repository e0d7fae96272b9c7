#pragma once

#include <string>

#include <trunkline/abi.h>

#include "host/base/result.hpp"

namespace trunkline::runner {

/// A loaded library's table, checked as far as it can be without its note. Stays loaded for ever.
/// Fails with one line for people.
Result<const tl_plugin*> load_connector(const std::string& library);

bool offers(const tl_plugin& table, std::string_view extension);

}  // namespace trunkline::runner
