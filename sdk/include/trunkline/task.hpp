#pragma once

#include <coroutine>
#include <exception>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <trunkline/abi.h>
#include <trunkline/effects.hpp>

/// Straight-line tasks. A frame lives inside the connector and is destroyed with its instance; the
/// host rebuilds a task anywhere by feeding its inputs again.
namespace trunkline::inline face {

/// Thrown for platform input that cannot be understood: quarantine instead of blame. A throw costs
/// about a microsecond; where bad input is common, return Outcome::bad_input() instead.
/// The text is logged and must quote nothing of the input.
class BadInput : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Thrown by a connector's constructor: the account is shown as broken, with this text.
class BadConfig : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Thrown by a connector's constructor that cannot read its saved state; it is called again
/// without.
class BadState : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Thrown when the host refuses an effect. The task ends with it, unless the connector has
/// something smaller to ask for instead: the refused effect has left no trace.
struct Refused {
    tl_status status;
};

namespace detail {

/// The status and the loggable text of the exception in flight.
struct Escape {
    tl_status status;
    std::string text;
};
inline Escape escape_in_flight() noexcept try { throw; } catch (const Refused& refused) {
    return {refused.status, {}};
} catch (const std::bad_alloc&) {
    return {TL_E_NO_MEMORY, {}};
} catch (const BadInput& bad) {
    return {TL_E_BAD_INPUT, bad.what()};
} catch (const BadConfig& bad) {
    return {TL_E_BAD_CONFIG, bad.what()};
} catch (const BadState& bad) {
    return {TL_E_BAD_STATE, bad.what()};
} catch (const std::exception& bug) {
    return {TL_E_INTERNAL, bug.what()};
} catch (...) {
    return {TL_E_INTERNAL, "unknown exception"};
}

}  // namespace detail

/// One piece of work: a coroutine that ends with `co_return Outcome::...`. Starts when the host
/// hands its input in, goes on whenever an awaited effect is answered.
class [[nodiscard]] Task {
public:
    struct promise_type {
        std::optional<Outcome> outcome;
        tl_status status = TL_E_INTERNAL;  ///< how it failed, while there is no outcome
        std::string failure;

        Task get_return_object() { return Task{Handle::from_promise(*this)}; }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        void return_value(Outcome value) { outcome = std::move(value); }
        void unhandled_exception() {
            detail::Escape escape = detail::escape_in_flight();
            status = escape.status;
            failure = std::move(escape.text);
        }
    };
    using Handle = std::coroutine_handle<promise_type>;

    Task() = default;
    Task(Task&& other) noexcept : handle_{std::exchange(other.handle_, {})} {}
    Task& operator=(Task&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~Task() {
        if (handle_) handle_.destroy();
    }

    Handle handle() const noexcept { return handle_; }

private:
    explicit Task(Handle handle) : handle_{handle} {}

    Handle handle_;
};

/// A piece of a task with a value of its own: `Step<std::string> upload(Context&, ...)`, awaited
/// by the task or by another step. Runs when awaited; exceptions pass through to the awaiter.
template <class T>
class [[nodiscard]] Step {
public:
    struct promise_type {
        std::optional<T> value;
        std::exception_ptr failure;
        std::coroutine_handle<> awaiter;

        struct Return {
            bool await_ready() const noexcept { return false; }
            std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self
            ) const noexcept {
                return self.promise().awaiter;
            }
            void await_resume() const noexcept {}
        };

        Step get_return_object() {
            return Step{std::coroutine_handle<promise_type>::from_promise(*this)};
        }
        std::suspend_always initial_suspend() noexcept { return {}; }
        Return final_suspend() noexcept { return {}; }
        void return_value(T result) { value.emplace(std::move(result)); }
        void unhandled_exception() { failure = std::current_exception(); }
    };

    Step(Step&& other) noexcept : handle_{std::exchange(other.handle_, {})} {}
    Step& operator=(Step&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~Step() {
        if (handle_) handle_.destroy();
    }

    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiter) noexcept {
        handle_.promise().awaiter = awaiter;
        return handle_;
    }
    T await_resume() {
        promise_type& promise = handle_.promise();
        if (promise.failure) std::rethrow_exception(promise.failure);
        return std::move(*promise.value);
    }

private:
    explicit Step(std::coroutine_handle<promise_type> handle) : handle_{handle} {}

    std::coroutine_handle<promise_type> handle_;
};

}  // namespace trunkline::inline face
