#pragma once

#include "host/net/server.hpp"
#include "plugins/telegram/simulator/bot_api.hpp"
#include "plugins/telegram/simulator/customer.hpp"

namespace trunkline::telegram::simulator {

/// /control/...: what tests and the customer's page ask for. On the simulator's loop.
class Control {
public:
    struct Rooms {
        World& world;
        Updates& updates;
        Customer& customer;
        Faults& faults;
        Journal& journal;
        BotApi& api;
        async::Loop& loop;
    };
    explicit Control(Rooms rooms) : rooms_{rooms} {}

    async::Awaitable<net::Response> handle(
        std::string method, std::string path, std::string query, std::string body
    );

private:
    net::Response look(const std::string& path, const std::string& query);
    net::Response file(const std::string& id) const;
    net::Response act(const std::string& path, const json::object& body);
    net::Response flood(const json::object& body);
    net::Response add_fault(const json::object& body);

    Rooms rooms_;
};

}  // namespace trunkline::telegram::simulator
