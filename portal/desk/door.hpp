#pragma once

#include "host/net/server.hpp"
#include "portal/desk/api.hpp"
#include "portal/desk/origin.hpp"
#include "portal/wire/receiver.hpp"

namespace trunkline::portal::desk {

/// How much of a request's body is read, decided from its head. Only an upload may be large, and it
/// is streamed to disk; everything else is held in memory and therefore small.
net::BodyPlan body_plan(
    const net::RequestHead& head, const Origin& origin, std::uint64_t file_bytes_max
);

/// The portal's one address: the wire, the API, the page. Decides from a request's head how much of
/// it is read.
class Door final : public net::Handler {
public:
    Door(wire::Receiver& receiver, Api& api, Origin origin, std::uint64_t file_bytes_max)
        : receiver_{receiver},
          api_{api},
          origin_{std::move(origin)},
          file_bytes_max_{file_bytes_max} {}

    net::BodyPlan plan(const net::RequestHead& head) override;
    async::Awaitable<net::Response> handle(net::Request request) override;

private:
    wire::Receiver& receiver_;
    Api& api_;
    Origin origin_;
    std::uint64_t file_bytes_max_;
};

}  // namespace trunkline::portal::desk
