#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <trunkline/simulator/files.hpp>
#include <trunkline/simulator/loop.hpp>
#include <trunkline/simulator/rules.hpp>

/// What exists in the simulated Telegram. All of it lives on one loop.
namespace trunkline::telegram::simulator {

namespace json = boost::json;
namespace kit = trunkline::simulator;

using kit::File;
using kit::Outcome;
using kit::Parameters;
using kit::Refusal;
using kit::utf16_length;
using WallMs = std::int64_t;

/// A topic of a supergroup; its id is the message that made it.
struct Topic {
    std::string name;
    bool closed = false;
};

/// A conversation. Messages are kept as the Bot API shows them.
struct Chat {
    std::int64_t id = 0;
    std::string type = "private";  ///< private, group, supergroup
    json::object user;             ///< private: the customer, as `from`
    std::string business;          ///< of a business account: the connection it belongs to

    bool started = false;  ///< private: the bot may write only after the customer did
    bool blocked = false;
    bool deactivated = false;

    std::string title;  ///< groups
    bool forum = false;
    std::string bot;                            ///< member, administrator, left, kicked
    std::map<std::int64_t, std::string> roles;  ///< of customers: creator, member, left
    std::map<std::int64_t, Topic> topics;
    std::int64_t migrated_to = 0;
    std::int64_t last_message = 0;  ///< supergroups count their own

    std::map<std::int64_t, json::object> messages;  ///< by message_id
    std::set<std::int64_t> deleted;
    /// By message and by who: "bot" or a customer's id.
    std::map<std::int64_t, std::map<std::string, json::array>> reactions;
    json::object keyboard;  ///< the reply keyboard that is shown; empty = none
    std::string action;     ///< what the bot is doing, e.g. "typing"
    WallMs action_until_ms = 0;
    json::object notice;       ///< what the last button press was answered with
    std::int64_t read_to = 0;  ///< business: the last message that was marked as read

    bool is_group() const noexcept { return type != "private"; }
    const json::object* message(std::int64_t number) const;  ///< null when there is none (any more)
};

/// A business account that the bot is connected to.
struct Business {
    std::string id;
    json::object owner;
    WallMs made_ms = 0;
    bool enabled = true;
    json::object rights;
    std::map<std::int64_t, Chat> chats;  ///< by customer
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
    explicit World(kit::Now now) : now_{std::move(now)} {}

    Chat& add_customer(
        std::int64_t id,
        const std::string& name,
        const std::string& username,
        const std::string& language
    );
    Chat& add_group(const std::string& title, bool supergroup, std::optional<std::int64_t> id);
    Business& add_business(const json::object& owner, json::object rights);
    Chat& business_chat(Business& business, const Chat& customer);

    Chat* chat(std::int64_t id);
    Business* business(const std::string& id);
    std::map<std::int64_t, Chat>& chats() noexcept { return chats_; }
    std::map<std::string, Business>& businesses() noexcept { return businesses_; }

    std::int64_t next_message_id(Chat& chat);
    std::int64_t now_s() const { return now_() / 1000; }
    WallMs now_ms() const { return now_(); }

    /// The frame every message has: id, date, chat.
    json::object new_message(Chat& chat, const json::object& from);
    json::object bot_user() const;
    static json::object chat_object(const Chat& chat);
    json::object member(const json::object& user, const std::string& status) const;

    /// A file under an id of its own. `size` 0 = as large as its bytes.
    const File& add_file(
        const std::string& kind,
        std::string name,
        std::string mime,
        std::string bytes,
        std::uint64_t size = 0
    );
    kit::Files& files() noexcept { return files_; }

    std::string add_callback(std::int64_t chat);
    Callback* callback(const std::string& id);
    std::string next_album() { return std::to_string(13'000'000'000'000'000 + ++last_album_); }

    /// A customer's picture; none when they have none or do not show it.
    std::map<std::int64_t, std::string> photos;  ///< user to file id

    void clear();

private:
    kit::Now now_;
    kit::Files files_;
    std::map<std::int64_t, Chat> chats_;
    std::map<std::string, Business> businesses_;
    std::map<std::string, Callback> callbacks_;
    std::int64_t last_message_ = 100;
    std::int64_t last_file_ = 0;
    std::int64_t last_callback_ = 4'382'930;
    std::int64_t last_album_ = 0;
    std::int64_t last_group_ = 4'000'000;
};

}  // namespace trunkline::telegram::simulator
