#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <signal.h>

#include "host/frames/progress.hpp"

/// What is said of a child. Everything it wrote itself is cleaned. `[any]`
namespace trunkline::isolation {

/// One line: "signal 11 (SIGSEGV)", "out of memory", ...; behind it, the beginning of what it wrote
/// to its standard error.
std::string describe_death(
    const siginfo_t& how, const frames::Progress& page, std::string_view words
);

/// "openat" for those that connectors are likely to try, else "system call 123".
std::string name_of_call(std::int32_t number);

}  // namespace trunkline::isolation
