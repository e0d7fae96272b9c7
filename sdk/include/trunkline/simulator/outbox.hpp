#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "trunkline/simulator/faults.hpp"
#include "trunkline/simulator/loop.hpp"

namespace trunkline::simulator {

/// One thing that the connector has not got yet.
struct Item {
    std::int64_t id = 0;  ///< grows
    std::string queue;    ///< order is kept within it
    std::string kind;
    json::object body;
    std::int64_t expires_ms = 0;
    std::int64_t not_before_ms = 0;  ///< a delay asked for by a fault
    std::int64_t repeats = 0;        ///< to be delivered so many times more
    std::int64_t unsent = 0;         ///< so many attempts fail before they begin
    std::int64_t lost = 0;           ///< so many answers are lost
};

/// What waits for the connector, however it fetches it. Every step costs what it moves, not what
/// waits. On the loop.
class Outbox {
public:
    explicit Outbox(Now now) : now_{std::move(now)} {}
    virtual ~Outbox() = default;

    std::int64_t next_id() noexcept { return ++last_; }
    void number_from(std::int64_t last) noexcept { last_ = last; }
    /// Queues an item and applies the faults of deliveries to it.
    void put(Item item);

    /// What makes deliveries go wrong, and what something of an unknown kind looks like here.
    /// `faults` must outlive this.
    void set_faults(Faults* faults, std::function<json::object(std::int64_t id)> unknown_kind);

    void confirm_below(std::int64_t id);
    void keep_last(std::size_t count);
    /// What a poll gets: bodies of at most `limit` items, oldest first, each with its repeats.
    json::array list(std::size_t limit) const;

    /// A queue in which something waits and that nobody has taken, the longest due one first; it
    /// belongs to the caller until `give_back`.
    std::optional<std::string> take_queue();
    void give_back(const std::string& queue);
    Item* front(const std::string& queue);  ///< drops what has expired
    Item* find(std::int64_t id);
    void remove(std::int64_t id);
    std::size_t size() const noexcept { return waiting_.size(); }
    void clear();

    std::int64_t now() const { return now_(); }
    std::uint64_t version = 0;                     ///< counts up with every item
    std::vector<std::function<void()>> on_change;  ///< called after an item was put

private:
    struct Line {
        std::set<std::int64_t> ids;
        bool taken = false;
        bool due = false;  ///< stands in `due_`
    };
    using Waiting = std::map<std::int64_t, Item>;

    void insert(Item item);
    void make_due(const std::string& queue, Line& line);
    Waiting::iterator drop(Waiting::iterator at);
    void drop_expired();

    Now now_;
    Faults* faults_ = nullptr;
    std::function<json::object(std::int64_t)> unknown_kind_;
    Waiting waiting_;
    std::set<std::pair<std::int64_t, std::int64_t>> ends_;  ///< when each of them expires
    std::unordered_map<std::string, Line> lines_;
    std::deque<std::string> due_;
    std::int64_t last_ = 0;
};

}  // namespace trunkline::simulator
