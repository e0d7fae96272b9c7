#pragma once

#include <algorithm>
#include <coroutine>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <trunkline/abi.h>
#include <trunkline/effects.hpp>
#include <trunkline/ext/crypto.h>
#include <trunkline/ext/random.h>
#include <trunkline/task.hpp>

/// A task's view of the host: what it may ask for and wait for.
namespace trunkline::inline face {

class Context;

/// The host's log and its optional tables. Outlives every instance. `[any]`
class Host {
public:
    explicit Host(const tl_host* table = nullptr) : table_{table} {}

    /// A line for the operator: a constant event name, then key=value. No message text, no secrets.
    void log(tl_log_level level, std::string_view text) const noexcept {
        if (table_ != nullptr) table_->log(table_->ctx, level, raw(text));
    }

    /// The table of an optional feature (trunkline/ext/), or null.
    template <class Table>
    const Table* extension(std::string_view id) const noexcept {
        return table_ == nullptr
                   ? nullptr
                   : static_cast<const Table*>(table_->extension(table_->ctx, raw(id)));
    }

    /// trunkline.crypto/1: 32 raw bytes. Ends the task when the host offers none.
    std::string sha256(std::string_view bytes) const {
        std::string digest(TL_SHA256_SIZE, '\0');
        check(crypto().sha256(raw(bytes), out(digest)));
        return digest;
    }
    std::string hmac_sha256(std::string_view key, std::string_view bytes) const {
        std::string digest(TL_SHA256_SIZE, '\0');
        check(crypto().hmac_sha256(raw(key), raw(bytes), out(digest)));
        return digest;
    }
    /// RS256 (RFC 7518, 3.3); modulus and exponent big-endian, as decoded from a JWK.
    bool verify_rs256(
        std::string_view modulus,
        std::string_view exponent,
        std::string_view data,
        std::string_view signature
    ) const {
        return crypto().verify_rs256(raw(modulus), raw(exponent), raw(data), raw(signature)) == 1;
    }

private:
    const tl_crypto& crypto() const {
        const auto* const table = extension<tl_crypto>(TL_EXT_CRYPTO);
        if (table == nullptr) throw Refused{TL_E_UNSUPPORTED};
        return *table;
    }
    static void check(tl_status status) {
        if (status != TL_OK) throw Refused{status};
    }
    static unsigned char* out(std::string& bytes) noexcept {
        return reinterpret_cast<unsigned char*>(bytes.data());
    }

    const tl_host* table_;
};

namespace detail {

class OpenTask;

/// The answer to a step, with its own bytes.
struct Reply {
    std::uint32_t step = 0, kind = 0, flags = 0;
    std::int32_t status = 0;
    std::string body, target;
    std::vector<Header> headers;
};

inline HttpReply value_of(Reply&& reply, const HttpReply*) {
    HttpReply http;
    http.status = reply.status;
    http.unknown = (reply.flags & TL_INPUT_UNKNOWN) != 0;
    http.truncated = (reply.flags & TL_INPUT_TRUNCATED) != 0;
    http.body = std::move(reply.body);
    http.url = std::move(reply.target);
    http.headers = std::move(reply.headers);
    return http;
}
inline std::optional<std::string> value_of(Reply&& reply, const std::optional<std::string>*) {
    if (reply.status == 0) return std::nullopt;
    return std::move(reply.body);
}
inline std::string value_of(Reply&& reply, const std::string*) {
    return std::move(reply.body);
}

}  // namespace detail

/// An effect under way. `co_await` it once for its answer; several may be under way at a time, and
/// they may be awaited in any order.
template <class T>
class [[nodiscard("co_await it, or the answer is lost")]] Pending {
public:
    Pending(Context & context, std::uint32_t step) : context_{&context}, step_{step} {}

    bool await_ready() const noexcept;
    void await_suspend(std::coroutine_handle<> awaiter) const noexcept;
    T await_resume() const;

private:
    Context* context_;
    std::uint32_t step_;
};

/// What a task sees of the host. One per task; handed to every on_... function by reference and
/// alive until the task has ended. Everything that is not awaited takes effect together with what
/// the task asks for until it waits next. An effect that the host refuses ends the task.
class Context {
public:
    Context(const tl_input& start, Host host) : host_{host}, task_{start.task} { see(start); }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    /// Unix time in milliseconds, as of the latest input: the only clock.
    std::int64_t now_ms() const noexcept { return now_ms_; }
    /// When the host gives up on this task.
    std::int64_t deadline_ms() const noexcept { return deadline_ms_; }
    const Host& host() const noexcept { return host_; }

    /// Bytes nobody can guess, the same when the task is fed again; at most TL_RANDOM_MAX. Each
    /// call gives others. Ends the task when the host offers none.
    std::string random_bytes(std::uint32_t size) {
        const auto* const table = host_.extension<tl_random>(TL_EXT_RANDOM);
        if (table == nullptr) throw Refused{TL_E_UNSUPPORTED};
        std::string bytes(size, '\0');
        auto* const out = reinterpret_cast<unsigned char*>(bytes.data());
        check(table->fill(table->ctx, task_, randoms_++, out, size));
        return bytes;
    }

    // ---- to wait for ----

    Pending<HttpReply> http(const Request& request) {
        request.lend([&](const tl_http& http) {
            check(effects().http(effects().ctx, task_, steps_ + 1, &http));
        });
        return {*this, began(TL_IN_HTTP_REPLY)};
    }

    /// The answer is empty.
    Pending<std::string> sleep_until(std::int64_t due_ms) {
        check(effects().timer(effects().ctx, task_, steps_ + 1, due_ms));
        return {*this, began(TL_IN_TIMER)};
    }
    Pending<std::string> timer(std::int64_t ms) { return sleep_until(now_ms_ + ms); }

    /// A value that put() stored; absent when there is none or it expired.
    Pending<std::optional<std::string>> stored(Scope scope, std::string_view key) {
        const auto scope_code = static_cast<std::int32_t>(scope);
        check(effects().get(effects().ctx, task_, steps_ + 1, scope_code, raw(key)));
        return {*this, began(TL_IN_STORED)};
    }

    /// Connect tasks: shows a form and waits, perhaps for days, for what the person enters (JSON;
    /// docs/connectors/reference/connect.md).
    Pending<std::string> form(std::string_view json) {
        check(effects().form(effects().ctx, task_, steps_ + 1, raw(json)));
        return {*this, began(TL_IN_FORM)};
    }

    // ---- at once ----

    /// `expires_ms` is Unix time, 0 = kept; an empty value removes the key.
    void put(
        Scope scope, std::string_view key, std::string_view value, std::int64_t expires_ms = 0
    ) {
        put(scope, key, value, expires_ms, 0);
    }
    /// Encrypted at rest, never shown, never in a recording.
    void put_secret(
        Scope scope, std::string_view key, std::string_view value, std::int64_t expires_ms = 0
    ) {
        put(scope, key, value, expires_ms, TL_PUT_SECRET);
    }

    void item(const Item& item) {
        const std::uint32_t flags = (item.outgoing ? std::uint32_t{TL_ITEM_OUTGOING} : 0U) |
                                    (item.history ? std::uint32_t{TL_ITEM_HISTORY} : 0U);
        const tl_item lent{
            sizeof(tl_item),
            flags,
            raw(item.conversation),
            raw(item.dedup),
            raw(item.json),
            raw(item.raw),
            raw(item.note)};
        check(effects().item(effects().ctx, task_, &lent));
    }

    /// Application instance: one account's part of a webhook. All parts and the answer are one.
    void route(std::string_view account_key, std::string_view body) {
        check(effects().route(effects().ctx, task_, raw(account_key), raw(body)));
    }

    /// The chat `former` is called `conversation` from now on.
    void alias(std::string_view conversation, std::string_view former) {
        check(effects().alias(effects().ctx, task_, raw(conversation), raw(former)));
    }

    /// File tasks: where the bytes are, and until when (Unix time, 0 = as long as it lasts).
    void source(const Request& request, std::int64_t expires_ms = 0) {
        request.lend([&](const tl_http& http) {
            check(effects().source(effects().ctx, task_, &http, expires_ms));
        });
    }

    /// `state`: ok, degraded, broken, blocked.
    void health(
        std::string_view state,
        std::string_view code,
        std::string_view text,
        std::int64_t until_ms = 0
    ) {
        check(effects().health(effects().ctx, task_, raw(state), raw(code), raw(text), until_ms));
    }

    /// Webhook tasks, once: sent when everything asked for so far is durable. Default 200, empty.
    void answer(int status, std::string_view body = {}, const std::vector<Header>& headers = {}) {
        std::vector<tl_pair> pairs;
        for (const Header& each : headers)
            pairs.push_back({raw(each.name), raw(each.value)});
        const tl_answer lent{
            sizeof(tl_answer),
            status,
            pairs.data(),
            static_cast<std::uint32_t>(pairs.size()),
            0,
            raw(body)};
        check(effects().answer(effects().ctx, task_, &lent));
    }

private:
    template <class T>
    friend class Pending;
    friend class detail::OpenTask;

    struct Wait {
        std::uint32_t step, kind;
    };

    const tl_effects& effects() const {
        if (effects_ == nullptr) throw std::logic_error{"effect outside of handle"};
        return *effects_;
    }
    static void check(tl_status status) {
        if (status != TL_OK) throw Refused{status < TL_OK ? status : TL_E_INTERNAL};
    }
    std::uint32_t began(std::uint32_t kind) {
        under_way_.push_back({++steps_, kind});
        return steps_;
    }
    void put(
        Scope scope,
        std::string_view key,
        std::string_view value,
        std::int64_t expires_ms,
        std::uint32_t flags
    ) {
        check(effects().put(
            effects().ctx,
            task_,
            static_cast<std::int32_t>(scope),
            raw(key),
            raw(value),
            expires_ms,
            flags
        ));
    }
    void see(const tl_input& input) noexcept {
        now_ms_ = input.at_ms;
        deadline_ms_ = input.deadline_ms;
    }
    std::vector<detail::Reply>::iterator answered(std::uint32_t step) noexcept {
        return std::ranges::find(replies_, step, &detail::Reply::step);
    }

    Host host_;
    const tl_effects* effects_ = nullptr;  ///< only while the task runs
    std::uint64_t task_;
    std::int64_t now_ms_ = 0, deadline_ms_ = 0;
    std::uint32_t steps_ = 0, randoms_ = 0;
    std::vector<Wait> under_way_;         ///< asked for, not answered
    std::vector<detail::Reply> replies_;  ///< answered, not awaited yet
    std::uint32_t awaited_ = 0;           ///< the step that `awaiter_` waits for
    std::coroutine_handle<> awaiter_;
};

template <class T>
bool Pending<T>::await_ready() const noexcept {
    return context_->answered(step_) != context_->replies_.end();
}

template <class T>
void Pending<T>::await_suspend(std::coroutine_handle<> awaiter) const noexcept {
    context_->awaited_ = step_;
    context_->awaiter_ = awaiter;
}

template <class T>
T Pending<T>::await_resume() const {
    const auto found = context_->answered(step_);
    if (found == context_->replies_.end()) throw std::logic_error{"step without an answer"};
    detail::Reply reply = std::move(*found);
    context_->replies_.erase(found);
    return detail::value_of(std::move(reply), static_cast<const T*>(nullptr));
}

}  // namespace trunkline::inline face
