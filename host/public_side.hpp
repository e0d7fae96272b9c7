#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "host/accounts/directory.hpp"
#include "host/connect/page.hpp"
#include "host/inbound/inbound.hpp"
#include "host/media/relay.hpp"
#include "host/net/server.hpp"
#include "host/outbound/commands.hpp"

namespace trunkline {

/// The public addresses, each led to the room that answers it. Owner: Host. `[any]`
class PublicSide final : public net::Handler {
public:
    struct Rooms {
        accounts::Directory& directory;
        inbound::Inbound& inbound;
        outbound::Commands& commands;
        media::Relay& relay;
        connect::Page& connect;
        store::Store& store;
    };
    explicit PublicSide(Rooms rooms) : rooms_{rooms} {}

    net::BodyPlan plan(const net::RequestHead& head) override;
    async::Awaitable<net::Response> handle(net::Request request) override;

    void ready(bool yes) { ready_ = yes; }  ///< whether /readyz says yes
    net::Response health() const;
    net::Response readiness() const;

private:
    Rooms rooms_;
    std::atomic<bool> ready_{false};
};

}  // namespace trunkline
