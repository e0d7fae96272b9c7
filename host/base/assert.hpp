#pragma once

namespace trunkline {

/// Logs to stderr and aborts. Only for programmer errors, never for input.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace trunkline

/// On in every build: a broken invariant must not go on to write to disk.
#define TRUNKLINE_ASSERT(CONDITION)                                                      \
    do {                                                                                 \
        if (!(CONDITION)) ::trunkline::assertion_failed(#CONDITION, __FILE__, __LINE__); \
    } while (false)
