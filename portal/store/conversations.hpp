#pragma once

#include <optional>
#include <string>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "host/base/clock.hpp"
#include "portal/store/database.hpp"

namespace trunkline::portal::store {

/// What a command needs to name a conversation.
struct ConversationAddress {
    std::int64_t id = 0;
    std::string account;
    std::string external;
};

/// Finds or makes the conversation an event belongs to and takes over what the event says about it
/// and about its customer. 0 when the event names none.
std::int64_t conversation_of(Database& database, const boost::json::object& event);

std::optional<ConversationAddress> find_conversation(Database& database, std::int64_t id);

/// Puts the newest entry on the list: its summary, its time, and one more unread when a customer
/// wrote it.
struct LastEntry {
    std::int64_t conversation = 0;
    std::int64_t placed = 0;
    WallMs time = 0;
    std::string text;
    bool unread = false;
};
void show_last(Database& database, const LastEntry& entry);

void mark_seen(Database& database, std::int64_t conversation);

/// One as the page shows it; null when there is none.
std::optional<boost::json::object> conversation_view(Database& database, std::int64_t id);

/// The picture's address at the host; "" when there is none. For the server's own use.
std::string customer_avatar(Database& database, std::int64_t id);

/// The latest first; at most `limit`, older than `before` (a `placed` value; 0 = from the top).
boost::json::array list_conversations(Database& database, std::int64_t before, std::int64_t limit);

}  // namespace trunkline::portal::store
