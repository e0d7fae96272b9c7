#pragma once

#include <cstdio>
#include <cstdlib>

/// A promise that must hold for every input. Aborts, so that the fuzzer keeps what broke it.
#define FUZZ_CHECK(CONDITION)                                                                     \
    do {                                                                                          \
        if (!(CONDITION)) {                                                                       \
            std::fprintf(stderr, "broken promise: %s (%s:%d)\n", #CONDITION, __FILE__, __LINE__); \
            std::abort();                                                                         \
        }                                                                                         \
    } while (false)
