#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include "host/async/await.hpp"
#include "host/net/server.hpp"
#include "plugins/telegram/simulator/checks.hpp"
#include "plugins/telegram/simulator/faults.hpp"
#include "plugins/telegram/simulator/journal.hpp"
#include "plugins/telegram/simulator/parameters.hpp"
#include "plugins/telegram/simulator/updates.hpp"
#include "plugins/telegram/simulator/webhook_sender.hpp"
#include "plugins/telegram/simulator/world.hpp"

namespace trunkline::telegram::simulator {

using Outcome = std::variant<json::value, Refusal>;

struct ApiOptions {
    std::set<std::string> tokens;
    bool any_token = false;
    bool allow_http_webhook = false;
    bool allow_private_webhook = false;
    int fast = 1;
};

/// Telegram's rate limits, off until a test switches them on.
struct Rates {
    bool on = false;
    std::map<std::int64_t, WallMs> next_free;  ///< by chat
    WallMs bot_next_free = 0;
};

/// The methods of the Bot API over one world. On the simulator's loop.
class BotApi {
public:
    BotApi(
        ApiOptions options,
        World& world,
        Updates& updates,
        WebhookSender& sender,
        Faults& faults,
        Journal& journal
    )
        : options_{std::move(options)},
          world_{world},
          updates_{updates},
          sender_{sender},
          faults_{faults},
          journal_{journal} {}

    /// One HTTP request to /bot<token>/<method>. Status 0 in the response = cut the connection
    /// without an answer.
    async::Awaitable<net::Response> call(
        std::string token, std::string method, Parameters parameters
    );

    /// A method named in a webhook's answer: executed, its result told to nobody.
    void execute(const std::string& method, const json::object& parameters);

    bool knows(const std::string& token) const {
        return options_.any_token || options_.tokens.contains(token);
    }

    Rates rates;

private:
    async::Awaitable<Outcome> run(std::string method, Parameters parameters);
    Outcome run_now(const std::string& method, const Parameters& p);

    // sending.cpp
    Outcome send(const std::string& method, const Parameters& p);
    std::optional<Refusal> fill(
        const std::string& method, const Parameters& p, json::object& message
    );
    std::optional<Refusal> fill_media(
        const std::string& kind, const Parameters& p, json::object& message
    );
    std::optional<Refusal> fill_reply(const Parameters& p, Chat& chat, json::object& message);
    std::optional<Refusal> check_rate(const Chat& chat);
    Outcome edit(const std::string& method, const Parameters& p);
    Outcome remove(const Parameters& p);
    std::variant<Chat*, Refusal> find_chat(const Parameters& p, bool to_write);

    // webhook_methods.cpp
    Outcome set_webhook(const Parameters& p);
    Outcome delete_webhook(const Parameters& p);
    Outcome webhook_info() const;
    async::Awaitable<Outcome> get_updates(Parameters p);
    std::optional<Refusal> read_allowed(const Parameters& p);

    void show_action(Chat& chat, std::string action);
    Outcome answer_callback(const Parameters& p);
    Outcome get_file(const Parameters& p) const;
    Outcome get_chat(const Parameters& p);

    ApiOptions options_;
    World& world_;
    Updates& updates_;
    WebhookSender& sender_;
    Faults& faults_;
    Journal& journal_;
    std::uint64_t poll_ = 0;  ///< number of the getUpdates that may go on
    WallMs webhook_set_ms_ = 0;
};

}  // namespace trunkline::telegram::simulator
