#pragma once

#include <string_view>

namespace trunkline::net {

/// Aborts when something that must hold for every input does not.
void fuzz_request(std::string_view bytes);

}  // namespace trunkline::net
