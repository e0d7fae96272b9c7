#pragma once

#include <memory>
#include <string>

#include "host/accounts/directory.hpp"
#include "host/media/copies.hpp"
#include "host/media/files.hpp"
#include "host/media/links.hpp"
#include "host/media/origins.hpp"
#include "host/net/server.hpp"

namespace trunkline::media {

/// Serves `GET /media/{token}/{name}` and `PUT /v1/uploads/{token}`. Owner: main. `[any]`
class Relay {
public:
    struct Services {
        const Links& links;
        Files& files;
        Copies& copies;
        Origins& origins;
        accounts::Directory& directory;
        async::BlockingPool& pool;
        const Clock& clock;
    };
    explicit Relay(Services services) : services_{services} {}

    /// Streams a file, a Range included: from its copy, if there is one; otherwise the connector
    /// finds where its bytes are, and the host fetches and passes them on.
    async::Awaitable<net::Response> get(std::string token, std::string name, net::Request request);

    /// Takes an announced file.
    async::Awaitable<net::Response> put(std::string token, net::Request request);

private:
    async::Awaitable<net::Response> own_file(Link link, std::string range);
    async::Awaitable<std::shared_ptr<const net::FileBytes>> copy_of(Link link);
    async::Awaitable<net::Response> from_messenger(
        std::shared_ptr<accounts::Account> account, Link link, std::string range, std::string name
    );
    async::Awaitable<net::Response> from_disk(
        std::shared_ptr<const net::FileBytes> bytes,
        std::string range,
        std::string mime,
        std::string name
    );

    Services services_;
};

}  // namespace trunkline::media
