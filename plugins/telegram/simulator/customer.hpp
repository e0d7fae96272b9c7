#pragma once

#include <optional>
#include <string>

#include "plugins/telegram/simulator/checks.hpp"
#include "plugins/telegram/simulator/updates.hpp"
#include "plugins/telegram/simulator/webhook_sender.hpp"
#include "plugins/telegram/simulator/world.hpp"

namespace trunkline::telegram::simulator {

/// What customers do, each turned into the update that the real Telegram would make of it. On the
/// simulator's loop.
class Customer {
public:
    Customer(World& world, Updates& updates, WebhookSender& sender)
        : world_{world}, updates_{updates}, sender_{sender} {}

    /// `what`: {"user", "text", "entities", "reply_to", "kind":
    /// text|photo|document|voice|audio|video|video_note|sticker|location|contact, ...}. The
    /// message, or why not.
    std::variant<json::object, std::string> say(const json::object& what);
    std::variant<json::object, std::string> edit(const json::object& what
    );  ///< {"user", "message_id", "text", "entities"}
    /// {"user", "message_id"}: gone on both sides. Telegram tells a bot nothing of it.
    std::variant<json::object, std::string> remove(const json::object& what);
    std::variant<json::object, std::string> press(const json::object& what
    );  ///< {"user", "message_id", "data"}
    std::variant<json::object, std::string> block(
        const json::object& what, bool blocked
    );  ///< {"user"}
    std::variant<json::object, std::string> update(const json::object& what
    );  ///< {"kind", "payload", "queue"}: any other update, verbatim

private:
    std::optional<std::string> fill(const json::object& what, json::object& message);
    Chat* chat_of(const json::object& what);

    World& world_;
    Updates& updates_;
    WebhookSender& sender_;
};

}  // namespace trunkline::telegram::simulator
