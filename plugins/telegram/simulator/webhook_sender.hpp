#pragma once

#include <functional>
#include <string>

#include "host/async/await.hpp"
#include "host/net/client.hpp"
#include "plugins/telegram/simulator/journal.hpp"
#include "plugins/telegram/simulator/updates.hpp"

namespace trunkline::telegram::simulator {

/// The webhook as set by the bot.
struct Webhook {
    std::string url, secret;
    std::size_t max_connections = 40;
    std::string last_error;
    WallMs last_error_ms = 0;
    WallMs gone_since_ms = 0;  ///< first 410 of an unbroken row
    WallMs set_ms = 0;
};

/// Posts updates to the bot as Telegram does: in order within a queue, the next only after the one
/// before was taken, again after 0, 2, 4, 8 ... 60-120 s or as told by Retry-After, until it
/// expires. On the simulator's loop.
class WebhookSender {
public:
    struct Rooms {
        async::Loop& loop;
        World& world;
        Updates& updates;
        Journal& journal;
        net::Client& client;
        int fast;  ///< long times are divided by it
        std::function<void(const std::string& method, const json::object& parameters)>
            execute;  ///< a method in the answer
    };
    explicit WebhookSender(Rooms rooms) : rooms_{std::move(rooms)} {}

    Webhook hook;
    void wake();  ///< something was queued, or the webhook was set

private:
    async::Awaitable<> run(std::string queue, std::string url);
    async::Awaitable<bool> post(const Update& update, std::chrono::milliseconds* told);
    void note_failure(const net::ClientReply& reply);

    Rooms rooms_;
    std::size_t running_ = 0;  ///< queues being worked off, each with one connection
};

}  // namespace trunkline::telegram::simulator
