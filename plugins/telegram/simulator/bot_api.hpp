#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include <trunkline/simulator/calls.hpp>
#include <trunkline/simulator/polls.hpp>

#include "plugins/telegram/simulator/bot.hpp"
#include "plugins/telegram/simulator/webhook.hpp"

namespace trunkline::telegram::simulator {

struct ApiOptions {
    std::set<std::string> tokens;
    bool any_token = false;
    bool allow_http_webhook = false;
    bool allow_private_webhook = false;
    int fast = 1;
};

/// The methods of the Bot API over one world. On the simulator's loop.
class BotApi {
public:
    struct Rooms {
        kit::Loop& loop;
        World& world;
        Updates& updates;
        Webhook& webhook;
        kit::Faults& faults;
        kit::Journal& journal;
        kit::Rates& rates;
    };
    BotApi(ApiOptions options, Rooms rooms);

    /// One HTTP request to /bot<token>/<method>.
    void call(
        const std::string& token, std::string method, Parameters parameters, kit::Reply reply
    );

    /// A method named in a webhook's answer: executed, its result told to nobody.
    void execute(const std::string& method, const json::object& parameters);

    /// True for a token that is valid and was not revoked.
    bool knows(const std::string& token) const;
    kit::Calls& calls() noexcept { return calls_; }
    const BotWords& words() const noexcept { return words_; }

private:
    using Run = std::function<Outcome(const Parameters&)>;

    void run(const std::string& method, const Parameters& p, const kit::Done& done);
    Outcome run_now(const std::string& method, const Parameters& p);
    std::map<std::string, Run, std::less<>> table();

    // webhook_methods.cpp
    Outcome set_webhook(const Parameters& p);
    Outcome delete_webhook(const Parameters& p);
    Outcome webhook_info() const;
    void get_updates(const Parameters& p, const kit::Done& done);
    std::optional<Refusal> read_allowed(const Parameters& p);

    ApiOptions options_;
    Rooms rooms_;
    Bot bot_;
    BotWords words_;
    kit::Calls calls_;
    kit::Polls polls_;
    std::map<std::string, Run, std::less<>> methods_;
    WallMs webhook_set_ms_ = 0;
};

}  // namespace trunkline::telegram::simulator
