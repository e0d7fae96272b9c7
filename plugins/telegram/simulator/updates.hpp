#pragma once

#include <deque>
#include <set>
#include <string>
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

/// What waits for the bot, however it fetches it.
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

    const Update* front(const std::string& queue);  ///< drops what has expired
    std::vector<std::string> queues() const;
    void remove(std::int64_t id);
    std::size_t size() const noexcept { return waiting_.size(); }
    void clear() { waiting_.clear(); }

    std::set<std::string> allowed;  ///< empty = the default set
    std::uint64_t version = 0;      ///< counts up with every change

private:
    World& world_;
    std::deque<Update> waiting_;
    std::int64_t last_ = 710'000'000;
};

inline constexpr WallMs kMessageLives = 24LL * 3600 * 1000;
inline constexpr WallMs kCallbackLives = 150'000;

}  // namespace trunkline::telegram::simulator
