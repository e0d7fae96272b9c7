#pragma once

#include <set>
#include <string>

#include <trunkline/simulator/outbox.hpp>

#include "plugins/telegram/simulator/world.hpp"

namespace trunkline::telegram::simulator {

/// What waits for the bot, in Telegram's form: an update has a number and one other member, which
/// names its kind. Queues are the chat for messages and edits, the user for button presses.
class Updates : public kit::Outbox {
public:
    explicit Updates(World& world) : Outbox{[&world] { return world.now_ms(); }}, world_{world} {
        number_from(710'000'000);
    }

    /// Queues an update of `kind` unless the bot did not subscribe to it.
    void add(
        const std::string& kind, json::object payload, const std::string& queue, WallMs life_ms
    );

    std::set<std::string> allowed;  ///< empty = the default set

private:
    World& world_;
};

inline constexpr WallMs kMessageLives = 24LL * 3600 * 1000;
inline constexpr WallMs kCallbackLives = 150'000;

}  // namespace trunkline::telegram::simulator
