#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "plugins/telegram/simulator/world.hpp"

namespace trunkline::telegram::simulator {

/// One update that the bot has not got yet.
struct Update {
    std::int64_t id = 0;
    std::string queue;  ///< order is kept within it: the chat for messages and edits, the user for
                        ///< button presses
    json::object body;
    WallMs expires_ms = 0;
};

/// What waits for the bot, however it fetches it. Every step costs what it moves, not what waits.
class Updates {
public:
    explicit Updates(World& world) : world_{world} {}

    /// Queues an update of `kind` unless the bot did not subscribe to it.
    void add(
        const std::string& kind, json::object payload, const std::string& queue, WallMs life_ms
    );

    void confirm_below(std::int64_t id);
    void keep_last(std::size_t count);
    json::array list(std::size_t limit) const;

    /// A queue in which something waits and that nobody has taken, the longest due one first; it
    /// belongs to the caller until `give_back`.
    std::optional<std::string> take_queue();
    void give_back(const std::string& queue);

    const Update* front(const std::string& queue);  ///< drops what has expired
    void remove(std::int64_t id);
    std::size_t size() const noexcept { return waiting_.size(); }
    void clear();

    std::set<std::string> allowed;  ///< empty = the default set
    std::uint64_t version = 0;      ///< counts up with every change

private:
    struct Line {
        std::set<std::int64_t> ids;
        bool taken = false;
        bool due = false;  ///< stands in `due_`
    };
    using Waiting = std::map<std::int64_t, Update>;

    void make_due(const std::string& queue, Line& line);
    Waiting::iterator drop(Waiting::iterator at);
    void drop_expired();

    World& world_;
    Waiting waiting_;
    std::set<std::pair<WallMs, std::int64_t>> ends_;  ///< when each of them expires
    std::unordered_map<std::string, Line> lines_;
    std::deque<std::string> due_;
    std::int64_t last_ = 710'000'000;
};

inline constexpr WallMs kMessageLives = 24LL * 3600 * 1000;
inline constexpr WallMs kCallbackLives = 150'000;

}  // namespace trunkline::telegram::simulator
