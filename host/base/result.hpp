#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <variant>

namespace trunkline {

/// Every way a step can fail. Closed on purpose: the table that decides what happens next is a
/// switch without default.
enum class Fault {
    malformed,       ///< the bytes do not parse, or break a documented limit
    forged,          ///< signature, secret or token does not match
    unsupported,     ///< understood, but there is no equivalent
    throttled,       ///< a pause was asked for, or a bound of ours is reached
    unavailable,     ///< network failure or time-out; nothing is known to have been accepted
    unknown,         ///< the call may have happened; never try it again blindly
    rejected,        ///< refused for good
    account_broken,  ///< the account cannot work until a person acts
    not_found,       ///< what was named does not exist
    conflict,        ///< it exists already, or belongs to somebody else
    storage,         ///< the local store failed or is full
    cancelled,       ///< we are shutting down
};

/// The fault's name as written in logs and answers, e.g. "malformed".
const char* to_string(Fault fault) noexcept;

/// What went wrong, for the one who handles it. A value.
struct Error {
    Fault fault;
    std::string context;  ///< what was attempted, with ids; never message text, never a secret
    std::chrono::milliseconds pause{0};  ///< with `throttled`: how long we were asked to wait
};

/// A value or the error that prevented it. Shaped like std::expected, so that it can become that.
template <class T>
class [[nodiscard]] Result {
public:
    // Implicit, so that `return value;` and `return Error{...};` both read naturally.
    // NOLINTBEGIN(google-explicit-constructor)
    Result(T value) : state_{std::in_place_index<0>, std::move(value)} {}
    Result(Error error) : state_{std::in_place_index<1>, std::move(error)} {}
    // NOLINTEND(google-explicit-constructor)

    bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    T& operator*() & { return std::get<0>(state_); }
    const T& operator*() const& { return std::get<0>(state_); }
    T&& operator*() && { return std::get<0>(std::move(state_)); }
    T* operator->() { return &std::get<0>(state_); }
    const T* operator->() const { return &std::get<0>(state_); }
    const Error& error() const { return std::get<1>(state_); }

private:
    std::variant<T, Error> state_;
};

/// The form for steps that produce nothing: `return {};` is success.
template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error)
        : error_{std::move(error)}, failed_{true} {}  // NOLINT(google-explicit-constructor)

    bool has_value() const noexcept { return !failed_; }
    explicit operator bool() const noexcept { return has_value(); }
    const Error& error() const { return error_; }

private:
    Error error_{Fault::malformed, {}};
    bool failed_ = false;
};

}  // namespace trunkline
