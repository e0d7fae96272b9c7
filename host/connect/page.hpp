#pragma once

#include "host/connect/flows.hpp"
#include "host/net/server.hpp"

namespace trunkline::connect {

/// The page on which a manager connects an account, and the address to which messengers' sign-ins
/// come back. Whoever has a flow's address may go on with it: the secret in it is the only key, so
/// it is never sent on (Referrer-Policy), never kept by caches and never logged. `[any]`
class Page {
public:
    explicit Page(Flows& flows) : flows_{flows} {}

    /// For paths below /connect/.
    net::BodyPlan plan(const net::RequestHead& head) const;
    async::Awaitable<net::Response> handle(net::Request request);

private:
    async::Awaitable<net::Response> sign_in_returned(std::string query, std::string cookies);
    async::Awaitable<net::Response> go_on(
        std::shared_ptr<Flow> flow, std::string verb, std::string body
    );

    Flows& flows_;
};

}  // namespace trunkline::connect
