#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json.hpp>

/// Who and where: chats, customers and times in the universal form, in the memory of what they are
/// made of. Pure. `[any]`
namespace trunkline::telegram {

/// Where a command has to go. Both forms are ours: the conversation id names chat and business
/// connection, the note (kept by the host, handed back with each command) adds what only the last
/// update knew.
struct Place {
    std::int64_t chat = 0;
    std::string business;    ///< business connection id, "" for an ordinary chat
    std::string type;        ///< private, group, supergroup, channel; "" when unknown
    std::int64_t topic = 0;  ///< forum topic of the last message, 0 = none
};

/// "5550001111", or "bc7:5550001111" for a chat of a connected business account: the same customer
/// may also talk to the bot itself, and those are two conversations.
std::string conversation_id(const Place& place);
std::string note_of(const Place& place);
/// Nothing when `conversation` is not an id of ours. A note that cannot be read counts as empty.
std::optional<Place> place_of(std::string_view conversation, std::string_view note);

/// The place of a chat object; nothing when it has no id.
std::optional<Place> place_of_chat(const boost::json::object& chat, std::string_view business);
/// The universal `conversation` member.
boost::json::object conversation_of(const Place& place, const boost::json::object& chat);

/// The universal `sender` member from a User or a Chat that speaks (channel, anonymous
/// administrator).
boost::json::object person(const boost::json::object& user);
/// Who wrote a message: `sender_chat` wins, because `from` is then one of Telegram's fake users.
std::optional<boost::json::object> sender_of(const boost::json::object& message);
std::string full_name(const boost::json::object& user_or_chat);

/// "2026-11-22T08:00:00.000Z" from Unix seconds; "" when they are missing or absurd.
std::string time_text(std::optional<std::int64_t> seconds);

}  // namespace trunkline::telegram
