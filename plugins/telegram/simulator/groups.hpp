#pragma once

#include <string>
#include <variant>

#include "plugins/telegram/simulator/updates.hpp"
#include "plugins/telegram/simulator/world.hpp"

namespace trunkline::telegram::simulator {

/// What becomes of groups and business accounts besides being talked in. Answers as Customer does:
/// what it became, or why it cannot be done. On the simulator's loop.
class Groups {
public:
    Groups(World& world, Updates& updates) : world_{world}, updates_{updates} {}
    using Done = std::variant<json::object, std::string>;

    /// {"title", "type": "group|supergroup", "forum", "members": [user, ...], "bot": role, "id"};
    /// the first member made it. The bot is an administrator unless told otherwise.
    Done make(const json::object& what);
    Done join(const json::object& what);         ///< {"chat", "user"}
    Done leave(const json::object& what);        ///< {"chat", "user"}
    Done set_bot(const json::object& what);      ///< {"chat", "user", "status"}: member, left, ...
    Done retitle(const json::object& what);      ///< {"chat", "user", "title"}
    Done migrate(const json::object& what);      ///< {"chat", "user"}: to a supergroup
    Done add_topic(const json::object& what);    ///< {"chat", "user", "name"}
    Done close_topic(const json::object& what);  ///< {"chat", "user", "thread", "closed"}

    /// {"user", "rights": {...}}: the user's business account is connected to the bot.
    Done connect_business(const json::object& what);
    Done change_business(const json::object& what);  ///< {"id", "enabled", "rights"}

private:
    struct Place {
        Chat* chat = nullptr;
        const json::object* user = nullptr;
    };
    std::variant<Place, std::string> place_of(const json::object& what);
    /// A message that nobody wrote: it tells what happened.
    json::object tell(Chat& chat, const json::object& by, const json::object& members);
    void tell_member(
        const Chat& chat,
        const json::object& by,
        const json::object& user,
        const std::string& before,
        const std::string& after
    );

    World& world_;
    Updates& updates_;
};

}  // namespace trunkline::telegram::simulator
