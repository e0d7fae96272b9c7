#pragma once

#include <optional>
#include <string>
#include <variant>

#include "plugins/telegram/simulator/updates.hpp"
#include "plugins/telegram/simulator/world.hpp"

namespace trunkline::telegram::simulator {

/// What something that a person does ends with: what it became, or why it cannot be done.
using Done = std::variant<json::object, std::string>;

/// What customers do, each turned into the update that the real Telegram would make of it. Every
/// act names who does it ("user") and where: a private talk with the bot unless "chat" names a
/// group, or "business" a connection in whose account the talk is. On the simulator's loop.
class Customer {
public:
    Customer(World& world, Updates& updates) : world_{world}, updates_{updates} {}

    /// {"user", "kind", "text", "entities", "reply_to", "quote", "thread", ...}, see
    /// customer_content.hpp for the kinds. "as": "owner" speaks for the owner of "business".
    Done say(const json::object& what);
    /// {"user", "items": [{"kind", ...}, ...], "text"}: one update for each.
    Done album(const json::object& what);
    /// {"user", "message_id", "text"|"kind"|"latitude", ...}
    Done edit(const json::object& what);
    /// {"user", "from_chat", "message_id"}
    Done forward(const json::object& what);
    /// {"user", "message_id"|"message_ids"}. Telegram tells the bot of business chats alone.
    Done remove(const json::object& what);
    Done press(const json::object& what);  ///< {"user", "message_id", "data"}
    Done key(const json::object& what);    ///< {"user", "text"}: of the reply keyboard
    Done react(const json::object& what);  ///< {"user", "message_id", "emoji": text or list}
    Done block(const json::object& what, bool blocked);  ///< {"user"}
    Done update(const json::object& what
    );  ///< {"kind", "payload", "queue"}: any other update, verbatim

private:
    /// Who does something, and where.
    struct Place {
        Chat* chat = nullptr;
        const json::object* user = nullptr;
        bool owner = false;
    };
    std::variant<Place, std::string> place_of(const json::object& what);
    std::optional<std::string> fill_reply(
        const json::object& what, const Chat& chat, json::object& message
    );
    json::object send(const Place& place, json::object message);
    void tell(const Chat& chat, const json::object& message, bool edited);
    bool reaches_bot(const Chat& chat, const json::object& message) const;

    World& world_;
    Updates& updates_;
};

}  // namespace trunkline::telegram::simulator
