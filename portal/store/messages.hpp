#pragma once

#include <optional>
#include <string>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "host/base/clock.hpp"
#include "portal/store/database.hpp"

/// The entries of conversations: messages of both sides, and the lines between them.
namespace trunkline::portal::store {

struct NewEntry {
    std::int64_t conversation = 0;
    std::string kind = "message";  ///< message, unsupported, callback, member
    bool outgoing = false;
    bool late = false;  ///< history: shown, but neither new nor unread
    WallMs time = 0;
    boost::json::object sender{};
    boost::json::object body{};
    std::string remote{};   ///< the messenger's id; "" = none (yet)
    std::string event{};    ///< id of the event it came with; "" for our own
    std::string command{};  ///< id of the command that sends it; "" for received ones
    std::string client{};   ///< the browser's id of the attempt; "" = none
    std::string state{};    ///< delivery state; "" where there is none
};

std::int64_t add_entry(Database& database, const NewEntry& entry);

/// Remembers that the messenger calls `message` so; one of ours may have several after a split.
void remember_remote(
    Database& database, std::int64_t conversation, std::int64_t message, const std::string& remote
);
std::int64_t message_by_remote(
    Database& database, std::int64_t conversation, const std::string& remote
);                                                                            ///< 0: none
std::int64_t message_by_event(Database& database, const std::string& event);  ///< 0: none
std::int64_t message_by_client(
    Database& database, std::int64_t conversation, const std::string& client
);  ///< 0: none

/// Gives `message` its new form and keeps the old one in the history. A placeholder becomes a
/// message without history. An edit whose `revision` is not above the one shown changes nothing (0
/// = the messenger does not number them).
struct Edit {
    std::int64_t message = 0;
    boost::json::object body;
    std::int64_t revision = 0;
    WallMs time = 0;
};
void edit_message(Database& database, const Edit& edit);
void delete_message(Database& database, std::int64_t message);

struct Reaction {
    std::int64_t message = 0;
    std::string sender;
    std::string emoji;
    bool removed = false;
};
void react(Database& database, const Reaction& reaction);

/// Tells live pages that an entry looks different.
void tell_message(Database& database, std::int64_t message);

/// What the desk must know before it may change a message.
struct MessageFacts {
    std::int64_t conversation = 0;
    bool own = false;  ///< sent from here
    bool deleted = false;
    std::string kind, state, remote;
};
std::optional<MessageFacts> message_facts(Database& database, std::int64_t message);

/// The messenger's id of the newest message a customer wrote; "" when there is none.
std::string newest_incoming_remote(Database& database, std::int64_t conversation);

/// As stored: the universal form of a body with the messenger's addresses in it. For the server's
/// own use.
std::optional<boost::json::object> message_body(Database& database, std::int64_t message);
std::optional<boost::json::object> message_sender(Database& database, std::int64_t message);

}  // namespace trunkline::portal::store
