#pragma once

#include <string>

#include "host/base/clock.hpp"
#include "host/net/client.hpp"
#include "host/seal/seal.hpp"
#include "portal/wire/host_door.hpp"

namespace trunkline::portal::wire {

struct HostClientOptions {
    std::string url;  ///< of the host, without a slash at the end
    std::string portal;
    bool allow_private = false;
};

/// Seals commands and posts them. Belongs to the client's loop. Owner: main.
class HostClient final : public HostDoor {
public:
    HostClient(
        HostClientOptions options, seal::Sealer sealer, net::Client& client, const Clock& clock
    );

    async::Awaitable<HostAnswer> send(boost::json::array commands) override;
    async::Awaitable<Result<void>> put(PutFile file) override;

private:
    HostClientOptions options_;
    seal::Sealer sealer_;
    net::Client& client_;
    const Clock& clock_;
};

/// Reads `{"results":[...]}` and the status around it. Apart, because it reads what another program
/// wrote.
HostAnswer read_answer(const net::ClientReply& reply);

}  // namespace trunkline::portal::wire
