#pragma once

#include <functional>
#include <string>

#include <trunkline/simulator/delivery.hpp>
#include <trunkline/simulator/journal.hpp>

#include "plugins/telegram/simulator/updates.hpp"

namespace trunkline::telegram::simulator {

/// The webhook as set by the bot.
struct Hook {
    std::string url, secret;
    std::size_t max_connections = 40;
    std::string last_error;
    WallMs last_error_ms = 0;
    WallMs gone_since_ms = 0;  ///< first 410 of an unbroken row
};

/// Posts updates to the bot as Telegram does: again after 0, 2, 4, 8 ... 60-120 s or as told by
/// Retry-After, until it expires; removed after 23 hours of 410. On the simulator's loop.
class Webhook {
public:
    struct Rooms {
        kit::Loop& loop;
        World& world;
        Updates& updates;
        kit::Journal& journal;
        kit::Send send;
        int fast;  ///< long times are divided by it
        std::function<void(const std::string& method, const json::object& parameters)>
            execute;  ///< a method in the answer
    };
    explicit Webhook(Rooms rooms);

    void set(Hook hook);
    void remove() { set({}); }
    const Hook& hook() const noexcept { return hook_; }

private:
    kit::ClientRequest request(const kit::Item& item) const;
    kit::Verdict judge(const kit::Item& item, const kit::ClientReply& reply);
    void note_failure(const kit::ClientReply& reply);

    Rooms rooms_;
    Hook hook_;
    kit::Delivery delivery_;
};

}  // namespace trunkline::telegram::simulator
