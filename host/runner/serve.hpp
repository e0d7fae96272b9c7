#pragma once

#include <span>

namespace trunkline::runner {

/// `serve LIBRARY MEMORY`: answers the host's frames until it goes away. MEMORY is the limit of the
/// address space in bytes. Returns the exit status.
int serve(std::span<char* const> words);

}  // namespace trunkline::runner
