#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "host/base/clock.hpp"

namespace trunkline::accounts {

/// How an account is. The words are part of the wire (to_string): never rename one.
enum class State {
    connecting,       ///< not looked at yet
    connected,        ///< well
    in_review,        ///< the messenger has not let it work yet
    degraded,         ///< works, but not as it should
    rate_limited,     ///< the messenger takes nothing until `until_ms`
    bad_credentials,  ///< the messenger no longer knows it: nothing goes out, what waits stays
    conflict,         ///< another program serves it too
    disconnected,     ///< nothing serves it: nothing goes out, what waits stays
};

std::string_view to_string(State state);
std::optional<State> state_of(std::string_view word);

/// Nothing is sent for such an account, and what waits for it stays where it is. `[any]`
constexpr bool stands_still(State state) {
    return state == State::bad_credentials || state == State::disconnected;
}

/// How an account is, for people and for its portal.
struct Health {
    State state = State::connecting;
    std::string code;     ///< which trouble, for programs: "unauthorized"
    std::string text;     ///< what a person should know; a sentence
    WallMs since_ms = 0;  ///< Unix time; filled in when it is told
    WallMs until_ms = 0;  ///< Unix time; 0 = until told otherwise

    bool same_as(const Health& other) const {
        return state == other.state && code == other.code && text == other.text &&
               until_ms == other.until_ms;
    }
};

/// What a connector's words for it mean (docs/connectors/reference/effects.md): "ok", "degraded",
/// "broken", "blocked", "in_review", "conflict", "rate_limited". None for another word.
std::optional<Health> health_of(
    std::string_view word, std::string code, std::string text, WallMs until_ms
);

/// The health of an account whose task ended as ACCOUNT_BROKEN with that code and text.
Health broken(std::string code, std::string text);

/// What is to be done about it, as one word for programs: "" = nothing, "wait", "check",
/// "reconnect", "stop_other" (the other program), "install" (its connector), "connect".
std::string_view action_of(const Health& health);

/// The text, or where there is none a sentence about the state; with what to do about it.
std::string explained(const Health& health);

/// Codes that the host itself gives.
inline constexpr char kConnectorAbsent[] = "connector_absent";
inline constexpr char kConnectorRefused[] = "connector";  ///< it does not take the account
inline constexpr char kNotConnected[] = "not_connected";  ///< nobody has connected it yet

}  // namespace trunkline::accounts
