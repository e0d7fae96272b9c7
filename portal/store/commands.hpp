#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "host/base/clock.hpp"
#include "portal/store/database.hpp"

/// The outbox: every command is here, on disk, before it is sent, and stays until the host accepted
/// or refused it.
namespace trunkline::portal::store {

/// The host forgets command ids after 24 h; a retry later than that could be executed twice.
constexpr WallMs kCommandLife = 24LL * 3600 * 1000;

struct NewCommand {
    std::string id;  ///< unique for ever
    std::int64_t conversation = 0;
    std::int64_t message = 0;          ///< the entry it is about
    std::string type;                  ///< send, edit, delete
    boost::json::object message_body;  ///< the command's `message`; attachments name their `file`
    std::vector<std::string> files;    ///< ids that must be at the host first
    WallMs now = 0;
};
void add_command(Database& database, const NewCommand& command);

struct WaitingCommand {
    std::string id;
    boost::json::object wire;  ///< ready to be put into `commands`
};

/// The oldest first, at most `limit`. A command whose files are not at the host yet holds back its
/// conversation only.
std::vector<WaitingCommand> waiting_commands(Database& database, std::int64_t limit);

struct FileToSend {
    std::string id, name, mime, sha256, command;
    std::string account;
    std::int64_t size = 0;
};
std::vector<FileToSend> files_to_send(Database& database, std::int64_t limit);
void file_at_host(Database& database, const std::string& file, const std::string& media);
/// The host will not take this file: its message fails for good.
void file_refused(
    Database& database, const std::string& file, const std::string& code, const std::string& why
);

void command_accepted(Database& database, const std::string& id);
void command_refused(
    Database& database, const std::string& id, const std::string& code, const std::string& why
);
/// The request went out and no answer came: whatever happens later, "not sent" would be a guess.
void command_maybe_arrived(Database& database, const std::string& id);
/// Gives up on what waited for a day: failed, or unknown when a try may have arrived. How many
/// there were.
std::int64_t expire_commands(Database& database, WallMs now);

/// What a `status` event says.
struct StatusChange {
    std::string command;
    std::string state;
    boost::json::object detail;          ///< error, changes, until
    std::vector<std::string> remotes{};  ///< the messenger's ids
    WallMs time = 0;
};
void apply_status(Database& database, const StatusChange& change);

}  // namespace trunkline::portal::store
