#pragma once

#include <exception>
#include <new>
#include <string>
#include <utility>

#include <trunkline/abi.h>

/// The one way to call into a connector. `[any]`
namespace trunkline::plugins {

/// What a call came to. `escaped` says what a connector threw across the border, which it must not.
template <class Value>
struct Called {
    Value value{};
    std::string escaped;  ///< "" = it returned
};

/// Calls `function` and catches everything. The pointer is taken without its `noexcept` on purpose:
/// the border promises that nothing is thrown, a connector may break the promise, and with it in
/// the type the compiler would drop the handler.
template <class Value, class... Parameters, class... Arguments>
Called<Value> guarded(Value (*function)(Parameters...), Arguments&&... arguments) noexcept {
    Called<Value> called;
    try {
        try {
            called.value = function(std::forward<Arguments>(arguments)...);
        } catch (const std::bad_alloc&) {
            called.escaped = "out of memory";
        } catch (const std::exception& error) {
            // Bounded: the text is the connector's.
            called.escaped = std::string{error.what()}.substr(0, 200);
            if (called.escaped.empty()) called.escaped = "an exception without text";
        } catch (...) {
            called.escaped = "something that is no exception";
        }
    } catch (...) {
        called.escaped.assign(1, '?');  // fits without allocating
    }
    return called;
}

/// The same for functions that return nothing; true when it returned.
template <class... Parameters, class... Arguments>
bool guarded_void(void (*function)(Parameters...), Arguments&&... arguments) noexcept {
    try {
        function(std::forward<Arguments>(arguments)...);
        return true;
    } catch (...) {
        return false;
    }
}

/// The name of a status; unknown negatives count as INTERNAL, and so do positive values, which the
/// border does not know.
inline tl_code code_of(tl_status status) noexcept {
    return status <= TL_OK && status >= TL_E_FORGED ? static_cast<tl_code>(status) : TL_E_INTERNAL;
}
inline const char* name_of(tl_code code) noexcept {
    switch (code) {
        case TL_OK:
            return "OK";
        case TL_E_INTERNAL:
            return "INTERNAL";
        case TL_E_NO_MEMORY:
            return "NO_MEMORY";
        case TL_E_BAD_CONFIG:
            return "BAD_CONFIG";
        case TL_E_BAD_STATE:
            return "BAD_STATE";
        case TL_E_BAD_INPUT:
            return "BAD_INPUT";
        case TL_E_UNSUPPORTED:
            return "UNSUPPORTED";
        case TL_E_LIMIT:
            return "LIMIT";
        case TL_E_FORGED:
            return "FORGED";
    }
    return "INTERNAL";
}

}  // namespace trunkline::plugins
