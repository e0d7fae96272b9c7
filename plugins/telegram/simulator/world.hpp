#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "host/base/clock.hpp"

/// What exists in the simulated Telegram. All of it lives on one loop.
namespace trunkline::telegram::simulator {

namespace json = boost::json;

/// A refusal in the Bot API's own words.
struct Refusal {
    int code = 400;
    std::string description;  ///< with its prefix, e.g. "Bad Request: chat not found"
    json::object parameters;  ///< retry_after, migrate_to_chat_id
};

struct File {
    std::string id, unique_id, path, mime, name;
    std::string bytes;
};

/// A private chat of one customer with the bot. Messages are kept as the Bot API shows them.
struct Chat {
    std::int64_t id = 0;
    json::object user;     ///< the customer, as `from`
    bool started = false;  ///< the bot may write only after the customer did
    bool blocked = false;
    std::string action;  ///< what the bot is doing, e.g. "typing"
    WallMs action_until_ms = 0;
    json::object notice;  ///< how it answered the last press: {"callback","text","alert"}
    std::map<std::int64_t, json::object> messages;  ///< by message_id
    std::set<std::int64_t> deleted;
};

struct Callback {
    std::string id;
    std::int64_t chat = 0;
    WallMs made_ms = 0;
    bool answered = false;
};

/// The whole world, and the only one who changes it.
class World {
public:
    explicit World(const Clock& clock) : clock_{clock} {}

    Chat& add_customer(
        std::int64_t id,
        const std::string& name,
        const std::string& username,
        const std::string& language
    );
    Chat* chat(std::int64_t id);
    std::map<std::int64_t, Chat>& chats() noexcept { return chats_; }

    std::int64_t next_message_id() { return ++last_message_; }
    std::int64_t now_s() const { return clock_.wall_ms() / 1000; }
    WallMs now_ms() const { return clock_.wall_ms(); }

    /// The frame every message has: id, date, chat.
    json::object new_message(const Chat& chat, const json::object& from);
    json::object bot_user() const;
    static json::object chat_object(const Chat& chat);

    const File& add_file(std::string kind, std::string name, std::string mime, std::string bytes);
    const File* file(const std::string& id) const;
    const File* file_by_path(const std::string& path) const;

    std::string add_callback(std::int64_t chat);
    Callback* callback(const std::string& id);

    void clear();

private:
    const Clock& clock_;
    std::map<std::int64_t, Chat> chats_;
    std::map<std::string, File> files_;
    std::map<std::string, Callback> callbacks_;
    std::int64_t last_message_ = 100;
    std::int64_t last_file_ = 0;
    std::int64_t last_callback_ = 4'382'930;
};

/// Length in UTF-16 units, which is how Telegram counts.
std::size_t utf16_length(std::string_view text);

}  // namespace trunkline::telegram::simulator
