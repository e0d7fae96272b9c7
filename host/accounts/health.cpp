#include "host/accounts/health.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace trunkline::accounts {
namespace {

struct Row {
    State state;
    std::string_view word;
    std::string_view action;
    std::string_view sentence;  ///< when nobody has said more
    std::string_view advice;
};

constexpr std::array<Row, 8> kRows{{
    {State::connecting, "connecting", "wait", "It is being connected.", ""},
    {State::connected, "connected", "", "", ""},
    {State::in_review,
     "in_review",
     "wait",
     "The messenger is still looking at it.",
     "Nothing to do but wait."},
    {State::degraded,
     "degraded",
     "check",
     "It does not work as it should.",
     "Look at what the messenger says."},
    {State::rate_limited,
     "rate_limited",
     "wait",
     "The messenger takes nothing more for now.",
     "It goes on by itself."},
    {State::bad_credentials,
     "bad_credentials",
     "reconnect",
     "The messenger no longer knows it.",
     "Connect it again; what waits is sent then."},
    {State::conflict,
     "conflict",
     "stop_other",
     "Another program serves it too.",
     "Stop the other program, or connect it again."},
    {State::disconnected,
     "disconnected",
     "connect",
     "It is not connected.",
     "Connect it; what waits is sent then."},
}};

const Row& row_of(State state) {
    return *std::ranges::find(kRows, state, &Row::state);
}

}  // namespace

std::string_view to_string(State state) {
    return row_of(state).word;
}

std::optional<State> state_of(std::string_view word) {
    const auto* const row = std::ranges::find(kRows, word, &Row::word);
    if (row == kRows.end()) return std::nullopt;
    return row->state;
}

std::optional<Health> health_of(
    std::string_view word, std::string code, std::string text, WallMs until_ms
) {
    Health health;
    health.code = std::move(code);
    health.text = std::move(text);
    health.until_ms = until_ms;
    if (word == "ok")
        health.state = State::connected;
    else if (word == "broken")
        return broken(std::move(health.code), std::move(health.text));
    else if (word == "blocked")
        health.state = until_ms > 0 ? State::rate_limited : State::degraded;
    else if (word == "degraded")
        health.state = State::degraded;
    else if (word == "in_review")
        health.state = State::in_review;
    else if (word == "conflict")
        health.state = State::conflict;
    else if (word == "rate_limited")
        health.state = State::rate_limited;
    else
        return std::nullopt;
    return health;
}

Health broken(std::string code, std::string text) {
    Health health;
    health.state = code == kNotConnected || code == kConnectorAbsent || code == kConnectorRefused
                       ? State::disconnected
                       : State::bad_credentials;
    health.code = std::move(code);
    health.text = std::move(text);
    return health;
}

std::string_view action_of(const Health& health) {
    if (health.state == State::disconnected && health.code == kConnectorAbsent) return "install";
    if (health.state == State::disconnected && health.code == kConnectorRefused) return "check";
    return row_of(health.state).action;
}

std::string explained(const Health& health) {
    const Row& row = row_of(health.state);
    std::string text = health.text.empty() ? std::string{row.sentence} : health.text;
    const bool of_the_host =
        health.code == kConnectorAbsent || health.code == kConnectorRefused;  // says it all itself
    if (row.advice.empty() || of_the_host) return text;
    if (!text.empty() && text.back() != '.' && text.back() != '!' && text.back() != '?')
        text += '.';
    return text + ' ' + std::string{row.advice};
}

}  // namespace trunkline::accounts
